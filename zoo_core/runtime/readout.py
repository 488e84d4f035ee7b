"""How a model's predictions are to be read: its calibration and its thresholds, kept in its folder."""

import dataclasses
from pathlib import Path
from typing import Any

from zoo_core.evaluation.operating_points import CHOSEN_ON, RULES, Point, Points, points_of
from zoo_core.evaluation.platt import FITTED_ON, PlattScaling, fit_scalings, with_calibrated
from zoo_core.evaluation.predictions import Predictions
from zoo_core.runtime.json_files import read_json, write_json

SCHEMA_VERSION = 1

CALIBRATION = "calibration.json"
OPERATING_POINTS = "operating_points.json"

OF_THE_MODEL = "the model's own validation"
"""What a threshold was chosen on, in the words of predictions of other data, which may have a validation split too."""


def write_readout(folder: Path, predictions: Predictions) -> Predictions:
    """Fit calibration and choose thresholds on the validation rows, and write both into the model folder.

    Args:
        folder: of the model.
        predictions: the model's own, of its validation split among others.
    Returns:
        With `calibrated.NAME`.
    Raises:
        OutputError: the folder cannot be written to.
    """
    scalings = fit_scalings(predictions)
    calibrated = with_calibrated(predictions, scalings)
    lines = {label: _as_values(scaling) for label, scaling in scalings.items()}
    _write(folder / CALIBRATION, {"method": "platt", "fitted_on": FITTED_ON, "labels": lines})
    _write(folder / OPERATING_POINTS, {"chosen_on": CHOSEN_ON, "labels": points_of(calibrated)})
    return calibrated


def with_readout(folder: Path, predictions: Predictions) -> Predictions:
    """Read predictions of other data as the model's folder says: nothing is fitted or chosen on them.

    Args:
        folder: of the model; one that an older zoo wrote has no calibration and no thresholds.
        predictions: by the model.
    Returns:
        With `calibrated.NAME` where there is a calibration, and with the model's thresholds.
    Raises:
        DataError: a file of the folder is damaged, or a newer zoo wrote it.
    """
    origin = dataclasses.replace(predictions.origin, operating_points=_stored_points(folder, predictions))
    return with_calibrated(dataclasses.replace(predictions, origin=origin), _stored_scalings(folder))


def _write(path: Path, values: dict[str, Any]) -> None:
    write_json(path, {"schema_version": SCHEMA_VERSION, **values})


def _as_values(scaling: PlattScaling) -> dict[str, Any]:
    return {key: value for key, value in dataclasses.asdict(scaling).items() if value is not None}


def _stored_scalings(folder: Path) -> dict[str, PlattScaling]:
    path = folder / CALIBRATION
    labels = read_json(path, SCHEMA_VERSION)["labels"] if path.exists() else {}
    return {label: PlattScaling(**values) for label, values in labels.items()}


def _stored_points(folder: Path, predictions: Predictions) -> Points:
    path = folder / OPERATING_POINTS
    if not path.exists():
        reason = f"the model's folder has no {OPERATING_POINTS}: an older zoo wrote it"
        return {label: {rule: {"reason": reason} for rule in RULES} for label in predictions.origin.binary_labels}
    labels: Points = read_json(path, SCHEMA_VERSION)["labels"]
    return {label: {rule: _as_the_models(point) for rule, point in points.items()} for label, points in labels.items()}


def _as_the_models(point: Point) -> Point:
    return {**point, "chosen_on": {**point["chosen_on"], "split": OF_THE_MODEL}} if "chosen_on" in point else point
