"""The formats that are compared: how each is written, which files an epoch reads, and how a rank reads its share."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from zoo_core.contract import Rank
from zoo_core.data.fingerprint import fingerprint
from zoo_core.data.order import Order
from zoo_core.data.packed.arrays import n_shard_bytes
from zoo_core.data.packed.manifest import LaidOutFor, Plan, Source
from zoo_core.data.packed.plugin import PackedConfig, PackedDataset
from zoo_core.data.packed.transform import Transform, packed_specs
from zoo_core.data.packed.writing import Packer
from zoo_core.data.reader import read_ahead
from zoo_core.data.splits import undivided
from zoo_core.studies.storage.pictures import Pictures
from zoo_core.studies.storage.records import RecordReading, n_record_bytes, record_batches, write_records

ROWS_PER_SHARD = 512
"""As `zoo data pack` has it."""

N_FILES = 64
"""TFRecord files are dealt to the ranks whole: so many ranks at most."""

MOST_SHUFFLED = 2_048
"""Examples of a shuffle buffer: as many as an order by shards mixes by default."""

BLOCK_BYTES = 4_096
PNG_OVERHEAD = 1.02
"""Of a picture of noise over its pixels, headers of small ones apart."""


@dataclass(frozen=True)
class Shape:
    """The data set and its batches.

    Attributes:
        n_images: of an epoch.
        size_px: length of y and x; one channel, uint8.
        batch_size: examples of a rank's batch.
    """

    n_images: int
    size_px: int
    batch_size: int

    @property
    def pixels(self) -> int:
        """Bytes of a decoded image."""
        return self.size_px**2


@dataclass(frozen=True)
class Share:
    """What one rank reads.

    Attributes:
        folder: of the format's files.
        shape: of the data set.
        rank: which process of how many.
        n_threads: that read ahead.
    """

    folder: Path
    shape: Shape
    rank: Rank
    n_threads: int

    def batches(self, seed: int) -> list[np.ndarray]:
        """Rows of each batch of an epoch: a stride of its permutation, as a run deals it to its ranks."""
        n = self.shape.n_images
        rows = Order(n, n, seed).share(0, self.rank)
        return np.split(rows, range(self.shape.batch_size, len(rows), self.shape.batch_size))


Epoch = Callable[[], Iterator[np.ndarray]]
"""Begins an epoch: (example, y, x, c) uint8 batches of one rank."""


class Format(Protocol):
    """A way of keeping images."""

    @property
    def title(self) -> str:
        """For a reader."""
        ...

    def n_bytes(self, shape: Shape) -> int:
        """At most this much room on a disk."""
        ...

    def write(self, pictures: Pictures, folder: Path) -> None:
        """Write all images into a folder that is there."""
        ...

    def files(self, folder: Path) -> list[Path]:
        """What an epoch reads."""
        ...

    def epoch(self, share: Share, seed: int) -> Epoch:
        """A rank's share of an epoch, open but not yet read."""
        ...


class FilePerImage:
    """A PNG file an image, decoded by threads ahead of time."""

    title = "file per image"

    def n_bytes(self, shape: Shape) -> int:
        """Whole blocks: small files take more than they hold."""
        return shape.n_images * _blocks(PNG_OVERHEAD * shape.pixels + 400)

    def write(self, pictures: Pictures, folder: Path) -> None:  # noqa: ARG002 - the pictures know their folder
        """As `Pictures` does."""
        pictures.write()

    def files(self, folder: Path) -> list[Path]:
        """All of them."""
        return sorted(folder.rglob("*.png"))

    def epoch(self, share: Share, seed: int) -> Epoch:
        """One task of a thread decodes a batch."""
        pictures = Pictures(share.folder, share.shape.n_images, share.shape.size_px)

        def batch(rows: np.ndarray) -> np.ndarray:
            return np.stack([pictures.read(int(row))["image"] for row in rows])

        return lambda: read_ahead(batch, share.batches(seed), share.n_threads)


class PackedStore:
    """A packed store, read as a run reads it."""

    title = "packed store"

    def n_bytes(self, shape: Shape) -> int:
        """Shards, and an index with some fifty bytes an image."""
        n_shards = -(-shape.n_images // ROWS_PER_SHARD)
        return n_shards * _blocks(n_shard_bytes(shape.pixels, ROWS_PER_SHARD, ROWS_PER_SHARD)) + 100 * shape.n_images

    def write(self, pictures: Pictures, folder: Path) -> None:
        """As `zoo data pack` does."""
        packer_of(pictures, folder, pictures.size_px).pack(lambda _: None)

    def files(self, folder: Path) -> list[Path]:
        """The shards."""
        return sorted((folder / "image").glob("c.*"))

    def epoch(self, share: Share, seed: int) -> Epoch:
        """Manifest and tables are read now, as a run reads them once; shards when the epoch begins."""
        store = PackedDataset(PackedConfig(str(share.folder)))
        _ = store.specs, store.index(), store.unreadable()

        def batch(rows: np.ndarray) -> np.ndarray:
            return store.read_batch(rows)["image"]

        return lambda: read_ahead(batch, share.batches(seed), share.n_threads)


class TFRecord:
    """TFRecord files, dealt to the ranks and read by `tf.data`."""

    title = "TFRecord"

    def n_bytes(self, shape: Shape) -> int:
        """Records, in files that end with a block each."""
        return shape.n_images * n_record_bytes(shape.pixels) + N_FILES * BLOCK_BYTES

    def write(self, pictures: Pictures, folder: Path) -> None:
        """Every file a stride of the images."""
        for i in range(N_FILES):
            rows = range(i, len(pictures.paths), N_FILES)
            write_records(folder / f"{i:02d}.tfrecord", (pictures.pixels(row) for row in rows))

    def files(self, folder: Path) -> list[Path]:
        """All of them."""
        return sorted(folder.glob("*.tfrecord"))

    def epoch(self, share: Share, seed: int) -> Epoch:
        """A share of the files; the buffer holds a quarter of it at most: all is not to be read for the first batch."""
        shape, size = share.shape, share.rank.size
        buffer = max(1, min(MOST_SHUFFLED, shape.n_images // size // 4))
        reading = RecordReading((shape.size_px, shape.size_px, 1), shape.batch_size, buffer, share.n_threads)
        return record_batches(self.files(share.folder)[share.rank.rank :: size], reading, seed)


FORMATS: Mapping[str, Format] = {"png": FilePerImage(), "packed": PackedStore(), "tfrecord": TFRecord()}
"""By name: also the folder of the format, and what the CSV file calls it."""


def packer_of(pictures: Pictures, folder: Path, size_px: int) -> Packer:
    """Packs all pictures as one part."""
    index = pictures.index()
    split, transform = undivided(index, "meta.patient_id"), Transform(size_px)
    described = Source(
        "noise", {}, fingerprint(index), pictures.card, pictures.specs, pictures.labels, pictures.group_columns, None
    )
    laid_out_for = LaidOutFor(split.name, split.group_column, split.hash, split.counts())
    plan = Plan(described, transform, packed_specs(pictures.specs, transform), laid_out_for, ROWS_PER_SHARD)
    return Packer(pictures, index, split, plan, folder)


def _blocks(n_bytes: float) -> int:
    return -(-int(n_bytes) // BLOCK_BYTES) * BLOCK_BYTES
