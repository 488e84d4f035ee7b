"""What all cells of a study have in common: the task, the examples in a store of their own, and how long is trained."""

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoo_core import plugins
from zoo_core.contract import ConfigError
from zoo_core.data.packed.transform import Transform
from zoo_core.runtime.packing import Form, pack
from zoo_core.runtime.prepare import Prepared, prepare
from zoo_core.runtime.settings import Settings, as_settings, configured, given_settings, merged
from zoo_core.studies.training.scheme import Scheme

STORE = "store"
"""Folder of the packed examples, in that of the study."""

N_SHARDS = 150
"""Of the training split, about as many as ChestX-ray14's has in a store of 512 images a shard: few examples then are
dealt to ranks as a whole, as many are there."""

METRICS = {"mean.auroc": "auroc", "mean.auprc": "auprc"}
"""Primary metrics that can be drawn with other patients, and their name for a label."""

DECIDED = {
    "seed": None,
    "task": ("name",),
    "data": ("name",),
    "topology": ("name",),
    "trainer": (
        "n_epochs",
        "global_batch_size",
        "base_batch_size",
        "learning_rate_rule",
        "sharding",
        "batch_norm",
        "order",
        "n_accumulations",
    ),
    "launch": None,
    "store": None,
    "report": None,
}
"""Settings that options and the grid decide; None for all of a section."""


@dataclass(frozen=True)
class Wanted:
    """What a user wants to be trained.

    Attributes:
        task: its name.
        layers: settings, the later ones win; one of them names the data set.
        topologies: networks.
        size_px: length of y and x of the images.
        per_rank_batch_size: examples of one rank's batch.
        n_epochs: passes over the training split.
    """

    task: str
    layers: Sequence[Settings]
    topologies: Sequence[str]
    size_px: int
    per_rank_batch_size: int
    n_epochs: int

    def __post_init__(self) -> None:
        for option, value in (("--batch", self.per_rank_batch_size), ("--epochs", self.n_epochs)):
            if value < 1:
                raise ConfigError(f"{option} needs a number from 1 on. Received: {value}")


@dataclass(frozen=True)
class Subject:
    """Examples that are prepared, and settings of a run on them.

    Attributes:
        prepared: on the source's own files.
        wanted: by the user.
    """

    prepared: Prepared
    wanted: Wanted

    @property
    def metric(self) -> str:
        """Name of the primary metric for a label."""
        return METRICS[self.prepared.task.primary_metric.name]

    @property
    def form(self) -> Form:
        """Of the store."""
        return Form(Transform(self.wanted.size_px), max(1, round(self.n_train / N_SHARDS)))

    @property
    def n_train(self) -> int:
        """Examples of the training split."""
        return len(self.prepared.rows("train"))

    def described(self) -> dict[str, Any]:
        """What makes numbers of one cell mean something else."""
        wanted, settings = self.wanted, as_settings(self.prepared.config)
        kept = {name: settings[name] for name in ("task", "data", "precision", "split")}
        trainer = {key: value for key, value in settings["trainer"].items() if key not in (DECIDED["trainer"] or ())}
        return {
            **kept,
            "trainer": trainer,
            "weights": self.prepared.config.topology.weights,
            "fingerprint": self.prepared.fingerprint,
            "size_px": wanted.size_px,
            "per_rank_batch_size": wanted.per_rank_batch_size,
            "n_epochs": wanted.n_epochs,
        }

    def pack(self, folder: Path) -> None:
        """Write the store, or go on with it, or see that it is there.

        Args:
            folder: of the study.
        Raises:
            ZooError: the examples cannot be packed at this size.
        """
        pack(self.prepared.config.data, self.prepared.config.split, self.form, folder / STORE)

    def settings(self, scheme: Scheme, seed: int, folder: Path) -> Settings:
        """Of the run of a cell, on the store."""
        config = self.prepared.config
        own = as_settings(config)
        topology = {"weights": config.topology.weights}
        replaced = {**own, "topology": topology, "data": {"name": "packed", "root": str(folder / STORE)}, "seed": seed}
        return merged(replaced, scheme.settings(self.wanted.per_rank_batch_size))


def make_subject(wanted: Wanted, schemes: Iterable[Scheme]) -> Subject:
    """See that everything that is wanted can be trained; nothing is written.

    Args:
        wanted: by the user.
        schemes: of the grid.
    Raises:
        ZooError: it cannot; says what.
    """
    for layer in wanted.layers:
        _refuse_decided(layer)
    for name in wanted.topologies:
        plugins.find("topology", name)
    own = {"trainer": {"n_epochs": wanted.n_epochs}, "topology": {"name": wanted.topologies[0]}}
    config = configured(given_settings(wanted.task, "default", [*wanted.layers, own]))
    subject = Subject(prepare(config), wanted)
    if (name := subject.prepared.task.primary_metric.name) not in METRICS:
        raise ConfigError(
            f"A study of ranks needs a task whose primary metric is one of {', '.join(METRICS)}. "
            f"Received: '{wanted.task}' with '{name}'"
        )
    _ = subject.form
    for scheme in schemes:
        _refuse_unfit(subject, scheme)
    return subject


def _refuse_decided(layer: Settings) -> None:
    for section, keys in DECIDED.items():
        values = layer.get(section)
        found = [section] if keys is None and values is not None else []
        if isinstance(values, dict):
            found += [f"{section}.{key}" for key in values if keys is None or key in keys]
        # The data set is chosen by an option, which makes a layer too.
        found = [key for key in found if key != "data.name"]
        if found:
            raise ConfigError(f"A study chooses {found[-1]} by itself or by an option: leave out --set {found[-1]}")


def _refuse_unfit(subject: Subject, scheme: Scheme) -> None:
    size, n_train = subject.wanted.per_rank_batch_size, subject.n_train
    if size * scheme.n_ranks > n_train:
        raise ConfigError(
            f"--ranks {scheme.n_ranks} with --batch {size} make a global batch of {size * scheme.n_ranks}, which needs "
            f"at least as many training examples. Received: {n_train}: fewer ranks, or more examples"
        )
    config = subject.prepared.config
    trainer = dataclasses.replace(config.trainer, **scheme.settings(size)["trainer"])
    dataclasses.replace(config, trainer=trainer)
