"""`zoo evaluate RUN --data ...` on real radiographs, of which the model has seen some."""

import gzip
import json
from pathlib import Path

import pytest

from zoo_core.cli import main
from zoo_core.data.splits import read_list
from zoo_core.evaluation.predictions import read_predictions


@pytest.fixture
def small(signalling_lab) -> list[str]:
    """Arguments of a network of one layer on small images, for an epoch."""
    settings = ("task.image_size_px=64", "trainer.n_epochs=1", "trainer.warmup_epochs=0.0")
    choices = ["chexnet", "--preset", "smoke", "--topology", "one-layer", "--precision", "float32"]
    return [*choices, *(word for setting in settings for word in ("--set", setting))]


def split_settings(name: str, lists: dict[str, Path]) -> list[str]:
    settings = [f"split.name={name}", *(f"split.{part}_list={path}" for part, path in lists.items())]
    return [word for setting in settings for word in ("--set", setting)]


@pytest.fixture
def own_lists(nih_root, tmp_path) -> dict[str, Path]:
    """A split by number: its training images are among those of every part of the published ones."""
    names = sorted(path.name for path in (nih_root / "images").iterdir())
    parts = {"train": names[:300], "validation": names[300:400], "test": names[400:]}
    paths = {part: tmp_path / f"{part}.txt" for part in parts}
    for part, path in paths.items():
        path.write_text("\n".join(parts[part]))
    return paths


@pytest.fixture
def published_lists(shared_data, tmp_path) -> dict[str, Path]:
    """The published split that is not the official one; all images there are are in its test part."""
    paths = {}
    for part, short in {"train": "train", "validation": "val", "test": "test"}.items():
        packed = shared_data("nih_metadata") / f"arnoweng_{short}_list.txt.gz"
        paths[part] = tmp_path / f"arnoweng_{short}.txt"
        paths[part].write_bytes(gzip.decompress(packed.read_bytes()))
    return paths


@pytest.fixture
def run(run_zoo, small, own_lists, nih_root, tmp_path) -> Path:
    out = tmp_path / "run"
    split = split_settings("by-number", own_lists)
    done = run_zoo("run", *small, "--data", f"chestxray14={nih_root}", *split, "--out", out)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture
def asked(run, nih_root) -> list[str]:
    """The arguments that ask for the official test part."""
    return ["evaluate", str(run), "--data", f"chestxray14={nih_root}", "--out", str(run.parent / "out")]


def test_a_model_meets_its_training_patients_in_the_test_part_of_other_splits(
    run_zoo, asked, own_lists, published_lists, capsys
):
    out = Path(asked[-1])

    def refusal(*more: str) -> str:
        assert main([*asked, *more]) == 2
        printed = capsys.readouterr()
        assert (printed.out, printed.err.count("\n")) == ("", 1)
        assert "--allow-overlap" in printed.err
        assert not out.exists()
        return printed.err

    official_test = set(read_list(Path(asked[3].partition("=")[2]) / "test_list.txt"))
    listed = {part: set(read_list(path)) for part, path in own_lists.items()}
    tested = official_test & set.union(*listed.values())
    n_trained_on, n_chosen_on = len(tested & listed["train"]), len(tested & listed["validation"])
    assert 0 < n_trained_on < len(tested)
    counts = (
        f"{n_trained_on} of {len(tested)} examples are of patients the model was trained on, "
        f"{n_chosen_on} of those it was chosen on"
    )
    assert counts in refusal()
    published = refusal(*split_settings("arnoweng", published_lists))
    assert "300 of 621 examples are of patients the model was trained on, 100 of those it was chosen on" in published

    allowed = run_zoo(*asked, "--allow-overlap")
    assert allowed.returncode == 0, allowed.stderr
    assert f"NOT INDEPENDENT. {counts}" in allowed.stdout
    assert counts in (out / "report.html").read_text()
    origin = read_predictions(out / "predictions.parquet").origin
    assert (origin.split_name, origin.overlap["n_examples_trained_on"]) == ("official", n_trained_on)
    assert json.loads((out / "metrics.json").read_text())["test"]["n"] == len(tested)
    assert not (out / "model_card.md").exists()
