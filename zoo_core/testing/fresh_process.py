"""A network's outputs in a process that knows nothing of this one."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from zoo_core.contract import Load, PrecisionBackend

BATCH_SIZE = 8


def outputs_in_a_fresh_process(backend: PrecisionBackend, folder: Path, images: np.ndarray) -> np.ndarray:
    """What a precision that is loaded from a folder says there.

    Args:
        backend: can be pickled.
        folder: of the network.
        images: (example, y, x, c).
    Returns:
        (example, output).
    """
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(outputs_of, backend, folder, images).result()


def outputs_of(backend: PrecisionBackend, folder: Path, images: np.ndarray) -> np.ndarray:
    """(example, output), batch by batch, of a network that is loaded here."""
    network = backend.load(folder, Load(BATCH_SIZE))
    return np.concatenate([network.outputs(images[i : i + BATCH_SIZE]) for i in range(0, len(images), BATCH_SIZE)])
