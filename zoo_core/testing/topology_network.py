"""Networks of a topology for its checks; TensorFlow is imported when one is made."""

from typing import Any

import numpy as np

from zoo_core.contract import ConfigError, InputScaling, Topology
from zoo_core.testing.promises import broken, said

MOST_PX = 512
"""Of the search for the smallest image that a topology takes."""

N_OUTPUTS = 3
N_EXAMPLES = 4


class Head:
    """All that a model needs of a task: some outputs of the features' mean."""

    def head(self, features: Any) -> Any:
        """(example, y, x, c) to (example, output)."""
        import keras

        pooled = keras.layers.GlobalAveragePooling2D(dtype="float32")(features)
        return keras.layers.Dense(N_OUTPUTS, dtype="float32")(pooled)


def least_edge(topology: Topology) -> tuple[int, Any]:
    """The smallest edge in px of a square image that a topology takes, and its network for it."""
    for edge in range(1, MOST_PX + 1):
        try:
            return edge, built(topology, (edge, edge, 3))
        except ConfigError:
            continue
        except Exception as error:  # noqa: BLE001 - a stranger's network may raise anything
            broken(
                f"build() gives a network for {edge} x {edge} px, or raises ConfigError where that is too small",
                said(error),
                "refuse it before a layer is made",
            )
    return broken(f"build() gives a network for at most {MOST_PX} px a side", "ConfigError for each", "mend build")


def built(topology: Topology, input_shape: tuple[int, int, int], policy: str = "float32") -> Any:
    """A topology's network with random weights, the same for the same shape and policy."""
    import keras

    from zoo_core.models.assembly import build_backbone

    keras.utils.set_random_seed(0)
    return build_backbone(topology, input_shape, policy)


def with_head(backbone: Any, scaling: InputScaling) -> Any:
    """A model as the zoo trains it, in float32, its batch norms with statistics that differ."""
    from zoo_core.models.assembly import build_model

    # Of a task it needs the head alone.
    return with_statistics(build_model(backbone, Head(), scaling, "float32"))  # type: ignore[arg-type]


def with_statistics(model: Any) -> Any:
    """The model, its batch norms with weights and statistics that differ from channel to channel."""
    import keras

    rng = np.random.default_rng(0)
    for layer in model._flatten_layers():  # noqa: SLF001 - the only walk that sees layers inside layers of any kind
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([rng.uniform(0.5, 1.5, array.shape) for array in layer.get_weights()])
    return model


def images_for(backbone: Any) -> np.ndarray:
    """(example, y, x, c), float32, from 0 to 1."""
    _, height, width, n_channels = backbone.input_shape
    return np.random.default_rng(1).random((N_EXAMPLES, height, width, n_channels), dtype=np.float32)
