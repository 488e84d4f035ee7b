"""Task `template-task`: is one label present in a picture?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from zoo_core.api import by_range, edge_of, flip_left_right, positive_weights, sigmoid, why_no_picture
from zoo_core.contract import Arrays, ArraySpec, ConfigError, Example, Label, Plugin, PrimaryMetric, Reporting


@dataclass(frozen=True)
class TemplateTaskConfig:
    """What can be set, by `--set task.KEY=VALUE` or in a TOML file.

    Attributes:
        label_name: of the data set's label that is predicted.
        image_size_px: edge of the square that the network sees; smaller pictures stay as they are.
        flip: whether augmentation mirrors half of the pictures.
    """

    label_name: str = "Effusion"
    image_size_px: int = 96
    flip: bool = False

    def __post_init__(self) -> None:
        if self.image_size_px < 1:
            raise ConfigError(f"task.image_size_px needs at least 1. Received: {self.image_size_px}")


class TemplateTask:
    """One label that is present or absent."""

    # It chooses the best checkpoint, and says what a precision may cost.
    primary_metric = PrimaryMetric("mean.auroc", "max", tolerance=0.005)
    # To change: `strata=("meta.sex",)` breaks results down by a column of the data set.
    reporting = Reporting(metrics=("auroc", "auprc"))

    def __init__(self, config: TemplateTaskConfig) -> None:
        self.config = config
        self.labels = (Label(config.label_name),)

    def accepts(self, specs: Sequence[ArraySpec]) -> str | None:
        """None, or why these arrays are no pictures."""
        return why_no_picture(specs)

    def select(self, labels: Sequence[Label]) -> tuple[str, ...]:
        """The label, where the data set has it."""
        offered = {label.name for label in labels if label.kind == "binary"}
        return tuple(label.name for label in self.labels if label.name in offered)

    def fit(self, rows: pd.DataFrame, specs: Sequence[ArraySpec]) -> Arrays:
        """What training rows teach: the network's edge, and what a picture with the label weighs, where others weigh 1.

        All that depends on the training data is here: it is saved with the model and handed to the methods below.
        """
        known = rows[[f"label.{label.name}" for label in self.labels]].to_numpy(dtype=np.float64, na_value=np.nan)
        return {"edge_px": edge_of(specs, self.config.image_size_px), "weights": positive_weights(known)}

    def input_shape(self, fitted: Arrays) -> tuple[int, int, int]:
        """A square of three channels, as networks that were trained on photographs want it."""
        edge_px = int(fitted["edge_px"])
        return edge_px, edge_px, 3

    def preprocess(self, example: Example, fitted: Arrays) -> np.ndarray:
        """The declared range as 0 to 1, in a square: the same in training, prediction and serving.

        To change: `example.arrays`, `example.specs` and `example.row` are all there is; never change the arrays.
        """
        return by_range(example, int(fitted["edge_px"]))

    def augment(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Mirror half of the pictures; all that is random comes from `rng`, or a run could not be repeated."""
        return flip_left_right(images, rng) if self.config.flip else images

    def head(self, features: Any) -> Any:
        """One logit from the features' mean over the picture."""
        import keras

        pooled = keras.layers.GlobalAveragePooling2D(dtype="float32", name="pooled")(features)
        return keras.layers.Dense(len(self.labels), dtype="float32", name="logits")(pooled)

    def loss(self, targets: Any, outputs: Any, fitted: Arrays) -> Any:
        """Cross-entropy of each label by itself; the trainer leaves out what is not known, and takes the mean."""
        from keras import ops

        weight = 1 + targets * (fitted["weights"] - 1)
        return weight * (targets * ops.softplus(-outputs) + (1 - targets) * ops.softplus(outputs))

    def predict(self, outputs: np.ndarray, fitted: Arrays) -> np.ndarray:
        """(example, label), float32: probabilities."""
        return sigmoid(outputs.astype(np.float32))


# What a preset sets by section; `smoke` does everything once, and its numbers mean nothing.
DEFAULT = {
    "data": {"name": "chest-phantom"},
    "topology": {"name": "mobilenetv2"},
    "trainer": {"n_epochs": 4, "global_batch_size": 32},
}
SMOKE = {
    "task": {"image_size_px": 32},
    "trainer": {"n_epochs": 1, "global_batch_size": 16},
}

plugin = Plugin(
    config=TemplateTaskConfig,
    create=TemplateTask,
    summary="One label that is present or absent.",
    presets={"default": DEFAULT, "smoke": SMOKE},
)
