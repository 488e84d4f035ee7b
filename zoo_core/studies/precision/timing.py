"""A loaded network against the clock: one image a call, and batches as fast as they go."""

import os
import time
from collections.abc import Callable, Iterator

import numpy as np

from zoo_core.contract import Load, Network, PrecisionBackend, SupportsConversion
from zoo_core.runtime.inference import Inference

ONE = Load(batch_size=1, n_streams=1)
"""What latency is measured with: one image a call, which has all the cores."""

WARM_UP_CALLS = 2
"""Single images before those that are counted: other precisions have used the caches since."""


def throughput_load(backend: PrecisionBackend, batch_size: int) -> Load:
    """What throughput is measured with: a converted network has a core for each of several calls at a time.

    Keras's networks share all cores within a call.
    """
    n_streams = len(os.sched_getaffinity(0)) if isinstance(backend, SupportsConversion) else 1
    return Load(batch_size, n_streams)


def latencies_ms(
    network: Network, images: np.ndarray, n_calls: int, clock: Callable[[], float] = time.perf_counter
) -> list[float]:
    """How long single images take, after calls that are not counted.

    Args:
        network: loaded for `ONE`.
        images: (example, y, x, c), taken in turn.
        n_calls: that are counted.
        clock: seconds that only grow.
    """
    taken = []
    for i in range(WARM_UP_CALLS + n_calls):
        image = images[i % len(images)][np.newaxis]
        begun = clock()
        network.outputs(image)
        taken.append(1e3 * (clock() - begun))
    return taken[WARM_UP_CALLS:]


def images_per_s(
    network: Network, use: Load, images: np.ndarray, clock: Callable[[], float] = time.perf_counter
) -> float:
    """How many images a second go through in batches, after one batch a stream that is not counted.

    Args:
        network: loaded.
        use: what it was loaded for.
        images: (example, y, x, c), all of them counted once.
        clock: seconds that only grow.
    """
    inference = Inference(network, use)
    warm_up = list(batches(images, use.batch_size))[: use.n_streams]
    for _ in inference.outputs(warm_up):
        pass
    begun = clock()
    n_images = sum(len(outputs) for outputs in inference.outputs(batches(images, use.batch_size)))
    return n_images / (clock() - begun)


def batches(images: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """(example, ...) in parts of at most `size`."""
    return (images[i : i + size] for i in range(0, len(images), size))
