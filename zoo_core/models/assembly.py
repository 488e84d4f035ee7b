"""A model from its parts: input scaling, backbone, the task's head; and its one file."""

import contextlib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras

from zoo_core.contract import ConfigError, DataError, InputScaling, OutputError, Task, Topology
from zoo_core.models.batch_norm import fuse_batch_norm


def build_backbone(topology: Topology, input_shape: tuple[int, int, int], policy: str) -> Any:
    """A topology's network with random weights, ready for `load_weights`.

    Args:
        topology: gives the network.
        input_shape: (y, x, c).
        policy: Keras dtype policy, such as "mixed_bfloat16".
    Returns:
        a Keras model from (example, y, x, c) to features (example, y, x, c).
    Raises:
        ConfigError: `input_shape` is too small for this network.
    """
    with _dtype_policy(policy):
        return topology.build(input_shape)


def build_model(backbone: Any, task: Task, scaling: InputScaling, policy: str) -> Any:
    """The model that is trained: images in, the task's outputs out.

    Its layers keep their names in every model of the zoo: `image`, `input_scaling` (absent where there is nothing to
    scale), `backbone`, `features`, `head`, `outputs`. `keras.Model(model.input, [model.get_layer("features").output,
    model.output])` gives the backbone's map (example, y, x, c) beside the outputs, also after loading.

    All layers are Keras's own, whatever class the backbone had, so that plain Keras loads the file.

    Args:
        backbone: from `build_backbone`; the model shares its weights.
        task: gives the head.
        scaling: what the backbone's weights expect.
        policy: Keras dtype policy of the head, the backbone's own.
    Returns:
        a Keras model from (example, y, x, c), float32, 0 to 1, to (example, output), float32.
    Raises:
        ConfigError: `scaling` is for three channels and the images have another number.
    """
    input_shape = backbone.input_shape[1:]
    with _dtype_policy(policy):
        image = keras.Input(input_shape, name="image", dtype="float32")
        scaled = image if scaling == InputScaling() else _scaling_model(scaling, input_shape)(image)
        features = keras.Model(backbone.input, backbone.output, name="backbone")(scaled)
        features = keras.layers.Activation("linear", name="features")(features)
        head_input = keras.Input(features.shape[1:], dtype=features.dtype)
        outputs = keras.Model(head_input, task.head(head_input), name="head")(features)
        outputs = keras.layers.Activation("linear", dtype="float32", name="outputs")(outputs)
        return fuse_batch_norm(keras.Model(image, outputs))


def save_model(model: Any, path: Path) -> None:
    """Write a model as one file that plain Keras loads, whole or not at all.

    Args:
        model: from `build_model`.
        path: ends in `.keras`.
    Raises:
        OutputError: the file cannot be written.
    """
    partial = path.with_name(f".partial-{path.name}")
    try:
        model.save(partial)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise OutputError(f"The model cannot be written to {path}: {error}") from error


def load_model(path: Path) -> Any:
    """Read a model that `save_model` wrote, with fused batch norm.

    Args:
        path: ends in `.keras`.
    Raises:
        DataError: the file is absent or holds no model.
    """
    try:
        return fuse_batch_norm(keras.models.load_model(path, compile=False))
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        reason = str(error).partition("\n")[0]
        raise DataError(f"A Keras model was wanted in {path}, which holds none that loads: {reason}") from error


@contextlib.contextmanager
def _dtype_policy(name: str) -> Iterator[None]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _scaling_model(scaling: InputScaling, input_shape: tuple[int, int, int]) -> Any:
    """`(image * factor - mean) / std` in the network's order of channels, in float32 under any policy."""
    image = keras.Input(input_shape, dtype="float32")
    channels = keras.ops.flip(image, axis=-1) if _is_bgr(scaling, input_shape) else image
    scale = _per_channel([scaling.factor / std for std in scaling.std], input_shape)
    offset = _per_channel([-mean / std for mean, std in zip(scaling.mean, scaling.std, strict=True)], input_shape)
    scaled = keras.layers.Rescaling(scale, offset, dtype="float32")(channels)
    return keras.Model(image, scaled, name="input_scaling")


def _is_bgr(scaling: InputScaling, input_shape: tuple[int, int, int]) -> bool:
    if scaling.channel_order == "rgb":
        return False
    _need_three_channels(input_shape)
    return True


def _per_channel(values: list[float], input_shape: tuple[int, int, int]) -> float | list[float]:
    if len(set(values)) == 1:
        return values[0]
    _need_three_channels(input_shape)
    return values


def _need_three_channels(input_shape: tuple[int, int, int]) -> None:
    if input_shape[-1] != 3:
        raise ConfigError(
            "These weights scale red, green and blue apart and need images of 3 channels. "
            f"Received: {input_shape[-1]} channels. Use --set topology.weights=random"
        )
