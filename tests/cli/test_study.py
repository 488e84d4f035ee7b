"""`zoo study storage` as a user meets it."""

import csv
import json
import signal
import subprocess
import sys

import psutil
import pytest

SMALL = ("--preset", "smoke", "--ranks", "1")


@pytest.fixture(scope="module")
def finished(run_zoo, tmp_path_factory):
    """Folder of a finished study, its place, and what was printed."""
    out, place = tmp_path_factory.mktemp("studies") / "out", tmp_path_factory.mktemp("place")
    answer = run_zoo("study", "storage", "--at", place, *SMALL, "--out", out)
    assert answer.returncode == 0, answer.stderr
    return out, place, answer


def test_every_cell_is_measured_drawn_and_shown(finished):
    out, _, answer = finished
    rows = list(csv.DictReader((out / "storage.csv").read_text().splitlines()))
    assert {(row["format"], row["asked"]) for row in rows} == {
        (name, asked) for name in ("png", "packed", "tfrecord") for asked in ("cold", "warm")
    }
    for row in rows:
        rate, size, speed = (float(row[name]) for name in ("images_per_s", "bytes_per_image", "mb_per_s"))
        assert rate * size / 1e6 == pytest.approx(speed)
    assert sorted(path.suffix for path in out.iterdir()) == [".csv", ".html", ".json", ".jsonl", ".png"]
    assert all(title in answer.stdout for title in ("file per image", "packed store", "TFRecord"))
    assert f"written: {out / 'storage.html'}" in answer.stdout


def test_a_place_is_left_as_it_was(finished):
    assert list(finished[1].iterdir()) == []


def test_the_same_command_again_measures_nothing_and_finds_the_same(finished, zoo):
    out, place, _ = finished
    before = (out / "measured.jsonl").read_bytes()
    answer = zoo("study", "storage", "--at", str(place), *SMALL, "--out", str(out), "--json")
    assert (out / "measured.jsonl").read_bytes() == before
    assert len(json.loads(answer.out)["cells"]) == 6


def test_other_settings_in_the_same_folder_are_refused_by_name(finished, zoo):
    out, place, _ = finished
    answer = zoo("study", "storage", "--at", str(place), *SMALL, "--out", str(out), "--step-ms", "9")
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert "other settings: step_ms 2.0 there, 9.0 now" in answer.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--ranks", "0"], "--ranks needs a number from 1 on. Received: 0"),
        (["--ranks", "x"], "--ranks needs numbers such as 1,2,4. Received: 'x'"),
        (["--ranks", ""], "--ranks needs numbers"),
        (["--images", "9"], "--images needs at least"),
        (["--images", "9000000000"], "make room, or fewer --images"),
        (["--topology", "densenet112"], "did you mean 'densenet121'"),
        (["--topology", "densenet121", "--step-ms", "3"], "one of them is enough"),
        (["--step-ms", "-1"], "--step-ms needs"),
        (["--at", "nowhere"], "--at needs a folder that is there. Received: 'nowhere'"),
        (["--at", "."], "are one folder"),
        (["--preset", "paper"], "'paper' is not one of"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(zoo, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    answer = zoo("study", "storage", "--at", str(tmp_path), "--preset", "smoke", *arguments)
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert words in answer.err
    assert list(tmp_path.iterdir()) == []


def test_a_place_has_to_be_named(zoo):
    assert "Missing option '--at'" in zoo("study", "storage").err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", ["while files are written", "while ranks read"])
@pytest.mark.usefixtures("heeded_signals")
def test_a_signal_in_the_middle_leaves_no_file_and_no_process(tmp_path, number, moment):
    place, out = tmp_path / "place", tmp_path / "out"
    place.mkdir()
    images = {"while files are written": "100000", "while ranks read": "200"}[moment]
    command = [sys.executable, "-m", "zoo_core.cli", "study", "storage", "--at", place, *SMALL, "--out", out]
    with subprocess.Popen([*command, "--images", images, "--runs", "9999"], stderr=subprocess.PIPE, text=True) as study:
        reached = {"while files are written": place.glob, "while ranks read": out.glob}[moment]
        pattern = {"while files are written": "*/png/000/*.png", "while ranks read": "measured.jsonl"}[moment]
        while not any(reached(pattern)):
            assert study.poll() is None
        ranks = psutil.Process(study.pid).children(recursive=True)
        study.send_signal(number)
        _, said = study.communicate()
    assert study.returncode == 128 + number, said
    assert f"stopped by {number.name}: the same command with --out {out} goes on" in said
    assert list(place.iterdir()) == []
    assert bool(ranks) is (moment == "while ranks read")
    assert [rank for rank in ranks if rank.is_running()] == []
