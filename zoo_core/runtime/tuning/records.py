"""What `zoo tune` found, kept in one file of this user for each machine and model."""

import contextlib
import datetime as dt
import importlib.metadata
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from zoo_core import plugins
from zoo_core.contract import ArraySpec, DataError, OutputError
from zoo_core.data.files import write_atomically
from zoo_core.runtime.config import RunConfig
from zoo_core.runtime.machine import Machine
from zoo_core.runtime.settings import Settings, as_settings
from zoo_core.runtime.tuning.candidates import Candidate, counted

SCHEMA_VERSION = 1
DISTRIBUTIONS = ("zoo-core", "tensorflow-cpu", "tensorflow", "keras")
"""Another version of one of these may be fast in another way."""


@dataclass(frozen=True)
class Subject:
    """What was tuned: a record holds for this alone.

    Attributes:
        machine: CPU, its instructions, usable cores, and memory in GiB.
        model: task and topology with their options, and the arrays that the data set gives.
        versions: of `DISTRIBUTIONS`.
    """

    machine: dict[str, Any]
    model: dict[str, Any]
    versions: dict[str, str | None]

    def is_here(self, machine: Machine) -> bool:
        """Whether it is of this machine and of the versions that are installed."""
        return self.machine == _machine_values(machine) and self.versions == _versions()

    @property
    def name(self) -> str:
        """Short, for a reader."""
        return f"{self.model['task']['name']}, {self.model['topology']['name']}"


@dataclass(frozen=True)
class Record:
    """What is fastest for a subject.

    Attributes:
        subject: what was tuned.
        date: of the day.
        input_shape: (y, x, c) that the network sees.
        candidate: how to train.
        n_streams: batches to predict at the same time.
        images_per_s: of training.
        ratio: to the default's speed in the same run; 1 where the default is the fastest.
    """

    subject: Subject
    date: dt.date
    input_shape: tuple[int, int, int]
    candidate: Candidate
    n_streams: int
    images_per_s: float
    ratio: float

    @property
    def name(self) -> str:
        """Of the model, for a reader."""
        return f"{self.subject.name}, {'x'.join(map(str, self.input_shape))}"

    @property
    def settings(self) -> Settings:
        """What it sets."""
        return self.candidate.settings(self.n_streams)

    def describe(self) -> str:
        """In words."""
        how = self.candidate.describe(self.subject.machine["n_usable_cores"])
        return f"{how}, predicting in {counted(self.n_streams, 'stream')}"


_RECORDS = TypeAdapter(list[Record])


def subject_of(config: RunConfig, specs: Sequence[ArraySpec], machine: Machine) -> Subject:
    """What a record for this configuration holds for.

    Args:
        config: of a run.
        specs: arrays of its data set.
        machine: where it runs.
    """
    settings = as_settings(config)
    settings["topology"].pop("weights")  # any weights take the same time
    arrays = [{"name": spec.name, "axes": list(spec.axes), "shape": list(spec.shape)} for spec in specs]
    return Subject(
        machine=_machine_values(machine),
        model={"task": settings["task"], "topology": settings["topology"], "arrays": arrays},
        versions=_versions(),
    )


def records_file() -> Path:
    """Where records are.

    Raises:
        OutputError: this user has no home folder.
    """
    return plugins.memory_folder() / "tuned.json"


def recall_records() -> list[Record]:
    """Every record of this user, of other machines too where they share a home folder.

    Raises:
        DataError: the file is damaged, or another version of zoo wrote it.
    """
    try:
        path = records_file()
    except OutputError:
        return []  # without a home folder nothing can have been kept
    try:
        content = json.loads(path.read_bytes())
        if content["schema_version"] != SCHEMA_VERSION:
            raise ValueError(f"schema {content['schema_version']}")
        return _RECORDS.validate_python(content["records"])
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, LookupError) as error:
        reason = "values that no record has" if isinstance(error, ValidationError) else str(error)
        raise DataError(
            f"What 'zoo tune' found needs to be read from '{path}', which failed ({reason}): tune again, or remove it"
        ) from error


def remember_records(records: Iterable[Record]) -> None:
    """Write all records in place of those that were there, whole or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    path = records_file()
    content = {"schema_version": SCHEMA_VERSION, "records": [asdict(record) for record in records]}
    with contextlib.suppress(OSError):  # what is wrong with the folder is said when the file is written
        path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, (json.dumps(content, indent=2, default=str) + "\n").encode())


def without(records: Iterable[Record], subject: Subject) -> list[Record]:
    """Records of other subjects; those of other versions of this one are superseded too."""
    return [r for r in records if (r.subject.machine, r.subject.model) != (subject.machine, subject.model)]


def _machine_values(machine: Machine) -> dict[str, Any]:
    return {
        "cpu_model": machine.cpu_model,
        "flags": list(machine.flags),
        "n_usable_cores": machine.n_usable_cores,
        "memory_gib": round(machine.memory_bytes / 2**30),
    }


def _versions() -> dict[str, str | None]:
    return {name: _version(name) for name in DISTRIBUTIONS}


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None
