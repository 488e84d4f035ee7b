"""`zoo compare`: the table, the page and mistakes."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from zoo_core.evaluation.predictions import Origin

WIDTH = 100
Write = Callable[..., Path]
OVERLAP = {
    "group": "plant",
    "n_groups": 60,
    "trained_on": 5,
    "chosen_on": 0,
    "n_examples_in_all": 60,
    "n_examples": 5,
    "n_examples_trained_on": 5,
    "n_examples_chosen_on": 0,
    "reason": None,
}


@pytest.fixture
def runs(finished_run: Write) -> list[str]:
    return [str(finished_run(name, skill)) for name, skill in (("a_b", 0.3), ("bb", 0.9))]


def test_the_table_has_a_row_for_each_run_and_fits(zoo: Any, runs: list[str]) -> None:
    answer = zoo("compare", *runs)
    assert (answer.code, answer.err) == (0, "")
    rows = {line.split()[0]: line.split() for line in answer.out.splitlines() if line.split()}
    assert rows["a_b"][1:] == ["60", rows["a_b"][2], "9.0", "1.5"]
    assert rows["bb"][3:] == ["60", rows["bb"][4], *rows["bb"][5:8], "9.0", "1.5"]
    assert "bb: mean AUROC higher than that of a_b. Difference +" in answer.out
    assert max(len(line) for line in answer.out.splitlines()[:8]) <= WIDTH


def test_the_page_is_written_where_it_is_wanted_and_holds_the_same_numbers(
    zoo: Any, runs: list[str], tmp_path: Path
) -> None:
    answer = zoo("compare", *runs, "--out", str(tmp_path / "page.html"))
    assert answer.out.splitlines()[-1] == f"comparison: {tmp_path / 'page.html'}"
    (difference,) = re.findall(r"Difference ([+-][\d.]+)", answer.out)
    assert f"{difference}<small>" in (tmp_path / "page.html").read_text()


def test_without_out_nothing_is_written(zoo: Any, runs: list[str], tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    zoo("compare", *runs)
    assert sorted(tmp_path.rglob("*")) == before


def test_every_number_is_there_as_json(zoo: Any, runs: list[str]) -> None:
    comparison = json.loads(zoo("compare", *runs, "--json").out)
    low, high = comparison["comparisons"][0]["mean"]["auroc"]["difference"][1:]
    assert 0 < low < high
    assert comparison["comparisons"][0]["bootstrap"]["n_replicates"] == 1000


def test_what_a_model_has_seen_is_said_in_the_table_and_stamped_on_the_page(
    zoo: Any, finished_run: Write, tmp_path: Path
) -> None:
    assert "overlap" in Origin.__dataclass_fields__
    folders = finished_run("a", 0.3), finished_run("bb", 0.3, overlap=OVERLAP)
    answer = zoo("compare", *map(str, folders), "--out", str(tmp_path / "page.html"))
    assert "! bb: not independent. 5 of 60 examples are of plants" in answer.out
    assert '<div class="band stamp"><b>bb: not independent.</b>' in (tmp_path / "page.html").read_text()


@pytest.mark.parametrize("n_runs", [0, 1])
def test_fewer_than_two_runs_are_one_line(zoo: Any, runs: list[str], n_runs: int) -> None:
    answer = zoo("compare", *runs[:n_runs])
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert f"needs two runs or more. Received: {n_runs}" in answer.err


def test_a_folder_that_is_no_run_is_one_line(zoo: Any, runs: list[str], tmp_path: Path) -> None:
    answer = zoo("compare", *runs, str(tmp_path))
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert "run.json" in answer.err


@pytest.mark.parametrize("name", ["metrics.json", "predictions.parquet", "events.jsonl"])
def test_a_damaged_file_is_one_line_that_names_it(zoo: Any, runs: list[str], name: str) -> None:
    (Path(runs[1]) / name).write_bytes(b'\xff{"test"')
    answer = zoo("compare", *runs)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert str(Path(runs[1]) / name) in answer.err


def test_a_place_that_cannot_be_written_to_is_one_line(zoo: Any, runs: list[str], tmp_path: Path) -> None:
    answer = zoo("compare", *runs, "--out", str(tmp_path / "absent" / "page.html"))
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert str(tmp_path / "absent" / "page.html") in answer.err
