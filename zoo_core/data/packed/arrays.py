"""The arrays of a store: zarr version 3, one example a chunk, many chunks a shard; read by tensorstore."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np

from zoo_core.contract import ArraySpec, ZooError

CACHE_BYTES = 32 * 2**20
"""For the places of chunks in shards: 16 bytes an example. Examples themselves are left to the system's page cache."""

METADATA = "zarr.json"

_SEPARATOR = "."
"""Between the numbers in a shard's name: all shards of an array are then in one folder."""


class ForkedReaderError(ZooError, RuntimeError):
    """A process forked from one that reads or writes a store cannot do so itself: the threads stayed behind."""


class _Threads:
    """Whether tensorstore's threads are in this process, or were left behind by a fork."""

    running = False
    lost = False

    def left_behind(self) -> None:
        """Called in a forked child."""
        self.lost = self.lost or self.running


_threads = _Threads()
os.register_at_fork(after_in_child=_threads.left_behind)


def tensorstore() -> Any:
    """The library, to be asked for at each use.

    Raises:
        ForkedReaderError: this process was forked from one that used it; without this error it would wait for ever.
    """
    if _threads.lost:
        raise ForkedReaderError(
            "A packed store needs a process that was not forked from one that had opened a store. "
            f"Received: process {os.getpid()}, forked from {os.getppid()}: start processes with 'spawn', or open the "
            "store in the child alone"
        )
    _threads.running = True
    import tensorstore as library

    return library


def shard_name(spec: ArraySpec, number: int) -> str:
    """Path of a shard below the store."""
    return f"{spec.name}/" + _SEPARATOR.join(["c", str(number), *["0"] * len(spec.shape)])


def metadata(spec: ArraySpec, n_rows: int, rows_per_shard: int) -> dict[str, Any]:
    """What `zarr.json` of an array holds.

    Args:
        spec: of one example.
        n_rows: length of the array.
        rows_per_shard: examples of a shard.
    """
    # Chunks are not compressed: radiographs of 224 px would shrink by a sixth (zstd, level 1), and take ten times as
    # long to decode as to copy from memory.
    codecs = [{"name": "bytes", "configuration": {"endian": "little"}}]
    sharding = {
        "chunk_shape": [1, *spec.shape],
        "codecs": codecs,
        "index_codecs": [*codecs, {"name": "crc32c"}],
        "index_location": "end",
    }
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": [n_rows, *spec.shape],
        "data_type": spec.dtype,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [rows_per_shard, *spec.shape]}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": _SEPARATOR}},
        "fill_value": False if spec.dtype == "bool" else 0,
        "codecs": [{"name": "sharding_indexed", "configuration": sharding}],
        "dimension_names": ["example", *spec.axes],
    }


def group_metadata(attributes: Mapping[str, Any]) -> bytes:
    """`zarr.json` of the store itself, so that every zarr reader finds the arrays in it."""
    return _as_json({"zarr_format": 3, "node_type": "group", "attributes": dict(attributes)})


def array_metadata(spec: ArraySpec, n_rows: int, rows_per_shard: int) -> bytes:
    """`zarr.json` of an array."""
    return _as_json(metadata(spec, n_rows, rows_per_shard))


def encode_shard(values: np.ndarray, rows_per_shard: int) -> tuple[memoryview, bytes]:
    """A shard as it stands in its file: examples one after the other, and then where each of them is.

    Two pieces, because joining them would copy the examples.

    Args:
        values: (example, ...), at most as many as a shard has places for.
        rows_per_shard: places of a shard.
    Source:
        zarr specification version 3, sharding codec 1.0: offset and length of each chunk as uint64, all bits set where
        there is none, and a crc32c of it all; the codecs of `metadata` alone make a chunk the bytes of its example.
    """
    # Written here rather than by tensorstore, which takes half as long for it as decoding a small picture does.
    size = values.nbytes // max(len(values), 1)
    index = np.full((rows_per_shard, 2), np.iinfo(np.uint64).max, "<u8")
    index[: len(values), 0] = np.arange(len(values)) * size
    index[: len(values), 1] = size
    examples = np.ascontiguousarray(values, values.dtype.newbyteorder("<")).reshape(-1).view(np.uint8)
    checksum = google_crc32c.value(index.tobytes())
    return examples.data, index.tobytes() + checksum.to_bytes(4, "little")


def n_shard_bytes(n_example_bytes: int, n_rows: int, rows_per_shard: int) -> int:
    """Size of a shard's file."""
    return n_rows * n_example_bytes + n_index_bytes(rows_per_shard)


def n_index_bytes(rows_per_shard: int) -> int:
    """Size of what ends a shard's file: where each example begins and how long it is."""
    return rows_per_shard * 16 + 4


def open_array(folder: Path) -> Any:
    """A tensorstore of an array, for reading.

    Raises:
        ValueError: there is no array, or its metadata are damaged.
    """
    return (
        tensorstore()
        .open(
            {
                "driver": "zarr3",
                "kvstore": {"driver": "file", "path": f"{folder}/"},
                # Otherwise an example of a shard that is missing would be black.
                "fill_missing_data_reads": False,
                # A store never changes once it is complete.
                "recheck_cached_data": False,
                "recheck_cached_metadata": False,
                "context": {"cache_pool": {"total_bytes_limit": CACHE_BYTES}},
            },
            open=True,
            read=True,
        )
        .result()
    )


def _as_json(values: Mapping[str, Any]) -> bytes:
    return (json.dumps(values, indent=2) + "\n").encode()
