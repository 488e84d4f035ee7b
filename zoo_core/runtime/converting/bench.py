"""How fast networks are, side by side: by turns in one process, so that what else the machine does hits them alike."""

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo_core.contract import Load, Network
from zoo_core.runtime.inference import Inference
from zoo_core.runtime.precisions import REFERENCE

N_TURNS = 5
MOST_IMAGES = 64
"""Of a turn: seconds for the largest networks on few cores."""


@dataclass(frozen=True)
class Contender:
    """A network and what it was loaded for."""

    network: Network
    use: Load


def bench(
    contenders: Mapping[str, Contender],
    images: np.ndarray,
    advance: Callable[[], None],
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, Any]:
    """Measure images a second, computing alone.

    Args:
        contenders: by name, `REFERENCE` among them.
        images: (example, y, x, c), at least one; of many the first are taken.
        advance: called after each turn of a contender.
        clock: seconds that only grow.
    Returns:
        `n_turns`, `n_images` of a turn, `images_per_s` by name (median of the turns), and `ratio` by name to the
        reference of the same turn, as [median, smallest, largest].
    """
    taken, names = images[:MOST_IMAGES], list(contenders)
    rates: dict[str, list[float]] = {name: [] for name in names}
    for one in contenders.values():
        _images_per_s(one, taken[: one.use.batch_size * one.use.n_streams], clock)  # what is first is slower
    for turn in range(N_TURNS):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            rates[name].append(_images_per_s(contenders[name], taken, clock))
            advance()
    return {
        "n_turns": N_TURNS,
        "n_images": len(taken),
        "images_per_s": {name: statistics.median(own) for name, own in rates.items()},
        "ratio": {name: _ratio(own, rates[REFERENCE]) for name, own in rates.items()},
    }


def _images_per_s(one: Contender, images: np.ndarray, clock: Callable[[], float]) -> float:
    inference = Inference(one.network, one.use, clock)
    for _ in inference.outputs(_batches(images, one.use.batch_size)):
        pass
    return inference.n_images / inference.busy_s


def _batches(images: np.ndarray, size: int) -> Iterator[np.ndarray]:
    return (images[i : i + size] for i in range(0, len(images), size))


def _ratio(own: Sequence[float], reference: Sequence[float]) -> list[float]:
    ratios = [a / b for a, b in zip(own, reference, strict=True)]
    return [statistics.median(ratios), min(ratios), max(ratios)]
