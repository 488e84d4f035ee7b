"""Packs a data set: decodes in parallel, writes a shard at a time, and goes on where an earlier try was ended."""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from zoo_core.contract import DatasetAdapter, OutputError
from zoo_core.data.packed.arrays import encode_shard, n_shard_bytes, shard_name
from zoo_core.data.packed.completing import complete
from zoo_core.data.packed.decoding import Decoded, Decoder
from zoo_core.data.packed.journal import JOURNAL, Journal, ShardDone
from zoo_core.data.packed.layout import Layout, lay_out
from zoo_core.data.packed.lock import LOCK, locked
from zoo_core.data.packed.manifest import (
    INDEX,
    MANIFEST,
    UNREADABLE,
    Manifest,
    Plan,
    read_manifest,
    refuse_other_plan,
)
from zoo_core.data.packed.stored_files import fault, make_folder, store_file
from zoo_core.data.packed.tables import index_table, unreadable_table
from zoo_core.data.packed.transform import n_bytes
from zoo_core.data.soundness import Unreadable, refuse_too_many
from zoo_core.data.splits import Split

Advance = Callable[[int], None]


@dataclass(frozen=True)
class Packed:
    """What came of packing.

    Attributes:
        manifest: of the store.
        n_shards: the store has; one shard of each of its arrays counts as one.
        n_shards_written: this time.
    """

    manifest: Manifest
    n_shards: int
    n_shards_written: int


@dataclass(frozen=True)
class Packer:
    """One data set on its way into one store.

    Attributes:
        adapter: the data set.
        index: of the adapter.
        split: the store is laid out for.
        plan: what is to be in the store.
        folder: of the store.
    """

    adapter: DatasetAdapter
    index: pd.DataFrame
    split: Split
    plan: Plan
    folder: Path

    def pack(self, advance: Advance) -> Packed:
        """Make the store, or go on with it; one that is complete stays as it is.

        Args:
            advance: called with the number of examples that are done, from several threads.
        Raises:
            OutputError: another process packs into the folder, it holds something else, or the disk is full.
            DataError: the store is one of other examples, or too many examples cannot be read.
        """
        make_folder(self.folder)
        with locked(self.folder):
            if (self.folder / MANIFEST).exists():
                return Packed(self._completed(), self.layout.n_shards, 0)
            with ThreadPoolExecutor(len(os.sched_getaffinity(0)), "zoo-pack") as threads:
                shards = self._begin(threads)
                advance(sum(len(self.layout.shard(shard.number)) for shard in shards))
                n_kept = len(shards)
                self._refuse_full_disk({shard.number for shard in shards})
                shards += self._write(shards, threads, advance)
            manifest = self._complete(shards)
        return Packed(manifest, len(shards), len(shards) - n_kept)

    @cached_property
    def layout(self) -> Layout:
        """Where each example lies."""
        return lay_out(self.split.part, self.plan.rows_per_shard, self.plan.layout_seed)

    @cached_property
    def decoder(self) -> Decoder:
        """Reads the examples."""
        specs = tuple(zip(self.plan.source.specs, self.plan.specs, strict=True))
        return Decoder(self.adapter, self.index["example_id"], specs)

    @cached_property
    def index_table(self) -> bytes:
        """The index as the store keeps it."""
        return index_table(self.index, self.split, self.layout)

    @property
    def journal(self) -> Journal:
        """What is done."""
        return Journal(self.folder / JOURNAL)

    def _completed(self) -> Manifest:
        manifest = read_manifest(self.folder)
        refuse_other_plan(self.folder, manifest.plan, self.plan)
        (self.folder / JOURNAL).unlink(missing_ok=True)  # of a packer that was ended after its last file
        return manifest

    def _begin(self, threads: Executor) -> list[ShardDone]:
        """Begin a journal, or take from one the shards that are still as it says."""
        _ = self.index_table  # a fault of the index is told before hours of packing
        if not (self.folder / JOURNAL).exists():
            _refuse_foreign(self.folder)
            self.journal.begin(self.plan)
            return []
        there, noted = self.journal.read()
        refuse_other_plan(self.folder, there, self.plan)
        return [shard for shard, sound in zip(noted, threads.map(self._is_sound, noted), strict=True) if sound]

    def _is_sound(self, shard: ShardDone) -> bool:
        """Whether a shard's files are whole, and what could not be read still cannot: it may have been mended."""
        whole = all(fault(self.folder, path, stored) is None for path, stored in shard.files.items())
        return whole and all(self.decoder.reason(row) is not None for row in shard.unreadable)

    def _refuse_full_disk(self, kept: set[int]) -> None:
        n_rows = [len(self.layout.shard(number)) for number in range(self.layout.n_shards) if number not in kept]
        sizes = [n_bytes(spec) for spec in self.plan.specs]
        shards = sum(n_shard_bytes(size, n, self.plan.rows_per_shard) for size in sizes for n in n_rows)
        needed, free = shards + len(self.index_table), shutil.disk_usage(self.folder).free
        if needed > free:
            raise OutputError(
                f"Packing needs {_megabytes(needed)} in '{self.folder}'. Received: {_megabytes(free)} that are free: "
                "make room, or choose a smaller --size"
            )

    def _write(self, kept: list[ShardDone], threads: Executor, advance: Advance) -> Iterator[ShardDone]:
        """Write the shards that are missing; while one is written the next is decoded, so that two are in memory."""
        missing = sorted(set(range(self.layout.n_shards)) - {shard.number for shard in kept})
        unreadable = self._unreadable(shard.unreadable for shard in kept)
        writing: Future[ShardDone] | None = None
        with ThreadPoolExecutor(1, "zoo-write") as writer:
            for number in missing:
                decoded = self.decoder.decode(self.layout.shard(number), threads, advance)
                if writing:
                    yield writing.result()
                writing = writer.submit(self._write_shard, number, decoded)
                if decoded.unreadable:
                    unreadable += self._unreadable([decoded.unreadable])
                    refuse_too_many(unreadable, self.split)
            if writing:
                yield writing.result()

    def _write_shard(self, number: int, decoded: Decoded) -> ShardDone:
        files = {}
        for spec in self.plan.specs:
            path = shard_name(spec, number)
            pieces = encode_shard(decoded.arrays[spec.name], self.plan.rows_per_shard)
            files[path] = store_file(self.folder, path, *pieces)
        done = ShardDone(number, files, decoded.unreadable)
        self.journal.add(done)
        return done

    def _complete(self, shards: list[ShardDone]) -> Manifest:
        unreadable = self._unreadable(shard.unreadable for shard in shards)
        tables = {INDEX: self.index_table, UNREADABLE: unreadable_table(unreadable)}
        return complete(self.adapter, self.folder, self.plan, tables, shards)

    def _unreadable(self, found: Iterable[dict[int, str]]) -> list[Unreadable]:
        names = self.index["example_id"]
        return [Unreadable(row, str(names.iloc[row]), why) for rows in found for row, why in rows.items()]


def _refuse_foreign(folder: Path) -> None:
    if any(path.name != LOCK for path in folder.iterdir()):
        raise OutputError(
            f"A store needs a folder that is empty or not there yet. Received: '{folder}', which holds something else: "
            "choose another"
        )


def _megabytes(n_bytes: int) -> str:
    return f"{n_bytes / 1e6:,.1f} MB"
