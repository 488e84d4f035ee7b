"""A worker of the study: one precision in a process of its own, told line by line what to do with it.

python -m zoo_core.studies.precision.worker JOB
"""

import functools
import json
import sys
from typing import Any

from zoo_core.contract import ZooError
from zoo_core.studies.worker import Answers


def main(text: str) -> None:
    """Answer each line of standard input: `values`, or the `mistake` of a user; `done` in between, where it takes long.

    Args:
        text: a `Job` as JSON.
    """
    answers = Answers()
    from zoo_core.studies.precision.bench import Bench
    from zoo_core.studies.precision.job import Job

    job = Job.from_json(text)
    bench = functools.cache(lambda: Bench(job))
    timer = functools.cache(lambda: bench().timer())

    def work(command: dict[str, Any]) -> dict[str, Any]:
        if command["do"] == "convert":
            return bench().convert(command["rows"])
        if command["do"] == "predict":
            return bench().predict(command["to"], lambda n: answers.say({"done": n}))
        return timer().time(job.n_calls) if command["do"] == "time" else timer().memory

    for line in sys.stdin:
        try:
            answers.say({"values": work(json.loads(line))})
        except ZooError as error:
            answers.say({"mistake": str(error)})


if __name__ == "__main__":
    main(*sys.argv[1:])
