import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo_core.contract import ConfigError, Rank
from zoo_core.data.order import Order, Shards

orders = st.builds(Order, n_examples=st.integers(1, 40), global_batch_size=st.integers(1, 50), seed=st.integers(0, 3))


@given(orders, st.integers(0, 20), st.integers(1, 6))
def test_global_batch_is_the_same_for_every_number_of_ranks(order, step, size):
    size = min(size, order.global_batch_size)
    shares = [order.share(step, Rank(rank, size)) for rank in range(size)]
    assert sorted(np.concatenate(shares)) == sorted(order.global_batch(step))


@given(orders, st.integers(0, 20), st.integers(1, 6))
def test_shares_differ_by_at_most_one_example(order, step, size):
    size = min(size, order.global_batch_size)
    lengths = [len(order.share(step, Rank(rank, size))) for rank in range(size)]
    assert max(lengths) - min(lengths) <= 1
    assert min(lengths) >= 1


@given(orders)
def test_every_epoch_of_the_stream_sees_every_example_once(order):
    n_steps = -(-3 * order.n_examples // order.global_batch_size)
    stream = np.concatenate([order.global_batch(step) for step in range(n_steps)])
    for epoch in range(3):
        seen = stream[epoch * order.n_examples : (epoch + 1) * order.n_examples]
        assert sorted(seen) == list(range(order.n_examples))


@given(orders, st.integers(0, 20))
def test_no_global_batch_is_short(order, step):
    assert len(order.global_batch(step)) == order.global_batch_size


def test_order_restored_at_any_step_is_the_uninterrupted_order():
    uninterrupted = [Order(7, 3, seed=1).global_batch(step).tolist() for step in range(9)]
    for resumed_at in range(9):
        again = Order(7, 3, seed=1)
        assert [again.global_batch(step).tolist() for step in range(resumed_at, 9)] == uninterrupted[resumed_at:]


def test_epochs_are_shuffled_differently_and_seeds_differ():
    order = Order(30, 30, seed=0)
    assert order.global_batch(0).tolist() != order.global_batch(1).tolist()
    assert order.global_batch(0).tolist() != Order(30, 30, seed=1).global_batch(0).tolist()


@given(orders, st.integers(1, 4))
def test_steps_of_some_epochs_cover_them_and_no_more_than_one_batch_beyond(order, n_epochs):
    excess = order.n_steps(n_epochs) * order.global_batch_size - n_epochs * order.n_examples
    assert 0 <= excess < order.global_batch_size


def test_more_ranks_than_examples_in_a_batch_is_refused_by_the_key_to_change():
    with pytest.raises(ConfigError, match=r"trainer\.global_batch_size=2 cannot be shared by 3 ranks"):
        Order(5, 2, seed=0).share(0, Rank(0, 3))


shard_sizes = st.lists(st.integers(1, 9), min_size=1, max_size=8).map(tuple)
shards = st.builds(Shards, sizes=shard_sizes, buffer=st.integers(1, 4))


def by_shards(laid_out, global_batch_size=3, seed=0):
    return Order(sum(laid_out.sizes), global_batch_size, seed, laid_out)


def stream(order, n_steps):
    return np.concatenate([order.global_batch(step) for step in range(n_steps)])


@given(shards, st.integers(1, 12), st.integers(0, 3))
def test_every_epoch_by_shards_sees_every_example_once(laid_out, batch_size, seed):
    order = by_shards(laid_out, batch_size, seed)
    seen = stream(order, order.n_steps(3))
    for epoch in range(3):
        assert sorted(seen[epoch * order.n_examples : (epoch + 1) * order.n_examples]) == list(range(order.n_examples))


@given(shards, st.integers(1, 12), st.integers(0, 20), st.integers(1, 6))
def test_global_batch_by_shards_is_the_same_for_every_number_of_ranks(laid_out, batch_size, step, size):
    order = by_shards(laid_out, batch_size)
    shares = [order.share(step, Rank(rank, min(size, batch_size))) for rank in range(min(size, batch_size))]
    assert sorted(np.concatenate(shares)) == sorted(order.global_batch(step))
    assert len(order.global_batch(step)) == batch_size


@given(shards, st.integers(1, 12), st.integers(0, 9))
def test_order_by_shards_restored_at_any_step_is_the_uninterrupted_order(laid_out, batch_size, resumed_at):
    uninterrupted = [by_shards(laid_out, batch_size).global_batch(step).tolist() for step in range(12)]
    again = by_shards(laid_out, batch_size)
    assert [again.global_batch(step).tolist() for step in range(resumed_at, 12)] == uninterrupted[resumed_at:]


@given(shards, st.integers(0, 3))
def test_examples_are_mixed_among_a_group_of_shards_and_groups_follow_each_other(laid_out, seed):
    order = by_shards(laid_out, 1, seed)
    shard_of = np.repeat(np.arange(len(laid_out.sizes)), laid_out.sizes)
    for epoch in range(2):
        seen = shard_of[stream(order, 2 * order.n_examples)[epoch * order.n_examples :][: order.n_examples]]
        met = [int(shard) for i, shard in enumerate(seen) if shard not in seen[:i]]
        groups = [set(met[i : i + laid_out.buffer]) for i in range(0, len(met), laid_out.buffer)]
        n_seen = 0
        for group in groups:
            size = sum(laid_out.sizes[shard] for shard in group)
            assert set(seen[n_seen : n_seen + size]) == group
            n_seen += size


@given(shards, st.integers(1, 12), st.integers(0, 9), st.integers(0, 25))
def test_windows_are_the_steps_one_after_the_other(laid_out, batch_size, start, n_steps):
    for order in (by_shards(laid_out, batch_size), Order(7, batch_size, 0)):
        windows = list(order.windows(start, start + n_steps, Rank()))
        assert [step for window in windows for step in window] == list(range(start, start + n_steps))
        assert all(windows)


@given(shards, st.integers(1, 12))
def test_a_window_needs_one_group_and_what_the_last_of_its_steps_sees_of_the_next(laid_out, batch_size):
    order = by_shards(laid_out, batch_size)
    most = max(sum(sorted(laid_out.sizes)[-laid_out.buffer :]), 1)
    for window in order.windows(0, order.n_steps(3), Rank()):
        assert len(window) * batch_size <= most + 2 * batch_size


def test_without_shards_each_step_is_a_window_of_its_own():
    assert list(Order(7, 3, 0).windows(2, 5, Rank())) == [range(2, 3), range(3, 4), range(4, 5)]


def test_epochs_by_shards_are_shuffled_differently_and_seeds_differ():
    laid_out = Shards((10, 10, 10), 2)
    first, second = (by_shards(laid_out, 30).global_batch(step).tolist() for step in (0, 1))
    assert first != second
    assert first != by_shards(laid_out, 30, seed=1).global_batch(0).tolist()
    assert first != sorted(first)


own_orders = st.one_of(
    st.builds(
        Order,
        n_examples=st.integers(12, 40),
        global_batch_size=st.integers(6, 12),
        seed=st.integers(0, 3),
        sharding=st.just("independent"),
    ),
    st.builds(
        lambda sizes, buffer, batch_size, seed: Order(
            sum(sizes), batch_size, seed, Shards(sizes, buffer), "shard-local"
        ),
        st.lists(st.integers(1, 9), min_size=12, max_size=14).map(tuple),
        st.integers(1, 4),
        st.integers(6, 12),
        st.integers(0, 3),
    ),
)


def own_stream(order, rank, n_steps):
    return np.concatenate([order.share(step, rank) for step in range(n_steps)])


@given(own_orders, st.integers(1, 6))
def test_ranks_with_streams_of_their_own_share_a_batch_alike(order, size):
    lengths = [len(order.share(3, Rank(rank, size))) for rank in range(size)]
    assert sum(lengths) == order.global_batch_size
    assert max(lengths) - min(lengths) <= 1


@given(own_orders, st.integers(1, 6))
def test_the_parts_of_shard_local_ranks_are_an_epoch_without_loss_or_repetition(order, size):
    if order.sharding == "independent":
        return
    shares = [order._own_share(Rank(rank, size)) for rank in range(size)]
    for epoch in range(3):
        parts = [
            own_stream(order, Rank(rank, size), order.n_steps(4))[epoch * own.n_epoch :][: own.n_epoch]
            for rank, own in enumerate(shares)
        ]
        assert sorted(np.concatenate(parts)) == list(range(order.n_examples))


@given(own_orders, st.integers(2, 6), st.integers(0, 20))
def test_a_stream_of_a_rank_restored_at_any_step_goes_on(order, size, resumed_at):
    rank = Rank(size - 1, size)
    whole = own_stream(order, rank, 30)
    n = len(order.share(0, rank))
    assert np.concatenate([order.share(step, rank) for step in range(resumed_at, 30)]).tolist() == (
        whole[n * resumed_at :].tolist()
    )


def test_independent_ranks_shuffle_by_seeds_of_their_own_and_anew_each_epoch():
    order = Order(30, 30, seed=0, sharding="independent")
    first, second = (own_stream(order, Rank(rank, 2), 4) for rank in range(2))
    assert first.tolist() != second.tolist()
    assert sorted(first[:15]) != sorted(first[15:30])
    assert len(set(first[:15])) == 15


def test_a_shard_local_rank_reads_its_own_shards_alone():
    order = Order(120, 8, 0, Shards((10,) * 12, 2), "shard-local")
    for rank in range(3):
        epoch = own_stream(order, Rank(rank, 3), 20)[: order._own_share(Rank(rank, 3)).n_epoch]
        shards_read = len({position // 10 for position in epoch.tolist()})
        assert shards_read <= 12 / 3 + 2


@given(own_orders, st.integers(1, 6))
def test_a_rank_with_shards_of_its_own_reads_them_by_windows(order, size):
    rank = Rank(size - 1, size)
    windows = list(order.windows(2, 17, rank))
    assert [step for window in windows for step in window] == list(range(2, 17))
    if order.shards:
        most = sum(sorted(order.shards.sizes)[-order.shards.buffer :])
        own = order._own_share(rank)
        assert all(len(window) * own.size <= most + 2 * own.size for window in windows)


@pytest.mark.parametrize("sharding", ["independent", "shard-local"])
def test_more_ranks_than_examples_for_them_are_refused_by_the_key_to_change(sharding):
    shards = Shards((1, 2), 2) if sharding == "shard-local" else None
    with pytest.raises(
        ConfigError, match=rf"trainer\.sharding={sharding} needs at least one training example for each"
    ):
        Order(3, 8, 0, shards, sharding).share(0, Rank(0, 8))
    with pytest.raises(ConfigError, match=r"trainer\.global_batch_size=2 cannot be shared by 3 ranks"):
        Order(3, 2, 0, shards, sharding).share(0, Rank(0, 3))
