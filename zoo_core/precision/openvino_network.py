"""A network in OpenVINO's files, compiled for this CPU; needs neither TensorFlow nor Keras."""

import functools
import os
import queue
import sys
from pathlib import Path
from typing import Any

import numpy as np

from zoo_core.contract import DataError, Load, OutputError

NETWORK, CONSTANTS = "network.xml", "network.bin"
"""The files of a network."""

EXACT = {"INFERENCE_PRECISION_HINT": "f32"}
"""Where a CPU has bfloat16, OpenVINO would compute in it what is not int8: the same model, other predictions."""


def openvino() -> Any:
    """The library, which tells nobody over the network what it is used for."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type] # what Python takes for "not there"
    import openvino as library

    return library


@functools.cache
def core() -> Any:
    """OpenVINO's core, one a process: see `signal_stack`."""
    one = openvino().Core()
    one.get_property("CPU", "FULL_DEVICE_NAME")  # loads the CPU's part now, in the thread that asked first
    # And its number types, at the first array: two threads that bring one at a time would wait for each other for good.
    np.array(openvino().Tensor(np.zeros(1, np.float32)).data)
    return one


class OpenVINONetwork:
    """A compiled network.

    Args:
        folder: with `NETWORK` and `CONSTANTS`.
        use: what it is for; the number of examples of a call is compiled in, which is faster than leaving it open.
        cache: folder of OpenVINO's compiled networks, or None for none.
    Raises:
        DataError: a file is missing or damaged.
    """

    def __init__(self, folder: Path, use: Load, cache: Path | None = None) -> None:
        self._batch_size = use.batch_size
        compiled = core().compile_model(_read(folder, use.batch_size), "CPU", _how(use, cache))
        self._requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for _ in range(use.n_streams):
            self._requests.put(compiled.create_infer_request())

    def outputs(self, images: np.ndarray) -> np.ndarray:
        """(example, y, x, c) to (example, output), float32; fewer examples than compiled are filled up with nothing."""
        filled = filled_up(images, self._batch_size)
        request = self._requests.get()
        try:
            answer = request.infer([filled], share_inputs=True)
            return np.array(answer[0][: len(images)])
        finally:
            self._requests.put(request)


def filled_up(images: np.ndarray, batch_size: int) -> np.ndarray:
    """A batch of that many examples, those that are missing of nothing; a whole one is not copied.

    >>> filled_up(np.ones((1, 1, 1, 1), np.float32), 2).ravel().tolist()
    [1.0, 0.0]
    """
    if len(images) == batch_size:
        return images
    return np.concatenate([images, np.zeros((batch_size - len(images), *images.shape[1:]), np.float32)])


def compile_cache() -> Path | None:
    """Where OpenVINO keeps what it has compiled, or None where this user has no home folder: it then compiles anew."""
    from zoo_core.plugins.verdicts import memory_folder

    try:
        return memory_folder() / "openvino"
    except OutputError:
        return None


def _read(folder: Path, batch_size: int) -> Any:
    network, constants = folder / NETWORK, folder / CONSTANTS
    try:
        model = core().read_model(network, constants)
        model.reshape([batch_size, *list(model.input().partial_shape)[1:]])
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1]
        raise DataError(
            f"A whole {NETWORK} with its {CONSTANTS} was wanted. Received: '{folder}' ({reason}): convert anew"
        ) from error
    return model


def _how(use: Load, cache: Path | None) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "NUM_STREAMS": use.n_streams,
        "INFERENCE_NUM_THREADS": len(os.sched_getaffinity(0)),
        **EXACT,
    }
    return settings if cache is None else {**settings, "CACHE_DIR": str(cache)}
