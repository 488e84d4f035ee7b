"""Where in an image the evidence for each output lies, for any network that `build_model` put together."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

LAYER = "features"
"""Of the model: its last map with places, which all that comes after it sees."""


class ActivationMaps:
    """Gradient-weighted class activation maps (Grad-CAM) of a model, compiled once.

    A channel's weight is the mean over all places of the output's gradient by that channel; the map is the weighted sum
    of the channels where it is positive. Behind global average pooling and one dense layer it is the class activation
    map of Zhou et al. 2016, divided by the number of places.

    The backbone runs forward once for all outputs, and the head alone is differentiated.

    Args:
        model: from `build_model` or `load_model`.
    Attributes:
        shape: (y, x) of a map.
    Source:
        Selvaraju et al. 2017, Grad-CAM, ICCV, equations 1 and 2.
    """

    def __init__(self, model: Any) -> None:
        features = model.get_layer(LAYER).output
        self.shape: tuple[int, int] = tuple(features.shape[1:3])
        self._backbone = keras.Model(model.input, features)
        self._head = model.get_layer("head")
        signature = tf.TensorSpec([None, *model.input_shape[1:]], tf.float32)
        self._compiled = tf.function(self._maps, input_signature=[signature], autograph=False)

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Maps of a batch.

        Args:
            images: (example, y, x, c), float32, from 0 to 1.
        Returns:
            (example, output, y, x), float32 under any dtype policy, from 0; all 0 where no place speaks for the output.
        """
        return np.asarray(self._compiled(images))

    def _maps(self, images: tf.Tensor) -> tf.Tensor:
        features = self._backbone(images, training=False)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(features)
            outputs = tf.unstack(self._head(features, training=False), axis=1)
        # Summed over the examples, which a head in inference keeps apart: each finds its own gradient.
        gradients = [tape.gradient(output, features) for output in outputs]
        weights = tf.stack([tf.reduce_mean(tf.cast(one, tf.float32), axis=(1, 2)) for one in gradients], axis=1)
        return tf.nn.relu(tf.einsum("ekc,eyxc->ekyx", weights, tf.cast(features, tf.float32)))
