"""Precision `template-precision`: kernels stored in float16, in half the space, and computed with in float32."""

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from zoo_core.contract import DataError, Load, Network, Plugin

LAYERS, WEIGHTS = "layers.json", "weights.npz"
"""Files of a converted network: its layers as Keras describes them, and its arrays in Keras's order."""


@dataclass(frozen=True)
class TemplatePrecisionConfig:
    """Nothing to set; a field would be set by `--set precision.KEY=VALUE` or in a TOML file."""


@dataclass(frozen=True)
class TemplatePrecision:
    """Kernels of 11 significant bits.

    A precision that networks are trained in has `policy` too, one that needs no conversion has no `convert`.

    Attributes:
        config: nothing.
        instructions: flags of CPUs that make it fast, as Linux names them in /proc/cpuinfo; none, it is as float32.
        promise: what its results keep.
    """

    config: TemplatePrecisionConfig
    instructions: tuple[str, ...] = ()
    promise: str = (
        "Kernels of 11 significant bits, in half the space; all else, and what is computed, as it was trained."
    )

    def unavailable(self) -> str | None:
        """None: it works wherever Keras does.

        To change: say which library is missing (`importlib.util.find_spec`), and how to install it.
        """
        return None

    def convert(self, model: Any, calibration: np.ndarray, folder: Path) -> Mapping[str, Any]:
        """Write layers and weights; what a network does on `calibration` is of no use to this precision."""
        arrays = [stored(np.asarray(weights)) for weights in model.get_weights()]
        np.savez(folder / WEIGHTS, *arrays)
        (folder / LAYERS).write_text(model.to_json())
        n_float16 = sum(array.dtype == np.float16 for array in arrays)
        return {"arrays in float16": n_float16, "arrays in float32": len(arrays) - n_float16}

    def load(self, folder: Path, use: Load) -> Network:
        """A converted network; `use` changes nothing, as Keras shares the cores by itself.

        Raises:
            DataError: a file is missing or damaged.
        """
        import keras

        try:
            with np.load(folder / WEIGHTS, allow_pickle=False) as file:
                arrays = [file[f"arr_{i}"].astype(np.float32) for i in range(len(file.files))]
            layers = json.loads((folder / LAYERS).read_text())
            model = keras.saving.deserialize_keras_object(layers)
            model.set_weights(arrays)
        except (OSError, ValueError, TypeError, KeyError, AttributeError, zipfile.BadZipFile) as error:
            reason = " ".join(str(error).split())
            raise DataError(f"'{folder}' needs a network in {LAYERS} and {WEIGHTS}. Received: {reason}") from error
        return StoredNetwork(model)


class StoredNetwork:
    """A network in inference.

    Args:
        model: from images (example, y, x, c) to outputs (example, output).
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        # Compiled here, and not by the first of several threads.
        self.outputs(np.zeros((1, *model.input_shape[1:]), np.float32))

    def outputs(self, images: np.ndarray) -> np.ndarray:
        """(example, y, x, c) to (example, output), float32."""
        return np.asarray(self._model.predict_on_batch(images), np.float32)


def stored(array: np.ndarray) -> np.ndarray:
    """An array of weights as it is stored.

    Kernels in float16, where all of their values have a place there; biases and the statistics of batch norm, which are
    few and of any size, in float32.
    """
    if array.ndim < 2 or np.abs(array).max(initial=0) > np.finfo(np.float16).max:
        return array.astype(np.float32)
    return array.astype(np.float16)


plugin = Plugin(
    config=TemplatePrecisionConfig,
    create=TemplatePrecision,
    summary="Kernels stored in float16, in half the space.",
)
