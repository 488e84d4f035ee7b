"""Pictures of a few examples with their maps: those the model is surest of, and the one it is most wrong about."""

import shutil
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from zoo_core.data.classes import labels_by_class
from zoo_core.data.files import write_atomically
from zoo_core.evaluation.localization import CORNERS, KEY
from zoo_core.runtime.map_reader import MapReader
from zoo_core.runtime.overlay import grey_picture, overlay, picture_size, png
from zoo_core.runtime.prepare import Prepared
from zoo_core.runtime.record import RunFolder

Entry = dict[str, Any]
"""An example and a label in `maps.json`, or a part of it."""

OF_A_PICTURE = ("image", "map", "zero_map")
"""What an entry has where pictures are shown: two files, and whether the map is 0 everywhere and so shows nothing."""


def write_pictures(folder: RunFolder, reader: MapReader, rows: pd.DataFrame, boxes: pd.DataFrame) -> None:
    """Write `maps.json`, and the pictures that it names where they may be shown.

    Args:
        folder: of the run.
        reader: computes the maps.
        rows: of one split, as in the predictions.
        boxes: of `boxes_of`.
    """
    prepared, reason = reader.prepared, why_not_shown(reader.prepared)
    labels = prepared.task.select(labels_by_class(prepared.adapter.labels))
    entries = [entry for label in labels for entry in chosen_examples(rows, label)]
    drawn = [Entry.fromkeys(OF_A_PICTURE)] * len(entries) if reason else _draw(folder, reader, entries)
    corners = {key: own[CORNERS].to_numpy().tolist() for key, own in boxes.groupby(KEY)}
    described = [
        entry | one | {"boxes": corners.get((entry["example_id"], entry["label"]), [])}
        for entry, one in zip(entries, drawn, strict=True)
    ]
    _write(folder, prepared, reason, described)


def write_no_pictures(folder: RunFolder, prepared: Prepared, reason: str) -> None:
    """Write a `maps.json` of no maps that says why."""
    _write(folder, prepared, reason, [])


def chosen_examples(rows: pd.DataFrame, label: str) -> Iterator[Entry]:
    """The examples of a label with the highest score, the lowest, and the one farthest from its truth.

    Nobody chooses them by how their maps look. Without a known truth there is no farthest.

    Args:
        rows: as in the predictions.
        label: its name.
    """
    columns = (rows[f"{kind}.{label}"] for kind in ("prediction", "truth"))
    score, truth = (column.to_numpy(dtype=np.float64, na_value=np.nan) for column in columns)
    chosen = {"highest": np.argmax(score), "lowest": np.argmin(score)}
    if not np.isnan(truth).all():
        chosen["most wrong"] = np.nanargmax(np.abs(score - truth))
    for kind, at in chosen.items():
        yield {
            "label": label,
            "kind": kind,
            "example_id": str(rows["example_id"].iloc[at]),
            "prediction": float(score[at]),
            "truth": None if np.isnan(truth[at]) else int(truth[at]),
        }


def why_not_shown(prepared: Prepared) -> str | None:
    """Why no image may be shown, or None."""
    if prepared.adapter.card.drawn or prepared.config.report.thumbnails:
        return None
    return "images that are not drawn are shown only where the run was started with --set report.thumbnails=true"


def _draw(folder: RunFolder, reader: MapReader, entries: list[Entry]) -> list[Entry]:
    """Write the pictures of each entry."""
    shutil.rmtree(folder.pictures, ignore_errors=True)  # of a run that was killed while it wrote them
    folder.pictures.mkdir()
    maps = reader.read(pd.DataFrame(entries), "maps of pictures")
    drawn: list[Entry] = []
    for number, (entry, one) in enumerate(zip(entries, maps, strict=True)):
        grey = grey_picture(reader.image(entry["example_id"]))
        # Numbers, not labels: what a plugin calls a label need not be the name of a file.
        files = [folder.pictures / f"{number:03}-{name}.png" for name in ("image", "map")]
        for path, pixels in zip(files, (grey, overlay(grey, one)), strict=True):
            write_atomically(path, png(pixels))
        names = [path.relative_to(folder.path).as_posix() for path in files]
        drawn.append(dict(zip(OF_A_PICTURE, (*names, not one.any()), strict=True)))
    return drawn


def _write(folder: RunFolder, prepared: Prepared, reason: str | None, entries: list[Entry]) -> None:
    height, width, _ = prepared.task.input_shape(prepared.fitted)
    head = {"shown": reason is None, "reason": reason, "side_px": max(picture_size(height, width))}
    folder.write_json(folder.maps, head | {"maps": entries})
