"""From the files of a run folder to its report and model card."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from zoo_core.contract import DataError
from zoo_core.evaluation.curves import draw_curves
from zoo_core.evaluation.predictions import read_predictions
from zoo_core.evaluation.strata import evaluate_strata
from zoo_core.report.card import render_model_card
from zoo_core.report.evidence import Evidence
from zoo_core.report.page import render_report
from zoo_core.runtime.checkpoint import write_atomically
from zoo_core.runtime.record import RunFolder


def write_report(folder: RunFolder) -> None:
    """Write `report.html` and `model_card.md`, and before them the curves and strata where they are not there yet.

    Raises:
        DataError: the run has not finished, or one of its files is damaged.
        OutputError: the folder cannot be written to.
    """
    evidence = _read(folder)
    write_atomically(folder.report, render_report(evidence).encode())
    write_atomically(folder.model_card, render_model_card(evidence).encode())


def _read(folder: RunFolder) -> Evidence:
    run = folder.describe()
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
    events = [_event(line) for line in _text(folder.events).splitlines()]
    return Evidence(
        run=run,
        metrics=_parse(folder.metrics, _text(folder.metrics)),
        strata=_parse(folder.strata, _text(folder.strata)),
        curves=_curves(folder.curves),
        events=list(filter(None, events)),
        n_damaged_events=events.count(None),
        origin=dataclasses.asdict(predictions.origin),
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _damaged(path) from error


def _parse(path: Path, text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise _damaged(path) from error


def _event(line: str) -> dict[str, Any] | None:
    """An event, or None of a line that a power cut left unfinished: the page says how many, and lacks a point."""
    try:
        event: dict[str, Any] = json.loads(line)
    except json.JSONDecodeError:
        return None
    return event


def _curves(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> DataError:
    return DataError(
        f"A report needs every file of its run whole. Received: '{path}', which is missing or damaged; "
        "curves.parquet and strata.json may be removed and are then made again"
    )
