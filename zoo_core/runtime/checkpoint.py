"""Checkpoints: whole or absent, and enough to go on at any number of ranks."""

import contextlib
import dataclasses
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from zoo_core.contract import DataError
from zoo_core.runtime.schedule import Progress

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class TrainingState:
    """Where training stands.

    Attributes:
        step: steps done.
        epoch: epochs done.
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
    """
    header = {"schema_version": str(SCHEMA_VERSION), "state": json.dumps(dataclasses.asdict(state))}
    write_atomically(path, save(arrays, metadata=header))


def read_checkpoint(path: Path) -> tuple[dict[str, np.ndarray], TrainingState]:
    """Weights, optimizer variables and state of a checkpoint.

    Raises:
        DataError: the file is missing, truncated, of another kind, or written by a newer zoo.
    """
    try:
        with safe_open(path, framework="np") as file:
            header = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    except (OSError, SafetensorError) as error:
        raise DataError(f"A checkpoint that is whole was wanted. Received: '{path}' ({error})") from error
    version = int(header.get("schema_version", SCHEMA_VERSION + 1))
    if version > SCHEMA_VERSION:
        raise DataError(f"Checkpoints of schema {SCHEMA_VERSION} can be read. Received: another in '{path}'")
    values = json.loads(header["state"])
    return arrays, TrainingState(**{**values, "progress": Progress(**values["progress"])})


def variables_by_name(variables: list[Any], prefix: str) -> dict[str, Any]:
    """Keras variables under names that are stable between processes: place, then path.

    Args:
        variables: in an order that follows from the model alone.
        prefix: "model" or "optimizer".
    """
    return {f"{prefix}/{i:05d}/{variable.path}": variable for i, variable in enumerate(variables)}


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file that is there whole or not at all, also after a power cut."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
