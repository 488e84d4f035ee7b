"""Laws of what a data set says of itself, and of its index."""

import dataclasses
import re
from collections.abc import Iterator
from typing import ClassVar

import numpy as np
import pandas as pd

from zoo_core.contract import DataError, DatasetAdapter, Label, SplitError
from zoo_core.data.classes import labels_by_class
from zoo_core.data.splits import PARTS, defined_split
from zoo_core.testing.checks import Checks
from zoo_core.testing.promises import broken, one_line, said

COLUMN = re.compile(r"(label|meta|oracle)\..+")
AXES = tuple("tczyx")
KINDS_OF_LABEL = ("binary", "class", "value")


class IndexLaws(Checks):
    """What a data set says before anything is read."""

    kind: ClassVar[str] = "dataset"

    def test_it_has_the_members_of_a_dataset_adapter(self, adapter: DatasetAdapter) -> None:
        """Every member of the protocol is there and can be called as the contract says."""
        self.keep_the_contract(adapter)

    def test_card_is_complete(self, adapter: DatasetAdapter) -> None:
        """A reader of a result learns what the data are, who labelled them, and under which terms they are."""
        card = adapter.card
        for name in ("title", "summary", "licence", "citation", "label_source"):
            text = getattr(card, name)
            if not isinstance(text, str) or not text.strip():
                broken(f"The card says '{name}' in words", repr(text), f"fill in DatasetCard.{name}")
        if not isinstance(card.drawn, bool):
            broken("The card says whether images are drawn, True or False", repr(card.drawn), "set DatasetCard.drawn")
        if isinstance(card.notes, str) or not all(isinstance(note, str) for note in card.notes):
            broken("The card's notes are sentences in a tuple", repr(card.notes), "write notes=('...',)")

    def test_specs_describe_arrays_by_axes_dtype_and_range(self, adapter: DatasetAdapter) -> None:
        """Each array has a name of its own, axes of t c z y x, a dtype of NumPy and a range."""
        names = [spec.name for spec in adapter.specs]
        if not names or len(set(names)) < len(names):
            broken("A data set has arrays with names of their own", names, "mend specs")
        for spec in adapter.specs:
            if reason := _why_unsound_spec(spec.axes, spec.dtype, spec.value_range):
                broken(f"The spec of '{spec.name}' describes an array", reason, "mend specs")
            n_channels = spec.length("c")
            if spec.channel_names and n_channels not in (None, len(spec.channel_names)):
                broken(
                    f"'{spec.name}' names each of its {n_channels} channels", spec.channel_names, "mend channel_names"
                )

    def test_labels_are_described(self, adapter: DatasetAdapter) -> None:
        """Each label, and each class of one, has a name of its own; a label of classes names at least two."""
        for label in adapter.labels:
            if label.kind not in KINDS_OF_LABEL:
                broken(f"Label '{label.name}' is one of {', '.join(KINDS_OF_LABEL)}", label.kind, "mend labels")
            if label.kind == "class" and len(label.class_names) < 2:
                broken(f"Label '{label.name}' names at least two classes", label.class_names, "fill in class_names")
        try:
            labels_by_class(adapter.labels)
        except DataError as error:
            broken("Labels and classes have names of their own", error, "rename one")

    def test_index_numbers_its_rows_from_0(self, index: pd.DataFrame) -> None:
        """`index()` has a row an example, numbered as `read` takes them."""
        if not len(index):
            broken("A data set has at least one example", "an index without rows", "check the root")
        if not np.array_equal(index.index.to_numpy(), np.arange(len(index))):
            numbers = list(index.index[:3])
            broken("Rows are numbered from 0", f"{numbers} ...", "end index() with .reset_index(drop=True)")

    def test_index_has_known_columns_alone(self, adapter: DatasetAdapter, index: pd.DataFrame) -> None:
        """Columns are `example_id`, `split`, `label.NAME`, `meta.NAME` and, of drawn data, `oracle.NAME`."""
        known = {"example_id", "split"}
        odd = [name for name in index.columns if name not in known and not COLUMN.fullmatch(str(name))]
        if odd or not index.columns.is_unique:
            broken(
                "Columns of the index are example_id, split, label.NAME, meta.NAME and oracle.NAME, each once",
                odd or list(index.columns),
                "put what else is known of an example into meta.NAME",
            )
        if not adapter.card.drawn and (oracle := [c for c in index.columns if c.startswith("oracle.")]):
            broken("Only drawn data have an oracle", oracle, "leave the columns out, or set DatasetCard.drawn")

    def test_example_ids_are_unique_texts(self, index: pd.DataFrame) -> None:
        """`example_id` names an example wherever its predictions go."""
        if "example_id" not in index:
            broken("The index has a column 'example_id'", list(index.columns), "name each example")
        names = index["example_id"].tolist()
        odd = next((name for name in names if not isinstance(name, str) or not name), None)
        if odd is not None:
            broken("An example_id is a text", repr(odd), "write str(...)")
        if len(set(names)) < len(names):
            twice = index["example_id"][index["example_id"].duplicated()].iloc[0]
            broken(
                "An example_id is unique", f"'{twice}' more than once", "add what tells them apart, such as a folder"
            )

    def test_index_is_the_same_at_each_call(self, adapter: DatasetAdapter, index: pd.DataFrame) -> None:
        """`index()` gives equal rows in the same order, whatever was done with the one before."""
        before = index.copy(deep=True)
        scratch = adapter.index()
        scratch.insert(0, "meta.of_the_kit", 0)
        scratch.index += 1
        again = adapter.index()
        if not before.equals(again):
            broken(
                "index() is the same at each call, and whoever changes what it gave changes nothing of it",
                _table_difference(before, again),
                "sort the files that are listed, and return a table of its own: .copy()",
            )

    def test_labels_in_the_index_are_those_that_are_described(
        self, adapter: DatasetAdapter, index: pd.DataFrame
    ) -> None:
        """Each label has a column, and each column a label."""
        wanted = [f"label.{label.name}" for label in adapter.labels]
        found = [name for name in index.columns if name.startswith("label.")]
        if set(wanted) != set(found):
            broken(f"The index has columns {wanted}", found, "mend labels or index()")

    def test_labels_have_the_values_of_their_kind(self, adapter: DatasetAdapter, index: pd.DataFrame) -> None:
        """Binary labels are 0 or 1, classes their numbers from 0, values finite; what is unknown is missing."""
        for label in adapter.labels:
            if f"label.{label.name}" in index and (reason := _why_no_values(label, index[f"label.{label.name}"])):
                broken(f"Label '{label.name}' is {label.kind}", reason, "mend index(), missing where unknown")

    def test_one_class_of_each_set_is_present(self, adapter: DatasetAdapter, index: pd.DataFrame) -> None:
        """Of binary labels that are classes of one label an example has exactly one."""
        for name in dict.fromkeys(label.class_of for label in adapter.labels if label.class_of):
            columns = [f"label.{label.name}" for label in adapter.labels if label.class_of == name]
            known = index[columns].astype(float).dropna()
            if (odd := known[known.sum(axis=1) != 1]).size:
                broken(f"An example has one of the classes of '{name}'", odd.iloc[0].to_dict(), "mend index()")

    def test_group_columns_are_in_the_index(self, adapter: DatasetAdapter, index: pd.DataFrame) -> None:
        """At least one `meta.` column is the group that no split cuts through; the first has no missing value."""
        columns = adapter.group_columns
        absent = [name for name in columns if name not in index or not name.startswith("meta.")]
        if not columns or isinstance(columns, str) or absent:
            broken("group_columns names 'meta.' columns of the index", absent or columns, "mend group_columns")
        if index[columns[0]].isna().any():
            row = int(np.flatnonzero(index[columns[0]].isna())[0])
            broken(
                f"Every row has a group of the default, '{columns[0]}'",
                f"none in row {row}",
                "name a group of its own where nothing is known, or offer another column first",
            )

    def test_no_group_is_in_two_parts_of_its_source_split(self, adapter: DatasetAdapter, index: pd.DataFrame) -> None:
        """The split that a source defines keeps groups whole, and has known parts; without a name there is none."""
        if (adapter.split_name is None) == ("split" in index):
            there = "a column" if "split" in index else "no column"
            broken(
                "A data set has both split_name and a column 'split' in the index, or neither",
                f"split_name {adapter.split_name!r} and {there} 'split'",
                "mend split_name or index()",
            )
        if adapter.split_name is None:
            return
        try:
            defined_split(index, adapter.split_name, adapter.group_columns[0], validation=0.1)
        except SplitError as error:
            cure = f"mend the column 'split', of the parts {', '.join(PARTS)}"
            broken(f"No '{adapter.group_columns[0]}' is in two parts of the source's split", error, cure)


def _why_unsound_spec(axes: tuple[str, ...], dtype: str, value_range: tuple[float, float]) -> str | None:
    if not set(axes) <= set(AXES) or len(set(axes)) < len(axes):
        return f"axes {axes}, wanted different ones of {', '.join(AXES)}"
    try:
        named = np.dtype(dtype).name
    except TypeError as error:
        return f"dtype {dtype!r}: {said(error)}"
    if named != dtype:
        return f"dtype {dtype!r}, wanted NumPy's name '{named}'"
    low, high = value_range
    return None if low < high else f"value_range {value_range}, wanted the smaller value first"


def _why_no_values(label: Label, column: pd.Series) -> str | None:
    try:
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        return said(error)
    known = values[~np.isnan(values)]
    allowed = {"binary": [0, 1], "class": list(range(len(label.class_names)))}.get(label.kind)
    odd = known[~np.isfinite(known)] if allowed is None else known[~np.isin(known, allowed)]
    wanted = "a finite number" if allowed is None else f"one of {allowed}"
    return f"{odd[0]:g} in {len(odd)} rows, wanted {wanted}" if len(odd) else None


def _table_difference(one: pd.DataFrame, other: pd.DataFrame) -> str:
    def differences() -> Iterator[str]:
        if one.shape != other.shape or list(one.columns) != list(other.columns):
            yield f"{one.shape} and {other.shape} with columns {sorted(set(one.columns) ^ set(other.columns))}"
            return
        for name in one.columns:
            if not one[name].equals(other[name]):
                yield f"other values of '{name}'"

    return one_line(next(differences(), "rows that are numbered otherwise"))


def described(adapter: DatasetAdapter) -> dict[str, object]:
    """What a data set says of itself, to compare two of them."""
    return {
        "card": dataclasses.asdict(adapter.card),
        "specs": tuple(adapter.specs),
        "labels": tuple(adapter.labels),
        "group_columns": tuple(adapter.group_columns),
        "split_name": adapter.split_name,
    }
