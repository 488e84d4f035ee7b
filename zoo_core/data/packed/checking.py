"""Whether a store is still as it was written."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from zoo_core.data.fingerprint import fingerprint
from zoo_core.data.packed.manifest import INDEX, PART, STORE_ROW, UNREADABLE, Manifest, Plan
from zoo_core.data.packed.stored_files import fault
from zoo_core.data.packed.tables import read_table, source_index
from zoo_core.data.splits import split_hash


@dataclass(frozen=True)
class Fault:
    """One file that is not as it was written.

    Attributes:
        path: below the store.
        reason: what is wrong with it.
    """

    path: str
    reason: str


def find_faults(folder: Path, manifest: Manifest, n_threads: int, advance: Callable[[], None]) -> list[Fault]:
    """Read every file of a store, and compare it with its manifest.

    Args:
        folder: of the store.
        manifest: of the store.
        n_threads: files that are read at a time.
        advance: called after each file, from several threads.
    Returns:
        Files that are missing or changed; where there are none, what the tables contradict.
    """

    def check(path: str) -> Fault | None:
        reason = fault(folder, path, manifest.files[path])
        advance()
        return None if reason is None else Fault(path, reason)

    with ThreadPoolExecutor(n_threads, "zoo-check") as pool:
        found = [one for one in pool.map(check, manifest.files) if one is not None]
    return found or [Fault(INDEX, reason) for reason in _contradictions(folder, manifest)]


def _contradictions(folder: Path, manifest: Manifest) -> Iterator[str]:
    index, unreadable = read_table(folder / INDEX), read_table(folder / UNREADABLE)
    yield from _index_faults(index, manifest.plan)
    if len(unreadable) != manifest.n_unreadable:
        yield f"{len(unreadable)} unreadable examples where the manifest says {manifest.n_unreadable}"


def _index_faults(index: pd.DataFrame, plan: Plan) -> Iterator[str]:
    if fingerprint(source_index(index)) != plan.source.fingerprint:
        yield "another fingerprint than the source's"
    if split_hash(index["example_id"], index[PART].to_numpy()) != plan.split.hash:
        yield f"parts that are not those of split '{plan.split.name}'"
    if not index[STORE_ROW].is_unique:
        yield "two examples at one place"
