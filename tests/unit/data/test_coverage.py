import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo_core.contract import Rank
from zoo_core.data.coverage import Coverage, counted, expected
from zoo_core.data.order import Order, Shards

N_EXAMPLES, BATCH_SIZE = 960, 64


def seen(order: Order, steps: range, size: int) -> np.ndarray:
    shares = [order.share(step, Rank(rank, size)) for step in steps for rank in range(size)]
    return np.bincount(np.concatenate([np.empty(0, np.int64), *shares]), minlength=order.n_examples)


def measured(order: Order, size: int) -> Coverage:
    """Of the first epoch."""
    return counted(seen(order, range(order.n_steps(1)), size), np.zeros(order.n_examples, bool))


@pytest.mark.parametrize("size", [1, 2, 4, 8, 64])
def test_independent_ranks_see_one_minus_one_minus_a_pth_to_the_p_of_all_examples(size):
    found = [measured(Order(N_EXAMPLES, BATCH_SIZE, seed, sharding="independent"), size) for seed in range(20)]
    share = 1 - (1 - 1 / size) ** size
    # Of 20 epochs the mean strays by less than a hundredth; of the complement, which a liar would count, by far more.
    assert np.mean([one.n_distinct for one in found]) / N_EXAMPLES == pytest.approx(share, abs=0.01)
    assert expected(N_EXAMPLES, [N_EXAMPLES // size] * size, [N_EXAMPLES // size] * size).n_distinct == pytest.approx(
        share * N_EXAMPLES
    )


@pytest.mark.parametrize("size", [1, 2, 3, 8])
@pytest.mark.parametrize("sharding", ["partition", "independent", "shard-local"])
@pytest.mark.parametrize("epoch", [0, 1, 2])
def test_what_is_counted_is_what_is_expected(sharding, size, epoch):
    shards = Shards((7,) * 30, 2) if sharding == "shard-local" else None
    found, wanted = [], []
    for seed in range(30):
        order = Order(210, 24, seed, shards, sharding)
        start, end = order.n_steps(epoch), order.n_steps(epoch + 1)
        found.append(counted(seen(order, range(start, end), size), seen(order, range(start), size) > 0))
        wanted.append(expected(210, order.samples(start, end, size), order.samples(0, end, size)))
    for name in ("n_distinct", "n_repeated", "n_never"):
        counts = [getattr(one, name) for one in found]
        assert np.mean(counts) == pytest.approx(np.mean([getattr(one, name) for one in wanted]), abs=2.5)


def test_a_partition_sees_all_in_its_first_epoch_and_nothing_twice_where_batches_fit():
    order = Order(12, 4, seed=0)
    assert measured(order, 3) == Coverage(12, 0, 0) == expected(12, order.samples(0, 3, 3), order.samples(0, 3, 3))


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30), st.data())
def test_counts_are_those_of_the_plainest_words(often, data):
    before = data.draw(st.lists(st.booleans(), min_size=len(often), max_size=len(often)))
    found = counted(np.array(often), np.array(before))
    assert found.n_distinct == len([n for n in often if n])
    assert found.n_repeated == len([n for n in often if n >= 2])
    assert found.n_never == len([n for n, was in zip(often, before, strict=True) if not n and not was])
