"""Which cores a rank may use: set before TensorFlow starts its threads."""

import os

from zoo_core.contract import Rank


def share_of_cores(cores: list[int], rank: Rank) -> list[int]:
    """The cores of one rank: neighbours, so that a rank stays near its memory.

    With more ranks than cores, ranks share cores one each.

    Args:
        cores: those this host offers, ascending.
        rank: whose share.

    >>> share_of_cores([0, 1, 2, 3, 4], Rank(local_rank=1, local_size=2))
    [3, 4]
    >>> share_of_cores([0, 1], Rank(local_rank=2, local_size=3))
    [0]
    """
    if rank.local_size > len(cores):
        return [cores[rank.local_rank % len(cores)]]
    each, more = divmod(len(cores), rank.local_size)
    start = rank.local_rank * each + min(rank.local_rank, more)
    return cores[start : start + each + (rank.local_rank < more)]


def layout(cores: list[int], n_ranks: int) -> list[list[int]]:
    """The cores of each of so many ranks on this host, each with a thread of TensorFlow's on every core of its own.

    >>> layout([0, 1, 2, 3], 2)
    [[0, 1], [2, 3]]
    """
    return [share_of_cores(cores, Rank(rank, n_ranks, rank, n_ranks)) for rank in range(n_ranks)]


def bind_to_cores(rank: Rank, cores: list[int] | None = None) -> list[int]:
    """Keep this process on some cores, or on its share of the host's, and return them."""
    own = cores or share_of_cores(sorted(os.sched_getaffinity(0)), rank)
    os.sched_setaffinity(0, own)
    return own
