"""The last files of a store, which make it complete."""

import importlib.metadata
import json
from collections.abc import Iterable
from pathlib import Path

from zoo_core.contract import DatasetAdapter, SecondTruth
from zoo_core.data.files import write_atomically
from zoo_core.data.packed.arrays import METADATA, array_metadata, group_metadata
from zoo_core.data.packed.journal import JOURNAL, ShardDone
from zoo_core.data.packed.lock import LOCK
from zoo_core.data.packed.manifest import (
    BOXES,
    MANIFEST,
    SECOND_TRUTH,
    Manifest,
    Plan,
    SecondTruthSource,
    as_json,
)
from zoo_core.data.packed.stored_files import store_file
from zoo_core.data.packed.tables import as_parquet, boxes_of, second_truth_of

RECORDED_PACKAGES = ("zoo-core", "numpy", "pillow", "tensorstore")


def complete(
    adapter: DatasetAdapter, folder: Path, plan: Plan, tables: dict[str, bytes], shards: list[ShardDone]
) -> Manifest:
    """Write what is left, and the manifest last.

    Args:
        adapter: the data set; gives boxes and a second truth where it has them.
        folder: of the store.
        plan: of the store.
        tables: files by their path, beside those that the adapter gives.
        shards: all of them.
    Raises:
        OutputError: a file cannot be written.
    """
    second_truth = second_truth_of(adapter)
    contents = {**_metadata(plan, len(shards)), **tables, **_tables(adapter, second_truth)}
    files = {path: store_file(folder, path, content) for path, content in contents.items()}
    for shard in shards:
        files |= shard.files
    manifest = Manifest(
        plan=plan,
        n_unreadable=sum(len(shard.unreadable) for shard in shards),
        second_truth=_source_of(second_truth),
        files=dict(sorted(files.items())),
        versions={name: importlib.metadata.version(name) for name in RECORDED_PACKAGES},
    )
    _remove_strangers(folder, {*files, LOCK, JOURNAL})
    write_atomically(folder / MANIFEST, (json.dumps(as_json(manifest), indent=1) + "\n").encode())
    (folder / JOURNAL).unlink()
    return manifest


def _metadata(plan: Plan, n_shards: int) -> dict[str, bytes]:
    n_rows = n_shards * plan.rows_per_shard
    about = {"title": plan.source.card.title, "drawn": plan.source.card.drawn}
    arrays = {f"{s.name}/{METADATA}": array_metadata(s, n_rows, plan.rows_per_shard) for s in plan.specs}
    return {METADATA: group_metadata(about), **arrays}


def _tables(adapter: DatasetAdapter, second_truth: SecondTruth | None) -> dict[str, bytes]:
    found = {BOXES: boxes_of(adapter), SECOND_TRUTH: second_truth.table if second_truth else None}
    return {path: as_parquet(table) for path, table in found.items() if table is not None}


def _source_of(second_truth: SecondTruth | None) -> SecondTruthSource | None:
    return SecondTruthSource(second_truth.source, dict(second_truth.findings)) if second_truth else None


def _remove_strangers(folder: Path, known: Iterable[str]) -> None:
    """Remove what killed packers left behind; the folder was empty when the first of them began."""
    paths = {folder / path for path in known}
    for path in folder.rglob("*"):
        if path.is_file() and path not in paths:
            path.unlink()
