import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo_core.contract import ConfigError, Rank
from zoo_core.data.order import Order

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
