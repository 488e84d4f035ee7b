"""All that can be checked and decided before TensorFlow is imported and anything is written."""

import dataclasses
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from zoo_core import plugins
from zoo_core.contract import (
    Arrays,
    ConfigError,
    DataError,
    DatasetAdapter,
    SecondTruth,
    SupportsDataOptions,
    SupportsFolds,
    SupportsShards,
    Task,
)
from zoo_core.data.classes import labels_by_class, with_class_columns
from zoo_core.data.declared import refuse_undeclared
from zoo_core.data.fingerprint import fingerprint
from zoo_core.data.reader import Examples
from zoo_core.data.soundness import Unreadable, find_unreadable, refuse_too_many
from zoo_core.data.splits import (
    PARTS,
    LeaveOut,
    Split,
    choose_group_column,
    defined_split,
    group_hash_name,
    groups_of,
    hash_split,
    leave_out_name,
    leave_out_split,
    listed_split,
    read_list,
    refuse_empty,
)
from zoo_core.runtime.config import RunConfig, SplitConfig
from zoo_core.runtime.precisions import training_policy
from zoo_core.runtime.second_truth import read_second_truth


@dataclass(frozen=True)
class Prepared:
    """A run before its first step.

    Attributes:
        config: of the run.
        adapter: brings the examples.
        task: says what is asked of them.
        index: one row an example, with a column for each class of a label that has several.
        split: which example is in which part.
        fitted: what the task learned from the training rows.
        fingerprint: SHA-256 of the examples' names, labels and metadata.
        unreadable: images that are left out.
        second_truth: of the rows of the index, where there is one.
    """

    config: RunConfig
    adapter: DatasetAdapter
    task: Task
    index: pd.DataFrame
    split: Split
    fitted: Arrays
    fingerprint: str
    unreadable: list[Unreadable] = field(default_factory=list)
    second_truth: SecondTruth | None = None

    def rows(self, part: str) -> np.ndarray:
        """(example,) int64, the rows of a part that can be read; of `train` those that teach anything."""
        rows = np.setdiff1d(self.split.rows(part), [bad.row for bad in self.unreadable])
        return rows[~np.isnan(self.examples().truth(rows)).all(axis=1)] if part == "train" else rows

    def groups(self, column: str) -> pd.Series:
        """(example,), name of each row's group by a column of the index, as the split takes them."""
        return groups_of(self.index, column, self.adapter.group_columns[0])

    def training_shards(self) -> Sequence[np.ndarray]:
        """Rows of the training part, shard by shard as they are stored.

        Raises:
            ConfigError: they are not stored so.
        """
        local = self.config.trainer.sharding == "shard-local"
        key, instead = ("sharding=shard-local", "sharding=partition") if local else ("order=shards", "order=exact")
        adapter, wanted = self.adapter, f"trainer.{key} needs a packed store laid out for the split of the run"
        if not isinstance(adapter, SupportsShards):
            raise ConfigError(
                f"{wanted}. Received: data set '{self.config.data.name}': pack it with 'zoo data pack', or set "
                f"trainer.{instead}"
            )
        if adapter.split_hash != self.split.hash:
            raise ConfigError(
                f"{wanted}, '{self.split.name}'. Received: one laid out for another: pack it anew with the same --set "
                f"split settings, or set trainer.{instead}"
            )
        return adapter.shards("train")

    def examples(self) -> Examples:
        """The rows as the task sees them."""
        return Examples(self.adapter, self.task, self.index, self.fitted)


def prepare(config: RunConfig) -> Prepared:
    """Make the adapter and the task, see that they fit, and part the examples.

    Raises:
        DataError: the data set is not what its adapter reads, or not what the task needs.
        SplitError: a group straddles parts, or a part is empty.
        ConfigError: an option or a split that is not offered.
        PluginError: a plugin that does not load.
    """
    adapter: DatasetAdapter = plugins.create("dataset", config.data.name, config.data.options)
    config, task = _task_for(config, adapter)
    refuse_misfit(config, adapter, task)
    training_policy(config.precision)  # where networks are not trained in it, that is said before anything is written
    own_index = adapter.index()
    index = with_class_columns(own_index, adapter.labels)
    split = make_split(adapter, index, config.split)
    fitted = task.fit(index.iloc[split.rows("train")], adapter.specs)
    second_truth = read_second_truth(adapter, task, index)
    prepared = Prepared(config, adapter, task, index, split, fitted, fingerprint(own_index), second_truth=second_truth)
    if not len(prepared.rows("train")):
        wanted = ", ".join(label.name for label in task.labels)
        raise DataError(
            f"Training needs examples whose label is known ({wanted}). Received: none among {len(split.rows('train'))} "
            f"of split '{split.name}': choose another split or fold"
        )
    if config.trainer.by_shards:
        prepared.training_shards()  # where there are none, that is said before anything is written
    return prepared


def leave_out_unreadable(prepared: Prepared, advance: Callable[[], None], parts: Sequence[str] = PARTS) -> Prepared:
    """Read every image once and leave out those that cannot be read; drawn images are taken as they come.

    Args:
        prepared: the run.
        advance: called after each image, from several threads.
        parts: of the split, that are looked at.
    Raises:
        DataError: too many of a part cannot be read, or one is not what the data set declares.
    """
    if prepared.adapter.card.drawn:
        _refuse_undeclared_drawing(prepared, parts)
        return prepared
    rows = np.sort(np.concatenate([prepared.split.rows(part) for part in parts]))
    n_threads = len(os.sched_getaffinity(0))
    unreadable = find_unreadable(prepared.adapter, rows, n_threads, advance)
    refuse_too_many(unreadable, prepared.split, parts)
    return dataclasses.replace(prepared, unreadable=unreadable)


def _refuse_undeclared_drawing(prepared: Prepared, parts: Sequence[str]) -> None:
    """One tells of all, before anything is written; the others are looked at as they come."""
    rows = np.concatenate([prepared.split.rows(part) for part in parts])[:1]
    for row, arrays in zip(rows.tolist(), prepared.examples().read(rows), strict=True):
        refuse_undeclared(prepared.adapter.specs, arrays, row, str(prepared.index["example_id"].iloc[row]))


def make_split(
    adapter: DatasetAdapter, index: pd.DataFrame, config: SplitConfig, needed: Sequence[str] = PARTS
) -> Split:
    """The split that a configuration names or lists, or the source's own, or else one by the hash of groups.

    Args:
        adapter: of the data set.
        index: of the adapter.
        config: names or lists it.
        needed: parts that may not be empty.
    Raises:
        ConfigError: there is no such split, group or list.
        SplitError: a group straddles parts, or a part that is needed is empty.
    """
    split = _chosen_split(adapter, index, config)
    refuse_empty(split, index, needed)
    return split


def with_whole_groups(adapter: DatasetAdapter, index: pd.DataFrame, group_column: str) -> pd.DataFrame:
    """The index with a group in every row that has one by this column or by the data set's default, to part it by."""
    return index.assign(**{group_column: groups_of(index, group_column, adapter.group_columns[0])})


def refuse_misfit(config: RunConfig, adapter: DatasetAdapter, task: Task) -> None:
    """See that a data set has the arrays that a task needs, and at least one of its labels.

    Raises:
        DataError: it has not.
    """
    who = f"Task '{config.task.name}' on data set '{config.data.name}'"
    if reason := task.accepts(adapter.specs):
        raise DataError(f"{who}: the task {reason}. Choose another with --data")
    labels = labels_by_class(adapter.labels)
    if not task.select(labels):
        wanted = ", ".join(label.name for label in task.labels)
        offered = ", ".join(label.name for label in labels) or "none"
        raise DataError(f"{who}: the task needs at least one of its labels ({wanted}). Received: {offered}")


def _task_for(config: RunConfig, adapter: DatasetAdapter) -> tuple[RunConfig, Task]:
    """The task, with what it takes from the data set among its options."""
    task: Task = plugins.create("task", config.task.name, config.task.options)
    if not isinstance(task, SupportsDataOptions):
        return config, task
    options = task.with_data(labels_by_class(adapter.labels), adapter.specs)
    choice = dataclasses.replace(config.task, options=options)
    task = plugins.create("task", choice.name, choice.options)
    return dataclasses.replace(config, task=choice), task


def _chosen_split(adapter: DatasetAdapter, index: pd.DataFrame, config: SplitConfig) -> Split:
    group_column = choose_group_column(adapter.group_columns, config.group_by)
    index = with_whole_groups(adapter, index, group_column)
    if config.lists:
        lists = {part: read_list(Path(path)) for part, path in config.lists.items()}
        return listed_split(index, config.name, group_column, lists)
    by_hash = group_hash_name(group_column)
    name = config.name or adapter.split_name or by_hash
    if name == by_hash:
        fractions = {"validation": config.validation, "test": config.test}
        return hash_split(index, group_column, fractions, config.seed)
    if name == adapter.split_name:
        return defined_split(index, name, group_column, config.validation, config.seed)
    folds = {leave_out_name(column): column for column in fold_columns(adapter)}
    fold_name, _, value = name.partition(":")  # as a run records it: leave-plate-out:plate-1
    if fold_name in folds:
        left_out = LeaveOut(config.fold, config.validation, config.seed, value)
        return leave_out_split(index, folds[fold_name], group_column, left_out)
    offered = ", ".join(n for n in (adapter.split_name, by_hash, *folds) if n)
    raise ConfigError(f"split.name needs one of: {offered}. Received: '{name}'")


def fold_columns(adapter: DatasetAdapter) -> tuple[str, ...]:
    """Columns of which one value can be left out; none where a data set says nothing of it."""
    return adapter.fold_columns if isinstance(adapter, SupportsFolds) else ()
