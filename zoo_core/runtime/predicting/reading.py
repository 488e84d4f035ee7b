"""Examples read ahead, those that cannot be read left out by name, and the network's outputs beside them."""

import dataclasses
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from zoo_core.contract import ImageError
from zoo_core.data.reader import Examples
from zoo_core.data.soundness import Unreadable
from zoo_core.runtime.inference import Inference


@dataclass(frozen=True)
class Batch:
    """Rows that are answered in one call.

    Attributes:
        part: number of the part that they are written in.
        rows: (example,) row numbers.
        ends_part: whether it is the last of its part.
        unreadable: of its examples, those that could not be read and are not among the rows.
    """

    part: int
    rows: np.ndarray
    ends_part: bool = False
    unreadable: tuple[Unreadable, ...] = ()


@dataclass(frozen=True)
class Answered:
    """A batch with what the network made of it.

    Attributes:
        batch: as far as it could be read.
        outputs: (example, output), float32; None where nothing could be read.
    """

    batch: Batch
    outputs: np.ndarray | None = field(repr=False)


def batches_of(parts: Iterable[tuple[int, np.ndarray]], size: int) -> Iterator[Batch]:
    """Cut the rows of parts into batches; none holds rows of two parts.

    Args:
        parts: number and (example,) row numbers of each.
        size: examples of a batch, at most.
    """
    for number, rows in parts:
        yield from (Batch(number, rows[i : i + size], i + size >= len(rows)) for i in range(0, len(rows), size))


def read_tolerantly(examples: Examples, batch: Batch) -> tuple[Batch, np.ndarray | None]:
    """Read a batch at once, or row by row where one of it cannot be read.

    Returns:
        The batch as far as it could be read, and its images (example, y, x, c); None where nothing could be.
    """
    try:
        return batch, examples.batch(batch.rows).images
    except ImageError:
        return _read_singly(examples, batch)


def answers(read: Iterable[tuple[Batch, np.ndarray | None]], inference: Inference) -> Iterator[Answered]:
    """Answer batches in their order; images are let go of as soon as they are answered.

    Args:
        read: batches and their images.
        inference: the network.
    """
    waiting = deque[Batch]()

    def images() -> Iterator[np.ndarray]:
        for batch, one in read:
            waiting.append(batch)
            if one is not None:
                yield one

    for outputs in inference.outputs(images()):
        while not len(waiting[0].rows):
            yield Answered(waiting.popleft(), None)
        yield Answered(waiting.popleft(), outputs)
    yield from (Answered(batch, None) for batch in waiting)


def _read_singly(examples: Examples, batch: Batch) -> tuple[Batch, np.ndarray | None]:
    good, images, bad = list[int](), list[np.ndarray](), list[Unreadable]()
    for row in batch.rows.tolist():
        try:
            arrays = examples.adapter.read(row)
        except ImageError as error:
            bad.append(Unreadable(row, str(examples.index["example_id"].iloc[row]), str(error)))
            continue
        good.append(row)
        images.append(examples.preprocessed(np.array([row]), [arrays]).images)
    left = dataclasses.replace(batch, rows=np.array(good, dtype=np.int64), unreadable=tuple(bad))
    return left, np.concatenate(images) if images else None
