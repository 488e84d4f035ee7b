"""Several runs beside the first of them: paired differences, and what else is not the same."""

import dataclasses
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zoo_core.contract import DataError
from zoo_core.evaluation.comparison import AGAINST, compare
from zoo_core.evaluation.draws import N_REPLICATES, SEED
from zoo_core.evaluation.families import judged_place, of_family
from zoo_core.evaluation.predictions import Predictions, read_predictions
from zoo_core.report.wording import leaves
from zoo_core.runtime.record import RunFolder
from zoo_core.runtime.reporting import read_events, read_metrics, read_run

Comparison = dict[str, Any]
"""Nested values, each number as [value, low, high]; None where it is undefined."""

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class _Run:
    """A finished run, read.

    Attributes:
        name: its folder's, with as much of the path as tells it from the others.
        description: `run.json`.
        metrics: `metrics.json`.
        predictions: of all splits.
        events: `events.jsonl`, in order, without lines that a power cut left unfinished.
    """

    name: str
    description: Mapping[str, Any]
    metrics: Mapping[str, Any]
    predictions: Predictions
    events: Sequence[Mapping[str, Any]]


def compare_runs(folders: Sequence[RunFolder], n_replicates: int = N_REPLICATES, seed: int = SEED) -> Comparison:
    """Hold each run against the first, on the examples of the test split, or of the last there is, that both predicted.

    Args:
        folders: of two finished runs or more, of one task and the same labels.
        n_replicates: draws behind each interval.
        seed: of the draws.
    Returns:
        `split`, `task`, `group`, `metrics` (names, the first decides); `runs`, each with its name, data, split, what it
        has seen of its test (`overlap`), the `mean` of each metric over its own examples, and its speed; `comparisons`,
        one for each run but the first: `shared` examples, `bootstrap` (how the intervals were made), and in `mean` and
        by `labels` for each metric `value`, `reference` and their paired `difference`, the run minus the first;
        `differing`, by section the settings that are not the same in all.
    Raises:
        DataError: fewer than two runs, one twice, one that has not finished or is damaged, another task or other
            labels, or no shared example.
    """
    _refuse_too_few(folders)
    runs = [_read(folder, name) for folder, name in zip(folders, _names(folders), strict=True)]
    reference, others = runs[0], runs[1:]
    _refuse_other_tasks(runs)
    split = "test" if "test" in reference.metrics else list(reference.metrics)[-1]
    return {
        "schema_version": SCHEMA_VERSION,
        "split": split,
        "task": reference.predictions.origin.task,
        "group": reference.description["split"]["group"],
        "metrics": list(reference.predictions.origin.reported_metrics),
        "runs": [_described(run, split) for run in runs],
        "comparisons": [_held_against(run, reference, split, n_replicates, seed) for run in others],
        "differing": {title: _differing(runs, section) for title, section in _SECTIONS.items()},
    }


def _refuse_too_few(folders: Sequence[RunFolder]) -> None:
    places = [folder.path.resolve() for folder in folders]
    twice = next((folder.path for i, folder in enumerate(folders) if places[i] in places[:i]), None)
    if twice:
        raise DataError(f"A comparison needs different runs. Received: '{twice}' twice: name it once")
    if len(places) < 2:
        raise DataError(f"A comparison needs two runs or more. Received: {len(places)}: name another run folder")


def _names(folders: Sequence[RunFolder]) -> list[str]:
    """The ends of the folders' paths, as long as it takes to tell them apart: a page names no more of a machine."""
    parts = [folder.path.resolve().parts for folder in folders]
    n, names = 1, [own[-1] for own in parts]
    while len({*names}) < len(names):
        n += 1
        names = ["/".join(own[-n:]) for own in parts]
    return names


def _read(folder: RunFolder, name: str) -> _Run:
    folder.describe()
    if not folder.is_finished:
        raise DataError(
            f"A comparison needs finished runs. Received: '{folder.path}', which has no {folder.metrics.name}: "
            "the run has to come to its end first"
        )
    events = [event for event in read_events(folder) if event]
    predictions = read_predictions(folder.predictions)
    metrics = read_metrics(folder, predictions.origin.reported_metrics)
    return _Run(name, read_run(folder), metrics, predictions, events)


def _refuse_other_tasks(runs: Sequence[_Run]) -> None:
    first = runs[0]
    for run in runs[1:]:
        tasks = [one.predictions.origin.task for one in (first, run)]
        if tasks[0] != tasks[1]:
            raise DataError(
                f"A comparison needs runs of one task. Received: '{tasks[0]}' in '{first.name}' and '{tasks[1]}' in "
                f"'{run.name}': compare those of one task"
            )


def _described(run: _Run, split: str) -> dict[str, Any]:
    description, origin, own = run.description, run.predictions.origin, run.metrics.get(split)
    return {
        "name": run.name,
        "topology": description["config"]["topology"]["name"],
        "precision": description["config"]["precision"]["name"],
        "data": {"name": description["data"]["name"], "fingerprint": description["data"]["fingerprint"]},
        "split": {"name": origin.split_name, "hash": origin.split_hash},
        "drawn": origin.drawn,
        "overlap": origin.overlap,
        "n": own["n"] if own else 0,
        "mean": {name: own["mean"][name] if own else None for name in origin.reported_metrics},
        "n_ranks": description["n_ranks"],
        "speed": _speed(run.events),
    }


def _speed(events: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Images/s of training (median epoch), wall time since the last start; None where nothing was trained."""
    done = {event["epoch"]: event["images_per_s"] for event in events if event["event"] == "EpochDone"}
    rates = [rate for rate in done.values() if rate]
    walls = [event["wall_s"] for event in events if event["event"] == "RunFinished"]
    return {
        "images_per_s": statistics.median(rates) if rates else None,
        "wall_s": walls[-1] if walls else None,
        "n_starts": sum(event["event"] == "RunStarted" for event in events),
    }


def _held_against(run: _Run, reference: _Run, split: str, n_replicates: int, seed: int) -> dict[str, Any]:
    first, second = (_of_split(one.predictions, split) for one in (run, reference))
    try:
        result = compare(first, second, n_replicates, seed)[split]
    except DataError as error:
        raise DataError(f"'{run.name}' beside '{reference.name}': {error}") from error
    metrics = first.origin.reported_metrics
    place, family = judged_place(metrics[0])
    own = of_family(metrics, family)
    return {
        "run": run.name,
        "shared": result["shared"],
        "bootstrap": result["bootstrap"],
        "mean": _paired(result["mean"], metrics, ("n_labels",)),
        "labels": {name: _paired(label, own, ("n", "n_positive")) for name, label in result[place].items()},
    }


def _of_split(predictions: Predictions, split: str) -> Predictions:
    """One split alone: draws for the others would be made and thrown away."""
    table = predictions.table
    return dataclasses.replace(predictions, table=table[table["split"] == split])


def _paired(node: Mapping[str, Any], metrics: Iterable[str], counts: Iterable[str]) -> dict[str, Any]:
    against = node["baselines"][AGAINST]
    numbers = {
        name: {"value": node[name], "reference": against[name], "difference": against["difference"][name]}
        for name in metrics
    }
    reason = {"reason": node["reason"]} if "reason" in node else {}
    return {**numbers, **{count: node[count] for count in counts if count in node}, **reason}


_SECTIONS = {
    "settings": ("config",),
    "data, split and weights": ("data", "split", "weights"),
    "machine": ("machine", "n_ranks"),
    "versions": ("versions",),
}
"""What is shown together, to keys of `run.json`."""

_NOT_HELD_AGAINST = ("data.card.", "data.unreadable")
"""Long texts that follow from the data's name and fingerprint."""


def _differing(runs: Sequence[_Run], section: Sequence[str]) -> list[dict[str, Any]]:
    """Keys whose values are not the same in all runs, each with the values of those runs that have it."""
    settings = {run.name: _settings(run.description, section) for run in runs}
    keys = dict.fromkeys(key for own in settings.values() for key in own)
    rows = {key: {name: own[key] for name, own in settings.items() if key in own} for key in keys}
    return [{"key": key, "values": values} for key, values in rows.items() if not _same(values, len(runs))]


def _settings(description: Mapping[str, Any], section: Sequence[str]) -> dict[str, Any]:
    chosen = {key: description[key] for key in section if key in description}
    nested = chosen["config"] if section == ("config",) else chosen
    return {key: value for key, value in leaves(nested) if not key.startswith(_NOT_HELD_AGAINST)}


def _same(values: Mapping[str, Any], n_runs: int) -> bool:
    first, *others = values.values()
    return len(values) == n_runs and all(value == first for value in others)
