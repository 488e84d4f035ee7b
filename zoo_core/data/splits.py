"""Splits by group: the part of an example follows from its patient, plant or plate, and from nothing else."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from zoo_core.contract import ConfigError, SplitError

PARTS = ("train", "validation", "test")

ALL = "all"
"""The one part of examples that are not parted."""


@dataclass(frozen=True)
class Split:
    """A partition of the examples that can be named and compared.

    Attributes:
        name: the source's name for its own split, such as "official", or "patient-hash" and the like.
        group_column: no value of this column is in two parts.
        part: (example,) `train`, `validation` or `test`, in the index's order; empty where an example is in none.
        hash: SHA-256 over the sorted pairs of example and part.
    """

    name: str
    group_column: str
    part: np.ndarray
    hash: str

    def rows(self, part: str) -> np.ndarray:
        """(example,) int64, row numbers of one part, ascending."""
        return np.flatnonzero(self.part == part)

    def counts(self) -> dict[str, int]:
        """Number of examples of each part."""
        parts = (ALL,) if (self.part == ALL).all() else PARTS
        return {part: int((self.part == part).sum()) for part in parts}


@dataclass(frozen=True)
class LeaveOut:
    """What a split that leaves one value out tests and validates on.

    Attributes:
        fold: number of the value that is left out, in the order of their names.
        validation: share of the other groups that validate.
        seed: of their choice.
        value: the value itself, beside which `fold` is 0 or its number; empty where the number says all.
    """

    fold: int
    validation: float
    seed: int
    value: str = ""


def group_hash_name(group_column: str) -> str:
    """Name of the split that is made from a column: `meta.patient_id` gives "patient-hash".

    >>> group_hash_name("meta.patient_id")
    'patient-hash'
    """
    return f"{group_column.removeprefix('meta.').removesuffix('_id')}-hash"


def hash_split(index: pd.DataFrame, group_column: str, fractions: Mapping[str, float], seed: int = 0) -> Split:
    """Put each group where its own hash points, so that a split is stable when examples are added.

    Args:
        index: with `example_id` and `group_column`.
        group_column: no value of it straddles two parts.
        fractions: share of the groups in `validation` and `test`; the rest is `train`.
        seed: another seed, another split.
    Returns:
        The split, named after the column.
    Raises:
        SplitError: a group is missing in some rows.
    """
    position = _positions(index, group_column, seed)
    edges = np.array([fractions["test"], fractions["test"] + fractions["validation"]])
    part = np.array(["test", "validation", "train"], dtype=object)[np.searchsorted(edges, position, side="right")]
    return _named(index, group_hash_name(group_column), group_column, part)


def defined_split(index: pd.DataFrame, name: str, group_column: str, validation: float, seed: int = 0) -> Split:
    """Take the split its source defines; without a validation part, a fixed share of the training groups becomes it.

    Args:
        index: with `example_id`, `split` and `group_column`.
        name: the source's name for it.
        group_column: no value of it may straddle two parts.
        validation: share of the training groups that validate, where the source has no such part.
        seed: of the choice of those groups.
    Returns:
        The split.
    Raises:
        SplitError: a group straddles two parts or is missing, or a part has an unknown name.
    """
    part = index["split"].to_numpy(dtype=object)
    unknown = sorted({str(p) for p in set(part)} - set(PARTS))
    if unknown:
        raise SplitError(f"Split '{name}' must use the parts {', '.join(PARTS)}. Received: {', '.join(unknown)}")
    _refuse_straddling(index, name, group_column, part)
    if not (part == "validation").any():
        chosen = _positions(index, group_column, seed) < validation
        part = np.where((part == "train") & chosen, "validation", part)
    return _named(index, name, group_column, part)


def leave_out_name(column: str) -> str:
    """Name of the split that leaves one value of a column out: `meta.plate` gives "leave-plate-out".

    >>> leave_out_name("meta.plate")
    'leave-plate-out'
    """
    return f"leave-{column.removeprefix('meta.').removesuffix('_id')}-out"


def leave_out_split(index: pd.DataFrame, fold_column: str, group_column: str, config: LeaveOut) -> Split:
    """Test on one value of a column, and train on the others, of which a share of the groups validates.

    The share is taken of each combination of labels apart, so that a few controls are in both parts.

    Args:
        index: with `example_id`, the two columns and `label.NAME`.
        fold_column: whose values are left out one at a time, such as `meta.plate`.
        group_column: no value of it may straddle two parts.
        config: which value, and how many groups validate.
    Raises:
        ConfigError: there are no two values, there is no such value, or its number is another's.
        SplitError: a group straddles two values or is missing, or a value is missing.
    """
    _refuse_missing(index, fold_column)
    value = _left_out(sorted(index[fold_column].astype(str).unique()), fold_column, config)
    left_out = (index[fold_column].astype(str) == value).to_numpy()
    part = np.where(left_out, "test", "train").astype(object)
    part[~left_out & _first_of_each_stratum(index, group_column, ~left_out, config)] = "validation"
    name = f"{leave_out_name(fold_column)}:{value}"
    _refuse_straddling(index, name, group_column, part)
    return _named(index, name, group_column, part)


def listed_split(index: pd.DataFrame, name: str, group_column: str, lists: Mapping[str, Sequence[str]]) -> Split:
    """Take a split that is given as lists of names; an example in none of them is in no part.

    Args:
        index: with `example_id` and `group_column`.
        name: of the split.
        group_column: no value of it may straddle two parts.
        lists: names of examples by part; names that the index does not hold are passed over.
    Returns:
        The split.
    Raises:
        SplitError: a name is in two lists, or a group straddles two parts or is missing.
    """
    part = pd.Series("", index=index["example_id"], dtype=object)
    for own, names in lists.items():
        listed = part.index.isin(names)
        twice = part.index[listed & (part != "").to_numpy()]
        if len(twice):
            raise SplitError(f"Split '{name}' must list an example once; '{twice[0]}' is in two of its lists")
        part[listed] = own
    parts = part.to_numpy()
    kept = index[parts != ""]
    _refuse_straddling(kept, name, group_column, parts[parts != ""])
    return _named(index, name, group_column, parts)


def undivided(index: pd.DataFrame, group_column: str) -> Split:
    """All examples as one part, which is called as the split is: "all".

    Args:
        index: with `example_id` and `group_column`.
        group_column: names the groups.
    Raises:
        SplitError: a group is missing in some rows.
    """
    _refuse_missing(index, group_column)
    part = np.full(len(index), ALL, dtype=object)
    return _named(index, ALL, group_column, part)


def refuse_empty(split: Split, index: pd.DataFrame, parts: Sequence[str] = PARTS) -> None:
    """Stop where a part that is needed has no example.

    Args:
        split: of the index.
        index: with the group column.
        parts: that are needed.
    Raises:
        SplitError: one of them is empty.
    """
    empty = [part for part in parts if not (split.part == part).any()]
    if empty:
        raise SplitError(
            f"Split '{split.name}' must have examples in {', '.join(parts)}; there are none in {', '.join(empty)} "
            f"({index[split.group_column].nunique()} groups of '{split.group_column}', {len(index)} examples): "
            "add data, or set other split.validation and split.test"
        )


def read_list(path: Path) -> list[str]:
    """First word of each line of a file: names of examples, whatever follows them.

    Raises:
        ConfigError: the file cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"A list of a split needs a text file that can be read. Received: '{path}' ({error})"
        ) from error
    return [line.split()[0] for line in lines if line.strip()]


def split_hash(example_ids: pd.Series, part: np.ndarray) -> str:
    """SHA-256 over the sorted lines `example_id TAB part`: equal for equal partitions, in whatever order."""
    lines = sorted(f"{example_id}\t{p}\n" for example_id, p in zip(example_ids, part, strict=True))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def choose_group_column(offered: tuple[str, ...], wanted: str) -> str:
    """The column that `split.group_by` names, or the data set's first where it names none.

    Raises:
        ConfigError: the data set offers no such column.
    """
    if not wanted:
        return offered[0]
    column = wanted if wanted.startswith("meta.") else f"meta.{wanted}"
    if column not in offered:
        choices = ", ".join(c.removeprefix("meta.") for c in offered)
        raise ConfigError(f"split.group_by needs one of: {choices}. Received: '{wanted}'")
    return column


def groups_of(index: pd.DataFrame, column: str, otherwise: str) -> pd.Series:
    """Name of each row's group; a row that names none is of its group in another column.

    An empty well has no treatment: parted by treatment, it is a group of its own, as which it can be in any part.

    Args:
        index: with both columns.
        column: whose groups are asked for.
        otherwise: the data set's default; where it is `column` itself, what is missing stays missing.
    Returns:
        (example,), missing where both columns are.

    >>> index = pd.DataFrame({"meta.treatment": ["DMSO", None], "meta.well_id": ["P/A01", "P/A02"]})
    >>> list(groups_of(index, "meta.treatment", "meta.well_id"))
    ['DMSO', 'P/A02']
    """
    names = index[column]
    return names if names.notna().all() else names.astype(object).where(names.notna(), index[otherwise])


def _left_out(values: list[str], fold_column: str, config: LeaveOut) -> str:
    """The value that is left out."""
    name = leave_out_name(fold_column)
    if len(values) < 2:
        raise ConfigError(
            f"split.name={name} needs two values to leave one out. Received: '{values[0]}' alone: choose another "
            "split.name"
        )
    if not config.value:
        if not 0 <= config.fold < len(values):
            offered = ", ".join(f"{number} ({value})" for number, value in enumerate(values))
            raise ConfigError(f"split.name={name} needs split.fold to be one of {offered}. Received: {config.fold}")
        return values[config.fold]
    if config.value not in values:
        raise ConfigError(
            f"split.name={name}:VALUE needs a value among {', '.join(values)}. Received: '{config.value}'"
        )
    if config.fold not in (0, values.index(config.value)):
        raise ConfigError(
            f"split.name={name}:{config.value} is split.fold={values.index(config.value)}. Received: split.fold="
            f"{config.fold} beside it: leave one of them out"
        )
    return config.value


def _first_of_each_stratum(index: pd.DataFrame, group_column: str, within: np.ndarray, config: LeaveOut) -> np.ndarray:
    """(example,) bool: the groups that come first by their hash, of each combination of labels at least one of two.

    Labels that are present or absent count; values would make each group a combination of its own.
    """
    binary = [c for c in index.columns if c.startswith("label.") and index[c].dropna().isin([0, 1]).all()]
    groups = index[within].groupby(group_column, sort=True)[binary].first()
    stratum = groups.groupby(binary, dropna=False).ngroup() if binary else pd.Series(0, groups.index)
    position = pd.Series([_position(str(name), config.seed) for name in groups.index], groups.index)
    place = position.groupby(stratum).rank(method="first")
    size = stratum.map(stratum.value_counts())
    most = (config.validation * size).round().clip(lower=1).where(size > 1, 0)
    return index[group_column].isin(groups.index[place <= most]).to_numpy()


def _positions(index: pd.DataFrame, group_column: str, seed: int) -> np.ndarray:
    _refuse_missing(index, group_column)
    codes, values = pd.factorize(index[group_column])
    return np.array([_position(str(value), seed) for value in values])[codes]


def _position(group: str, seed: int) -> float:
    digest = hashlib.sha256(f"{seed}\t{group}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _refuse_missing(index: pd.DataFrame, group_column: str) -> None:
    rows = index.index[index[group_column].isna()].to_numpy()
    if len(rows):
        raise SplitError(f"Column '{group_column}' must name a group in every row; it is missing in {_listed(rows)}")


def _refuse_straddling(index: pd.DataFrame, name: str, group_column: str, part: np.ndarray) -> None:
    # An unnamed group could be any: whether it straddles cannot be known.
    _refuse_missing(index, group_column)
    parts_a_group = pd.Series(part).groupby(index[group_column].to_numpy()).nunique()
    straddling = parts_a_group.index[parts_a_group > 1]
    if len(straddling):
        rows = index.index[index[group_column].isin(straddling)].to_numpy()
        raise SplitError(
            f"Split '{name}' must keep each group of '{group_column}' in one part; {len(straddling)} groups are in "
            f"two or more, in {_listed(rows)}: mend the lists, or choose split.name={group_hash_name(group_column)}"
        )


def _named(index: pd.DataFrame, name: str, group_column: str, part: np.ndarray) -> Split:
    return Split(name, group_column, part, split_hash(index["example_id"], part))


def _listed(rows: np.ndarray, most: int = 5) -> str:
    more = f" and {len(rows) - most} more" if len(rows) > most else ""
    return f"rows {', '.join(str(r) for r in rows[:most])}{more}"
