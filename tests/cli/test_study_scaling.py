"""`zoo study scaling` as a user meets it, on a network of one layer."""

import csv
import json
import signal
import subprocess
import sys

import psutil
import pytest

pytest.importorskip("horovod", reason="Horovod is not installed: 'make setup' builds it")

SMALL = ("--preset", "smoke", "--topology", "one-layer", "--size", "8")
N_SIZES = 9


@pytest.fixture
def study(zoo, tmp_path):
    """Runs a small study in one folder."""
    return lambda *arguments: zoo("study", "scaling", *SMALL, "--out", str(tmp_path / "out"), *arguments)


@pytest.mark.slow
def test_everything_is_measured_once_and_shown_and_only_what_is_new_when_asked_again(study, signalling_lab, tmp_path):
    first = study("--ranks", "1")
    assert (first.code, "nothing is projected" in first.out) == (0, True), first.err
    kept = (tmp_path / "out" / "measured.jsonl").read_bytes()
    assert study("--ranks", "1").code == 0
    assert (tmp_path / "out" / "measured.jsonl").read_bytes() == kept


@pytest.mark.slow
def test_ranks_are_measured_drawn_and_projected_and_nothing_is_measured_twice(study, signalling_lab, tmp_path):
    first = study()
    assert first.code == 0, first.err
    kept = (tmp_path / "out" / "measured.jsonl").read_bytes()
    steps = list(csv.DictReader((tmp_path / "out" / "steps.csv").read_text().splitlines()))
    ways = {(row["way"], row["n_ranks"], row["scaling"]) for row in steps}
    assert ways == {
        ("stock", "1", "strong"),
        ("float32", "1", "strong"),
        *(() if len(steps) == 6 else [("default", "1", "strong")]),
        *(("ranks", n, how) for n in "12" for how in ("weak", "strong")),
    }
    for row in steps:
        assert float(row["images_per_s"]) == pytest.approx(int(row["n_images"]) / float(row["step_s"]))
        assert (0 < float(row["all_reduce_s"]) < float(row["step_s"])) is (row["n_ranks"] == "2")
        assert 0 <= float(row["waiting_s"]) <= float(row["all_reduce_s"])
    record = json.loads(study("--json").out)
    assert (tmp_path / "out" / "measured.jsonl").read_bytes() == kept
    assert len(record["all_reduces"]) == N_SIZES
    assert max(row["n_ranks"] for row in record["projection"]) == 512


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--ranks", "0"], "--ranks needs a number from 1 on. Received: 0"),
        (["--ranks", "x"], "--ranks needs numbers such as 1,2,4. Received: 'x'"),
        (["--batch", "0"], "--batch needs a number from 1 on. Received: 0"),
        (["--runs", "0"], "--runs needs a number from 1 on. Received: 0"),
        (["--ranks", "1,4096", "--batch", "1"], "so that each of 4096 ranks has an image"),
        (["--topology", "densenet112"], "did you mean 'densenet121'"),
        (["--preset", "paper"], "'paper' is not one of"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(zoo, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    answer = zoo("study", "scaling", "--preset", "smoke", *arguments)
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert words in answer.err
    assert list(tmp_path.iterdir()) == []


def lines_of_mistake(answer):
    """Of standard error, without those of progress."""
    return [line for line in answer.err.splitlines() if not line.startswith("scaling study")]


def test_images_that_a_topology_does_not_take_are_one_line_in_its_own_words(zoo, tmp_path):
    answer = zoo("study", "scaling", "--preset", "smoke", "--size", "8", "--out", str(tmp_path / "out"))
    (line,) = lines_of_mistake(answer)
    assert (answer.code, "at least 32 x 32 px" in line) == (2, True)


def test_ranks_that_fail_are_one_line_with_what_one_of_them_said(study, site):
    site.install_topology(
        "lab", "one-layer", site.sound_topology.replace("return self.config.width, input_shape", "1 / 0")
    )
    answer = study()
    (line,) = lines_of_mistake(answer)
    assert answer.code == 2
    assert "of the study needs to end by itself" in line
    assert "rank 0 said: ZeroDivisionError" in line


@pytest.mark.usefixtures("heeded_signals", "signalling_lab")
def test_sigterm_leaves_what_was_measured_and_no_process(tmp_path):
    out = tmp_path / "out"
    command = [sys.executable, "-m", "zoo_core.cli", "study", "scaling", *SMALL, "--runs", "999", "--out", out]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as study:
        while not (out / "measured.jsonl").exists():
            assert study.poll() is None
        ranks = []
        while not ranks:
            ranks = psutil.Process(study.pid).children(recursive=True)
        study.send_signal(signal.SIGTERM)
        _, said = study.communicate()
    assert study.returncode == 128 + signal.SIGTERM, said
    assert f"the same command with --out {out} goes on" in said
    assert [rank for rank in ranks if rank.is_running()] == []
    assert (out / "measured.jsonl").read_text().count("\n") >= 1
