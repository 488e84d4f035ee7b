"""A cell is the training of a run, and nothing of the cells before it is in it."""

from pathlib import Path

import numpy as np
import pytest

from zoo_core.runtime.settings import as_settings, configured, given_settings, merged
from zoo_core.studies.training.scheme import Scheme

BATCH = 4


@pytest.fixture
def settings(site):
    """Makes settings of a run of a scheme with a seed, on 30 drawn patients and a network of one layer."""
    source = (Path(__file__).parents[3] / "signalling_lab.py").read_text()
    site.install("one-layer-lab", {"zoo.topologies.v1:one-layer": "one_layer_lab:topology"}, one_layer_lab=source)
    own = {
        "data": {"name": "chest-phantom", "n_patients": 30, "size_px": 16},
        "topology": {"name": "one-layer"},
        "precision": {"name": "float32"},
        "trainer": {"n_epochs": 2, "warmup_epochs": 1},
    }
    base = as_settings(configured(given_settings("chexnet", "default", [own])))

    def make(scheme, seed):
        return merged(merged(base, scheme.settings(BATCH)), {"seed": seed})

    return make


PER_RANK = Scheme("one-layer", 2, "partition", "per-rank", "none")


@pytest.mark.parametrize(
    ("before", "then"),
    [
        (PER_RANK, PER_RANK.but(sharding="independent", rule="linear")),
        (PER_RANK.but(batch_norm="cross-rank"), PER_RANK.but(batch_norm="cross-rank", rule="sqrt")),
        (PER_RANK, Scheme.one_process("one-layer")),
        (PER_RANK, PER_RANK.but(batch_norm="cross-rank")),
    ],
)
def test_a_cell_after_others_has_the_bits_of_a_cell_in_a_process_of_its_own(settings, before, then):
    from zoo_core.studies.training.bench import Bench

    used, fresh = Bench(), Bench()
    first = used.train(settings(before, seed=0))
    after, alone = used.train(settings(then, seed=1)), fresh.train(settings(then, seed=1))
    assert after.predictions.origin.model_hash == alone.predictions.origin.model_hash
    assert after.predictions.table.equals(alone.predictions.table)
    assert after.values["loss"] == alone.values["loss"]
    assert first.predictions.origin.model_hash != alone.predictions.origin.model_hash


def test_a_step_is_compiled_once_for_cells_that_are_alike_and_anew_for_others(settings):
    from zoo_core.studies.training.bench import Bench

    bench = Bench()
    steps = []
    for scheme, seed in ((PER_RANK, 0), (PER_RANK.but(rule="linear"), 1), (PER_RANK.but(n_ranks=3), 1)):
        bench.train(settings(scheme, seed))
        steps.append(bench._compiled[1])
    assert steps[0] is steps[1] is not steps[2]


def test_what_is_kept_of_a_cell_is_what_its_events_say(settings):
    from zoo_core.studies.training.bench import Bench

    scheme = PER_RANK.but(sharding="independent")
    trained = Bench().train(settings(scheme, seed=0))
    values = trained.values
    n = values["n_train"]
    assert values["n_steps"] == -(-2 * n // (2 * BATCH))
    assert len(values["seen"]) == len(values["loss"]) == len(values["validation"]) == 2
    assert all(0.5 < seen < 0.95 for seen in values["seen"])
    assert 0 < values["never_seen"] < 1 - values["seen"][0] + 1 / n
    assert set(trained.predictions.table["split"]) == {"test"}
    assert np.isfinite(trained.predictions.table["prediction.Edema"]).all()
