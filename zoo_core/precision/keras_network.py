"""A trained Keras model in inference, in float32 or in bfloat16; imports TensorFlow when one is loaded."""

from pathlib import Path
from typing import Any

import numpy as np

from zoo_core.contract import Load

FILE = "model.keras"
"""Of a trained model's folder."""

REFERENCE = "float32"
LOWER = {"mixed_bfloat16": REFERENCE, "bfloat16": REFERENCE}
"""Words of a Keras configuration that say bfloat16, and what stands there in float32."""


class KerasNetwork:
    """A Keras model, compiled once for batches of any size.

    Args:
        model: from images (example, y, x, c) to outputs (example, output).
    """

    def __init__(self, model: Any) -> None:
        import tensorflow as tf

        signature = tf.TensorSpec([None, *model.input_shape[1:]], tf.float32)
        self._forward = tf.function(
            lambda images: model(images, training=False), input_signature=[signature], autograph=False
        )

    def outputs(self, images: np.ndarray) -> np.ndarray:
        """(example, y, x, c) to (example, output), float32."""
        return np.asarray(self._forward(images))


def load_float32(folder: Path, _use: Load) -> KerasNetwork:
    """A trained model in float32, whatever it was trained in.

    Raises:
        DataError: its file is missing or damaged.
    """
    from zoo_core.models.assembly import load_model

    return KerasNetwork(in_float32(load_model(folder / FILE)))


def load_bfloat16(folder: Path, _use: Load) -> KerasNetwork:
    """A trained model whose backbone computes in bfloat16, whatever it was trained in.

    Raises:
        DataError: its file is missing or damaged.
    """
    import keras

    from zoo_core.models.assembly import load_model

    model, policy = load_model(folder / FILE), keras.DTypePolicy("mixed_bfloat16")
    backbone = model.get_layer("backbone")._flatten_layers()  # noqa: SLF001 - the only walk that sees layers inside layers
    for layer in (*backbone, model.get_layer("features")):
        if not isinstance(layer, keras.layers.InputLayer):
            layer.dtype_policy = policy
    return KerasNetwork(model)


def in_float32(model: Any) -> Any:
    """A copy of a model that computes in float32, with Keras's own batch norm.

    Not the fused one, which pays in training alone.
    """
    copy = type(model).from_config(_replaced(model.get_config()))
    copy.set_weights(model.get_weights())
    return copy


def _replaced(config: Any) -> Any:
    """Nested values, words of `LOWER` replaced."""
    if isinstance(config, dict):
        return {key: _replaced(value) for key, value in config.items()}
    if isinstance(config, (list, tuple)):
        return type(config)(map(_replaced, config))
    return LOWER.get(config, config) if isinstance(config, str) else config
