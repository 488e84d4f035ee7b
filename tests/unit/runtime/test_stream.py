"""What a rank trains on: from a source, from its store, and from its store shard by shard."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from zoo_core import plugins
from zoo_core.contract import ConfigError, Rank
from zoo_core.data.packed import reading
from zoo_core.data.packed.transform import Transform
from zoo_core.runtime.config import Choice, SplitConfig
from zoo_core.runtime.packing import Form, pack
from zoo_core.runtime.prepare import prepare
from zoo_core.runtime.settings import configure
from zoo_core.runtime.stream import TrainingStream

BATCH_SIZE, N_STEPS = 7, 40
MOST_AMPLIFICATION = 1.1
COUNTS = Path("/proc/self/io")

PHANTOM = {"name": "chest-phantom", "size_px": 32, "n_patients": 60}


def prepared(data, **trainer):
    trainer = {"global_batch_size": BATCH_SIZE, "augment": False, "order_buffer_shards": 2, **trainer}
    return prepare(
        configure("chexnet", "default", [{"data": data, "trainer": trainer, "precision": {"name": "float32"}}])
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stores") / "phantom"
    options = plugins.load("dataset", "chest-phantom").config(size_px=32, n_patients=60)
    pack(Choice("chest-phantom", options), SplitConfig(), Form(Transform(32), rows_per_shard=16), folder)
    return {"name": "packed", "root": str(folder)}


def batches(run, rank=Rank(), start=0, end=N_STEPS):  # noqa: B008 - a frozen record
    return [share.batch for _, (share,) in TrainingStream(run, rank).batches(start, end)]


def same(first, second):
    return all((first_array == second_array).all() for first_array, second_array in zip(first, second, strict=True))


def arrays_of(found):
    return [array for batch in found for array in dataclasses.astuple(batch)]


def test_a_run_on_a_store_sees_what_a_run_on_its_source_sees(store):
    first, second = (batches(prepared(data), end=9) for data in (PHANTOM, store))
    assert same(arrays_of(first), arrays_of(second))


def test_by_shards_every_example_is_seen_once_an_epoch(store):
    run = prepared(store, order="shards")
    stream = TrainingStream(run, Rank())
    seen = np.concatenate([stream.rows[stream.order.global_batch(step)] for step in range(stream.order.n_steps(2))])
    for epoch in range(2):
        assert sorted(seen[epoch * len(stream.rows) :][: len(stream.rows)]) == run.rows("train").tolist()


@pytest.mark.parametrize("augment", [False, True])
def test_by_shards_a_batch_holds_the_examples_of_its_step(store, augment):
    run = prepared(store, order="shards", augment=augment)
    stream = TrainingStream(run, Rank(1, 2))
    for step, (share,) in stream.batches(3, 20):
        rows, batch = stream.rows[stream.order.share(step, Rank(1, 2))], share.batch
        assert (share.rows == rows).all()
        wanted = run.examples().batch(rows)
        if augment:
            rng = np.random.default_rng([0, step, 1])
            wanted = dataclasses.replace(wanted, images=run.task.augment(wanted.images, rng))
        assert same(dataclasses.astuple(wanted), dataclasses.astuple(batch))


@pytest.mark.parametrize("resumed_at", [0, 1, 17, N_STEPS - 1, N_STEPS])
def test_by_shards_a_stream_resumed_at_any_step_is_the_uninterrupted_one(store, resumed_at):
    run = prepared(store, order="shards")
    uninterrupted, again = batches(run), batches(run, start=resumed_at)
    assert len(again) == N_STEPS - resumed_at
    assert same(arrays_of(uninterrupted[resumed_at:]), arrays_of(again))


def test_by_shards_the_ranks_together_see_what_one_rank_sees(store):
    run = prepared(store, order="shards")
    alone = batches(run, end=12)
    shares = [batches(run, Rank(rank, 3), end=12) for rank in range(3)]
    for step, batch in enumerate(alone):
        together = np.concatenate([share[step].images for share in shares])
        order = np.concatenate([np.arange(BATCH_SIZE)[rank::3] for rank in range(3)])
        assert (together == batch.images[order]).all()


def bytes_read():
    return int(dict(line.split(": ") for line in COUNTS.read_text().splitlines())["rchar"])


@pytest.mark.skipif(not COUNTS.exists(), reason="needs Linux's count of bytes")
@pytest.mark.parametrize("size", [1, 3])
def test_by_shards_a_rank_reads_hardly_more_than_what_it_sees(store, size, monkeypatch):
    monkeypatch.setattr(reading, "MOST_OF_MEMORY", 0.0)  # what is mapped is not counted
    run = prepared(store, order="shards")
    run.adapter.read(0)  # opens the arrays
    stream = TrainingStream(run, Rank(0, size))
    n_steps = stream.order.n_steps(1)
    before = bytes_read()
    n_examples = sum(len(share.rows) for _, (share,) in stream.batches(0, n_steps))
    assert bytes_read() - before <= MOST_AMPLIFICATION * n_examples * 32 * 32
    # Otherwise the examples came from somewhere else, all but those few that are seen twice.
    assert bytes_read() - before >= 0.8 * n_examples * 32 * 32


@pytest.mark.parametrize("sharding", ["partition", "independent", "shard-local"])
@pytest.mark.parametrize("augment", [False, True])
def test_virtual_ranks_see_what_as_many_real_ones_see(store, sharding, augment):
    run = prepared(store, sharding=sharding, augment=augment)
    launch = dataclasses.replace(run.config.launch, n_virtual_ranks=3)
    virtual = dataclasses.replace(run, config=dataclasses.replace(run.config, launch=launch))
    played = [shares for _, shares in TrainingStream(virtual, Rank()).batches(0, 9)]
    for number in range(3):
        alone = [share for _, (share,) in TrainingStream(run, Rank(number, 3)).batches(0, 9)]
        for shares, share in zip(played, alone, strict=True):
            assert shares[number].rows.tolist() == share.rows.tolist()
            assert same(dataclasses.astuple(shares[number].batch), dataclasses.astuple(share.batch))


@pytest.mark.skipif(not COUNTS.exists(), reason="needs Linux's count of bytes")
def test_a_shard_local_rank_reads_its_own_shards_alone(store, monkeypatch):
    monkeypatch.setattr(reading, "MOST_OF_MEMORY", 0.0)  # what is mapped is not counted
    run = prepared(store, sharding="shard-local", order_buffer_shards=1)
    run.adapter.read(0)
    stream = TrainingStream(run, Rank(1, 3))
    n_shards, n_steps = len(stream.shards), stream.order.n_steps(1)
    before = bytes_read()
    n_examples = sum(len(share.rows) for _, (share,) in stream.batches(0, n_steps))
    # The shards at the two cuts are read in part, and the last step reads of the next epoch.
    assert bytes_read() - before <= (n_examples + 2 * 16) * 32 * 32 * MOST_AMPLIFICATION
    assert n_shards > 6


@pytest.mark.parametrize(
    ("settings", "words"), [({"order": "shards"}, "order"), ({"sharding": "shard-local"}, "sharding")]
)
def test_shards_of_a_source_that_has_none_are_refused_by_the_setting_that_asked(settings, words):
    with pytest.raises(ConfigError, match=rf"trainer\.{words}=shard.* needs a packed store .* set trainer\.{words}="):
        prepared(PHANTOM, **settings)
