"""Fields read and written by several workers at once: threads for few, processes for many."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np

from zoo_core.contract import ImageError, MachineError
from zoo_data_plates.importing.image_files import Form, read_plane
from zoo_data_plates.importing.plan import FieldPlan
from zoo_data_plates.ngff.design import PlateDesign
from zoo_data_plates.ngff.writing import write_field

FIELDS_WORTH_PROCESSES = 512
"""From here on processes are started. Decoding and packing run beside each other in threads, but the Python of a
field's metadata does not; a process needs the time of some hundred fields to start. On two cores threads were quicker
for 384 fields (6.8 s against 8.3 s), and neither was for 1,536."""


@dataclass(frozen=True)
class Damaged:
    """A field that cannot be written.

    Attributes:
        well: its name.
        field: its number.
        path: of the picture, below the source.
        reason: why it cannot be read.
    """

    well: str
    field: int
    path: str
    reason: str


@dataclass(frozen=True)
class FieldWriter:
    """Makes one field after the other of pictures; can be sent to another process.

    Attributes:
        plate: folder of the plate.
        root: the source.
        design: of the plate.
        form: of every picture.
    """

    plate: Path
    root: Path
    design: PlateDesign
    form: Form

    def write(self, field: FieldPlan) -> Damaged | None:
        """Read the pictures of a field and write it, black where there is none; what is wrong if one cannot be read."""
        n_planes = (max(1, len(self.design.times_h)), len(self.design.channels), self.design.n_z)
        image = np.zeros((*n_planes, self.form.height, self.form.width), self.design.dtype)
        for at, path in field.files.items():
            try:
                plane = self._plane(path)
            except ImageError as error:
                return Damaged(field.well, field.field, path, str(error))
            time, channel, z = at
            if self.form.is_rgb:
                image[time, :, z] = np.moveaxis(plane, -1, 0)
            else:
                image[time, channel, z] = plane
        kept = tuple(n for n, axis in zip(image.shape, "tczyx", strict=True) if axis in self.design.axes)
        write_field(self.plate, self.design, field.well, field.field, image.reshape(kept))
        return None

    def _plane(self, path: str) -> np.ndarray:
        plane = read_plane(self.root / path)
        form = Form(plane.shape[0], plane.shape[1], str(plane.dtype), plane.ndim == 3)
        if form != self.form:
            raise ImageError(f"is {form} now, and was {self.form} when all pictures were looked at")
        return plane


def write_fields(
    writer: FieldWriter, fields: Sequence[FieldPlan], n_workers: int, wrote: Callable[[int], None]
) -> tuple[Damaged, ...]:
    """Write fields, several at once, never more than twice as many in waiting as there are workers.

    Args:
        writer: of each of them.
        fields: that are not there yet.
        n_workers: that write at once.
        wrote: told how many are done.
    Returns:
        Those that cannot be written, in the order of `fields`.
    Raises:
        MachineError: a worker was killed.
    """
    damaged: list[Damaged] = []
    with _workers(n_workers, len(fields)) as workers:
        try:
            for n, found in enumerate(_results(workers, writer, fields, 2 * n_workers), 1):
                wrote(n)
                damaged += [] if found is None else [found]
        except BrokenProcessPool as error:
            raise MachineError(
                "A worker of the import was killed, as a rule for want of memory: start it again with fewer --workers, "
                "which goes on"
            ) from error
        finally:
            workers.shutdown(cancel_futures=True)
    order = {(one.well, one.field): n for n, one in enumerate(fields)}
    return tuple(sorted(damaged, key=lambda one: order[one.well, one.field]))


def _results(
    workers: Executor, writer: FieldWriter, fields: Iterable[FieldPlan], n_waiting: int
) -> Iterator[Damaged | None]:
    """What comes of each field, as it comes."""
    left = iter(fields)
    running: set[Future[Damaged | None]] = {workers.submit(writer.write, one) for one in islice(left, n_waiting)}
    while running:
        done, running = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            running.update(workers.submit(writer.write, one) for one in islice(left, 1))
            yield future.result()


def _workers(n_workers: int, n_fields: int) -> Executor:
    if n_workers == 1 or n_fields < FIELDS_WORTH_PROCESSES:
        return ThreadPoolExecutor(n_workers)
    # Spawned, as zarr has threads, which a forked process would wait for in vain.
    return ProcessPoolExecutor(n_workers, multiprocessing.get_context("spawn"), initializer=_follow_parent)


def _follow_parent() -> None:
    """End with the process that imports, however it ends: none may write while the import is started again."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all of a terminal; the parent says what comes of it
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)
