"""Predictions in parts, each a file that is there whole or not at all, and in the end one file of them all."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from zoo_core.contract import DataError, OutputError
from zoo_core.data.files import remove_parts
from zoo_core.evaluation.predictions import Predictions, write_predictions
from zoo_core.runtime.json_files import read_json, write_json

SCHEMA_VERSION = 1

QUESTION, ANSWER = "predict.json", "predicted.json"
PREDICTIONS = "predictions.parquet"
PARTS = "parts"


class Parts:
    """The folder of a prediction.

    Args:
        folder: of the prediction.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def predictions(self) -> Path:
        """All of them; not there before the last part is."""
        return self.folder / PREDICTIONS

    @property
    def is_finished(self) -> bool:
        """Whether everything is written."""
        return (self.folder / ANSWER).exists()

    def begin(self, question: Mapping[str, Any], resume: bool) -> None:
        """Make the folder, or see that it is one of the same question.

        Raises:
            OutputError: it exists, or cannot be written.
            DataError: with `resume`, it is not there or holds something else.
        """
        if resume:
            self._refuse_other(question)
            remove_parts(self.folder / PARTS)
            return
        try:
            self.folder.mkdir(parents=True)
            (self.folder / PARTS).mkdir()
        except FileExistsError as error:
            raise OutputError(
                f"--out needs a folder that is not there yet. Received: '{self.folder}': choose another, or go on "
                "with --resume"
            ) from error
        except OSError as error:
            raise OutputError(
                f"--out needs a folder that can be written. Received: '{self.folder}' ({error.strerror})"
            ) from error
        write_json(self.folder / QUESTION, {"schema_version": SCHEMA_VERSION, **question})

    def __contains__(self, number: int) -> bool:
        return self._path(number).exists()

    def add(self, number: int, predictions: Predictions) -> None:
        """Write a part.

        Raises:
            OutputError: it cannot be written.
        """
        write_predictions(predictions, self._path(number))

    def failures(self, n_parts: int) -> list[dict[str, str]]:
        """`example_id` and `reason` of every picture that could not be read."""
        columns, failed = ["example_id", "status", "reason"], [("status", "=", "failed")]
        tables = (pq.read_table(self._path(number), columns=columns, filters=failed) for number in range(n_parts))
        return [row for table in tables for row in table.select(["example_id", "reason"]).to_pylist()]

    def finish(self, n_parts: int, answer: Mapping[str, Any]) -> None:
        """Make one file of all parts, holding one in memory at a time, and write what came.

        Raises:
            OutputError: a file cannot be written.
        """
        if not self.predictions.exists():
            self._join([self._path(number) for number in range(n_parts)])
        write_json(self.folder / ANSWER, {"schema_version": SCHEMA_VERSION, **answer})
        shutil.rmtree(self.folder / PARTS, ignore_errors=True)

    def answer(self) -> dict[str, Any]:
        """What came of it."""
        return read_json(self.folder / ANSWER, SCHEMA_VERSION)

    def _join(self, paths: Sequence[Path]) -> None:
        schema = pa.unify_schemas([pq.read_schema(path) for path in paths], promote_options="permissive")
        partial = self.predictions.with_name(f".{PREDICTIONS}.part")
        try:
            with pq.ParquetWriter(partial, schema, compression="zstd") as writer:
                for path in paths:
                    writer.write_table(_with_schema(pq.read_table(path), schema))
            partial.replace(self.predictions)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise OutputError(f"'{self.predictions}' needs to be written, which failed ({error.strerror})") from error

    def _path(self, number: int) -> Path:
        return self.folder / PARTS / f"part-{number:06d}.parquet"

    def _refuse_other(self, question: Mapping[str, Any]) -> None:
        if not (self.folder / QUESTION).exists():
            raise DataError(
                f"--resume needs the --out of a prediction that was begun. Received: '{self.folder}', which holds none"
            )
        there, wanted = read_json(self.folder / QUESTION, SCHEMA_VERSION), json.loads(json.dumps(question))
        differing = [key for key, value in wanted.items() if there.get(key) != value]
        if differing:
            said = ", ".join(f"{key} {there.get(key)} there, {wanted[key]} now" for key in differing)
            raise DataError(
                f"--resume needs the question that was begun with. Received: '{self.folder}', where it differs: {said}"
            )


def _with_schema(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """A part in which nothing was read, or nothing failed, lacks columns, or holds nothing in them."""
    columns = [
        table[field.name].cast(field.type) if field.name in table.column_names else pa.nulls(len(table), field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)
