"""Checkpoints: whole or absent, and enough to go on at any number of ranks."""

import contextlib
import dataclasses
import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from zoo_core.contract import DataError, OutputError
from zoo_core.data.files import write_atomically
from zoo_core.runtime.schedule import Progress

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class TrainingState:
    """Where training stands.

    Attributes:
        step: steps done.
        epoch: epochs that are done and validated; `step` may be within the one after.
        seed: of the run; with `step` it gives the order of all examples to come.
        progress: the primary metric so far.
        split_hash: of the split that was trained on.
        topology: name of the network.
        task: name of the task.
    """

    step: int
    epoch: int
    seed: int
    progress: Progress
    split_hash: str
    topology: str
    task: str


def write_checkpoint(path: Path, arrays: dict[str, np.ndarray], state: TrainingState) -> None:
    """Write a checkpoint so that at any moment the old one or the new one is there, whole.

    Args:
        path: of the file.
        arrays: weights and optimizer variables by name.
        state: where training stands.
    Raises:
        OutputError: it cannot be written; the checkpoint before it is still there.
    """
    header = {"schema_version": str(SCHEMA_VERSION), "state": json.dumps(dataclasses.asdict(state))}
    try:
        write_atomically(path, save(arrays, metadata=header))
    except OutputError as error:
        raise OutputError(
            f"{error}. The checkpoint before it, if there is one, is whole: {go_on(state.task, path.parents[1])}"
        ) from error


def go_on(task: str, folder: Path) -> str:
    """The command that goes on with the run in a folder."""
    return f"'zoo run {task} --resume --out {shlex.quote(str(folder))}'"


def read_checkpoint(path: Path) -> tuple[dict[str, np.ndarray], TrainingState]:
    """Weights, optimizer variables and state of a checkpoint.

    Raises:
        DataError: the file is missing, truncated, of another kind, or written by a newer zoo.
    """
    with _opened(path) as file:
        state = _state(file.metadata() or {}, path)
        return {name: file.get_tensor(name) for name in file.keys()}, state  # noqa: SIM118 - no mapping


def read_state(path: Path) -> TrainingState:
    """State of a checkpoint whose arrays are not needed; a truncated file is found out all the same.

    Raises:
        DataError: as `read_checkpoint`.
    """
    with _opened(path) as file:
        return _state(file.metadata() or {}, path)


def variables_by_name(variables: list[Any], prefix: str) -> dict[str, Any]:
    """Keras variables under names that are stable between processes: place, then path.

    Args:
        variables: in an order that follows from the model alone.
        prefix: "model" or "optimizer".
    """
    return {f"{prefix}/{i:05d}/{variable.path}": variable for i, variable in enumerate(variables)}


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        with safe_open(path, framework="np") as file:
            yield file
    except (OSError, SafetensorError) as error:
        raise DataError(f"A checkpoint that is whole was wanted. Received: '{path}' ({error})") from error


def _state(header: dict[str, str], path: Path) -> TrainingState:
    version = header.get("schema_version", "none")
    if version != str(SCHEMA_VERSION):
        raise DataError(
            f"Checkpoints of schema {SCHEMA_VERSION} can be read. Received: schema {version} in '{path}': "
            "a newer one needs a newer zoo-core"
        )
    try:
        values = json.loads(header["state"])
        return TrainingState(**{**values, "progress": Progress(**values["progress"])})
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"A checkpoint of zoo was wanted. Received: '{path}', whose state is none ({error})") from error
