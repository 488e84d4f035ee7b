"""What a data set adapter owes: it brings examples, and knows nothing of training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from zoo_core.contract.arrays import Arrays, ArraySpec

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


@dataclass(frozen=True)
class Label:
    """One thing that is known of an example: column `label.NAME` of the index.

    Attributes:
        name: the field's name for it, such as "Effusion".
        kind: `binary` (0 absent, 1 present), `class` (0 ... n-1) or `value` (a number with a unit).
        unit: of a `value`.
        class_names: of a `class`, in the order of its numbers.
        class_of: of a `binary` label that is one of the classes of a `class`: that label's name. Of each example one of
            the labels of a name is present. A task sees a `class` as such labels, one a class, named as the classes.
    """

    name: str
    kind: Literal["binary", "class", "value"] = "binary"
    unit: str | None = None
    class_names: tuple[str, ...] = ()
    class_of: str | None = None


@dataclass(frozen=True)
class DatasetCard:
    """What a reader of a result must know of the data.

    Attributes:
        title: the data set's full name.
        summary: what it holds.
        licence: name of the licence, or the terms in a sentence.
        citation: what to cite.
        label_source: who or what gave the labels, and how far they can be trusted.
        drawn: True where the images are drawn by a program: every table and report then says so.
        notes: what else is true of this copy, such as how many of how many images are there.
        group_namespace: who numbered the groups: in data sets of the same namespace, groups of the same name are the
            same patients, plants or plates. Empty for a data set that alone numbers its own.
        copy_of: name of the data set whose examples these are in another form: results bear that name. Empty for a data
            set that is itself.
    """

    title: str
    summary: str
    licence: str
    citation: str
    label_source: str
    drawn: bool
    notes: tuple[str, ...] = ()
    group_namespace: str = ""
    copy_of: str = ""


@dataclass(frozen=True)
class SecondTruth:
    """What somebody else says of some of the examples, such as radiologists who read images again.

    The data set's labels stay what is learned and predicted; a second truth only judges.

    Attributes:
        source: who says it, with what to cite.
        findings: what is said, by name: the data set's binary labels that it is the union of, itself alone often.
        table: `example_id`, unique, each in the index; and a column per finding with 0 absent, 1 present, missing
            unknown. Examples that nobody looked at again need no row.
    """

    source: str
    findings: Mapping[str, tuple[str, ...]]
    table: pd.DataFrame


@dataclass(frozen=True)
class Example:
    """One example as a task gets it.

    Attributes:
        arrays: what the adapter read.
        specs: what the arrays hold, above all their range.
        row: the index's row, value by column.
    """

    arrays: Arrays
    specs: tuple[ArraySpec, ...]
    row: Mapping[str, Any]

    def spec(self, name: str) -> ArraySpec:
        """The spec of one array."""
        return next(spec for spec in self.specs if spec.name == name)


@runtime_checkable
class DatasetAdapter(Protocol):
    """Examples of one data set.

    Attributes:
        card: what a reader must know.
        specs: the arrays that `read` returns.
        labels: the labels there are.
        group_columns: `meta.` columns that may be the group no split may cut through; the first is the default.
        split_name: name of the split the source defines (column `split` of the index), or None.
    """

    @property
    def card(self) -> DatasetCard: ...
    @property
    def specs(self) -> tuple[ArraySpec, ...]: ...
    @property
    def labels(self) -> tuple[Label, ...]: ...
    @property
    def group_columns(self) -> tuple[str, ...]: ...
    @property
    def split_name(self) -> str | None: ...

    def index(self) -> pd.DataFrame:
        """One row an example, in a fixed order, rows numbered from 0.

        Columns: `example_id` (unique string); `split` (`train`, `validation` or `test`) where the source defines one;
        `label.NAME`, a number, missing where unknown; `meta.NAME`; `oracle.NAME`, only where the data are drawn:
        the score of the best reader possible.
        """
        ...

    def read(self, i: int) -> Arrays:
        """Arrays of row `i`: the same at each call, safe from several threads.

        Raises:
            IndexError: there is no row `i`.
            ImageError: the row's image cannot be read.
        """
        ...


@runtime_checkable
class SupportsBoxes(Protocol):
    """A data set that says where some findings are."""

    def boxes(self) -> pd.DataFrame:
        """One row a box: `example_id`, `label`; `x_min`, `y_min`, `width`, `height` as fractions of the sides."""
        ...


@runtime_checkable
class SupportsSecondTruth(Protocol):
    """A data set some of whose examples were judged a second time, by better judges than those who labelled it all."""

    def second_truth(self) -> SecondTruth | None:
        """What they say; None where this copy of the data does not have it.

        Raises:
            DataError: the file that holds it is damaged.
        """
        ...


@runtime_checkable
class SupportsFolds(Protocol):
    """A data set that one plate, treatment, plant or the like can be left out of, to be tested on.

    Attributes:
        fold_columns: `meta.` columns whose values are left out one at a time by split `leave-NAME-out`, such as
            `meta.plate` by `leave-plate-out`; no group of the default group column lies in two values of one.
    """

    @property
    def fold_columns(self) -> tuple[str, ...]: ...


@runtime_checkable
class SupportsBatches(Protocol):
    """A data set that reads many rows faster together than one by one."""

    def read_batch(self, rows: np.ndarray) -> Arrays:
        """Arrays of rows, (example, ...), in their order: what `read` gives of each; safe from several threads.

        Raises:
            IndexError: there is no such row.
            ImageError: the image of a row cannot be read.
        """
        ...


@runtime_checkable
class SupportsShards(Protocol):
    """A data set whose rows lie in shards, each of one part of a split, and read fastest shard by shard.

    Attributes:
        split_hash: `Split.hash` of the split whose parts the shards belong to.
    """

    @property
    def split_hash(self) -> str: ...

    def shards(self, part: str) -> Sequence[np.ndarray]:
        """Rows of a part, shard by shard, each (example,) in the order in which they lie; only what can be read."""
        ...


@runtime_checkable
class SupportsUnreadable(Protocol):
    """A data set that knows which of its images cannot be read: nobody has to read them all to find out."""

    def unreadable(self) -> Mapping[int, str]:
        """Why a row cannot be read, by row."""
        ...


@runtime_checkable
class SupportsRemarks(Protocol):
    """A data set that can say what is odd of a file and does not show in the arrays that are read of it."""

    def remarks(self, i: int) -> tuple[str, ...]:
        """What is odd of row `i`'s file, each a few words, such as "RGBA"; the same words for the same oddity.

        Raises:
            IndexError: there is no row `i`.
            ImageError: the row's file cannot be opened.
        """
        ...
