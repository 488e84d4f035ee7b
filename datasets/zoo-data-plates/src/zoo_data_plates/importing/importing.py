"""`import_plate`: a folder of pictures made into a plate, in parallel, and going on where it was ended."""

import fcntl
import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from zoo_core.contract import DataError, OutputError
from zoo_data_plates.importing.pattern import compile_pattern
from zoo_data_plates.importing.places import find_places
from zoo_data_plates.importing.plan import FieldPlan, Gaps, ImportPlan, Wanted, plan_import
from zoo_data_plates.importing.source import walk
from zoo_data_plates.importing.table import TableOptions, read_table
from zoo_data_plates.importing.workers import Damaged, FieldWriter, write_fields
from zoo_data_plates.ngff.layout import field_path, has_field, is_finished, remove_hidden, replaced
from zoo_data_plates.ngff.writing import create_plate, finish_plate

RECORD_FILE = "import.json"
"""What a plate was imported from, in the plate's folder: only the same import goes on there."""

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""

_N_NAMED = 3
_OTHER = "An import needs a folder of its own. Received: {}, which holds a plate of other origin. Give another DEST"


@dataclass(frozen=True)
class ImportJob:
    """One import.

    Attributes:
        source: folder of the pictures.
        plate: folder of the plate; not there yet, or holding the same import.
        pattern: as `compile_pattern` takes it.
        table: file of the wells table.
        wanted: what the names do not say.
        options: how the table is read.
        n_workers: fields that are written at once, each held in memory whole.
        skip_damaged: finish without the fields of which a picture cannot be read.
    """

    source: Path
    plate: Path
    pattern: str
    table: Path
    wanted: Wanted
    options: TableOptions = field(default_factory=TableOptions)
    n_workers: int = 1
    skip_damaged: bool = False


@dataclass(frozen=True)
class ImportReport:
    """What an import did.

    Attributes:
        plate: its folder.
        name: of the plate.
        size: rows and columns.
        channels: names in order.
        dtype: as acquired.
        n_pictures: files that make up the plate.
        n_fields: of the whole plate.
        n_pictures_now: files that this call read and wrote.
        seconds: this call took, looking at all names and headers included.
        gaps: what the plate could have and has not.
        damaged: fields that were left out, each with the file and the reason.
        samples: wells by the value of their control role that no option named.
        n_ignored: files that belong nowhere, by kind.
    """

    plate: str
    name: str
    size: tuple[int, int]
    channels: tuple[str, ...]
    dtype: str
    n_pictures: int
    n_fields: int
    n_pictures_now: int
    seconds: float
    gaps: Gaps
    damaged: tuple[Damaged, ...]
    samples: Mapping[str, int]
    n_ignored: Mapping[str, int]

    @property
    def images_per_s(self) -> float | None:
        """Pictures this call read and wrote, by all the time it took; None where there was nothing left to do."""
        return self.n_pictures_now / self.seconds if self.n_pictures_now else None


def import_plate(job: ImportJob, progress: Progress) -> ImportReport:
    """Make a plate of a folder of pictures.

    Ended at any moment, the same call goes on with the fields that are not there yet; on a plate that is complete it
    does nothing.

    Args:
        job: what, from where and to where.
        progress: told what is being done; called from this thread.
    Raises:
        ConfigError: the job contradicts itself, or leaves out what must be known.
        DataError: the pictures or the table contradict themselves or each other, or pictures cannot be read.
        OutputError: the plate's folder holds something else or another import, or cannot be written.
    """
    start = time.monotonic()
    pattern = compile_pattern(job.pattern)
    table = read_table(job.table, job.options)
    source = walk(job.source, without=job.plate)
    places = find_places(source, pattern)
    looked_at = _partly(progress, "looking at pictures")
    plan = plan_import(places, source.root, job.wanted, table.rows, looked_at)
    written, damaged = _write(job, source.root, plan, progress)
    return ImportReport(
        plate=str(job.plate),
        name=plan.design.name,
        size=(plan.design.n_rows, plan.design.n_columns),
        channels=tuple(channel.name for channel in plan.design.channels),
        dtype=plan.design.dtype,
        n_pictures=plan.n_pictures,
        n_fields=len(plan.fields),
        n_pictures_now=sum(len(one.files) for one in written),
        seconds=time.monotonic() - start,
        gaps=plan.gaps,
        damaged=damaged,
        samples=table.samples,
        n_ignored=plan.n_ignored,
    )


def _write(
    job: ImportJob, root: Path, plan: ImportPlan, progress: Progress
) -> tuple[list[FieldPlan], tuple[Damaged, ...]]:
    """Write what is not there yet; gives the fields that were written, and those that cannot be."""
    record = _record(job, plan)
    if is_finished(job.plate):
        _check_same(job.plate, record)
        return [], ()
    _check_unfinished(job.plate, record)
    create_plate(job.plate, plan.design, plan.n_fields)
    with _held(job.plate, record):
        waiting = [one for one in plan.fields if not has_field(job.plate, one.well, one.field)]
        for well in {one.well for one in waiting}:
            remove_hidden((job.plate / field_path(well, 0)).parent)
        writer = FieldWriter(job.plate, root, plan.design, plan.form)
        n_there, n_all = len(plan.fields) - len(waiting), len(plan.fields)
        progress("writing fields", n_there, n_all)
        wrote = _partly(progress, "writing fields")
        damaged = write_fields(writer, waiting, job.n_workers, lambda n_done: wrote(n_there + n_done, n_all))
        _check_damaged(damaged, plan, job.skip_damaged)
        finish_plate(job.plate, plan.wells)
    lost = {(one.well, one.field) for one in damaged}
    return [one for one in waiting if (one.well, one.field) not in lost], damaged


def _record(job: ImportJob, plan: ImportPlan) -> dict[str, Any]:
    """What must be the same for two calls to be one import."""
    files = [[one.well, one.field, sorted((list(at), path) for at, path in one.files.items())] for one in plan.fields]
    record = {
        "pattern": job.pattern,
        "n_pictures": plan.n_pictures,
        "pictures_sha256": _sha256(json.dumps(files)),
        "table_sha256": _sha256(plan.wells.to_csv(index=False)),
        "form": asdict(plan.form),
        "design": plan.design.as_json(),
    }
    through: dict[str, Any] = json.loads(json.dumps(record))
    return through


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _check_unfinished(folder: Path, record: Mapping[str, Any]) -> None:
    if (folder / RECORD_FILE).is_file():
        _check_same(folder, record)
    elif any(folder.glob("*/*/*/zarr.json")):
        # Without a field it may be ours, killed before it noted what it is made from; create_plate compares the rest.
        raise OutputError(_OTHER.format(folder))


def _check_same(folder: Path, record: Mapping[str, Any]) -> None:
    try:
        theirs = json.loads((folder / RECORD_FILE).read_bytes())
    except (OSError, ValueError) as error:
        raise OutputError(_OTHER.format(folder)) from error
    other = [name for name in record if not isinstance(theirs, dict) or theirs.get(name) != record[name]]
    if other:
        words = ", ".join(name.removesuffix("_sha256").replace("n_", "number of ") for name in other)
        raise OutputError(
            f"The plate in {folder} was begun by another import, with other {words}. Give what was given then, or "
            "another DEST"
        )


@contextmanager
def _held(folder: Path, record: Mapping[str, Any]) -> Iterator[None]:
    """Hold a plate against a second import, and note what it is made from."""
    path = folder / RECORD_FILE
    try:
        if not path.is_file():
            with replaced(path) as temporary:
                temporary.write_text(json.dumps(record, indent=2))
        file = path.open("rb")
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error}. Make room or give permission") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # given back by the system however the process ends
        except BlockingIOError as error:
            raise OutputError(f"Another import is writing to {folder}. Wait for it, or give another DEST") from error
        yield


def _check_damaged(damaged: Sequence[Damaged], plan: ImportPlan, may_skip: bool) -> None:
    if not damaged or (may_skip and len(damaged) < len(plan.fields)):
        return
    named = "; ".join(f"'{one.path}' {one.reason}" for one in damaged[:_N_NAMED])
    more = f"; and {len(damaged) - _N_NAMED} more" if len(damaged) > _N_NAMED else ""
    raise DataError(
        f"{len(damaged)} of {len(plan.fields)} fields have a picture that cannot be read: {named}{more}. Mend them and "
        "start again, which goes on, or finish without these fields with --skip-damaged"
    )


def _partly(progress: Progress, what: str) -> Callable[[int, int], None]:
    return lambda n_done, n_all: progress(what, n_done, n_all)
