"""A data set, as `zoo run` would read it, into a packed store."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from zoo_core import plugins
from zoo_core.contract import DatasetAdapter
from zoo_core.data.fingerprint import fingerprint
from zoo_core.data.packed.manifest import LaidOutFor, Plan, Source
from zoo_core.data.packed.transform import Transform, packed_specs
from zoo_core.data.packed.writing import Packed, Packer
from zoo_core.data.splits import Split
from zoo_core.runtime.config import Choice, SplitConfig
from zoo_core.runtime.prepare import fold_columns, make_split
from zoo_core.runtime.progress import Shown
from zoo_core.runtime.settings import Settings, over_data_preset, plugin_choice, validated

ROWS_PER_SHARD = 512
"""25 MB of grey pictures at 224 px: long enough to be read at a disk's speed, short enough to hold two in memory."""


@dataclass(frozen=True)
class Form:
    """What a store is to look like.

    Attributes:
        transform: of every array.
        rows_per_shard: examples of a shard.
    """

    transform: Transform
    rows_per_shard: int = ROWS_PER_SHARD


def choose_source(layers: Iterable[Settings]) -> tuple[Choice, SplitConfig]:
    """Lay settings of a data set and of its split over the data set's default preset.

    Args:
        layers: settings, the later ones win; one of them names the data set.
    Raises:
        ConfigError: an unknown section or key, or a value that does not fit.
        PluginError: the data set cannot be loaded.
    """
    settings = over_data_preset(layers, ("data", "split"))
    return plugin_choice("data", settings["data"]), validated(SplitConfig, settings.get("split", {}), "split")


def pack(data: Choice, split: SplitConfig, form: Form, folder: Path) -> Packed:
    """Pack a data set, or go on with it, or say that it is packed already.

    Args:
        data: the data set.
        split: the split that the store is laid out for.
        form: of the store.
        folder: of the store.
    Raises:
        ZooError: the data set, the split or the folder cannot be used; says which and why.
    """
    progress = Shown()
    adapter: DatasetAdapter = plugins.create("dataset", data.name, data.options)
    index = adapter.index()
    parted = make_split(adapter, index, split)
    packer = Packer(adapter, index, parted, make_plan(data, adapter, index, parted, form), folder)
    counts = ", ".join(f"{n} {part}" for part, n in parted.counts().items())
    progress.say(f"{data.name}: {adapter.card.title}; split {parted.name}: {counts}")
    with progress.meter("packing", len(index)) as meter:
        return packer.pack(meter.advance)


def make_plan(data: Choice, adapter: DatasetAdapter, index: pd.DataFrame, split: Split, form: Form) -> Plan:
    """What is to be in a store.

    Args:
        data: the data set.
        adapter: of the data set.
        index: of the adapter.
        split: the store is laid out for.
        form: of the store.
    Raises:
        ConfigError: an array would be enlarged.
        DataError: an array that has no size of its own.
    """
    source = Source(
        name=data.name,
        options=_options(data.options),
        fingerprint=fingerprint(index),
        card=adapter.card,
        specs=adapter.specs,
        labels=adapter.labels,
        group_columns=adapter.group_columns,
        split_name=adapter.split_name,
        fold_columns=fold_columns(adapter),
    )
    laid_out_for = LaidOutFor(split.name, split.group_column, split.hash, split.counts())
    specs = packed_specs(adapter.specs, form.transform)
    return Plan(source, form.transform, specs, laid_out_for, form.rows_per_shard)


def _options(options: Any) -> dict[str, Any]:
    """All but where the data are: a store is the same wherever its source was."""
    return {key: value for key, value in dataclasses.asdict(options).items() if key != "root"}
