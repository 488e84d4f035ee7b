"""A worker of a study: cells come in on standard input, a line each, and what they led to goes out, a line each.

python -m zoo_core.studies.training.trial WORKER N_WORKERS
"""

import json
import sys
from pathlib import Path
from typing import Any

from zoo_core.contract import Rank, ZooError
from zoo_core.evaluation.predictions import write_predictions
from zoo_core.studies.worker import Answers


def main(worker: int, n_workers: int) -> None:
    """Train one cell after the other on this worker's share of the cores, until there are no more."""
    answers = Answers()
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
        answers.say(answer)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
