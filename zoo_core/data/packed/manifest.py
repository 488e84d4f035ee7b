"""What a store says of itself: where its examples come from, what was done to them, and every file's SHA-256."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from zoo_core.contract import ArraySpec, ConfigError, DataError, DatasetCard, Label
from zoo_core.data.packed.transform import Transform

SCHEMA_VERSION = 1

MANIFEST = "manifest.json"
INDEX = "index.parquet"
UNREADABLE = "unreadable.parquet"
BOXES = "boxes.parquet"
SECOND_TRUTH = "second_truth.parquet"
STORE_ROW, PART = "store_row", "part"
"""Columns that the index of a store has beside those of its source."""


@dataclass(frozen=True)
class Source:
    """The data set that was packed.

    Attributes:
        name: of its plugin.
        options: it was read with; without `root`, which is where it was and not what.
        fingerprint: SHA-256 of its index.
        card: what a reader must know of it.
        specs: of the arrays that were read.
        labels: it has.
        group_columns: that no split may cut through.
        split_name: of its own split, or None.
        fold_columns: of which one value can be left out.
    """

    name: str
    options: dict[str, Any]
    fingerprint: str
    card: DatasetCard
    specs: tuple[ArraySpec, ...]
    labels: tuple[Label, ...]
    group_columns: tuple[str, ...]
    split_name: str | None
    fold_columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class LaidOutFor:
    """The split that decided which examples lie together.

    Attributes:
        name: of the split.
        group_column: it does not cut through.
        hash: of the split.
        n_examples: of each part.
    """

    name: str
    group_column: str
    hash: str
    n_examples: dict[str, int]


@dataclass(frozen=True)
class Plan:
    """All that decides what is in a store, known before the first example is read.

    Attributes:
        source: the data set.
        transform: what is done to its arrays.
        specs: of the arrays of the store.
        split: it is laid out for.
        rows_per_shard: examples of a shard.
        layout_seed: of the permutation of rows within each part.
        schema_version: of the store.
    """

    source: Source
    transform: Transform
    specs: tuple[ArraySpec, ...]
    split: LaidOutFor
    rows_per_shard: int
    layout_seed: int = 0
    schema_version: int = SCHEMA_VERSION

    def __post_init__(self) -> None:
        if self.rows_per_shard < 1:
            raise ConfigError(f"--shard needs a number of examples above 0. Received: {self.rows_per_shard}")


@dataclass(frozen=True)
class StoredFile:
    """One file of a store.

    Attributes:
        n_bytes: its size.
        sha256: of its content.
    """

    n_bytes: int
    sha256: str


@dataclass(frozen=True)
class SecondTruthSource:
    """What `SECOND_TRUTH` holds: see `zoo_core.contract.SecondTruth`, whose table it is.

    Attributes:
        source: who says it.
        findings: what is said, by name.
    """

    source: str
    findings: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Manifest:
    """The last file of a store to be written: where it is there, the store is complete.

    Attributes:
        plan: what was to be packed.
        n_unreadable: examples whose arrays are not in the store, with their reasons in `UNREADABLE`.
        second_truth: of some examples, or None.
        files: every other file by its path below the store.
        versions: of the libraries that wrote it.
    """

    plan: Plan
    n_unreadable: int
    second_truth: SecondTruthSource | None
    files: dict[str, StoredFile]
    versions: dict[str, str]


def read_manifest(folder: Path) -> Manifest:
    """What a store says of itself.

    Raises:
        DataError: there is no complete store, its manifest is damaged, or a newer zoo wrote it.
    """
    wanted = f"A packed store was wanted, with its {MANIFEST}. Received: '{folder}'"
    try:
        values = json.loads((folder / MANIFEST).read_bytes())
        version = int(values["plan"]["schema_version"])
        manifest = TypeAdapter(Manifest).validate_python(values) if version <= SCHEMA_VERSION else None
    except OSError as error:
        raise DataError(f"{wanted} ({error.strerror}): 'zoo data pack' makes one, or goes on with one") from error
    except (ValueError, TypeError, LookupError) as error:
        raise DataError(f"{wanted}, whose manifest is damaged: pack it again into another folder") from error
    if manifest is None:
        raise DataError(f"{wanted}, whose schema {version} needs a newer zoo-core; this one reads {SCHEMA_VERSION}")
    return manifest


def plan_of(values: Any) -> Plan:
    """A plan of JSON values.

    Raises:
        ValueError: they are none.
    """
    return TypeAdapter(Plan).validate_python(values)


def as_json(record: Any) -> Any:
    """A record of this module as JSON values."""
    return json.loads(json.dumps(asdict(record), default=str))


def refuse_other_plan(folder: Path, there: Plan, wanted: Plan) -> None:
    """See that a store is one of what is to be packed; the words of a card alone make no other store.

    Raises:
        DataError: it is another; names the first thing that differs.
    """
    there = replace(there, source=replace(there.source, card=wanted.source.card))
    for what, first, second in _differences(as_json(wanted), as_json(there)):
        raise DataError(
            f"A store of other examples is in '{folder}': {what} is {_short(second)} there. Received: {_short(first)}. "
            "Choose another folder"
        )


def _differences(wanted: Any, there: Any, path: str = "") -> list[tuple[str, Any, Any]]:
    """Leaves of JSON values that differ, by their path."""
    if not (isinstance(wanted, Mapping) and isinstance(there, Mapping)):
        return [] if wanted == there else [(path, wanted, there)]
    keys = [*wanted, *(key for key in there if key not in wanted)]
    found = [_differences(wanted.get(key), there.get(key), f"{path}.{key}".lstrip(".")) for key in keys]
    return [one for some in found for one in some]


def _short(value: Any, most: int = 60) -> str:
    text = json.dumps(value)
    return text if len(text) <= most else f"{text[: most - 3]}..."
