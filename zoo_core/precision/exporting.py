"""A trained Keras model in the forms that other runtimes read."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from zoo_core.precision.keras_network import in_float32

KERNELS = ("Conv2D", "DepthwiseConv2D", "Dense")
"""Layers of Keras whose kernels other runtimes keep as constants."""

SAME = 0.999
"""Of two kernels, least mean correlation of their output channels that makes them one."""


@contextlib.contextmanager
def exported(model: Any) -> Iterator[Path]:
    """A SavedModel of a model in float32; it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="zoo-export-") as folder:
        in_float32(model).export(folder, format="tf_saved_model", verbose=False)
        yield Path(folder)


def kernels_by_layer(model: Any) -> dict[str, np.ndarray]:
    """Kernels by the name of their layer, in the order of the layers, each (output channel, value)."""
    return {
        layer.name: _by_output(layer)
        for layer in model._flatten_layers()  # noqa: SLF001 - the only walk that sees layers inside layers
        if type(layer).__name__ in KERNELS
    }


def layer_with_kernel(kernels: dict[str, np.ndarray], kernel: np.ndarray) -> str | None:
    """The layer that a kernel is of, whatever each of its output channels was multiplied by; None where there is none.

    Args:
        kernels: of `kernels_by_layer`.
        kernel: (output channel, value).
    """
    scores = {name: _likeness(one, kernel) for name, one in kernels.items() if one.shape == kernel.shape}
    best = max(scores, key=lambda name: scores[name], default=None)
    return best if best is not None and scores[best] >= SAME else None


def _by_output(layer: Any) -> np.ndarray:
    kernel = np.asarray(layer.kernel)
    if kernel.ndim == 2:
        return kernel.T
    if type(layer).__name__ == "DepthwiseConv2D":  # (y, x, channel, multiplier)
        return kernel.transpose(2, 3, 0, 1).reshape(kernel.shape[2] * kernel.shape[3], -1)
    return kernel.transpose(3, 2, 0, 1).reshape(kernel.shape[3], -1)  # (y, x, input, output)


def _likeness(a: np.ndarray, b: np.ndarray) -> float:
    """Mean over output channels of the absolute cosine, 0 to 1; a channel of nothing is like any other."""
    products = np.abs((a * b).sum(axis=1))
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return float(np.mean(np.divide(products, lengths, out=np.ones_like(lengths), where=lengths > 0)))
