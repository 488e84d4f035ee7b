"""int8 by TensorFlow's converter and LiteRT, whose XNNPACK kernels compute it."""

import os
import queue
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zoo_core.contract import DataError, Load, Network, Plugin
from zoo_core.precision.exporting import exported
from zoo_core.precision.int8 import why_missing
from zoo_core.precision.openvino_network import filled_up

NETWORK = "network.tflite"


@dataclass(frozen=True)
class Int8LiteRTConfig:
    """Nothing to set."""


@dataclass(frozen=True)
class Int8LiteRT:
    """Post-training quantization to 8 bits.

    Attributes:
        instructions: any makes it fast, as Linux names them in /proc/cpuinfo.
        promise: what its results keep.
    """

    config: Int8LiteRTConfig
    instructions: tuple[str, ...] = ("avx512_vnni", "avx_vnni", "amx_int8")
    promise: str = (
        "Activations and weights of 8 bits, one range a tensor and one an output channel. What that costs a model is "
        "measured when it is converted, and a model that loses too much is refused."
    )

    def unavailable(self) -> str | None:
        """None, or which library is missing."""
        return why_missing(["ai_edge_litert"], "zoo-core[litert]")

    def load(self, folder: Path, use: Load) -> Network:
        """A converted network; needs neither TensorFlow nor Keras.

        Raises:
            DataError: its file is missing or damaged.
        """
        return LiteRTNetwork(folder / NETWORK, use)

    def convert(self, model: Any, calibration: np.ndarray, folder: Path) -> Mapping[str, Any]:
        """Write `network.tflite`, whose inputs and outputs are float32."""
        import tensorflow as tf

        def examples() -> Iterator[list[np.ndarray]]:
            return ([image[np.newaxis]] for image in calibration)

        with exported(model) as saved:
            converter = tf.lite.TFLiteConverter.from_saved_model(str(saved))
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = examples
            (folder / NETWORK).write_bytes(converter.convert())
        return {"activations and weights": "8 bits", "all else": "float32"}


class LiteRTNetwork:
    """Interpreters of one network, one a call at the same time, which share the cores.

    Args:
        path: of the network.
        use: what it is for; the number of examples of a call is set once.
    Raises:
        DataError: the file is missing or damaged.
    """

    def __init__(self, path: Path, use: Load) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._batch_size = use.batch_size
        self._interpreters: queue.SimpleQueue[Any] = queue.SimpleQueue()
        n_threads = max(1, len(os.sched_getaffinity(0)) // use.n_streams)
        for _ in range(use.n_streams):
            try:
                one = Interpreter(model_path=str(path), num_threads=n_threads)
                (given,) = one.get_input_details()
                one.resize_tensor_input(given["index"], [use.batch_size, *given["shape"][1:]])
                one.allocate_tensors()
            except (ValueError, RuntimeError) as error:
                reason = str(error).strip().splitlines()[0]
                raise DataError(f"A whole {NETWORK} was wanted. Received: '{path}' ({reason}): convert anew") from error
            self._interpreters.put(one)

    def outputs(self, images: np.ndarray) -> np.ndarray:
        """(example, y, x, c) to (example, output), float32; fewer examples than set are filled up with nothing."""
        filled = filled_up(images, self._batch_size)
        one = self._interpreters.get()
        try:
            one.set_tensor(one.get_input_details()[0]["index"], filled)
            one.invoke()
            outputs: np.ndarray = one.get_tensor(one.get_output_details()[0]["index"])
            return outputs[: len(images)]
        finally:
            self._interpreters.put(one)


plugin = Plugin(config=Int8LiteRTConfig, create=Int8LiteRT, summary="8 bits, for inference, by LiteRT and XNNPACK.")
