"""From rows of a data set to the arrays of one shard, on all cores."""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pandas as pd

from zoo_core.contract import ArraySpec, DataError, DatasetAdapter, ImageError
from zoo_core.data.packed.transform import packed_array, shape_of

PIECE = 8
"""Examples that a thread takes at a time: small pictures are decoded as fast as tasks are handed out."""


@dataclass(frozen=True)
class Decoded:
    """The examples of one shard.

    Attributes:
        arrays: (example, ...) by name; zero where an example could not be read.
        unreadable: rows of the index that could not be read, with the reason.
    """

    arrays: dict[str, np.ndarray]
    unreadable: dict[int, str]


@dataclass(frozen=True)
class Decoder:
    """Reads and transforms examples.

    Attributes:
        adapter: the data set.
        example_ids: of its rows.
        specs: of the arrays, as the data set promises them and as the store keeps them.
    """

    adapter: DatasetAdapter
    example_ids: pd.Series
    specs: tuple[tuple[ArraySpec, ArraySpec], ...]

    def decode(self, rows: np.ndarray, threads: Executor, advance: Callable[[int], None]) -> Decoded:
        """Read the rows of a shard.

        Args:
            rows: (example,) rows of the index.
            threads: to read with.
            advance: called with the number of examples that are done, from several threads.
        Raises:
            DataError: an example is not what the data set promises.
        """
        arrays = {spec.name: np.zeros((len(rows), *shape_of(spec)), spec.dtype) for _, spec in self.specs}

        def take(places: range) -> list[str | None]:
            reasons = [self._take(int(rows[place]), place, arrays) for place in places]
            advance(len(places))
            return reasons

        pieces = (range(start, min(start + PIECE, len(rows))) for start in range(0, len(rows), PIECE))
        reasons = zip(rows.tolist(), chain.from_iterable(threads.map(take, pieces)), strict=True)
        return Decoded(arrays, {row: reason for row, reason in reasons if reason is not None})

    def reason(self, row: int) -> str | None:
        """Why an example cannot be read; None where it can."""
        try:
            self.adapter.read(row)
        except ImageError as error:
            return str(error)
        return None

    def _take(self, row: int, place: int, arrays: dict[str, np.ndarray]) -> str | None:
        try:
            found = self.adapter.read(row)
        except ImageError as error:
            return str(error)
        try:
            for source, packed in self.specs:
                arrays[packed.name][place] = packed_array(found[packed.name], source, packed)
        except (DataError, LookupError) as error:
            raise DataError(f"Example '{self.example_ids.iloc[row]}' (row {row}): {error}") from error
        return None
