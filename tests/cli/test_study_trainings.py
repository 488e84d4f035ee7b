"""`zoo study accuracy` and `zoo study topology` as a user meets them, on a network of one layer."""

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

SMALL = ("--preset", "smoke", "--size", "16")
ONE_LAYER = ("--topology", "one-layer")


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The topology `one-layer` is registered, here and in processes that are started."""
    folder = tmp_path_factory.mktemp("site")
    info = folder / "one_layer_lab-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: one-layer-lab\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[zoo.topologies.v1]\none-layer = one_layer_lab:topology\n")
    source = Path(__file__).parents[1] / "signalling_lab.py"
    (folder / "one_layer_lab.py").write_text(source.read_text())
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        patch.setenv("PYTHONPATH", os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]).rstrip(":"))
        yield


@pytest.fixture(scope="module")
def finished(installed, run_zoo, tmp_path_factory):
    """Folder of a finished study of accuracy, and what was printed."""
    out = tmp_path_factory.mktemp("studies") / "out"
    answer = run_zoo("study", "accuracy", *SMALL, *ONE_LAYER, "--out", out)
    assert answer.returncode == 0, answer.stderr
    return out, answer


def rows(path):
    return list(csv.DictReader(path.read_text().splitlines()))


def test_every_cell_is_trained_kept_drawn_and_shown(finished):
    out, answer = finished
    every = rows(out / "trainings.csv")
    assert len(every) == 2 * 4 == len(list((out / "predictions").iterdir()))
    assert {row["sharding"] for row in every} == {"partition", "independent", "shard-local"}
    assert {row["global_batch_size"] for row in every if row["n_ranks"] == "2"} == {"8"}
    points = rows(out / "accuracy.csv")
    assert [(point["n_ranks"], point["sharding"]) for point in points] == [
        ("1", "partition"),
        ("2", "partition"),
        ("2", "independent"),
        ("2", "shard-local"),
    ]
    page = (out / "accuracy.html").read_text()
    assert all(word in page for word in ("Virtual ranks", "data:image/png;base64,", "drawn by a program", "no speed"))
    assert (out / "accuracy.png").read_bytes().startswith(b"\x89PNG")
    assert f"written: {out / 'accuracy.html'}" in answer.stdout
    assert "about" in answer.stderr or "8 trainings" in answer.stderr


def test_independent_ranks_have_seen_about_what_is_expected_of_them(finished):
    points = {(point["n_ranks"], point["sharding"]): point for point in rows(finished[0] / "accuracy.csv")}
    assert float(points["2", "independent"]["expected_seen"]) == 0.75
    assert float(points["2", "independent"]["seen"]) == pytest.approx(0.75, abs=0.1)
    assert float(points["2", "partition"]["seen"]) > 0.9


def test_the_same_command_again_trains_nothing_and_finds_the_same(finished, zoo):
    out, _ = finished
    before = (out / "measured.jsonl").read_bytes(), (out / "accuracy.csv").read_bytes()
    answer = zoo("study", "accuracy", *SMALL, *ONE_LAYER, "--out", str(out), "--json")
    assert answer.code == 0, answer.err
    assert ((out / "measured.jsonl").read_bytes(), (out / "accuracy.csv").read_bytes()) == before
    assert len(json.loads(answer.out)["points"]) == 4


def test_causes_are_told_apart_from_cells_that_are_there_and_those_that_are_missing(finished, run_zoo):
    out, _ = finished
    answer = run_zoo("study", "accuracy", "--ablate", *SMALL, *ONE_LAYER, "--out", out)
    assert answer.returncode == 0, answer.stderr
    assert "8 trainings" in answer.stderr
    effects = rows(out / "ablation.csv")
    assert [effect["cause"] for effect in effects if effect["way"] == "added"] == [
        "global batch",
        "learning-rate rule",
        "per-rank batch norm",
        "sampling",
        "all together",
    ]
    *added, total = [float(effect["difference"]) for effect in effects if effect["way"] == "added"]
    assert sum(added) == pytest.approx(total)
    assert "The differences add up" in (out / "ablation.html").read_text()


def test_other_settings_in_the_same_folder_are_refused_by_name(finished, zoo):
    answer = zoo("study", "accuracy", *SMALL, *ONE_LAYER, "--out", str(finished[0]), "--epochs", "3")
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert "other settings: n_epochs 2 there, 3 now" in answer.err


@pytest.mark.usefixtures("installed")
def test_topologies_are_trained_drawn_and_shown_by_finding(run_zoo, tmp_path):
    out = tmp_path / "out"
    answer = run_zoo("study", "topology", *SMALL, "--topologies", "one-layer", "--out", out)
    assert answer.returncode == 0, answer.stderr
    found = rows(out / "topology.csv")
    assert len({row["finding"] for row in found}) == 15
    assert {row["global_batch_size"] for row in found} == {"4", "8"}
    page = (out / "topology.html").read_text()
    undefined = [row["finding"] for row in found if row["finding"] != "mean" and not row["value"]]
    assert all("undefined" in page for _ in undefined)
    assert "Effusion" in page
    assert (out / "topology-findings.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--ranks", "1"], "one above 1. Received: 1"),
        (["--ranks", "x"], "--ranks needs numbers such as 1,2,4. Received: 'x'"),
        (["--ranks", "1,512"], "--ranks 512 with --batch 4 make a global batch of 2048"),
        (["--seeds", "1"], "--seeds needs a number from 2 on, better 3"),
        (["--batch", "0"], "--batch needs a number from 1 on"),
        (["--epochs", "0"], "--epochs needs a number from 1 on"),
        (["--epochs", "1"], "trainer.warmup_epochs"),
        (["--size", "0"], "--size needs a number above 0"),
        (["--topology", "densenet112"], "did you mean 'densenet121'"),
        (["--data", "nothing"], "'nothing'"),
        (["--rule", "cubic"], "'cubic' is not one of"),
        (["--set", "trainer.sharding=partition"], "leave out --set trainer.sharding"),
        (["--set", "seed=3"], "leave out --set seed"),
        (["--set", "trainer.learning_rat=3"], "did you mean 'trainer.learning_rate'"),
        (["--task", "chexnett"], "chexnet"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(zoo, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    answer = zoo("study", "accuracy", "--preset", "smoke", *arguments)
    assert (answer.code, answer.err.count("\n")) == (2, 1), answer.err
    assert words in answer.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("topologies", ["densenet112", "vgg16,densenet112"])
def test_every_topology_of_a_list_is_checked_before_anything_is_written(zoo, tmp_path, monkeypatch, topologies):
    monkeypatch.chdir(tmp_path)
    answer = zoo("study", "topology", "--preset", "smoke", "--topologies", topologies)
    assert (answer.code, answer.err.count("\n")) == (2, 1), answer.err
    assert "did you mean 'densenet121'" in answer.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("heeded_signals", "installed")
def test_a_worker_that_is_killed_is_replaced_and_a_signal_leaves_cells_and_no_process(tmp_path):
    out = tmp_path / "out"
    command = [sys.executable, "-m", "zoo_core.cli", "study", "accuracy", *SMALL, *ONE_LAYER, "--out", str(out)]
    with subprocess.Popen([*command, "--seeds", "99"], stderr=subprocess.PIPE, text=True) as study:
        process = psutil.Process(study.pid)
        wait_for_cells(study, out, 1)
        killed = process.children()
        killed[0].kill()
        wait_for_cells(study, out, len(lines(out)) + 4)
        workers = process.children()
        study.send_signal(signal.SIGTERM)
        _, said = study.communicate()
    assert study.returncode == 128 + signal.SIGTERM, said
    assert f"the same command with --out {out} goes on" in said
    assert [one for one in workers if one.is_running()] == []
    kept = [json.loads(line)["cell"] for line in lines(out)]
    assert len(kept) == len({json.dumps(cell) for cell in kept}) >= 5
    assert len(list((out / "predictions").glob("*.parquet"))) >= len(kept)


def lines(out):
    path = out / "measured.jsonl"
    return path.read_text().splitlines() if path.exists() else []


def wait_for_cells(study, out, n):
    while len(lines(out)) < n:
        assert study.poll() is None
