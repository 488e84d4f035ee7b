"""The record that an entry point names, and the groups it can stand in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

CONTRACT_VERSION = "v1"
"""Major version, the last part of every entry-point group."""

KINDS = ("task", "dataset", "topology", "precision", "command")
"""What a plugin can be."""

GROUPS = {
    "task": "zoo.tasks.v1",
    "dataset": "zoo.datasets.v1",
    "topology": "zoo.topologies.v1",
    "precision": "zoo.precision.v1",
    "command": "zoo.commands.v1",
}
"""Entry-point group of each kind. The entry point's name is the plugin's only name."""


@dataclass(frozen=True)
class Plugin:
    """What an entry point of any group points at.

    Attributes:
        config: a frozen dataclass with a default for every field: what `--set` and a TOML file can set.
        create: makes the object from a `config`; it satisfies the group's protocol and inherits nothing.
        summary: one sentence for `zoo list`.
        presets: settings by preset name. A task's are keyed by section, `{"smoke": {"trainer": {"n_epochs": 1}}}`,
            a data set's touch its own section only, `{"smoke": {"n_patients": 200}}`, and win over the task's.
    """

    config: type
    create: Callable[[Any], Any]
    summary: str
    presets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
