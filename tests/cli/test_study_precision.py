"""`zoo study precision` as a user meets it, on a network of one layer."""

import csv
import json

import pytest

from zoo_core.cli import study_precision

SMALL = ("--preset", "smoke", "--precisions", "bfloat16,int8", "--turns", "1")


@pytest.fixture
def run(run_zoo, signalling_lab, tmp_path):
    """Folder of a finished run."""
    folder = tmp_path / "run"
    answer = run_zoo("run", *signalling_lab, "--out", folder)
    assert answer.returncode == 0, answer.stderr
    return folder


@pytest.mark.slow
def test_each_precision_is_measured_once_and_shown_and_the_run_is_left_as_it_was(run_zoo, run, tmp_path):
    out, before = tmp_path / "out", sorted(run.rglob("*"))
    answer = run_zoo("study", "precision", run, *SMALL, "--out", out)
    assert answer.returncode == 0, answer.stderr
    found = list(csv.DictReader((out / "precision.csv").read_text().splitlines()))
    assert [row["precision"] for row in found] == ["float32", "bfloat16", "int8"]
    assert all(float(row["images_per_s"]) > 0 for row in found)
    assert all(float(row["memory_bytes"]) > float(row["memory_before_bytes"]) > 0 for row in found)
    assert f"written: {out / 'precision.html'}" in answer.stdout
    assert sorted(run.rglob("*")) == before

    kept = (out / "measured.jsonl").read_bytes()
    record = json.loads(run_zoo("study", "precision", run, *SMALL, "--out", out, "--json").stdout)
    assert (out / "measured.jsonl").read_bytes() == kept
    assert [one["precision"] for one in record["precisions"]] == ["float32", "bfloat16", "int8"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--part", "train"], "'train' is not one of 'test', 'validation'"),
        (["--preset", "paper"], "'paper' is not one of"),
        ([], "Received: 'nowhere'"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(zoo, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    answer = zoo("study", "precision", "nowhere", *arguments)
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert words in answer.err
    assert list(tmp_path.iterdir()) == []


def test_the_terminal_shows_float32_as_the_reference_and_what_the_others_are_to_it():
    row = {
        "precision": "int8",
        "images_per_s": [30.0, 29.0, 31.0],
        "images_per_s_ratio": [3.0, 2.9, 3.1],
        "latency_p50_ms": 33.0,
        "latency_p99_ms": 40.0,
        "network_bytes": 7_100_000,
        "memory_bytes": 300_000_000,
    }
    mean = {"difference": [-0.0004, -0.001, 0.0002]}
    compared = study_precision._row({**row, "comparison": {"verdict": "passed", "mean": mean}})
    assert compared[2:] == (
        "3.00 (2.90 to 3.10)", "33.0", "40.0", "7.1", "300", "-0.0004 (-0.0010 to +0.0002)", "passed",
    )  # fmt: skip
    assert study_precision._row({**row, "comparison": None})[-1] == "reference"
