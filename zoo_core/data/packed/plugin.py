"""Data set `packed`: any data set, as `zoo data pack` has stored it."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from zoo_core.contract import Arrays, ArraySpec, DataError, DatasetCard, ImageError, Label, Plugin, SecondTruth
from zoo_core.data.packed.layout import by_shard
from zoo_core.data.packed.manifest import (
    BOXES,
    INDEX,
    PART,
    SECOND_TRUTH,
    STORE_ROW,
    UNREADABLE,
    Manifest,
    Source,
    read_manifest,
)
from zoo_core.data.packed.reading import StoreReader
from zoo_core.data.packed.tables import read_table, source_index

NO_STORE = DatasetCard(
    title="Packed store",
    summary="Any data set at one size, as 'zoo data pack' stores it; give the folder as packed=STORE.",
    licence="that of the data set that was packed",
    citation="that of the data set that was packed",
    label_source="That of the data set that was packed.",
    drawn=False,
)
"""What can be said before a store is named."""


@dataclass(frozen=True)
class PackedConfig:
    """Where the store is.

    Attributes:
        root: the folder that `zoo data pack` wrote.
    """

    root: str = ""


class PackedDataset:
    """The examples of a store; nothing is read before it is asked for."""

    def __init__(self, config: PackedConfig) -> None:
        self.config = config

    def __getstate__(self) -> dict[str, object]:
        """For another process, which opens the store's files itself."""
        return {"config": self.config}

    @cached_property
    def card(self) -> DatasetCard:
        """The source's, with a note on what was done to it."""
        if not self.config.root:
            return NO_STORE
        card, plan = self._source.card, self._manifest.plan
        arrays = ", ".join(f"'{s.name}' {' x '.join(map(str, s.shape))} {s.dtype}" for s in plan.specs)
        note = f"Packed from '{self._source.name}', fingerprint {self._source.fingerprint}: {arrays}."
        name = card.copy_of or self._source.name
        # Whoever numbered the groups, it was not the store.
        namespace = card.group_namespace or name
        return dataclasses.replace(card, notes=(*card.notes, note), group_namespace=namespace, copy_of=name)

    @property
    def specs(self) -> tuple[ArraySpec, ...]:
        """Arrays of one size."""
        return self._manifest.plan.specs if self.config.root else ()

    @property
    def labels(self) -> tuple[Label, ...]:
        """The source's."""
        return self._source.labels if self.config.root else ()

    @property
    def group_columns(self) -> tuple[str, ...]:
        """The source's."""
        return self._source.group_columns if self.config.root else ()

    @property
    def fold_columns(self) -> tuple[str, ...]:
        """The source's."""
        return self._source.fold_columns if self.config.root else ()

    @property
    def split_name(self) -> str | None:
        """Of the source's own split."""
        return self._source.split_name if self.config.root else None

    @property
    def split_hash(self) -> str:
        """Of the split that the store is laid out for."""
        return self._manifest.plan.split.hash

    def index(self) -> pd.DataFrame:
        """The source's."""
        return source_index(self._index)

    def read(self, i: int) -> Arrays:
        """The arrays of row `i`."""
        self._refuse(np.array([i]))
        return {name: array[0] for name, array in self._reader.read(self._store_row[[i]]).items()}

    def read_batch(self, rows: np.ndarray) -> Arrays:
        """The arrays of rows, (example, ...), in one request."""
        self._refuse(rows)
        return self._reader.read(self._store_row[rows])

    def unreadable(self) -> Mapping[int, str]:
        """Rows that could not be read when the store was packed."""
        return self._unreadable

    def shards(self, part: str) -> tuple[np.ndarray, ...]:
        """Rows of a part, shard by shard, without those that are unreadable."""
        rows = np.setdiff1d(np.flatnonzero(self._index[PART] == part), list(self._unreadable))
        return by_shard(rows, self._store_row, self._manifest.plan.rows_per_shard)

    def second_truth(self) -> SecondTruth | None:
        """The source's."""
        described = self._manifest.second_truth
        if described is None:
            return None
        return SecondTruth(described.source, described.findings, read_table(self._folder / SECOND_TRUTH))

    @property
    def _folder(self) -> Path:
        if not self.config.root:
            raise DataError("Data set 'packed' needs the folder of a store: give it as --data packed=STORE")
        return Path(self.config.root)

    @cached_property
    def _manifest(self) -> Manifest:
        return read_manifest(self._folder)

    @property
    def _source(self) -> Source:
        return self._manifest.plan.source

    @cached_property
    def _index(self) -> pd.DataFrame:
        return read_table(self._folder / INDEX)

    @cached_property
    def _store_row(self) -> np.ndarray:
        return self._index[STORE_ROW].to_numpy()

    @cached_property
    def _unreadable(self) -> dict[int, str]:
        table = read_table(self._folder / UNREADABLE)
        return dict(zip(table["row"].tolist(), table["reason"].tolist(), strict=True))

    @cached_property
    def _reader(self) -> StoreReader:
        manifest = self._manifest
        n_bytes = sum(file.n_bytes for file in manifest.files.values())
        return StoreReader(self._folder, self.specs, manifest.plan.rows_per_shard, n_bytes)

    def _refuse(self, rows: np.ndarray) -> None:
        outside = rows[(rows < 0) | (rows >= len(self._store_row))]
        if len(outside):
            raise IndexError(f"packed has rows 0 to {len(self._store_row) - 1}. Received: {outside[0]}")
        if self._unreadable:
            for row in rows.tolist():
                if row in self._unreadable:
                    raise ImageError(self._unreadable[row])


class PackedDatasetWithBoxes(PackedDataset):
    """A store whose source says where some findings are."""

    def boxes(self) -> pd.DataFrame:
        """The source's; fractions of the sides stay what they are when a picture is resized."""
        return read_table(self._folder / BOXES)


def open_packed(config: PackedConfig) -> PackedDataset:
    """The data set of a store, with the abilities that its source had.

    Raises:
        DataError: there is no complete store.
    """
    has_boxes = bool(config.root) and BOXES in read_manifest(Path(config.root)).files
    return (PackedDatasetWithBoxes if has_boxes else PackedDataset)(config)


plugin = Plugin(
    config=PackedConfig,
    create=open_packed,
    summary="Any data set in a store that 'zoo data pack' made; give the folder as packed=STORE.",
)
