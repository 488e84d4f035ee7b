"""A trained model on a data set: checked first, above all for patients that it has seen, then predicted and judged."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoo_core.contract import Rank
from zoo_core.data.splits import ALL
from zoo_core.distributed.signals import StopRequests
from zoo_core.distributed.single import SingleRank
from zoo_core.evaluation.draws import N_REPLICATES, SEED
from zoo_core.evaluation.metrics import evaluate
from zoo_core.evaluation.predictions import write_predictions
from zoo_core.runtime.contamination import Overlap, find_overlap, namespace_of, refuse_overlap
from zoo_core.runtime.image_baselines import with_image_baselines
from zoo_core.runtime.metadata import with_metadata_baselines
from zoo_core.runtime.montage import write_montage
from zoo_core.runtime.prepare import Prepared, leave_out_unreadable
from zoo_core.runtime.process import prepare_process
from zoo_core.runtime.progress import Shown
from zoo_core.runtime.question import Subject, prepare_for
from zoo_core.runtime.readout import with_readout
from zoo_core.runtime.record import RunFolder, describe_prepared, refuse_existing
from zoo_core.runtime.reporting import write_report
from zoo_core.runtime.screening import write_screen
from zoo_core.runtime.trained_model import TrainedModel
from zoo_core.runtime.whole_folder import whole_folder

BATCH_SIZE = 32
N_READERS = 2

SECTIONS = ("task", "data", "topology", "precision", "split")
"""Of a run's configuration, those that an evaluation has too."""


@dataclass(frozen=True)
class Question(Subject):
    """What a model is tested on, and how.

    Attributes:
        allow_overlap: whether to go on where the model has seen some of its groups.
        n_replicates: draws behind each interval.
        seed: of the draws.
    """

    allow_overlap: bool = False
    n_replicates: int = N_REPLICATES
    seed: int = SEED


@dataclass(frozen=True)
class Evaluation:
    """A question that can be answered.

    Attributes:
        model: trained.
        question: what it is tested on.
        prepared: the data.
        overlap: what of them it has seen; None where that is nothing.
    """

    model: TrainedModel
    question: Question
    prepared: Prepared
    overlap: Overlap | None


def evaluate_on(model: TrainedModel, question: Question, path: Path) -> RunFolder:
    """Test a model on a data set and write a folder as a run does, whole or not at all.

    Args:
        model: trained.
        question: what it is tested on.
        path: of the folder, not there yet.
    Raises:
        SplitError: the model has seen some of the groups, or that is not known, and it was not allowed.
        ZooError: another mistake of a user.
        Stopped: by a signal.
    """
    refuse_existing(path)
    progress = Shown()
    prepared = prepare_for(model, question)
    overlap = find_overlap(model.seen, prepared, prepared.split.rows(question.part))
    if overlap and not question.allow_overlap:
        refuse_overlap(overlap)
    evaluation = Evaluation(model, question, prepared, overlap)
    for line in _opening_lines(evaluation):
        progress.say(line)
    with StopRequests() as requests, RunFolder(path).errors_named(), whole_folder(path) as hidden:
        requests.all_is_saved()  # there is nothing to save: a signal ends this at once, and nothing is left
        evaluation = _without_unreadable(evaluation, progress)
        requests.all_is_saved()
        prepare_process(Rank())
        _predict_and_write(evaluation, RunFolder(hidden), progress)
    return RunFolder(path)


def _opening_lines(evaluation: Evaluation) -> list[str]:
    prepared, trained, part = evaluation.prepared, evaluation.model.description, evaluation.question.part
    card = prepared.adapter.card
    drawn = " (DRAWN by a program)" if card.drawn else ""
    part_of = "all examples" if part == ALL else f"{part} of split {prepared.split.name}"
    return [
        f"{prepared.config.task.name} on {prepared.config.data.name}: {card.title}{drawn}",
        *card.notes,
        f"{part_of}: {len(prepared.split.rows(part))}",
        f"{prepared.config.topology.name}, trained on {trained['data']['name']}, split {trained['split']['name']}",
    ]


def _without_unreadable(evaluation: Evaluation, progress: Shown) -> Evaluation:
    prepared, part = evaluation.prepared, evaluation.question.part
    with progress.meter("checking images", len(prepared.split.rows(part))) as meter:
        prepared = leave_out_unreadable(prepared, meter.advance, (part,))
    for bad in prepared.unreadable:
        progress.say(f"left out: '{bad.example_id}' {bad.reason}")
    return dataclasses.replace(evaluation, prepared=prepared)


def _predict_and_write(evaluation: Evaluation, folder: RunFolder, progress: Shown) -> None:
    # Here, when all is checked: these import TensorFlow.
    from zoo_core.runtime.maps import write_maps
    from zoo_core.runtime.prediction import Batching, Predictor
    from zoo_core.runtime.scoring import predict_parts

    model, question, prepared = evaluation.model, evaluation.question, evaluation.prepared
    folder.write_json(folder.run_json, _description(evaluation))
    network = model.load_network()
    predictor = Predictor(network, prepared.examples(), SingleRank(), Batching(BATCH_SIZE, N_READERS))
    predictions = predict_parts(prepared, predictor, progress, (question.part,), model.description["hash"])
    predictions = with_metadata_baselines(prepared, predictions, model.baselines.metadata)
    predictions = with_image_baselines(prepared, predictions, model.baselines.images, progress)
    predictions = with_readout(model.folder, predictions)
    origin = dataclasses.replace(predictions.origin, overlap=_as_values(evaluation.overlap))
    predictions = dataclasses.replace(predictions, origin=origin)
    write_predictions(predictions, folder.predictions)
    write_screen(folder, prepared, predictions, question.part)
    write_montage(folder, prepared, (question.part,), progress)
    write_maps(folder, prepared, network, predictions.of_split(question.part), progress)
    folder.write_json(folder.metrics, evaluate(predictions, question.n_replicates, question.seed))
    write_report(folder)


def _description(evaluation: Evaluation) -> dict[str, Any]:
    """As the `run.json` of a run, with what is the model's from its own description, and `evaluation` beside it."""
    described, trained, seen = (
        describe_prepared(evaluation.prepared),
        evaluation.model.description,
        evaluation.model.seen,
    )
    return {
        **described,
        "config": {section: described["config"][section] for section in SECTIONS},
        "seed": trained.get("seed"),
        "weights": trained["initial_weights"],
        "n_ranks": 1,
        "evaluation": {
            "part": evaluation.question.part,
            "model": {key: trained[key] for key in ("hash", "data", "split")},
            "seen_groups": {"column": seen.column, "namespace": seen.namespace} if seen else None,
            "namespace": namespace_of(evaluation.prepared),
            "overlap": _as_values(evaluation.overlap),
        },
    }


def _as_values(overlap: Overlap | None) -> dict[str, Any] | None:
    return dataclasses.asdict(overlap) if overlap else None
