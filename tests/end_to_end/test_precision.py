"""A model that is trained, converted and asked, each in a process of its own, as a user has them."""

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.conftest import RunZoo, Site
from zoo_core.evaluation.predictions import read_predictions

N_QUICK, N_SLOW = 256, 60
SLOW_PX = 3000
"""Pictures of a part are read in no time, and those after it in seconds: there is a middle to be killed in."""

LAB = Path(__file__).parents[1] / "signalling_lab.py"
MOST_WAIT_S = 300


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, run_zoo: RunZoo) -> Iterator[Path]:
    """A run of the lab, with its model in int8 beside the trained one: read only."""
    folder = tmp_path_factory.mktemp("lab")
    with pytest.MonkeyPatch.context() as patch:
        path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]).rstrip(":")
        patch.setenv("PYTHONPATH", path)
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        plugins = {
            "zoo.datasets.v1:signalling": "signalling_lab:dataset",
            "zoo.topologies.v1:one-layer": "signalling_lab:topology",
        }
        Site(folder).install("signalling-lab", plugins, signalling_lab=LAB.read_text())
        chosen = ["--data", "signalling", "--topology", "one-layer", "--precision", "float32", "--preset", "smoke"]
        trained = run_zoo("run", "chexnet", *chosen, "--out", "run", cwd=folder)
        assert trained.returncode == 0, trained.stderr
        converted = run_zoo("quantize", "run", cwd=folder)
        assert converted.returncode == 0, converted.stderr
        yield folder / "run"


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, source = tmp_path_factory.mktemp("pictures"), tmp_path_factory.mktemp("source")
    random = np.random.default_rng(0)
    Image.fromarray(random.integers(0, 255, (16, 16), np.uint8)).save(source / "quick.png")
    Image.fromarray(np.full((SLOW_PX, SLOW_PX), 99, np.uint8)).save(source / "slow.png")
    names = [("quick", "a")] * N_QUICK + [("slow", "b")] * N_SLOW
    for number, (kind, letter) in enumerate(names):
        (folder / f"{letter}-{number:03}.png").symlink_to(source / f"{kind}.png")
    return folder


def rows_of(folder: Path) -> pd.DataFrame:
    return read_predictions(folder / "predictions.parquet").table


def test_a_converted_model_says_what_it_is_made_of_and_how_it_was_judged(run: Path) -> None:
    record = json.loads((run / "model-int8" / "conversion.json").read_text())
    labels = record["comparison"]["labels"]
    assert record["verdict"] == "not enough evidence"  # nine patients judge it
    assert {"Effusion", "Edema"} <= set(labels)
    assert all("reason" in label for label in labels.values())
    assert all(record["versions"][name] for name in ("openvino", "nncf"))
    assert (run / "model-int8" / "model.json").exists()


@pytest.mark.parametrize("precision", ["int8", "float32"])
def test_a_prediction_that_is_killed_and_resumed_has_the_rows_of_one_that_is_not(
    run: Path, pictures: Path, tmp_path: Path, run_zoo: RunZoo, precision: str
) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    wanted = ["predict", run, pictures, "--precision", precision, "--batch", "16", "--out"]
    assert run_zoo(*wanted, whole).returncode == 0

    command = [sys.executable, "-m", "zoo_core.cli", *map(str, wanted), str(killed)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for_part(killed, process)
    finally:
        process.kill()
    assert process.wait() == -9
    assert not (killed / "predictions.parquet").exists()

    resumed = run_zoo(*wanted, killed, "--resume", "--json")
    assert resumed.returncode == 0, resumed.stderr
    came = json.loads(resumed.stdout)["came"]
    assert (came["n_ok"], came["n_now"]) == (N_QUICK + N_SLOW, N_SLOW)
    pd.testing.assert_frame_equal(rows_of(killed), rows_of(whole))
    assert rows_of(whole)["prediction.Effusion"].nunique() > 1


def wait_for_part(folder: Path, process: "subprocess.Popen[bytes]") -> None:
    for _ in itertools.takewhile(lambda _: process.poll() is None, range(MOST_WAIT_S * 100)):
        if list(folder.rglob("*.parquet")):
            return
        time.sleep(0.01)
    raise AssertionError(f"no part in '{folder}'; the process ended with {process.poll()}")


@pytest.fixture(scope="module")
def desk(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what a user might take for a model or a picture."""
    folder = tmp_path_factory.mktemp("desk")
    for name in ("empty", "letters", "untrained"):
        (folder / name).mkdir()
    (folder / "nothing.png").touch()
    (folder / "film.mp4").write_bytes(bytes(64))
    (folder / "letter.txt").write_text("Dear colleague,")
    (folder / "letters" / "letter.txt").write_text("Dear colleague,")
    (folder / "letter.png").write_text("Dear colleague,")
    Image.fromarray(np.zeros((16, 16), np.uint8)).save(folder / "a.png")
    (folder / "run").symlink_to(run)
    return folder


MISTAKES: list[tuple[str, str]] = [
    ("predict run empty", "no picture"),
    ("predict run letters", "no picture"),
    ("predict run nothing.png", "is empty (0 bytes)"),
    ("predict run letter.png", "'letter.png'"),
    ("predict run letter.txt", "a file of another kind"),
    ("predict run film.mp4", "a file of another kind"),
    ("predict run gone.png", "which is not there"),
    ("predict run a.png --precision int8-litert", "int8-litert"),
    ("predict run a.png --precision int7", "no precision 'int7'"),
    ("predict untrained a.png", "with a model.json was wanted"),
    ("quantize untrained", "with a model.json was wanted"),
    ("quantize run", "that is not quantized yet was wanted"),
    ("quantize run/model-int8", "which is converted already"),
    ("quantize run --precision float32", "in which a model is used as it was trained"),
    ("quantize run --precision int7", "no precision 'int7'"),
]


@pytest.mark.parametrize(("words", "said"), MISTAKES)
def test_a_mistake_is_one_line_and_leaves_nothing(desk: Path, run_zoo: RunZoo, words: str, said: str) -> None:
    before = everything_in(desk)
    done: Any = run_zoo(*words.split(), cwd=desk)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1, done.stderr
    assert said in done.stderr
    assert everything_in(desk) == before


def everything_in(folder: Path) -> list[Path]:
    return sorted([*folder.rglob("*"), *(folder / "run").rglob("*")])
