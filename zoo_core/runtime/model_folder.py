"""The model folder: a trained network with its preprocessing, its label names and what it was trained on."""

import dataclasses
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from zoo_core.models.assembly import save_model
from zoo_core.models.weights import LoadedWeights
from zoo_core.runtime.checkpoint import write_atomically
from zoo_core.runtime.prepare import Prepared
from zoo_core.runtime.settings import as_settings

SCHEMA_VERSION = 1


def weights_hash(model: Any) -> str:
    """SHA-256 over the weights in their order."""
    digest = hashlib.sha256()
    for variable in model.variables:
        digest.update(np.ascontiguousarray(variable.numpy()).tobytes())
    return digest.hexdigest()


def write_model_folder(folder: Path, model: Any, prepared: Prepared, weights: LoadedWeights) -> None:
    """Write `model.keras`, which plain Keras loads, `fitted.safetensors` and `model.json`.

    Args:
        folder: made here, anew where a killed run left one.
        model: trained.
        prepared: what it was trained on, and the task whose preprocessing it needs.
        weights: what it started from.
    """
    shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed while it wrote it
    folder.mkdir()
    save_model(model, folder / "model.keras")
    fitted = {name: np.ascontiguousarray(array) for name, array in prepared.fitted.items()}
    write_atomically(folder / "fitted.safetensors", save(fitted))
    settings = as_settings(prepared.config)
    description = {
        "schema_version": SCHEMA_VERSION,
        "hash": weights_hash(model),
        "task": settings["task"],
        "labels": [dataclasses.asdict(label) for label in prepared.task.labels],
        "topology": settings["topology"],
        "precision": settings["precision"],
        "initial_weights": dataclasses.asdict(weights),
        "data": {"name": prepared.config.data.name, "fingerprint": prepared.fingerprint},
        "split": {"name": prepared.split.name, "hash": prepared.split.hash},
    }
    write_atomically(folder / "model.json", (json.dumps(description, indent=2) + "\n").encode())
