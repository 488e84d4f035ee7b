"""An array of a store that fits into memory: its files are mapped, and an example is one copy."""

import mmap
import threading
from pathlib import Path

import numpy as np

from zoo_core.contract import ArraySpec, DataError
from zoo_core.data.packed.arrays import n_index_bytes, shard_name
from zoo_core.data.packed.transform import n_bytes, shape_of


class MappedArray:
    """Copies examples out of the system's page cache; safe from several threads.

    A shard is asked for as a whole when the first of its examples is: reading it from one end to the other is what a
    disk does fastest, and there is room for it.

    Args:
        folder: of the store.
        spec: of the array.
        rows_per_shard: examples of a shard.
    """

    def __init__(self, folder: Path, spec: ArraySpec, rows_per_shard: int) -> None:
        self._folder, self._spec, self._rows_per_shard = folder, spec, rows_per_shard
        self._n_bytes = n_bytes(spec)
        self._shards: dict[int, memoryview] = {}
        self._mapping = threading.Lock()

    def read(self, places: np.ndarray) -> np.ndarray:
        """(example, ...), copies of the examples at some places.

        Args:
            places: (example,) of the array; each holds an example.
        Raises:
            DataError: the file of a shard is missing or damaged.
        """
        examples = np.empty((len(places), *shape_of(self._spec)), self._spec.dtype)
        # Bytes, because assigning a row of a NumPy array takes twice as long as copying it.
        target, size, shards = examples.reshape(-1).view(np.uint8).data, self._n_bytes, self._shards
        numbers, within = np.divmod(places, self._rows_per_shard)
        start = 0
        for number, first in zip(numbers.tolist(), (within * size).tolist(), strict=True):
            shard = shards[number] if number in shards else self._map(number)
            target[start : start + size] = shard[first : first + size]
            start += size
        return examples

    def _map(self, number: int) -> memoryview:
        with self._mapping:
            if number not in self._shards:
                self._shards[number] = self._mapped(shard_name(self._spec, number))
            return self._shards[number]

    def _mapped(self, path: str) -> memoryview:
        """The examples of a shard, one after the other, as `encode_shard` puts them."""
        try:
            with (self._folder / path).open("rb") as file:
                content = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        except (OSError, ValueError) as error:  # an empty file is a ValueError
            raise DataError(f"'{path}' cannot be opened: {error}") from error
        n_examples = self._n_examples(content)
        if n_examples is None:
            raise DataError(f"'{path}' holds something else than was written")
        content.madvise(mmap.MADV_WILLNEED)
        return memoryview(content)[: n_examples * self._n_bytes]

    def _n_examples(self, content: mmap.mmap) -> int | None:
        """How many examples lie one after the other; None where the index at the end of the file says otherwise."""
        end = len(content) - n_index_bytes(self._rows_per_shard)
        if end < 0 or end % self._n_bytes:
            return None
        index = np.frombuffer(content, "<u8", 2 * self._rows_per_shard, end).reshape(-1, 2)[: end // self._n_bytes]
        wanted = [(begin, self._n_bytes) for begin in range(0, end, self._n_bytes)]
        return len(wanted) if np.array_equal(index, np.reshape(wanted, (-1, 2))) else None
