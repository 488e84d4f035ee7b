"""Which row of the index lies where in a store: parts begin with a shard, and rows are permuted within their part."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from zoo_core.data.splits import PARTS

PADDING = -1
"""Row of the index at a place of the store that holds no example."""


@dataclass(frozen=True)
class Layout:
    """Where each example lies.

    Attributes:
        rows: (place,) int64, row of the index at each place of the store, or `PADDING`; a whole number of shards.
        rows_per_shard: places of a shard.
    """

    rows: np.ndarray
    rows_per_shard: int

    @property
    def n_shards(self) -> int:
        """Shards of each array."""
        return len(self.rows) // self.rows_per_shard

    @cached_property
    def store_row(self) -> np.ndarray:
        """(example,) int64, the place of each row of the index."""
        places = np.flatnonzero(self.rows != PADDING)
        store_row = np.empty(len(places), np.int64)
        store_row[self.rows[places]] = places
        return store_row

    def shard(self, number: int) -> np.ndarray:
        """(example,) int64, rows of the index in one shard; padding comes after them all."""
        rows = self.rows[number * self.rows_per_shard : (number + 1) * self.rows_per_shard]
        examples: np.ndarray = rows[rows != PADDING]
        return examples


def lay_out(part: np.ndarray, rows_per_shard: int, seed: int) -> Layout:
    """Permute the rows of each part, and fill the last shard of each with padding.

    Args:
        part: (example,) names of parts, as `Split.part` has them; what is in none of `PARTS` lies behind them.
        rows_per_shard: places of a shard.
        seed: of the permutation.
    """
    # Permuted once here: a few neighbouring shards, read from one end to the other, are then a fair draw of their part.
    rng = np.random.default_rng(seed)
    names = (*PARTS, *sorted(set(part) - set(PARTS)))
    pieces = [_padded(rng.permutation(np.flatnonzero(part == name)), rows_per_shard) for name in names]
    return Layout(np.concatenate(pieces), rows_per_shard)


def by_shard(rows: np.ndarray, store_row: np.ndarray, rows_per_shard: int) -> tuple[np.ndarray, ...]:
    """Part rows of the index by the shard they lie in.

    Args:
        rows: (example,) rows of the index.
        store_row: (row of the index,) its place.
        rows_per_shard: places of a shard.
    Returns:
        Rows of each shard that holds any, in the order in which they lie.
    """
    lying = rows[np.argsort(store_row[rows])]
    borders = np.flatnonzero(np.diff(store_row[lying] // rows_per_shard)) + 1
    return tuple(shard for shard in np.split(lying, borders) if len(shard))


def _padded(rows: np.ndarray, rows_per_shard: int) -> np.ndarray:
    return np.pad(rows, (0, -len(rows) % rows_per_shard), constant_values=PADDING)
