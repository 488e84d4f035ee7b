"""Weights of a backbone by a user's choice: published ones, or a local folder or file; what they are is recorded."""

import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoo_core.contract import ConfigError, InputScaling, MachineError, PluginError, Topology, Weights
from zoo_core.models.weight_files import FORMATS, read_into

Fetch = Callable[[str, str | None], Path]
"""A published file on this machine, by its address and its checksum; raises a MachineError that says what to do."""

RANDOM = "random"
UNKNOWN = "unknown"
PRESET = "preset:"
PRESET_CONFIG = "config.json"
PRESET_WEIGHTS = "model.weights.h5"
_ANY_PRESET_HAS = frozenset({"name", "trainable", "dtype", "input_shape", "input_tensor", "include_rescaling"})
"""Keys of a preset's configuration that say nothing of the graph between its input and its output."""


@dataclass(frozen=True)
class LoadedWeights:
    """What a backbone starts from, as run.json keeps it.

    Attributes:
        choice: what was asked for: "random", a name, or a path.
        source: "random", where published weights come from, or "file".
        sha256: of the weights file; None for random weights.
        licence: of the weights; "unknown" for a file that is no published one.
        trained_on: data set; "unknown" likewise, "nothing" for random weights.
        scaling: the input they were trained with; the topology's own for random and unknown ones.
    """

    choice: str
    source: str
    sha256: str | None
    licence: str
    trained_on: str
    scaling: InputScaling


def not_fetched(address: str, _checksum: str | None) -> Path:
    """For callers that have all weights on this machine.

    Raises:
        MachineError: always.
    """
    raise MachineError(f"{address} is not fetched here")


def load_weights(backbone: Any, topology: Topology, choice: str, fetch: Fetch = not_fetched) -> LoadedWeights:
    """Give a backbone the weights that were asked for.

    A local file is recognised by its checksum: if it is one of the topology's published ones, it brings their licence
    and input scaling.

    Args:
        backbone: from `topology.build`; its variables are set.
        topology: knows the published weights.
        choice: "random", a name of `topology.weights`, a keras-cv preset folder or a weights file.
        fetch: gets published files.
    Raises:
        ConfigError: there is no such choice, or the weights do not belong to this graph.
        MachineError: published weights could not be fetched, or are not what their publisher states.
        PluginError: the topology names a preset that keras-cv does not have.
    """
    if choice == RANDOM:
        return LoadedWeights(RANDOM, RANDOM, None, "none", "nothing", topology.scaling)
    published = topology.weights.get(choice)
    path = _fetch(choice, published, fetch) if published else _local(choice, topology)
    file = _preset_file(path, backbone) if path.is_dir() else path
    if published is None:
        published = _recognise(file, topology.weights)
    read_into(backbone, file)
    return _record(choice, file, published, topology)


def _record(choice: str, file: Path, published: Weights | None, topology: Topology) -> LoadedWeights:
    sha256 = _digest(file, "sha256")
    if published is None:
        return LoadedWeights(choice, "file", sha256, UNKNOWN, UNKNOWN, topology.scaling)
    return LoadedWeights(choice, published.source, sha256, published.licence, published.trained_on, published.scaling)


def _local(choice: str, topology: Topology) -> Path:
    path = Path(choice)
    if not os.access(path, os.R_OK):
        names = ", ".join([RANDOM, *topology.weights])
        raise ConfigError(
            f"topology.weights needs one of {names}, a keras-cv preset folder, or a file {', '.join(FORMATS)}. "
            f"Received: '{choice}', which is not there or may not be read"
        )
    return path


def _fetch(choice: str, published: Weights, fetch: Fetch) -> Path:
    """A published file or preset folder on this machine, fetched if it is not there yet."""
    if published.source.startswith(PRESET):
        return _fetch_preset(choice, _preset_address(published.source.removeprefix(PRESET)))
    try:
        return fetch(published.source, published.checksum)
    except MachineError as error:
        raise MachineError(f"Weights '{choice}': {error}, or use --set topology.weights=FILE") from error


def _preset_address(name: str) -> str:
    """Where keras-cv keeps a preset, with its version."""
    import keras_cv

    presets = [getattr(family, "presets", {}) for family in vars(keras_cv.models).values()]
    address = next((known[name]["kaggle_handle"] for known in presets if name in known), None)
    if address is None:
        raise PluginError(f"A topology names the weights '{PRESET}{name}', a preset that keras-cv does not have")
    return str(address)


def _fetch_preset(choice: str, address: str) -> Path:
    from keras_cv.src.utils.preset_utils import get_file

    try:
        # The library prints to stdout, which is for results.
        with contextlib.redirect_stdout(sys.stderr):
            get_file(address, PRESET_CONFIG)
            return Path(get_file(address, PRESET_WEIGHTS)).parent
    except Exception as error:  # it raises whatever came up: a dozen classes without a common parent
        reason = str(error).strip().partition("\n")[0]
        raise MachineError(
            f"Weights '{choice}' could not be fetched from {address}: {reason}. "
            "Fetch them on another machine and use --set topology.weights=FOLDER"
        ) from error


def _preset_file(folder: Path, backbone: Any) -> Path:
    """The weights file of a keras-cv preset folder, once its configuration is seen to be this graph's."""
    config_file, weights_file = folder / PRESET_CONFIG, folder / PRESET_WEIGHTS
    for file in (config_file, weights_file):
        if not file.is_file():
            raise ConfigError(
                f"topology.weights needs a keras-cv preset folder with {PRESET_CONFIG} and {PRESET_WEIGHTS}. "
                f"Received: {folder}, where {file.name} is missing"
            )
    try:
        preset = json.loads(config_file.read_text(encoding="utf-8"))
        numbers = {"class_name": preset["class_name"], **preset["config"]}
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"A keras-cv preset's configuration was wanted in {config_file}: {error!r}") from error
    _check_preset(folder, numbers, backbone)
    return weights_file


def _check_preset(folder: Path, numbers: Mapping[str, Any], backbone: Any) -> None:
    wanted = {"class_name": type(backbone).__name__, **backbone.get_config()}
    for key, received in numbers.items():
        if key not in _ANY_PRESET_HAS and key in wanted and wanted[key] != received:
            raise ConfigError(
                f"The preset in {folder} is of another network: {key} needs to be {wanted[key]}. Received: {received}"
            )


def _recognise(file: Path, published: Mapping[str, Weights]) -> Weights | None:
    """The published weights that a local file is; None for a file of somebody's own."""
    for name, weights in published.items():
        algorithm, _, checksum = (weights.checksum or "").partition(":")
        if checksum and _digest(file, algorithm) == checksum:
            return weights
        if checksum and file.name == weights.source.rpartition("/")[2]:
            raise ConfigError(
                f"{file} has the name of the published weights '{name}' but not their {algorithm} {checksum}. "
                "Fetch it again, or rename it if it is your own"
            )
    return None


def _digest(file: Path, algorithm: str) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, algorithm).hexdigest()
