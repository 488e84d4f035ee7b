"""`zoo report` on run folders, whole and damaged."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from zoo_core.contract import Label
from zoo_core.evaluation.metrics import evaluate
from zoo_core.evaluation.predictions import Origin, Predictions, write_predictions

CARD = {
    "title": "A set",
    "summary": "Some.",
    "licence": "none",
    "citation": "none",
    "label_source": "us",
    "drawn": True,
    "notes": [],
}
RUN = {
    "schema_version": 1,
    "config": {"topology": {"name": "resnet50"}, "precision": {"name": "float32"}},
    "seed": 0,
    "versions": {"zoo-core": "0.1.0"},
    "machine": {},
    "data": {"name": "a-set", "card": CARD, "fingerprint": "f", "n_examples": 90, "unreadable": []},
    "split": {
        "name": "plant-hash",
        "hash": "h",
        "group": "meta.plant_id",
        "n_examples": {"train": 30, "validation": 30, "test": 30},
    },
    "weights": {"source": "random", "trained_on": "nothing", "licence": "none"},
    "n_ranks": 1,
}


ABSENT = object()


def change(path: Path, place: Sequence[str], value: Any) -> None:
    """Put another value in a JSON file, or nothing."""
    root = node = {"": json.loads(path.read_text())}
    *above, last = ["", *place]
    for key in above:
        node = node[key]
    if value is ABSENT:
        del node[last]
    else:
        node[last] = value
    path.write_text(json.dumps(root[""]))


def places(node: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every key of nested values, with those that it is below."""
    for key, below in node.items() if isinstance(node, dict) else ():
        yield (*place, key)
        yield from places(below, (*place, key))


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    truth = np.tile([0.0, 1.0], 30)
    table = pd.DataFrame({"example_id": map(str, range(60)), "group_id": map(str, range(60))})
    table = table.assign(split=["validation"] * 30 + ["test"] * 30, status="ok", reason=None)
    table = table.assign(**{"truth.Mass": truth, "prediction.Mass": 0.3 * truth + 0.7 * rng.random(60)})
    origin = Origin("t", "a-set", True, (Label("Mass"),), "m", "plant-hash", "h", ("auroc",))
    predictions = Predictions(table, origin)
    write_predictions(predictions, tmp_path / "predictions.parquet")
    (tmp_path / "run.json").write_text(json.dumps(RUN))
    (tmp_path / "metrics.json").write_text(json.dumps(evaluate(predictions, n_replicates=20)))
    epoch = {"event": "EpochDone", "epoch": 1, "step": 1, "loss": 0.5, "learning_rate": 0.1, "images_per_s": 9.0}
    (tmp_path / "events.jsonl").write_text(json.dumps({**epoch, "validation": None, "best": False}) + "\n")
    return tmp_path


def test_both_pages_are_written_and_named(zoo: Any, finished: Path) -> None:
    answer = zoo("report", str(finished))
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.splitlines() == [
        f"report: {finished / 'report.html'}",
        f"model card: {finished / 'model_card.md'}",
    ]
    assert "t on A set" in (finished / "report.html").read_text()
    assert (finished / "model_card.md").read_text().startswith("---\n")


def test_a_report_that_is_made_again_is_the_same(zoo: Any, finished: Path) -> None:
    zoo("report", str(finished))
    first = {name: (finished / name).read_bytes() for name in ("report.html", "model_card.md", "strata.json")}
    (finished / "strata.json").unlink()
    (finished / "curves.parquet").unlink()
    zoo("report", str(finished))
    assert {name: (finished / name).read_bytes() for name in first} == first


def test_a_number_is_read_from_its_file_and_not_computed_again(zoo: Any, finished: Path) -> None:
    metrics = json.loads((finished / "metrics.json").read_text())
    metrics["test"]["labels"]["Mass"]["auroc"] = [0.4321, 0.4, 0.5]
    (finished / "metrics.json").write_text(json.dumps(metrics))
    zoo("report", str(finished))
    assert "0.432" in (finished / "report.html").read_text()
    assert "0.432" in (finished / "model_card.md").read_text()


@pytest.mark.parametrize("name", ["metrics.json", "strata.json", "curves.parquet", "predictions.parquet", "run.json"])
def test_a_damaged_file_is_one_line_that_names_it(zoo: Any, finished: Path, name: str) -> None:
    zoo("report", str(finished))
    (finished / name).write_text('{"test"')
    answer = zoo("report", str(finished))
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert str(finished if name == "run.json" else finished / name) in answer.err


@pytest.mark.parametrize(
    ("name", "changed", "words"),
    [
        ("metrics.json", ("test.labels.Mass.auroc", "high"), "'test.labels.Mass.auroc': Input should be a valid array"),
        ("metrics.json", ("test.labels.Mass.auroc", None), "'test.labels.Mass': Value error, what is undefined needs"),
        ("metrics.json", ("test.labels.Mass.n", 2.5), "'test.labels.Mass.n': Input should be a valid integer"),
        ("metrics.json", ("test.mean", ABSENT), "'test.mean': Field required"),
        ("metrics.json", ("", []), "Input should be an object"),
        ("metrics.json", ("", {}), "at least 1 item"),
        ("strata.json", ("test", ABSENT), "'test': Field required"),
        ("strata.json", ("test.columns", {"sex": 3}), "'test.columns.sex': Input should be an object"),
        ("run.json", ("data.card.notes", "none"), "'data.card.notes': Input should be a valid array"),
        ("run.json", ("config.topology", ABSENT), "'config.topology': Field required"),
        ("run.json", ("weights", None), "'weights': Input should be an object"),
    ],
)
def test_a_file_of_another_structure_is_one_line_that_names_the_place(
    zoo: Any, finished: Path, name: str, changed: tuple[str, Any], words: str
) -> None:
    zoo("report", str(finished))
    place, value = changed
    change(finished / name, place.split(".") if place else [], value)
    answer = zoo("report", str(finished))
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert str(finished / name) in answer.err
    assert words in answer.err


@pytest.mark.parametrize("name", ["run.json", "metrics.json", "strata.json"])
def test_whatever_a_file_lacks_there_is_a_page_or_one_line(zoo: Any, finished: Path, name: str) -> None:
    zoo("report", str(finished))
    whole, codes = (finished / name).read_text(), []
    for place in (place for place in places(json.loads(whole)) if place[0] != "validation"):
        (finished / name).write_text(whole)
        change(finished / name, place, ABSENT)
        answer = zoo("report", str(finished))
        assert answer.err.count("\n") == (answer.code == 2), place
        codes.append(answer.code)
    assert {2} <= set(codes) <= {0, 2}


def test_a_line_of_events_of_another_structure_is_said_on_the_page(zoo: Any, finished: Path) -> None:
    with (finished / "events.jsonl").open("a") as file:
        file.write('{"event": "EpochDone", "epoch": "two"}\n{"event": "RunFinished"}\n[1]\n{"event": "Unheard"}\n')
    assert zoo("report", str(finished)).code == 0
    assert "3 lines of events.jsonl could not be read" in (finished / "report.html").read_text()


def test_curves_of_another_table_are_one_line(zoo: Any, finished: Path) -> None:
    pd.DataFrame({"x": [0.0]}).to_parquet(finished / "curves.parquet")
    answer = zoo("report", str(finished))
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert "curves.parquet" in answer.err


def test_a_line_of_events_that_a_power_cut_left_is_said_on_the_page(zoo: Any, finished: Path) -> None:
    with (finished / "events.jsonl").open("a") as file:
        file.write('{"event": "Epoch')
    assert zoo("report", str(finished)).code == 0
    assert "1 line of events.jsonl could not be read" in (finished / "report.html").read_text()


def test_a_run_that_has_not_finished_is_one_line(zoo: Any, finished: Path) -> None:
    (finished / "metrics.json").unlink()
    answer = zoo("report", str(finished))
    assert answer.code == 2
    assert "needs a finished run" in answer.err


def test_a_folder_that_is_no_run_is_one_line(zoo: Any, tmp_path: Path) -> None:
    answer = zoo("report", str(tmp_path))
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert "run.json" in answer.err


def test_a_task_that_reports_no_strata_has_none(zoo: Any, finished: Path) -> None:
    zoo("report", str(finished))
    assert json.loads((finished / "strata.json").read_text())["test"]["columns"] == {}
