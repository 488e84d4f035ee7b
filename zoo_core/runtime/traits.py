"""What a task measures on images beside what its network predicts."""

import json
import os

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from zoo_core.contract import SupportsMeasures, SupportsSeries
from zoo_core.data.files import write_atomically
from zoo_core.data.reader import read_ahead
from zoo_core.evaluation.predictions import METADATA_KEY
from zoo_core.runtime.outlines import write_outlines
from zoo_core.runtime.prepare import Prepared
from zoo_core.runtime.progress import Shown, Silent
from zoo_core.runtime.record import RunFolder
from zoo_core.runtime.trait_wells import trait_wells

SCHEMA_VERSION = 1

N_AT_ONCE = 8
"""Images that a thread reads in one request."""


def write_traits(folder: RunFolder, prepared: Prepared, progress: Shown | Silent) -> None:
    """Write `traits.parquet`, one row an example that can be read; nothing of a task that measures nothing.

    Of plates one trait of each well is written to `trait_wells.parquet`. Where the task follows a trait over time,
    `series.parquet` is written too, and with it outlines of some plants.

    Traits are columns `trait.NAME`; their units and what they are stand in the file's key-values.

    Args:
        folder: of the run.
        prepared: data and task.
        progress: what a person sees.
    Raises:
        OutputError: the folder cannot be written to.
    """
    task = prepared.task
    if not isinstance(task, SupportsMeasures):
        return
    rows = np.setdiff1d(np.flatnonzero(prepared.split.part != ""), [bad.row for bad in prepared.unreadable])
    measured = _measured(prepared, rows, progress)
    traits = pa.Table.from_pandas(measured, preserve_index=False)
    said = {trait.name: {"unit": trait.unit, "description": trait.description} for trait in task.traits}
    metadata = {METADATA_KEY: json.dumps({"schema_version": SCHEMA_VERSION, "traits": said}).encode()}
    content = pa.BufferOutputStream()
    table = traits.replace_schema_metadata({**(traits.schema.metadata or {}), **metadata})
    pq.write_table(table, content, compression="zstd")
    write_atomically(folder.traits, content.getvalue())
    if len(wells := trait_wells(measured, task.traits)):
        write_atomically(folder.trait_wells, wells.to_parquet(index=False, compression="zstd"))
    if isinstance(task, SupportsSeries) and len(series := task.series(measured)):
        write_atomically(folder.series, series.to_parquet(index=False, compression="zstd"))
        write_outlines(folder, prepared, series)


def _measured(prepared: Prepared, rows: np.ndarray, progress: Shown | Silent) -> pd.DataFrame:
    """Names, part and metadata of the rows, and their traits."""
    examples, task = prepared.examples(), prepared.task
    parts = [rows[start : start + N_AT_ONCE] for start in range(0, len(rows), N_AT_ONCE)]

    def of_part(part: np.ndarray) -> list[dict[str, float]]:
        read = zip(part, examples.read(part), strict=True)
        return [dict(task.measure(examples.example(int(row), arrays))) for row, arrays in read]  # type: ignore[attr-defined] # the caller has seen to it

    found: list[dict[str, float]] = []
    with progress.meter("measuring traits", len(rows)) as meter:
        for own in read_ahead(of_part, parts, len(os.sched_getaffinity(0))):
            found += own
            meter.advance(len(own))
    kept = [name for name in prepared.index.columns if name == "example_id" or name.startswith(("meta.", "label."))]
    table = prepared.index.iloc[rows][kept].reset_index(drop=True).assign(split=prepared.split.part[rows])
    return pd.concat([table, pd.DataFrame(found).add_prefix("trait.")], axis=1)
