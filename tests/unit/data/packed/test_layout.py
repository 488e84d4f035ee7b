import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from zoo_core.data.packed.layout import PADDING, by_shard, lay_out

parts = st.lists(st.sampled_from(["train", "validation", "test", ""]), min_size=1, max_size=60)


@given(parts, st.integers(1, 7), st.integers(0, 3))
def test_every_row_has_one_place(part, rows_per_shard, seed):
    layout = lay_out(np.array(part, object), rows_per_shard, seed)
    assert sorted(layout.rows[layout.rows != PADDING]) == list(range(len(part)))
    assert (layout.rows[layout.store_row] == np.arange(len(part))).all()


@given(parts, st.integers(1, 7))
def test_no_shard_holds_rows_of_two_parts(part, rows_per_shard):
    part = np.array(part, object)
    layout = lay_out(part, rows_per_shard, seed=0)
    assert all(len(set(part[layout.shard(number)])) == 1 for number in range(layout.n_shards))


@given(parts, st.integers(1, 7))
def test_padding_is_at_the_end_of_a_part_and_less_than_a_shard(part, rows_per_shard):
    layout = lay_out(np.array(part, object), rows_per_shard, seed=0)
    for number in range(layout.n_shards):
        places = layout.rows[number * rows_per_shard : (number + 1) * rows_per_shard]
        n = len(layout.shard(number))
        assert n > 0
        assert (places[n:] == PADDING).all()


@given(parts, st.integers(1, 7))
def test_rows_by_shard_are_those_of_the_shards_in_their_order(part, rows_per_shard):
    part = np.array(part, object)
    layout = lay_out(part, rows_per_shard, seed=0)
    train = np.flatnonzero(part == "train")
    found = by_shard(train, layout.store_row, rows_per_shard)
    shards = [layout.shard(number) for number in range(layout.n_shards)]
    assert [rows.tolist() for rows in found] == [rows.tolist() for rows in shards if part[rows[0]] == "train"]


def test_rows_are_permuted_within_their_part_and_seeds_differ():
    part = np.array(["train"] * 30, object)
    first, second = (lay_out(part, 10, seed).rows.tolist() for seed in (0, 1))
    assert first != sorted(first)
    assert first != second
    assert first == lay_out(part, 10, 0).rows.tolist()
