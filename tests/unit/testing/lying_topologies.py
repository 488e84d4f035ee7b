"""A sound topology, and topologies that break one law each."""

import dataclasses
from collections.abc import Callable
from typing import Any

import keras

from tests.unit.testing.judging import Liar
from zoo_core.contract import ConfigError, InputScaling, Weights

LEAST_PX = 3
PUBLISHED = Weights("https://example.org/w.h5", "Apache-2.0", "ImageNet", InputScaling(), f"sha256:{'0a' * 32}")


class Sound:
    """A convolution and a batch norm."""

    scaling = InputScaling()
    weights = {"imagenet": PUBLISHED}  # noqa: RUF012 - read only

    def build(self, input_shape: tuple[int, int, int]) -> Any:
        self.refuse_too_small(input_shape)
        image = keras.Input(input_shape)
        return keras.Model(image, self.features(image))

    def refuse_too_small(self, input_shape: tuple[int, int, int]) -> None:
        if min(input_shape[:2]) < LEAST_PX:
            raise ConfigError(f"It needs {LEAST_PX} px a side. Received: {input_shape[0]} x {input_shape[1]} px")

    def features(self, image: Any) -> Any:
        return keras.layers.ReLU()(keras.layers.BatchNormalization()(keras.layers.Conv2D(4, 3)(image)))


def lying(**members: Any) -> Callable[[], Any]:
    """Gives a sound topology but for some members."""
    return lambda: type("Lying", (Sound,), members)()


def of_layers(*layers: Callable[[], Any]) -> Callable[[], Any]:
    """Gives a topology of some layers after the sound one's."""

    def features(self: Sound, image: Any) -> Any:
        found = Sound.features(self, image)
        for layer in layers:
            found = layer()(found)
        return found

    return lying(features=features)


def with_weights(**changes: Any) -> Callable[[], Any]:
    return lying(weights={"imagenet": dataclasses.replace(PUBLISHED, **changes)})


def refusing(words: str) -> Callable[[], Any]:
    def refuse(self: Sound, input_shape: tuple[int, int, int]) -> None:
        if min(input_shape[:2]) < LEAST_PX:
            raise ConfigError(words)

    return lying(refuse_too_small=refuse)


class CentredOnBatch(keras.layers.Layer):
    """What an image gives depends on the others."""

    def call(self, inputs: Any) -> Any:
        return inputs - keras.ops.mean(inputs, axis=0, keepdims=True)


def disguised_norm() -> Any:
    """Of Keras's own class, so that the zoo takes it for one; it computes something else."""
    layer = keras.layers.BatchNormalization()
    layer.call = lambda inputs, training=None, mask=None: inputs / 2
    return layer


def of_three_channels(self: Sound, image: Any) -> Any:
    return Sound.features(self, keras.layers.Conv2D(3, 1)(image) + image)


LIARS = [
    Liar("test_it_has_the_members_of_a_topology", "'build' takes", lying(build=lambda self: None)),
    Liar("test_weights_say_where_they_come_from", "licence", with_weights(licence="")),
    Liar("test_weights_say_where_they_come_from", "sha256:", with_weights(checksum="0a0a")),
    Liar("test_weights_say_where_they_come_from", "rgb or bgr", lying(scaling=InputScaling(channel_order="gbr"))),
    Liar("test_weights_say_where_they_come_from", "itself", lying(scaling=InputScaling(std=(0.0, 1.0, 1.0)))),
    Liar("test_an_image_that_is_too_small_is_refused_with_sizes", "names the smallest size", refusing("Too small.")),
    Liar(
        "test_an_image_that_is_too_small_is_refused_with_sizes",
        "with ConfigError",
        lying(refuse_too_small=lambda self, input_shape: None),
    ),
    Liar("test_features_are_a_map", "(example, y, x, c)", of_layers(keras.layers.GlobalAveragePooling2D)),
    Liar("test_features_are_a_map", "finite", of_layers(lambda: keras.layers.Rescaling(float("inf")))),
    Liar("test_an_odd_size_is_built", "2 channels", lying(features=of_three_channels)),
    Liar(
        "test_it_computes_in_bfloat16_as_in_float32",
        "features in float32",
        of_layers(lambda: keras.layers.Activation("linear", dtype="float32")),
    ),
    Liar("test_fused_batch_norm_gives_the_same", "Fused batch norm", of_layers(disguised_norm)),
    Liar("test_outputs_do_not_depend_on_batch_mates", "batch-mates", of_layers(CentredOnBatch)),
    Liar("test_a_saved_network_gives_the_same", "Plain Keras loads", of_layers(CentredOnBatch)),
]
