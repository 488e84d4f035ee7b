import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo_core.contract import Rank
from zoo_core.distributed.cores import share_of_cores


@given(st.integers(1, 20), st.integers(1, 8))
def test_ranks_share_all_cores_and_none_twice_while_there_is_one_each(n_cores, size):
    shares = [share_of_cores(list(range(n_cores)), Rank(local_rank=r, local_size=size)) for r in range(size)]
    together = [core for share in shares for core in share]
    if size <= n_cores:
        assert together == list(range(n_cores))
        assert max(map(len, shares)) - min(map(len, shares)) <= 1
    else:
        assert all(len(share) == 1 for share in shares)


@pytest.mark.parametrize("cores", [[4, 6, 7]])
def test_only_cores_that_are_offered_are_given(cores):
    assert share_of_cores(cores, Rank(local_rank=1, local_size=2)) == [7]
