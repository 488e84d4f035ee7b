"""`zoo run --data packed=STORE` computes what a run on the source computes."""

import json
from pathlib import Path

import pytest

from zoo_core.data.packed.transform import Transform
from zoo_core.evaluation.predictions import read_predictions
from zoo_core.runtime.config import Choice, SplitConfig
from zoo_core.runtime.packing import Form, pack


@pytest.fixture
def lab(site):
    """A data set and a topology that train in no time."""
    source = (Path(__file__).parents[1] / "signalling_lab.py").read_text()
    plugins = {
        "zoo.datasets.v1:signalling": "signalling_lab:dataset",
        "zoo.topologies.v1:one-layer": "signalling_lab:topology",
    }
    site.install("signalling-lab", plugins, signalling_lab=source)


@pytest.fixture
def store(lab, tmp_path):
    import signalling_lab

    pack(Choice("signalling", signalling_lab.Config()), SplitConfig(), Form(Transform(16), 8), tmp_path / "store")
    return tmp_path / "store"


@pytest.fixture
def finished(run_zoo, tmp_path):
    """Runs on some data and gives the run folder."""

    def run(name, data, *arguments):
        how = ["--topology", "one-layer", "--precision", "float32", "--set", "trainer.global_batch_size=4"]
        folder = tmp_path / name
        done = run_zoo("run", "chexnet", "--data", data, *how, *arguments, "--out", folder)
        assert done.returncode == 0, done.stderr
        return folder

    return run


def predicted(folder):
    return read_predictions(folder / "predictions.parquet").table


def test_a_run_on_a_store_is_the_run_on_its_source_bit_for_bit(store, finished):
    source, packed = finished("source", "signalling"), finished("packed", f"packed={store}")
    assert predicted(source).equals(predicted(packed))
    origins = [read_predictions(folder / "predictions.parquet").origin for folder in (source, packed)]
    assert origins[0] == origins[1]
    first, second = (json.loads((folder / "run.json").read_text()) for folder in (source, packed))
    assert first["split"] == second["split"]
    assert first["data"]["fingerprint"] == second["data"]["fingerprint"]


def test_a_run_by_shards_learns_and_is_another_order_of_the_same(store, finished):
    by_shards = finished("shards", f"packed={store}", "--set", "trainer.order=shards")
    exact = finished("exact", f"packed={store}")
    truths = [predicted(folder).filter(like="truth.") for folder in (by_shards, exact)]
    assert truths[0].equals(truths[1])
    assert not predicted(by_shards).equals(predicted(exact))
