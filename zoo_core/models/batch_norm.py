"""Batch norm by one kernel instead of many small operations: the same numbers in less time.

Keras 3 on TensorFlow computes moments, scale and offset one operation after the other, in float32 also where the
network computes in bfloat16. TensorFlow's fused kernel does it in one pass over the images.

A fused layer stays the Keras layer it was: same class, weights, names and configuration. Only its `call` is replaced,
on the object. So no graph is built anew, and whatever saves or copies the model writes a plain one. A subclass would
need its class swapped back before each save, and would change the paths of the variables in the file.
"""

import functools
import types
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from zoo_core.contract import ConfigError

AllReduceSum = Callable[[list[Any]], list[Any]]
"""Sums over the ranks, tensor by tensor; usable inside a compiled step."""

KERNEL_DTYPES = ("float32", "bfloat16")
"""Inputs that the kernel takes with statistics in float32; it refuses float64."""


def fuse_batch_norm(model: Any) -> Any:
    """Let every batch norm of a model use the fused kernel where the kernel can do what the layer asks.

    Layers inside nested models and inside other layers are found too. A subclass of Keras's layer is left alone: what
    it computes is its own affair. A fused layer falls back to Keras for inputs that the kernel does not take: another
    axis than the last of four, another dtype than `KERNEL_DTYPES`, a mask.

    Args:
        model: any Keras model; it is changed in place.
    Returns:
        the same model.
    """
    for layer in model._flatten_layers():  # noqa: SLF001 - the only walk that sees layers inside layers of any kind
        if type(layer) is keras.layers.BatchNormalization and not (layer.renorm or layer.synchronized):
            layer.call = types.MethodType(_call, layer)
    return model


def set_momentum(model: Any, momentum: float) -> None:
    """Set what every batch norm of a model keeps of its moving statistics at each step.

    Args:
        model: any Keras model; it is changed in place.
        momentum: from 0 to 1.
    """
    for layer in model._flatten_layers():  # noqa: SLF001 - as above
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = momentum


def share_moments(model: Any, all_reduce_sum: AllReduceSum) -> None:
    """Let every batch norm of a model, while it trains, normalise by the moments over all ranks.

    Its moving statistics are then the same on every rank.

    Args:
        model: any Keras model; it is changed in place.
        all_reduce_sum: the ranks'.
    Raises:
        ConfigError: a layer computes its moments in a way of its own.
    """
    normalize = functools.partial(_normalize_by_all_ranks, all_reduce_sum)
    for layer in model._flatten_layers():  # noqa: SLF001 - as above
        if not isinstance(layer, keras.layers.BatchNormalization):
            continue
        if type(layer) is not keras.layers.BatchNormalization or layer.renorm or layer.axis not in (-1, 3):
            raise ConfigError(
                "trainer.batch_norm=cross-rank needs Keras's own batch norm, over the last axis of images. "
                f"Received: layer '{layer.name}' of {type(layer).__name__}: choose per-rank"
            )
        layer.call = types.MethodType(functools.partial(_call, normalize=normalize), layer)


def _call(layer: Any, inputs: Any, training: bool | None = None, mask: Any = None, normalize: Any = None) -> Any:
    if mask is not None or not _kernel_takes(layer, inputs):
        return type(layer).call(layer, inputs, training=training, mask=mask)
    if training and layer.trainable:
        outputs, mean, variance = (normalize or _normalize_by_batch)(layer, inputs)
        way = tf.constant(1.0 - layer.momentum, tf.float32)
        _move(layer.moving_mean, mean, way)
        _move(layer.moving_variance, variance, way)
    else:
        outputs = _normalize_by_moving_statistics(layer, inputs)
    return tf.cast(outputs, layer.compute_dtype)


def _kernel_takes(layer: Any, inputs: Any) -> bool:
    channels_last = len(inputs.shape) == 4 and layer.axis in (-1, 3)
    return channels_last and keras.backend.standardize_dtype(inputs.dtype) in KERNEL_DTYPES


def _normalize_by_batch(layer: Any, inputs: Any) -> tuple[Any, Any, Any]:
    """Outputs (example, y, x, c), and mean (c,) and variance (c,) of the batch."""
    gamma, beta = _affine(layer, inputs)
    outputs, mean, unbiased, *_ = tf.raw_ops.FusedBatchNormV3(
        x=inputs, scale=gamma, offset=beta, mean=[], variance=[], epsilon=layer.epsilon, is_training=True
    )
    # The kernel's variance is Bessel-corrected, Keras's moving variance is not; of a single value either is 0.
    n_values = _n_values(inputs)
    return outputs, mean, unbiased * ((n_values - 1.0) / n_values)


def _normalize_by_all_ranks(all_reduce_sum: AllReduceSum, layer: Any, inputs: Any) -> tuple[Any, Any, Any]:
    """As `_normalize_by_batch`, of the batches of all ranks together.

    Source:
        Ioffe and Szegedy 2015, section 3, whose sums over a batch are those over all ranks, in the gradient too.
    """
    # About a value near the mean, which every rank has alike: a square of the mean would drown the variance.
    near = tf.cast(layer.moving_mean, tf.float32)
    axes = [0, 1, 2]

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def normalize(images: Any, gamma: Any, beta: Any) -> Any:
        values = tf.cast(images, tf.float32) - near
        count = tf.cast(tf.size(images) // images.shape[-1], tf.float32)
        sums = [tf.reduce_sum(values, axes), tf.reduce_sum(tf.square(values), axes), count]
        total, squares, count = all_reduce_sum(sums)
        mean = total / count
        variance = tf.maximum(squares / count - tf.square(mean), 0.0)
        scale = tf.math.rsqrt(variance + layer.epsilon)

        def gradient(upstream: Any, *_of_moments: Any) -> tuple[Any, Any, Any]:
            by_output = tf.cast(upstream, tf.float32)
            normal = (tf.cast(images, tf.float32) - near - mean) * scale
            by_beta, by_gamma = tf.reduce_sum(by_output, axes), tf.reduce_sum(by_output * normal, axes)
            of_all = all_reduce_sum([by_beta, by_gamma])
            by_input = gamma * scale * (by_output - (of_all[0] + normal * of_all[1]) / count)
            return tf.cast(by_input, images.dtype), by_gamma, by_beta

        outputs = (values - mean) * (scale * gamma) + beta
        return (tf.cast(outputs, images.dtype), near + mean, variance), gradient

    outputs: tuple[Any, Any, Any] = normalize(inputs, *_affine(layer, inputs))
    return outputs


def _n_values(inputs: Any) -> Any:
    """How many values of a channel a batch has: a number where the shape is known, which keeps the graph small."""
    if inputs.shape.is_fully_defined():
        return float(inputs.shape.num_elements() // inputs.shape[-1])
    return tf.cast(tf.size(inputs) // inputs.shape[-1], tf.float32)


def _normalize_by_moving_statistics(layer: Any, inputs: Any) -> Any:
    gamma, beta = _affine(layer, inputs)
    outputs, *_ = tf.raw_ops.FusedBatchNormV3(
        x=inputs,
        scale=gamma,
        offset=beta,
        mean=tf.cast(layer.moving_mean, tf.float32),
        variance=tf.cast(layer.moving_variance, tf.float32),
        epsilon=layer.epsilon,
        is_training=False,
    )
    return outputs


def _affine(layer: Any, inputs: Any) -> tuple[Any, Any]:
    n_channels = inputs.shape[-1]
    gamma = tf.cast(layer.gamma, tf.float32) if layer.scale else tf.ones([n_channels])
    beta = tf.cast(layer.beta, tf.float32) if layer.center else tf.zeros([n_channels])
    return gamma, beta


def _move(statistic: Any, value: Any, way: Any) -> None:
    """Move a statistic a part of its way to a value; five operations, of which a network has two hundred."""
    variable = statistic.value
    variable.assign_sub(tf.cast((tf.cast(variable, tf.float32) - value) * way, variable.dtype), read_value=False)
