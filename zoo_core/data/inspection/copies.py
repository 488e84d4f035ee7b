"""Pictures that are there twice, also when one was resized, stored again with loss, or made brighter."""

from collections.abc import Iterator, Sequence

import numpy as np

from zoo_core.data.inspection.looks import Look

MOST_DIFFERENT_BITS = 7
"""Of 256 in which copies may differ. Of 621 radiographs of as many patients (nih_cxr14_621) no two differ in fewer than
58; of copies at 200 x 190 px in JPEG of quality 60, or with less contrast, half differ in 2 or fewer and none in more
than 8."""


def find_copies(looks: Sequence[Look]) -> list[tuple[int, ...]]:
    """Rows of pictures that look the same, set by set.

    Args:
        looks: at the pictures; those without a hash are left out.
    Returns:
        Sets of two rows or more, each in order, the first of each in order.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    hashed = [look for look in looks if look.hash is not None]
    if not hashed:
        return []
    hashes, which = np.unique(np.packbits(_stacked(hashed), axis=1), axis=0, return_inverse=True)
    pairs = np.array(list(_near_pairs(hashes)), dtype=np.int64).reshape(-1, 2)
    graph = coo_array((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), shape=(len(hashes), len(hashes)))
    component = connected_components(graph, directed=False)[1][which.ravel()]
    sets: dict[int, list[int]] = {}
    for look, number in zip(hashed, component.tolist(), strict=True):
        sets.setdefault(number, []).append(look.row)
    return sorted(tuple(sorted(rows)) for rows in sets.values() if len(rows) > 1)


def _stacked(looks: Sequence[Look]) -> np.ndarray:
    """(picture, 256) bool, the bits of eight bands one after the other.

    Two hashes that differ in 7 bits share one of eight bands. A band has every eighth bit: whole rows of low
    frequencies would be shared by all radiographs.
    """
    bits = np.stack([look.hash for look in looks if look.hash is not None])
    n_bands = MOST_DIFFERENT_BITS + 1
    return bits.reshape(len(bits), -1, n_bands).swapaxes(1, 2).reshape(len(bits), -1)


def _near_pairs(hashes: np.ndarray) -> Iterator[tuple[int, int]]:
    """Pairs of different hashes that are near; a pair may come several times.

    Args:
        hashes: (hash, byte) uint8, the bands one after the other.
    """
    for band in np.split(hashes, MOST_DIFFERENT_BITS + 1, axis=1):
        keys = np.ascontiguousarray(band).view(np.dtype((np.void, band.shape[1]))).ravel()
        order = np.argsort(keys, kind="stable")
        ends = np.flatnonzero(keys[order][1:] != keys[order][:-1]) + 1
        for group in np.split(order, ends):
            for i, one in enumerate(group[:-1].tolist()):
                others = group[i + 1 :]
                n_different = np.bitwise_count(hashes[others] ^ hashes[one]).sum(axis=1)
                yield from ((one, other) for other in others[n_different <= MOST_DIFFERENT_BITS].tolist())
