"""One rank of a run that `zoo run -np N` launched: `python -m zoo_core.cli.rank FOLDER N_THREADS`."""

import os
import sys
from pathlib import Path

from zoo_core.contract import Rank, ZooError


def main(folder: Path, n_threads: int) -> int:
    """Do this rank's part of the run in a folder, with so many threads (0 for one a core); the exit code."""
    from zoo_core.distributed.horovod import HorovodRanks, rank_of_environment
    from zoo_core.distributed.signals import Stopped, StopRequests
    from zoo_core.runtime.process import prepare_process

    os.environ["PYTHONUNBUFFERED"] = "1"
    try:
        with StopRequests() as requests:
            prepare_process(rank_of_environment() or Rank(), n_threads)
            from zoo_core.runtime.record import RunFolder
            from zoo_core.runtime.resume import prepared_in
            from zoo_core.runtime.run import execute

            run_folder = RunFolder(folder)
            execute(run_folder, prepared_in(run_folder), HorovodRanks(), requests)
    except Stopped as stopped:
        return stopped.exit_code  # 'zoo run' says how to go on
    except ZooError as error:
        print("zoo: error:", " ".join(str(error).split()), file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
