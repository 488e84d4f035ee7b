"""`predictions.parquet`: one row an example, the unit of exchange that every number is computed from."""

import dataclasses
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from zoo_core.contract import DataError, Label, OutputError
from zoo_core.data.files import remove_parts, write_atomically

SCHEMA_VERSION = 1
METADATA_KEY = b"zoo"


@dataclass(frozen=True)
class Origin:
    """Where predictions come from; kept in the file's key-values.

    Attributes:
        task: its name.
        dataset: its name.
        drawn: whether its images are drawn.
        labels: what was predicted.
        model_hash: SHA-256 of the weights.
        split_name: of the split.
        split_hash: of the split.
        reported_metrics: per-label metrics that the task reports.
        strata: `meta.` columns that the task reports strata of.
        second_truth: `source`, and `findings`: by name the labels it is the union of; None where there is none.
        overlap: of predictions that were made all the same: how many of them are of groups that the model was trained
            on or chosen on. None where no group is shared. `group`, such as "patient"; groups: `n_groups` in all,
            `trained_on`, `chosen_on`; examples: `n_examples_in_all`, `n_examples` of either, `n_examples_trained_on`,
            `n_examples_chosen_on`. Where it could not be counted these are None and `reason` says why.
        operating_points: thresholds that the predictions bring along, as `points_of` gives them; None where they are
            chosen on the validation rows beside them.
        baseline_words: what a kind of baseline is, for a reader, where the task says so.
        noun: what a reader calls one of the labels.
    """

    task: str
    dataset: str
    drawn: bool
    labels: tuple[Label, ...]
    model_hash: str
    split_name: str
    split_hash: str
    reported_metrics: tuple[str, ...]
    strata: tuple[str, ...] = ()
    second_truth: Mapping[str, Any] | None = None
    overlap: Mapping[str, Any] | None = None
    operating_points: Mapping[str, Any] | None = None
    baseline_words: Mapping[str, str] = field(default_factory=dict)
    noun: str = "finding"  # what it was for all, before it was written

    @property
    def binary_labels(self) -> tuple[str, ...]:
        """Names of the labels that are present or absent, those of classes among them."""
        return tuple(label.name for label in self.labels if label.kind == "binary")

    @property
    def value_labels(self) -> tuple[str, ...]:
        """Names of the labels that are values."""
        return tuple(label.name for label in self.labels if label.kind == "value")


@dataclass(frozen=True)
class Predictions:
    """Truth and prediction of examples.

    Attributes:
        table: `example_id`, `group_id`, `split`, `status` (ok or failed), `reason`, and per label `truth.NAME` (missing
            where unknown) and `prediction.NAME`; besides `score.NAME` (the prediction on a scale without ends, of a
            task that has one), `calibrated.NAME` (the prediction after Platt scaling), `meta.NAME`,
            `baseline.KIND.NAME` and `second_truth.NAME` (missing where unknown).
        origin: where they come from.
    """

    table: pd.DataFrame
    origin: Origin

    def of_split(self, split: str) -> pd.DataFrame:
        """The rows of a split that were predicted."""
        rows: pd.DataFrame = self.table[(self.table["split"] == split) & (self.table["status"] == "ok")]
        return rows

    def baselines(self) -> list[str]:
        """Kinds of baseline there are columns for, such as "oracle"."""
        kinds = [c.split(".")[1] for c in self.table.columns if c.startswith("baseline.")]
        return list(dict.fromkeys(kinds))


def label_columns(kind: str, labels: tuple[Label, ...], values: np.ndarray) -> dict[str, np.ndarray]:
    """Columns `KIND.NAME` of an array (example, label)."""
    return {f"{kind}.{label.name}": values[:, i] for i, label in enumerate(labels)}


def write_predictions(predictions: Predictions, path: Path) -> None:
    """Write a predictions file, whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    table = pa.Table.from_pandas(predictions.table, preserve_index=False)
    origin = {"schema_version": SCHEMA_VERSION, **dataclasses.asdict(predictions.origin)}
    metadata = {**(table.schema.metadata or {}), METADATA_KEY: json.dumps(origin).encode()}
    content = pa.BufferOutputStream()
    pq.write_table(table.replace_schema_metadata(metadata), content, compression="zstd")
    write_atomically(path, content.getvalue())


def join_predictions(parts: Sequence[Path], path: Path) -> None:
    """Make one predictions file of several, with one of them in memory at a time; whole or not at all.

    Args:
        parts: files of one origin, at least one; where one lacks columns of another, they are missing in its rows.
        path: of the file that there will be.
    Raises:
        OutputError: it cannot be written.
    """
    schema = pa.unify_schemas([pq.read_schema(part) for part in parts], promote_options="permissive")
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")  # as `remove_parts` knows it
    remove_parts(path.parent, path.name)
    try:
        with partial.open("wb") as file:
            with pq.ParquetWriter(file, schema, compression="zstd") as writer:
                for part in parts:
                    writer.write_table(_in_schema(pq.read_table(part), schema))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise OutputError(
            f"'{path}' needs to be written, which failed ({error}): make room or give permission there"
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def read_predictions(path: Path) -> Predictions:
    """Read a predictions file.

    Raises:
        DataError: it is missing, no parquet, not written by zoo, or by a newer one.
    """
    wanted = f"Predictions need a parquet file that zoo wrote. Received: '{path}'"
    try:
        table = pq.read_table(path)
    except FileNotFoundError as error:
        raise DataError(f"{wanted}, which is not there") from error
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"{wanted}, which is damaged or another kind of file") from error
    metadata = (table.schema.metadata or {}).get(METADATA_KEY)
    if metadata is None:
        raise DataError(f"{wanted}, which has no '{METADATA_KEY.decode()}' key-values")
    return Predictions(table.to_pandas(), _origin(json.loads(metadata), path))


def _origin(values: dict[str, Any], path: Path) -> Origin:
    version = values.pop("schema_version")
    if version > SCHEMA_VERSION:
        raise DataError(
            f"Predictions of schema {SCHEMA_VERSION} or older can be read. "
            f"Received: schema {version} in '{path}': update zoo-core"
        )
    labels = tuple(Label(**{**label, "class_names": tuple(label["class_names"])}) for label in values.pop("labels"))
    strata = tuple(values.pop("strata", ()))
    reported = tuple(values.pop("reported_metrics"))
    return Origin(**{**values, "labels": labels, "reported_metrics": reported, "strata": strata})


def _in_schema(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """A part in which nothing could be read, or everything could, lacks columns, or the kind of what is in them."""
    columns = [
        table[field.name].cast(field.type) if field.name in table.column_names else pa.nulls(len(table), field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)
