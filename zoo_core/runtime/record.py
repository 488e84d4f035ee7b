"""The run folder: where everything of a run is, and `run.json`, which says how it came to be."""

import contextlib
import dataclasses
import errno
import importlib.metadata
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoo_core.contract import DataError, OutputError, ZooError
from zoo_core.data.files import remove_parts, write_atomically
from zoo_core.data.soundness import Unreadable
from zoo_core.runtime.machine import describe_machine
from zoo_core.runtime.prepare import Prepared
from zoo_core.runtime.settings import Settings, as_settings

SCHEMA_VERSION = 1
REFUSALS_TO_WRITE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM)
RECORDED_PACKAGES = (
    *("zoo-core", "tensorflow-cpu", "keras", "keras-cv", "horovod"),
    *("openvino", "nncf", "ai-edge-litert", "numpy", "scikit-learn"),
)


@dataclass(frozen=True)
class RunFolder:
    """Paths of a run.

    Attributes:
        path: the folder.
    """

    path: Path

    @property
    def run_json(self) -> Path:
        """Configuration, versions, machine, data and split."""
        return self.path / "run.json"

    @property
    def last_checkpoint(self) -> Path:
        """State at the end of the last epoch, or within the one after it."""
        return self.path / "checkpoints" / "last.safetensors"

    @property
    def best_checkpoint(self) -> Path:
        """State at the epoch with the best primary metric."""
        return self.path / "checkpoints" / "best.safetensors"

    @property
    def model(self) -> Path:
        """The trained model with its preprocessing and label names."""
        return self.path / "model"

    @property
    def predictions(self) -> Path:
        """Truth and prediction, one row an example."""
        return self.path / "predictions.parquet"

    @property
    def metrics(self) -> Path:
        """Every number of the table."""
        return self.path / "metrics.json"

    @property
    def events(self) -> Path:
        """What happened, one event a line."""
        return self.path / "events.jsonl"

    @property
    def curves(self) -> Path:
        """What the report draws, one row a point."""
        return self.path / "curves.parquet"

    @property
    def strata(self) -> Path:
        """AUROC by sex, age and the like."""
        return self.path / "strata.json"

    @property
    def screen(self) -> Path:
        """How a plate's controls are told apart, dose response and hits; not there of a task without wells."""
        return self.path / "screen.json"

    @property
    def wells(self) -> Path:
        """Scores and hits, one row a well; likewise."""
        return self.path / "wells.parquet"

    @property
    def dose_response(self) -> Path:
        """Points and fitted curves of score against concentration; likewise."""
        return self.path / "dose_response.parquet"

    @property
    def features(self) -> Path:
        """Embeddings of fields, one row a field; not there of a task without wells."""
        return self.path / "features.parquet"

    @property
    def traits(self) -> Path:
        """What a task measured on images, one row an example; not there of a task that measures nothing."""
        return self.path / "traits.parquet"

    @property
    def trait_wells(self) -> Path:
        """One trait of every well; not there of data that are no plates."""
        return self.path / "trait_wells.parquet"

    @property
    def series(self) -> Path:
        """A trait over time, one row a point; not there where nothing was followed."""
        return self.path / "series.parquet"

    @property
    def outlines(self) -> Path:
        """Which points of a series have pictures with outlines, or why none has; not there where none can be drawn."""
        return self.path / "outlines.json"

    @property
    def outline_pictures(self) -> Path:
        """Folder of the pictures that `outlines.json` names."""
        return self.path / "outlines"

    @property
    def boxes(self) -> Path:
        """Maps against boxes, one row an example and label."""
        return self.path / "boxes.parquet"

    @property
    def localization(self) -> Path:
        """Whether maps point at boxes; not there where the data set has none."""
        return self.path / "localization.json"

    @property
    def maps(self) -> Path:
        """Which examples have pictures with maps, or why none has."""
        return self.path / "maps.json"

    @property
    def pictures(self) -> Path:
        """Folder of the pictures that `maps.json` names."""
        return self.path / "maps"

    @property
    def montage(self) -> Path:
        """Which plates have pictures of their wells, or why none has; not there where the data are no plates."""
        return self.path / "montage.json"

    @property
    def montages(self) -> Path:
        """Folder of the pictures that `montage.json` names."""
        return self.path / "montage"

    @property
    def report(self) -> Path:
        """The page of the run."""
        return self.path / "report.html"

    @property
    def model_card(self) -> Path:
        """The model as model hubs show it."""
        return self.path / "model_card.md"

    @property
    def is_finished(self) -> bool:
        """Whether the run came to its end: its metrics are written last."""
        return self.metrics.exists()

    @property
    def is_evaluation(self) -> bool:
        """Whether nothing was trained here: a model of another folder was tested."""
        return "evaluation" in self.describe()

    @classmethod
    def create(cls, path: Path, prepared: Prepared) -> "RunFolder":
        """Make the folder with its `run.json`.

        Raises:
            OutputError: it exists, or cannot be written.
        """
        refuse_existing(path)
        folder = cls(path)
        try:
            folder.last_checkpoint.parent.mkdir(parents=True)
        except OSError as error:
            raise OutputError(
                f"--out needs a folder that can be written. Received: '{path}' ({error.strerror})"
            ) from error
        try:
            folder.write_json(folder.run_json, describe_prepared(prepared))
        except OutputError:
            folder.remove_if_empty()
            raise
        return folder

    def describe(self) -> dict[str, Any]:
        """What `run.json` holds.

        Raises:
            DataError: there is none, it is none of ours, or a newer zoo wrote it.
        """
        wanted = f"A run folder with its run.json was wanted. Received: '{self.path}'"
        try:
            description: dict[str, Any] = json.loads(self.run_json.read_text(encoding="utf-8"))
            version = int(description["schema_version"])
        except (OSError, ValueError, TypeError, LookupError) as error:
            raise DataError(wanted) from error
        if version > SCHEMA_VERSION:
            raise DataError(f"{wanted}, whose schema {version} needs a newer zoo-core; this one reads {SCHEMA_VERSION}")
        return description

    def read_metrics(self) -> dict[str, Any]:
        """What `metrics.json` holds."""
        metrics: dict[str, Any] = json.loads(self.metrics.read_text(encoding="utf-8"))
        return metrics

    def settings(self) -> Settings:
        """The settings that the run was started with."""
        return dict(self.describe()["config"])

    def unreadable(self) -> list[Unreadable]:
        """Images that the run leaves out."""
        return [Unreadable(**values) for values in self.describe()["data"]["unreadable"]]

    def extend(self, values: dict[str, Any]) -> None:
        """Add to `run.json`."""
        self.write_json(self.run_json, {**self.describe(), **values})

    def write_json(self, path: Path, values: dict[str, Any]) -> None:
        """Write a JSON file, whole or not at all."""
        write_atomically(path, (json.dumps(values, indent=2, allow_nan=False) + "\n").encode())

    @contextlib.contextmanager
    def errors_named(self) -> Iterator[None]:
        """Turn what the system says of a place that cannot be written to into words; other errors pass.

        Raises:
            OutputError: a disk is full, a quota or a permission is exceeded.
        """
        try:
            yield
        except ZooError:
            raise
        except OSError as error:
            if error.errno not in REFUSALS_TO_WRITE:
                raise
            raise OutputError(
                f"The run folder '{self.path}' needs to be written to, which failed ({error.strerror}): make room or "
                "give permission there"
            ) from error

    def remove_leftovers(self) -> None:
        """Remove parts of files that a killed process was writing.

        Raises:
            OutputError: they cannot be removed.
        """
        with self.errors_named():
            for folder in (self.path, self.last_checkpoint.parent):
                remove_parts(folder)

    def remove_if_empty(self) -> None:
        """Remove a run that never came to a checkpoint; one that did can be resumed."""
        if not self.last_checkpoint.exists():
            shutil.rmtree(self.path, ignore_errors=True)


def refuse_existing(path: Path) -> None:
    """Nothing is ever overwritten.

    Raises:
        OutputError: there is something at `path`.
    """
    if path.exists() or path.is_symlink():  # also one that leads nowhere
        raise OutputError(
            f"--out needs a folder that is not there yet. Received: '{path}', which exists: choose another"
        )


def describe_prepared(prepared: Prepared) -> dict[str, Any]:
    """What `run.json` holds before anything is computed."""
    config = prepared.config
    return {
        "schema_version": SCHEMA_VERSION,
        "config": as_settings(config),
        "seed": config.seed,
        "versions": recorded_versions(),
        "machine": dataclasses.asdict(describe_machine()),
        "data": {
            "name": config.data.name,
            "card": dataclasses.asdict(prepared.adapter.card),
            "fingerprint": prepared.fingerprint,
            "n_examples": len(prepared.index),
            "unreadable": [dataclasses.asdict(bad) for bad in prepared.unreadable],
        },
        "split": {
            "name": prepared.split.name,
            "hash": prepared.split.hash,
            "group": prepared.split.group_column,
            "n_examples": prepared.split.counts(),
        },
    }


def recorded_versions() -> dict[str, str | None]:
    """Versions of what decides the numbers; None where it is not installed."""
    return {name: _version(name) for name in RECORDED_PACKAGES}


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None
