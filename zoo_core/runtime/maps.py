"""Where a trained model looks: scored where the data have boxes, and pictures of some examples."""

from typing import Any

import pandas as pd

from zoo_core.models.activation_maps import ActivationMaps
from zoo_core.runtime.localization import boxes_of, write_localization
from zoo_core.runtime.map_reader import MapReader
from zoo_core.runtime.pictures import write_no_pictures, write_pictures
from zoo_core.runtime.prepare import Prepared
from zoo_core.runtime.progress import Shown, Silent
from zoo_core.runtime.record import RunFolder


def write_maps(folder: RunFolder, prepared: Prepared, model: Any, rows: pd.DataFrame, progress: Shown | Silent) -> None:
    """Write `boxes.parquet` and `localization.json`, where the data set has boxes, and `maps.json` with its pictures.

    Maps are of labels that are present or absent; of a task with any other there are none, which `maps.json` says.

    Args:
        folder: of the run.
        prepared: data and task.
        model: trained.
        rows: of one split, as in the predictions; at least one.
        progress: what a person sees.
    Raises:
        DataError: the data set's boxes are not what the contract says.
    """
    other = next((label for label in prepared.task.labels if label.kind != "binary"), None)
    if other:
        reason = f"a map needs labels that are present or absent, and '{other.name}' is a {other.kind}"
        write_no_pictures(folder, prepared, reason)
        return
    reader, boxes = MapReader(prepared, ActivationMaps(model), progress), boxes_of(prepared)
    write_localization(folder, reader, rows, boxes)
    write_pictures(folder, reader, rows, boxes)
