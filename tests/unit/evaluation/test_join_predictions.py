"""Predictions in several files are made one, row for row."""

import errno
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from zoo_core.contract import Label, OutputError
from zoo_core.evaluation import predictions as subject
from zoo_core.evaluation.predictions import Origin, Predictions, join_predictions, read_predictions, write_predictions

ORIGIN = Origin("t", "d", False, (Label("Mass"),), "m", "all", "s", ("auroc",))


def write(folder: Path, *tables: dict[str, Any]) -> list[Path]:
    paths = [folder / f"{i}.parquet" for i in range(len(tables))]
    for path, table in zip(paths, tables, strict=True):
        write_predictions(Predictions(pd.DataFrame(table), ORIGIN), path)
    return paths


def test_rows_stay_in_their_order_and_the_origin_stays(tmp_path: Path) -> None:
    parts = write(tmp_path, {"example_id": ["c", "a"]}, {"example_id": ["b"]})
    join_predictions(parts, tmp_path / "all.parquet")
    joined = read_predictions(tmp_path / "all.parquet")
    assert joined.table["example_id"].tolist() == ["c", "a", "b"]
    assert joined.origin == ORIGIN


@pytest.mark.parametrize("failed_first", [False, True])
def test_a_part_without_some_columns_or_values_is_filled_and_changes_no_width(
    tmp_path: Path, failed_first: bool
) -> None:
    fine = {"example_id": ["a"], "reason": None, "prediction.Mass": np.float32([0.1]), "meta.age": [61]}
    failed = {"example_id": ["b"], "reason": "is empty", "prediction.Mass": np.float32([np.nan])}
    parts = write(tmp_path, *([failed, fine] if failed_first else [fine, failed]))
    join_predictions(parts, tmp_path / "all.parquet")
    table = read_predictions(tmp_path / "all.parquet").table.set_index("example_id")
    assert table["prediction.Mass"].dtype == np.float32
    assert table.loc["a", "prediction.Mass"] == np.float32(0.1)
    assert (table.loc["a", "meta.age"], table.loc["b", "reason"]) == (61, "is empty")
    assert table.loc[["b"], ["prediction.Mass", "meta.age"]].isna().all(axis=None)
    assert table.loc[["a"], ["reason"]].isna().all(axis=None)


def test_whole_numbers_of_one_part_and_fractions_of_another_are_numbers_of_one_kind(tmp_path: Path) -> None:
    parts = write(tmp_path, {"meta.age": [61]}, {"meta.age": [0.5]})
    join_predictions(parts, tmp_path / "all.parquet")
    assert read_predictions(tmp_path / "all.parquet").table["meta.age"].tolist() == [61.0, 0.5]


def test_a_disk_that_is_full_is_one_line_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    parts = write(tmp_path, {"example_id": ["a"]})
    monkeypatch.setattr(subject.os, "fsync", full)
    with pytest.raises(OutputError, match=r"needs to be written, which failed \(.*No space left"):
        join_predictions(parts, tmp_path / "all.parquet")
    assert sorted(tmp_path.iterdir()) == parts


def test_what_a_killed_process_left_of_it_is_removed(tmp_path: Path) -> None:
    parts = write(tmp_path, {"example_id": ["a"]})
    (tmp_path / ".all.parquet.1.part").write_text("half")
    join_predictions(parts, tmp_path / "all.parquet")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.parquet", "all.parquet"]
