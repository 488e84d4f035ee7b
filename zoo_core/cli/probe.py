"""What is asked of each host before a run: `python -m zoo_core.cli.probe`, with the question on standard input."""

import json
import sys
from pathlib import Path

from zoo_core.contract import ZooError


def main() -> int:
    """Answer in one line of JSON; the exit code."""
    from zoo_core.runtime.preflight import as_answer, look

    question = json.loads(sys.stdin.read())
    try:
        print(as_answer(look(question["settings"], Path(question["token"]))))
    except ZooError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
