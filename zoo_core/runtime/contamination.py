"""Whether data share groups with those a model has seen: asked of salted hashes, so that a model names no patient."""

import dataclasses
import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zoo_core.contract import DataError, SplitError
from zoo_core.report.overlap import overlap_words
from zoo_core.report.wording import group_name
from zoo_core.runtime.json_files import read_json, write_json
from zoo_core.runtime.prepare import Prepared

SCHEMA_VERSION = 1
HASH = "blake2b-128"
DIGEST_BYTES = 16
SALT_BYTES = 16


@dataclass(frozen=True)
class SeenGroups:
    """The groups that a model has seen, by salted hash.

    Attributes:
        column: of the index, that names the group.
        namespace: who numbered the groups, of `DatasetCard.group_namespace`.
        salt: of the hashes, drawn for this model alone.
        trained_on: hashes of the groups of the training part.
        chosen_on: hashes of those of the validation part, on which the epoch and all that is fitted after it is chosen.
    """

    column: str
    namespace: str
    salt: bytes
    trained_on: frozenset[str] = frozenset()
    chosen_on: frozenset[str] = frozenset()

    def hashes(self, names: Iterable[object], namespace: str) -> list[str]:
        """Hash of each group of a namespace, in their order."""
        prefix = f"{namespace}\0{self.column}\0"
        texts = (prefix + _text(name) for name in names)
        return [hashlib.blake2b(t.encode(), digest_size=DIGEST_BYTES, key=self.salt).hexdigest() for t in texts]


@dataclass(frozen=True)
class Overlap:
    """What examples share with those that a model has seen; counts are None where they could not be made.

    Attributes:
        group: what a group is, such as "patient".
        n_groups: groups of the examples.
        trained_on: those of them that the model was trained on.
        chosen_on: those of them that it was chosen on.
        n_examples_in_all: examples that were looked at.
        n_examples: those of them that are of a group of either kind.
        n_examples_trained_on: those of a group that the model was trained on.
        n_examples_chosen_on: those of a group that it was chosen on.
        reason: why nothing could be counted.
    """

    group: str
    n_groups: int | None = None
    trained_on: int | None = None
    chosen_on: int | None = None
    n_examples_in_all: int | None = None
    n_examples: int | None = None
    n_examples_trained_on: int | None = None
    n_examples_chosen_on: int | None = None
    reason: str | None = None


def namespace_of(prepared: Prepared) -> str:
    """Who numbered the groups of a data set: whom its card names, or else the data set for itself alone."""
    return prepared.adapter.card.group_namespace or prepared.config.data.name


def seen_groups(prepared: Prepared) -> SeenGroups:
    """The groups of a run's training and validation parts, under a salt of their own."""
    column, namespace = prepared.split.group_column, namespace_of(prepared)
    empty = SeenGroups(column, namespace, secrets.token_bytes(SALT_BYTES))
    groups = prepared.groups(column)

    def of_part(part: str) -> frozenset[str]:
        # Of the whole part: where an image could not be read, its labels were still learned from.
        names = groups.iloc[prepared.split.rows(part)]
        return frozenset(empty.hashes(names.drop_duplicates(), namespace))

    return dataclasses.replace(empty, trained_on=of_part("train"), chosen_on=of_part("validation"))


def find_overlap(seen: SeenGroups | None, prepared: Prepared, rows: np.ndarray) -> Overlap | None:
    """Count the examples that a model has seen others of the same group of.

    Args:
        seen: by the model; None where its folder does not say.
        prepared: the data.
        rows: (example,) row numbers.
    Returns:
        The counts; None where no group is shared.
    """
    group = group_name(seen.column if seen else prepared.split.group_column)
    if seen is None:
        return Overlap(group, reason="its model folder has no groups.json, as older versions of zoo wrote none")
    if namespace_of(prepared) != seen.namespace:
        return None
    if seen.column not in prepared.index:
        return Overlap(group, reason=f"the data have no column '{seen.column}', which the model's split went by")
    names = prepared.groups(seen.column).iloc[rows]
    if n_unnamed := int(names.isna().sum()):
        return Overlap(group, reason=f"{n_unnamed} examples have no '{seen.column}'")
    return _counted(seen, names, group)


def refuse_overlap(overlap: Overlap) -> None:
    """Say what is shared, and how to go on all the same.

    Raises:
        SplitError: always.
    """
    words = overlap_words(dataclasses.asdict(overlap))
    raise SplitError(
        f"A model needs to be tested on data that it has not seen. Received: {words}. "
        "Choose other data or another split, or add --allow-overlap, which marks every table and page"
    )


def write_groups(path: Path, seen: SeenGroups) -> None:
    """Write `groups.json`, the hashes in an order of their own, which says nothing of the groups'."""
    values = {
        "schema_version": SCHEMA_VERSION,
        "column": seen.column,
        "namespace": seen.namespace,
        "salt": seen.salt.hex(),
        "hash": HASH,
        "trained_on": sorted(seen.trained_on),
        "chosen_on": sorted(seen.chosen_on),
    }
    write_json(path, values)


def read_groups(path: Path) -> SeenGroups | None:
    """Read `groups.json`; None where there is none.

    Raises:
        DataError: it is damaged, or a newer zoo wrote it.
    """
    if not path.exists():
        return None
    values = read_json(path, SCHEMA_VERSION)
    try:
        return _seen(values)
    except (ValueError, TypeError, LookupError) as error:
        raise DataError(f"A whole groups.json was wanted. Received: '{path}', where {error} is wrong") from error


def _seen(values: dict[str, Any]) -> SeenGroups:
    if values["hash"] != HASH:
        raise ValueError(f"hash '{values['hash']}'")
    lists = (frozenset(map(str, values[name])) for name in ("trained_on", "chosen_on"))
    return SeenGroups(str(values["column"]), str(values["namespace"]), bytes.fromhex(values["salt"]), *lists)


def _counted(seen: SeenGroups, names: pd.Series, group: str) -> Overlap | None:
    codes, unique = pd.factorize(names)
    hashes = seen.hashes(unique, seen.namespace)
    trained_on, chosen_on = (
        np.array([one in known for one in hashes], dtype=bool) for known in (seen.trained_on, seen.chosen_on)
    )
    either = trained_on | chosen_on
    if not either.any():
        return None
    return Overlap(
        group,
        n_groups=len(unique),
        trained_on=int(trained_on.sum()),
        chosen_on=int(chosen_on.sum()),
        n_examples_in_all=len(names),
        n_examples=int(either[codes].sum()),
        n_examples_trained_on=int(trained_on[codes].sum()),
        n_examples_chosen_on=int(chosen_on[codes].sum()),
    )


def _text(name: object) -> str:
    """A name as every copy of the data gives it: gaps elsewhere in a column turn its whole numbers into floats."""
    return str(int(name)) if isinstance(name, float) and name.is_integer() else str(name)
