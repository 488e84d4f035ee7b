"""The model folder: a trained network with its preprocessing, its label names and what it was trained on."""

import dataclasses
import hashlib
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from zoo_core.data.files import write_atomically
from zoo_core.models.assembly import save_model
from zoo_core.models.weights import LoadedWeights
from zoo_core.runtime.contamination import seen_groups, write_groups
from zoo_core.runtime.json_files import write_json
from zoo_core.runtime.metadata import METADATA
from zoo_core.runtime.prepare import Prepared
from zoo_core.runtime.settings import as_settings
from zoo_core.runtime.trained_model import BASELINE, DESCRIPTION, FITTED, GROUPS, NETWORK, SCHEMA_VERSION, Baselines


def weights_hash(model: Any) -> str:
    """SHA-256 over the weights in their order."""
    digest = hashlib.sha256()
    for variable in model.variables:
        digest.update(np.ascontiguousarray(variable.numpy()).tobytes())
    return digest.hexdigest()


def write_model_folder(
    folder: Path, model: Any, prepared: Prepared, weights: LoadedWeights, baselines: Baselines
) -> None:
    """Write `model.keras`, which plain Keras loads, and what predicting and testing it elsewhere needs.

    `model.json` is written last: where it is, the others are whole.

    Args:
        folder: made here, anew where a killed run left one.
        model: trained.
        prepared: what it was trained on, and the task whose preprocessing it needs.
        weights: what it started from.
        baselines: that it has to beat.
    """
    shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed while it wrote it
    folder.mkdir()
    save_model(model, folder / NETWORK)
    # Not ascontiguousarray, which gives a number on its own an axis.
    fitted = {name: np.asarray(array, order="C") for name, array in prepared.fitted.items()}
    write_atomically(folder / FITTED, save(fitted))
    write_groups(folder / GROUPS, seen_groups(prepared))
    kinds = {kind: dict(one.labels) for kind, one in baselines.metadata.items()}
    # That of metadata stands where it stood before there were others.
    stored = {"schema_version": SCHEMA_VERSION, "labels": kinds.pop(METADATA, {}), "kinds": kinds}
    stored["images"] = {kind: dict(one.labels) for kind, one in baselines.images.items()}
    write_json(folder / BASELINE, stored)
    write_json(folder / DESCRIPTION, _description(model, prepared, weights))


def _description(model: Any, prepared: Prepared, weights: LoadedWeights) -> dict[str, Any]:
    settings = as_settings(prepared.config)
    return {
        "schema_version": SCHEMA_VERSION,
        "hash": weights_hash(model),
        "task": settings["task"],
        "specs": [dataclasses.asdict(spec) for spec in prepared.adapter.specs],
        "labels": [dataclasses.asdict(label) for label in prepared.task.labels],
        "topology": settings["topology"],
        "precision": settings["precision"],
        "initial_weights": dataclasses.asdict(weights),
        "data": {"name": prepared.config.data.name, "fingerprint": prepared.fingerprint},
        "split": {"name": prepared.split.name, "hash": prepared.split.hash},
        "seed": prepared.config.seed,
    }
