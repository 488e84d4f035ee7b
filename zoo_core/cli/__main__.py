"""`python -m zoo_core.cli`: the same as `zoo`, where scripts are not on the path."""

import sys

from zoo_core.cli import main

if __name__ == "__main__":
    sys.exit(main())
