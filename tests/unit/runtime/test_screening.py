"""The files of a screen: written of a task with wells, by the network's score and each baseline's."""

import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from zoo_core.contract import DataError, Label, Reporting
from zoo_core.evaluation.platt import log_odds
from zoo_core.evaluation.predictions import Origin, Predictions
from zoo_core.evaluation.screen.wells import ScoreColumn
from zoo_core.runtime.record import RunFolder
from zoo_core.runtime.screening import score_columns, write_screen
from zoo_core.runtime.shapes import SCREEN

N_FIELDS = 3
ROLES = ["negative"] * 5 + ["positive"] * 5 + [None] * 5
WHERE = {"task": "plate-response", "dataset": "drawn", "drawn": True, "model_hash": "m", "split_hash": "s"}
LABELS = (Label("response"), Label("leaf_count", "value", "1"))
ORIGIN = Origin(labels=LABELS, split_name="leave-plate-out:P", reported_metrics=("auroc",), **WHERE)


def index() -> pd.DataFrame:
    """Two plates of fifteen wells with three fields each."""
    names = [(plate, f"A{number + 1:02}", role) for plate in "PQ" for number, role in enumerate(ROLES)]
    wells = pd.DataFrame(names, columns=["meta.plate", "meta.well", "meta.control_role"])
    rows = wells.loc[wells.index.repeat(N_FIELDS)].reset_index(drop=True)
    return rows.assign(
        **{
            "example_id": [f"e{i:03}" for i in range(len(rows))],
            "meta.well_id": rows["meta.plate"] + "/" + rows["meta.well"],
            "meta.treatment": "drug",
            "meta.concentration": rows["meta.well"].str[1:].astype(float),
        }
    )


@pytest.fixture
def predictions() -> Predictions:
    """Of a run that was split by plate, whose groups are therefore no wells."""
    random, rows = np.random.default_rng(0), index()
    effect = (rows["meta.control_role"] == "positive").to_numpy(float)
    meta = [name for name in rows if name.startswith("meta.") and name not in ("meta.plate", "meta.well_id")]
    table = rows[["example_id", *meta]].assign(
        **{
            "group_id": rows["meta.plate"],
            "meta.plate": rows["meta.plate"],
            "split": np.where(rows["meta.plate"] == "P", "test", "validation"),
            "status": "ok",
            "score.response": 9 * effect + random.normal(size=len(rows)),
            "prediction.response": 0.5,
            "baseline.metadata.response": 0.5 + 0.1 * random.random(len(rows)),
            "baseline.oracle.response": 40 * effect + random.normal(size=len(rows)),
            "baseline.size.leaf_count": 3.0,
        }
    )
    return Predictions(table, ORIGIN)


def prepared(wells: bool = True) -> Any:
    task = SimpleNamespace(reporting=Reporting(("auroc",), wells=wells))
    # In another order than the predictions.
    return SimpleNamespace(task=task, index=index().sample(frac=1, random_state=0).reset_index(drop=True))


def written(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_files_of_a_screen_are_written(predictions: Predictions, tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    write_screen(folder, prepared(), predictions, "test")
    assert written(tmp_path) == ["dose_response.parquet", "screen.json", "wells.parquet"]
    screen = json.loads(folder.screen.read_text())
    assert (screen["schema_version"], screen["split"]) == (1, "test")
    assert screen["scores"] == ["model", "metadata", "oracle"]
    assert (list(screen["plates"]), screen["n_wells"], screen["n_fields"]) == (["P"], 15, 45)
    assert screen["pooled"]["separation"]["z_prime"][0] > 0.3
    wells = pd.read_parquet(folder.wells)
    assert wells["meta.well_id"].tolist() == [f"P/A{number:02}" for number in range(1, 16)]
    assert set(pd.read_parquet(folder.dose_response)["kind"]) >= {"well"}


def test_a_well_has_the_mean_of_its_fields_and_probabilities_as_log_odds(
    predictions: Predictions, tmp_path: Path
) -> None:
    """The oracle has no ends, and what it says is taken as it is."""
    folder = RunFolder(tmp_path)
    write_screen(folder, prepared(), predictions, "test")
    fields = predictions.table[predictions.table["split"] == "test"]
    fields = fields.assign(of_metadata=log_odds(fields["baseline.metadata.response"].to_numpy()))
    wanted = fields.groupby("meta.well").mean(numeric_only=True)
    wells = pd.read_parquet(folder.wells).set_index("meta.well")
    for name, column in (
        ("model", "score.response"),
        ("oracle", "baseline.oracle.response"),
        ("metadata", "of_metadata"),
    ):
        np.testing.assert_allclose(wells[f"score.{name}"], wanted[column])


def test_scores_are_the_networks_first_and_then_each_baselines_of_the_first_label(predictions: Predictions) -> None:
    assert score_columns(predictions) == [
        ScoreColumn("model", "score.response"),
        ScoreColumn("metadata", "baseline.metadata.response", is_probability=True),
        ScoreColumn("oracle", "baseline.oracle.response", is_probability=False),
    ]


def test_a_task_without_wells_writes_nothing(predictions: Predictions, tmp_path: Path) -> None:
    write_screen(RunFolder(tmp_path), prepared(wells=False), predictions, "test")
    assert written(tmp_path) == []


def test_another_part_can_be_judged(predictions: Predictions, tmp_path: Path) -> None:
    write_screen(RunFolder(tmp_path), prepared(), predictions, "validation")
    assert list(json.loads((tmp_path / "screen.json").read_text())["plates"]) == ["Q"]


def test_failed_fields_are_counted_and_do_not_enter(predictions: Predictions, tmp_path: Path) -> None:
    table = predictions.table.copy()
    table.loc[0, ["status", "score.response"]] = ["failed", np.nan]
    write_screen(RunFolder(tmp_path), prepared(), dataclasses.replace(predictions, table=table), "test")
    first = pd.read_parquet(tmp_path / "wells.parquet").iloc[0]
    assert (first["n_fields"], first["n_failed"]) == (2, 1)
    assert first["score.model"] == pytest.approx(table["score.response"][1:3].mean())


@pytest.mark.parametrize("part", ["train", "elsewhere"])
def test_where_a_screen_cannot_be_judged_nothing_is_written(
    predictions: Predictions, tmp_path: Path, part: str
) -> None:
    with pytest.raises(DataError, match="screen"):
        write_screen(RunFolder(tmp_path), prepared(), predictions, part)
    assert written(tmp_path) == []


def only(role: str | None) -> Any:
    """Wells of one role alone."""
    return lambda table: table[
        table["meta.control_role"].isna() if role is None else table["meta.control_role"] == role
    ]


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table,
        only("negative"),
        only("positive"),
        only(None),
        lambda table: table[table["meta.control_role"].notna()],
        lambda table: table.assign(**{"score.response": 1.0}),
        lambda table: table.drop(columns=["meta.control_role", "meta.treatment", "meta.concentration"]),
    ],
    ids=["whole", "negative", "positive", "samples", "controls", "one score", "no wells table"],
)
def test_a_report_reads_whatever_a_screen_finds_or_fails_to_find(
    predictions: Predictions, tmp_path: Path, change: Any
) -> None:
    few = dataclasses.replace(predictions, table=change(predictions.table))
    write_screen(RunFolder(tmp_path), prepared(), few, "test")
    SCREEN.validate_json((tmp_path / "screen.json").read_text(), strict=True)
