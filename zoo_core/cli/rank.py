"""One rank of a run that `zoo run` launched: `python -m zoo_core.cli.rank`, told all else on its standard input."""

import os
import sys
from pathlib import Path

from zoo_core.contract import ZooError


def main() -> int:
    """Do this rank's part of a run; the exit code."""
    from zoo_core.distributed.channel import take_work
    from zoo_core.distributed.signals import Stopped, StopRequests
    from zoo_core.runtime.ranks import RankLostError, run_rank

    os.environ["PYTHONUNBUFFERED"] = "1"
    try:
        with StopRequests() as requests:
            work, pulse = take_work()
            run_rank(Path(work.arguments["folder"]), work.arguments["n_threads"], requests, pulse)
    except Stopped as stopped:
        return stopped.exit_code  # 'zoo run' says how to go on
    except RankLostError as lost:
        lost.end_process()
    except ZooError as error:
        print("zoo: error:", " ".join(str(error).split()), file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
