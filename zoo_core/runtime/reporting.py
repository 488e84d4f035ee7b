"""From the files of a run folder to its report and model card."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from pydantic import TypeAdapter, ValidationError

from zoo_core.contract import DataError
from zoo_core.data.files import write_atomically
from zoo_core.evaluation.curves import COLUMNS, draw_curves
from zoo_core.evaluation.predictions import read_predictions
from zoo_core.evaluation.strata import evaluate_strata
from zoo_core.report.absent import absent_labels, without_labels
from zoo_core.report.card import render_model_card
from zoo_core.report.evidence import Evidence
from zoo_core.report.page import render_report
from zoo_core.runtime import shapes
from zoo_core.runtime.embedding import embedded_montages, embedded_outlines, embedded_pictures
from zoo_core.runtime.record import RunFolder


def write_report(folder: RunFolder) -> None:
    """Write `report.html` and `model_card.md`, and before them the curves and strata where they are not there yet.

    Of a trained model on other data there is no card: it is of the model, and lies in the folder of its run.

    Raises:
        DataError: the run has not finished, or one of its files is damaged.
        OutputError: the folder cannot be written to.
    """
    evidence = _read(folder)
    write_atomically(folder.report, render_report(evidence).encode())
    if not folder.is_evaluation:
        write_atomically(folder.model_card, render_model_card(evidence).encode())


def read_events(folder: RunFolder) -> list[dict[str, Any] | None]:
    """What `events.jsonl` holds, in order; None for a line that a power cut left unfinished.

    A model that was trained elsewhere has no events here.

    Raises:
        DataError: the file of a run is missing or damaged.
    """
    return [] if folder.is_evaluation else [_event(line) for line in _text(folder.events).splitlines()]


def read_run(folder: RunFolder) -> Any:
    """What `run.json` holds of a finished run.

    Raises:
        DataError: it is missing, damaged, or of a newer zoo.
    """
    folder.describe()
    return _read_json(folder.run_json, shapes.RUN)


def read_metrics(folder: RunFolder, names: Sequence[str]) -> Any:
    """What `metrics.json` holds.

    Args:
        folder: of the run.
        names: of the metrics that its task reports.
    Raises:
        DataError: it is missing or damaged.
    """
    return _read_json(folder.metrics, shapes.metrics_shape(names))


def _read(folder: RunFolder) -> Evidence:
    folder.describe()
    if not folder.is_finished:
        raise DataError(
            f"A report needs a finished run. Received: '{folder.path}', which has no {folder.metrics.name}: "
            "the run has to come to its end first"
        )
    predictions = read_predictions(folder.predictions)
    if not folder.curves.exists():
        write_atomically(folder.curves, draw_curves(predictions).to_parquet(index=False, compression="zstd"))
    if not folder.strata.exists():
        folder.write_json(folder.strata, evaluate_strata(predictions))
    events, maps = read_events(folder), _read_maps(folder)
    montage = _read_if_there(folder.montage, shapes.MONTAGE)
    outlines = _read_if_there(folder.outlines, shapes.OUTLINES)
    metrics = read_metrics(folder, predictions.origin.reported_metrics)
    absent = absent_labels(metrics)
    return Evidence(
        run=read_run(folder),
        metrics=without_labels(metrics, absent),
        absent=absent,
        strata=_read_json(folder.strata, shapes.strata_shape(list(metrics))),
        curves=_curves(folder.curves),
        events=list(filter(None, events)),
        n_damaged_events=events.count(None),
        origin=dataclasses.asdict(predictions.origin),
        localization=_read_if_there(folder.localization, shapes.LOCALIZATION),
        maps=maps,
        screen=_read_if_there(folder.screen, shapes.SCREEN),
        wells=_table(folder.wells) if folder.screen.exists() else None,
        doses=_table(folder.dose_response) if folder.screen.exists() else None,
        trait_wells=_table(folder.trait_wells) if folder.trait_wells.exists() else None,
        series=_table(folder.series) if folder.series.exists() else None,
        scaling=_read_if_there(folder.model / "calibration.json", shapes.SCALING),
        montage=montage,
        outlines=outlines,
        pictures={
            **(embedded_pictures(folder.path, maps) if maps else {}),
            **(embedded_montages(folder.path, montage) if montage else {}),
            **(embedded_outlines(folder.path, outlines) if outlines else {}),
        },
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _damaged(path, str(error)) from error


def _read_json(path: Path, shape: TypeAdapter[Any]) -> Any:
    text = _text(path)
    try:
        shape.validate_json(text, strict=True)
    except ValidationError as error:
        raise _damaged(path, shapes.fault(error)) from error
    return json.loads(text)


def _read_if_there(path: Path, shape: TypeAdapter[Any]) -> Any:
    return _read_json(path, shape) if path.exists() else None


def _read_maps(folder: RunFolder) -> Any:
    maps = _read_if_there(folder.maps, shapes.maps_shape(shown=False))
    return _read_json(folder.maps, shapes.maps_shape(shown=True)) if maps and maps["shown"] else maps


def _event(line: str) -> dict[str, Any] | None:
    """An event, or None of a line that a power cut left unfinished: the page says how many, and lacks a point."""
    try:
        event: dict[str, Any] = shapes.OTHER_EVENT.validate_json(line, strict=True)
        shapes.EVENTS.get(event["event"], shapes.OTHER_EVENT).validate_json(line, strict=True)
    except ValidationError:
        return None
    return dict(json.loads(line))


def _curves(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path, columns=list(COLUMNS))
    except (pa.ArrowInvalid, OSError) as error:
        raise _damaged(path, "no whole table of curves") from error


def _table(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise _damaged(path, "no whole table") from error


def _damaged(path: Path, reason: str) -> DataError:
    return DataError(
        f"A report needs every file of its run whole. Received: '{path}', which is missing or damaged ({reason}); "
        "curves.parquet and strata.json may be removed and are then made again"
    )
