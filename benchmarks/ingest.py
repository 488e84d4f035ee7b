"""Images a second of a shuffled epoch from a packed store and from what others keep images in, and of packing.

python benchmarks/ingest.py

Every reader gives batches of 64 grey pictures as uint8 arrays, from files that are in the page cache. All take part in
each round, one after the other; a ratio is the median of the rounds' ratios. Pictures are noise, so that nothing can be
saved by compressing them. A run reads ahead, in threads; what takes an image a few microseconds is faster without, so
that the packed store and np.memmap are there in both ways.
"""

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from importlib.metadata import version
from pathlib import Path

import click
import numpy as np

from zoo_core.api import resize
from zoo_core.contract import Rank
from zoo_core.data.order import Order, Shards
from zoo_core.data.packed import reading
from zoo_core.data.packed.plugin import PackedConfig, PackedDataset
from zoo_core.data.reader import read_ahead
from zoo_core.data.splits import ALL
from zoo_core.runtime.machine import describe_machine
from zoo_core.studies.storage.formats import MOST_SHUFFLED, packer_of
from zoo_core.studies.storage.pictures import Pictures
from zoo_core.studies.storage.records import RecordReading, record_batches, write_records

BATCH_SIZE, N_THREADS = 64, len(os.sched_getaffinity(0))
BUFFER_SHARDS = 4
SHUFFLE_BUFFER = MOST_SHUFFLED
"""TFRecord has no random access: it mixes as many examples as an order by shards does."""

N_FILES = 16
N_TO_PACK, SOURCE_PX = 2_000, 512
MOST_ZARR = 1_000
"""zarr-python takes a millisecond an image: it reads a part of the epoch, and its rate is what counts."""

PACKAGES = ("numpy", "tensorflow-cpu", "tensorstore", "array-record", "zarr", "pillow")

OURS = "packed store"

Batches = Callable[[int], Iterator[np.ndarray]]
"""An epoch: seed to (example, y, x, c) uint8 batches."""


@click.command()
@click.option("--images", "n", default=20_000, show_default=True, help="Of an epoch.")
@click.option("--size", "size_px", default=128, show_default=True, help="Length of y and x.")
@click.option("--rounds", default=5, show_default=True, help="In which every reader takes part.")
@click.option("--at", type=click.Path(path_type=Path), help="Folder for the files.  [default: a temporary one]")
def ingest(n: int, size_px: int, rounds: int, at: Path | None) -> None:
    """Measure readers and packing side by side."""
    load = os.getloadavg()
    with tempfile.TemporaryDirectory(dir=at) as folder:
        packing = {
            f"from {SOURCE_PX} to {px} px": measured_packing(Path(folder) / f"packing-{px}", px, rounds)
            for px in (size_px, SOURCE_PX)
        }
        source = Pictures(Path(folder) / "png", n, size_px)
        source.write()
        packer_of(source, Path(folder) / "packed", size_px).pack(lambda _: None)
        readers = made_readers(source, Path(folder) / "packed", Path(folder))
        rates = measured_rates(readers, rounds)
    report = {
        "reading_images_per_s": {name: round(float(np.median(values))) for name, values in rates.items()},
        "reading_ratios": {
            name: {other: ratio(rates[name], rates[other]) for other in rates}
            for name in rates
            if name.startswith(OURS)
        },
        "packing": packing,
        "n_images": n,
        "size_px": size_px,
        "rounds": rounds,
        "versions": {name: version(name) for name in PACKAGES},
        "load_before_and_after": [load, os.getloadavg()],
        "machine": asdict(describe_machine()),
    }
    click.echo(json.dumps(report, indent=2))


def ratio(first: list[float], second: list[float]) -> str:
    """Median of the rounds' ratios, and their range."""
    values = np.divide(first, second)
    return f"{np.median(values):.2f} ({values.min():.2f} to {values.max():.2f})"


def measured_rates(readers: dict[str, Batches], rounds: int) -> dict[str, list[float]]:
    """Images a second of each reader in each round; the round before the first warms up and is not counted."""
    rates: dict[str, list[float]] = {name: [] for name in readers}
    for seed in range(rounds + 1):
        for name, read in readers.items():
            start = time.perf_counter()
            n = sum(len(batch) for batch in read(seed))
            rates[name].append(n / (time.perf_counter() - start))
    return {name: values[1:] for name, values in rates.items()}


def measured_packing(folder: Path, size_px: int, rounds: int) -> dict[str, object]:
    """Packing against decoding alone and against what is done to each picture, with as many threads."""
    source = Pictures(folder / "png", N_TO_PACK, SOURCE_PX, noise=0.1)
    source.write()
    rates: dict[str, list[float]] = {"decoding": [], "decoding and resizing": [], "packing": []}
    ways = (source.read, lambda i: resize(source.read(i)["image"], (size_px, size_px)))
    for round_ in range(rounds):
        for name, work in zip(rates, ways, strict=False):
            rates[name].append(N_TO_PACK / seconds_of(partial(on_all_cores, work, N_TO_PACK)))
        packer = packer_of(source, folder / f"packed-{round_}", size_px)
        rates["packing"].append(N_TO_PACK / seconds_of(partial(packer.pack, lambda _: None)))
    return {
        "images_per_s": {name: round(float(np.median(values))) for name, values in rates.items()},
        "packing_ratios": {name: ratio(rates["packing"], rates[name]) for name in list(rates)[:2]},
        "n_images": N_TO_PACK,
    }


def seconds_of(work: Callable[[], object]) -> float:
    """How long it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def on_all_cores(work: Callable[[int], object], n: int) -> None:
    """Call it for 0 to n - 1."""
    with ThreadPoolExecutor(N_THREADS) as pool:
        for _ in pool.map(work, range(n)):
            pass


def made_readers(source: Pictures, store: Path, folder: Path) -> dict[str, Batches]:
    """Every reader, over files that are made now; the store's own first."""
    pixels = np.concatenate(
        [opened(store, True).read_batch(rows)["image"] for rows in cut(np.arange(len(source.paths)))]
    )
    stores = {OURS: opened(store, True), f"{OURS} larger than memory": opened(store, False)}
    own: dict[str, Batches] = {OURS: partial(packed_directly, stores[OURS], len(pixels))}
    own |= {f"{name}, read ahead": partial(packed_ahead, packed, len(pixels)) for name, packed in stores.items()}
    own |= {f"{name}, by shards": partial(packed_by_shards, packed) for name, packed in stores.items()}
    return own | {
        **memmap_readers(pixels, folder / "pixels.npy"),
        "TFRecord, tf.data": tfrecord_reader(pixels, folder),
        "ArrayRecord": array_record_reader(pixels, folder / "pixels.arrayrecord"),
        "file per PNG, tf.data": png_reader(source.paths),
        "zarr-python": zarr_reader(store, len(pixels)),
    }


def opened(store: Path, fits_into_memory: bool) -> PackedDataset:
    """The store, read as one that does or does not fit into memory."""
    packed, reading.MOST_OF_MEMORY = PackedDataset(PackedConfig(str(store))), float(fits_into_memory)
    packed.read(0)
    return packed


def cut(rows: np.ndarray) -> list[np.ndarray]:
    """Rows of batches."""
    return np.split(rows, range(BATCH_SIZE, len(rows), BATCH_SIZE))


def permuted(n: int, seed: int) -> list[np.ndarray]:
    """Rows of the batches of an epoch."""
    return cut(np.random.default_rng(seed).permutation(n))


def packed_directly(packed: PackedDataset, n: int, seed: int) -> Iterator[np.ndarray]:
    """A batch when it is asked for, as np.memmap gives it."""
    return (packed.read_batch(rows)["image"] for rows in permuted(n, seed))


def packed_ahead(packed: PackedDataset, n: int, seed: int) -> Iterator[np.ndarray]:
    """As a run reads it: batches ahead of time, each in one request."""
    for arrays in read_ahead(packed.read_batch, permuted(n, seed), N_THREADS):
        yield arrays["image"]


def packed_by_shards(packed: PackedDataset, seed: int) -> Iterator[np.ndarray]:
    """As a run reads it: a group of shards in one request, and the next while one is in use."""
    shards = packed.shards(ALL)
    rows, sizes = np.concatenate(shards), tuple(len(shard) for shard in shards)
    order = Order(len(rows), BATCH_SIZE, seed, Shards(sizes, BUFFER_SHARDS))
    windows = (
        [rows[order.global_batch(step)] for step in steps]
        for steps in order.windows(0, len(rows) // BATCH_SIZE, Rank())
    )
    for arrays in read_ahead(lambda window: packed.read_batch(np.concatenate(window)), windows):
        yield from cut(arrays["image"])


def memmap_readers(pixels: np.ndarray, path: Path) -> dict[str, Batches]:
    """One file, opened for each epoch, and mapped by an epoch before: then no page has to be mapped any more."""
    np.save(path, pixels)
    mapped = np.load(path, mmap_mode="r")

    def read(array: np.ndarray, seed: int) -> Iterator[np.ndarray]:
        return (array[rows] for rows in permuted(len(array), seed))

    return {
        "np.memmap, opened": lambda seed: read(np.load(path, mmap_mode="r"), seed),
        "np.memmap, mapped": lambda seed: read(mapped, seed),
        "np.memmap, read ahead": lambda seed: read_ahead(mapped.__getitem__, permuted(len(mapped), seed), N_THREADS),
    }


def tfrecord_reader(pixels: np.ndarray, folder: Path) -> Batches:
    """Several files, shuffled in a buffer, parsed by the batch."""
    paths = [folder / f"pixels-{i:02d}.tfrecord" for i in range(N_FILES)]
    for path, part in zip(paths, np.array_split(pixels, N_FILES), strict=True):
        write_records(path, part)
    reading = RecordReading(pixels.shape[1:], BATCH_SIZE, SHUFFLE_BUFFER)
    return lambda seed: record_batches(paths, reading, seed)()


def array_record_reader(pixels: np.ndarray, path: Path) -> Batches:
    """One file with an index, read by the record."""
    from array_record.python.array_record_data_source import ArrayRecordDataSource
    from array_record.python.array_record_module import ArrayRecordWriter

    writer = ArrayRecordWriter(str(path), "group_size:1,uncompressed")
    for image in pixels:
        writer.write(image.tobytes())
    writer.close()
    records = ArrayRecordDataSource(str(path))

    def read(rows: np.ndarray) -> np.ndarray:
        content = b"".join(records.__getitems__(rows.tolist()))
        return np.frombuffer(content, np.uint8).reshape(-1, *pixels.shape[1:])

    return lambda seed: read_ahead(read, permuted(len(pixels), seed), N_THREADS)


def png_reader(paths: list[Path]) -> Batches:
    """A file an image, decoded in parallel."""
    import tensorflow as tf

    names = np.array([str(path) for path in paths])

    def decode(path):
        return tf.io.decode_png(tf.io.read_file(path), channels=1)

    def epoch(seed: int) -> Iterator[np.ndarray]:
        files = tf.data.Dataset.from_tensor_slices(names[np.random.default_rng(seed).permutation(len(names))])
        images = files.map(decode, num_parallel_calls=tf.data.AUTOTUNE)
        return images.batch(BATCH_SIZE).prefetch(tf.data.AUTOTUNE).as_numpy_iterator()

    return epoch


def zarr_reader(store: Path, n: int) -> Batches:
    """The same store, read by zarr-python, a part of an epoch."""
    import zarr

    array = zarr.open_group(store, mode="r")["image"]

    def read(rows: np.ndarray) -> np.ndarray:
        return np.stack([array[int(row)] for row in rows])

    return lambda seed: map(read, permuted(n, seed)[: -(-MOST_ZARR // BATCH_SIZE)])


if __name__ == "__main__":
    ingest()
