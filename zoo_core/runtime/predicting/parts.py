"""The folder of a prediction: written in parts, each whole or not at all, and in the end one file of them all."""

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from zoo_core.contract import DataError, OutputError
from zoo_core.data.files import remove_parts
from zoo_core.evaluation.predictions import Predictions, join_predictions, write_predictions
from zoo_core.runtime.json_files import read_json, write_json
from zoo_core.runtime.record import refuse_existing
from zoo_core.runtime.whole_folder import whole_folder

SCHEMA_VERSION = 1

RECORD = "predict.json"
PREDICTIONS = "predictions.parquet"
PARTS = "parts"

N_SHOWN = 5
"""Failures that are told of one by one."""


@dataclass(frozen=True)
class Parts:
    """Files of a prediction.

    Attributes:
        folder: that holds them.
    """

    folder: Path

    @property
    def predictions(self) -> Path:
        """All of them; not there before the last part is."""
        return self.folder / PREDICTIONS

    def came(self) -> dict[str, Any] | None:
        """What came of it; None as long as something is missing."""
        came: dict[str, Any] | None = self._record()["came"]
        return came

    def refuse_existing(self) -> None:
        """See that there is nothing in the folder's place.

        Raises:
            OutputError: there is.
        """
        if (self.folder / RECORD).exists():
            raise OutputError(
                f"--out needs a folder that is not there yet. Received: '{self.folder}', which holds a prediction: "
                "go on with it by --resume, or choose another"
            )
        refuse_existing(self.folder)

    def begin(self, asked: Mapping[str, Any]) -> None:
        """Make the folder, whole or not at all.

        Raises:
            OutputError: there is something in its place, or it cannot be written.
        """
        with whole_folder(self.folder) as hidden:
            (hidden / PARTS).mkdir()
            _write_record(hidden, asked, None)

    def refuse_other(self, asked: Mapping[str, Any]) -> None:
        """See that the folder is of the same question.

        Raises:
            DataError: it is not there, or holds something else.
        """
        there, now = self._record()["asked"], json.loads(json.dumps(asked))
        differing = sorted(key for key in there.keys() | now.keys() if there.get(key) != now.get(key))
        if differing:
            raise DataError(
                f"--resume needs the question that was begun with. Received: '{self.folder}', where "
                f"{', '.join(differing)} {'is' if len(differing) == 1 else 'are'} another: see {RECORD} there, or "
                "choose another --out"
            )

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Keep other processes from writing into the folder.

        Raises:
            OutputError: another one does.
        """
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            _lock(folder, self.folder)
            yield
        finally:
            os.close(folder)

    def missing(self, n_parts: int) -> list[int]:
        """Numbers of the parts that are not there; none where they have been joined."""
        if self.predictions.exists():
            return []
        remove_parts(self.folder / PARTS)
        return [number for number in range(n_parts) if not self._path(number).exists()]

    def add(self, number: int, predictions: Predictions) -> None:
        """Write a part.

        Raises:
            OutputError: it cannot be written.
        """
        write_predictions(predictions, self._path(number))

    def finish(self, n_parts: int, asked: Mapping[str, Any], came: Mapping[str, Any]) -> dict[str, Any]:
        """Make one file of all parts, one of them in memory at a time, and write what came.

        Args:
            n_parts: that there are, unless they have been joined.
            asked: the question.
            came: of it.
        Returns:
            What came, as JSON has values, with `n_ok`, `n_failed` and the first `failures`.
        Raises:
            OutputError: a file cannot be written.
        """
        if not self.predictions.exists():
            join_predictions([self._path(number) for number in range(n_parts)], self.predictions)
        whole = json.loads(json.dumps({**_counts(self.predictions), **came}))
        _write_record(self.folder, asked, whole)
        self.remove_parts()
        return dict(whole)

    def remove_parts(self) -> None:
        """Remove the parts, when they are joined and `predict.json` says so."""
        shutil.rmtree(self.folder / PARTS, ignore_errors=True)

    def _path(self, number: int) -> Path:
        return self.folder / PARTS / f"part-{number:06d}.parquet"

    def _record(self) -> dict[str, Any]:
        path = self.folder / RECORD
        if not path.exists():
            raise DataError(
                f"--resume needs the --out of a prediction that was begun. Received: '{self.folder}', which has no "
                f"{RECORD}: leave --resume out"
            )
        return read_json(path, SCHEMA_VERSION)


def _lock(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the system takes it back however the process ends
    except BlockingIOError as error:
        raise OutputError(
            f"'{folder}' can have one process at work. Received: a second one: wait for the other, or end it"
        ) from error


def _write_record(folder: Path, asked: Mapping[str, Any], came: Mapping[str, Any] | None) -> None:
    write_json(folder / RECORD, {"schema_version": SCHEMA_VERSION, "asked": dict(asked), "came": came})


def _counts(path: Path) -> dict[str, Any]:
    """How many could be predicted and how many not, and the first of these; a part in memory at a time."""
    with pq.ParquetFile(path) as file:
        n, n_failed, first = file.metadata.num_rows, 0, list[dict[str, str]]()
        for batch in file.iter_batches(columns=["example_id", "status", "reason"]):
            failed = [row for row in batch.to_pylist() if row["status"] == "failed"]
            n_failed += len(failed)
            first += [{key: row[key] for key in ("example_id", "reason")} for row in failed[: N_SHOWN - len(first)]]
    return {"n_ok": n - n_failed, "n_failed": n_failed, "failures": first}
