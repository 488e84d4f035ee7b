"""A worker of a study: cells come in on standard input, a line each, and what they led to goes out, a line each.

python -m zoo_core.studies.training.trial WORKER N_WORKERS
"""

import ctypes
import json
import signal
import sys
from pathlib import Path
from typing import Any

from zoo_core.contract import Rank, ZooError
from zoo_core.evaluation.predictions import write_predictions

PR_SET_PDEATHSIG = 1
"""Of prctl(2)."""


def main(worker: int, n_workers: int) -> None:
    """Train one cell after the other on this worker's share of the cores, until there are no more."""
    # Whatever ends the study ends this process too.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    answers = _own_output()
    from zoo_core.runtime.process import prepare_process

    prepare_process(Rank(worker, n_workers, worker, n_workers))
    from zoo_core.studies.training.bench import Bench

    bench = Bench()
    for line in sys.stdin:
        job: dict[str, Any] = json.loads(line)
        try:
            trained = bench.train(job["settings"])
            write_predictions(trained.predictions, Path(job["predictions"]))
            answer: dict[str, Any] = {"values": trained.values}
        except ZooError as error:
            answer = {"mistake": str(error)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _own_output() -> Any:
    """Standard output for the answers alone: what else is printed here goes to standard error."""
    answers = sys.stdout
    sys.stdout = sys.stderr
    return answers


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
