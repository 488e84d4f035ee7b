"""Examples of a complete store, by their place in it."""

import threading
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
import psutil

from zoo_core.contract import ArraySpec, DataError
from zoo_core.data.packed.arrays import open_array, tensorstore
from zoo_core.data.packed.mapped import MappedArray

MOST_OF_MEMORY = 0.5
"""Share of the available memory up to which a store is read through the page cache: it is then there to stay."""

Arrays = dict[str, np.ndarray]


class Opened(Protocol):
    """The arrays of a store, open."""

    def read(self, places: np.ndarray) -> Arrays:
        """Arrays, (example, ...), of places."""


class Requested:
    """Arrays that tensorstore reads: everything is asked for at once, neighbours in a shard as one piece.

    Args:
        folder: of the store.
        specs: of its arrays.
    """

    def __init__(self, folder: Path, specs: tuple[ArraySpec, ...]) -> None:
        self._arrays = {spec.name: open_array(folder / spec.name) for spec in specs}

    def read(self, places: np.ndarray) -> Arrays:
        """Arrays, (example, ...), of places."""
        requests = {name: array[places].read() for name, array in self._arrays.items()}
        return {name: request.result() for name, request in requests.items()}


class Mapped:
    """Arrays whose files are mapped into memory.

    Args:
        folder: of the store.
        specs: of its arrays.
        rows_per_shard: examples of a shard.
    """

    def __init__(self, folder: Path, specs: tuple[ArraySpec, ...], rows_per_shard: int) -> None:
        self._arrays = {spec.name: MappedArray(folder, spec, rows_per_shard) for spec in specs}

    def read(self, places: np.ndarray) -> Arrays:
        """Arrays, (example, ...), of places."""
        return {name: array.read(places) for name, array in self._arrays.items()}


class StoreReader:
    """Reads a store from any number of threads; nothing is opened before the first read.

    Args:
        folder: of the store.
        specs: of its arrays.
        rows_per_shard: examples of a shard.
        n_bytes: of the whole store.
    """

    def __init__(self, folder: Path, specs: tuple[ArraySpec, ...], rows_per_shard: int, n_bytes: int) -> None:
        self._folder, self._specs, self._rows_per_shard, self._n_bytes = folder, specs, rows_per_shard, n_bytes
        self._opening = threading.Lock()

    def read(self, places: np.ndarray) -> Arrays:
        """Arrays, (example, ...), by name.

        Args:
            places: (example,) of the store, in any order.
        Raises:
            DataError: a file of the store is missing or damaged.
            ForkedReaderError: this process was forked from one that had opened a store.
        """
        # Also where files are mapped: whether a program may fork must not depend on how much memory there is.
        tensorstore()
        try:
            with self._opening:
                opened = self._opened
            return opened.read(places)
        except (ValueError, OSError) as error:
            raise DataError(
                f"Store '{self._folder}' needs files as they were written: 'zoo data check {self._folder}' says which "
                f"are not. Received: {str(error).splitlines()[0]}"
            ) from error

    @cached_property
    def _opened(self) -> Opened:
        if self._n_bytes <= MOST_OF_MEMORY * psutil.virtual_memory().available:
            return Mapped(self._folder, self._specs, self._rows_per_shard)
        return Requested(self._folder, self._specs)
