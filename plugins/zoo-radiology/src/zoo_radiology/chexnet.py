"""Task `chexnet`: which of 14 findings a chest radiograph shows (Rajpurkar et al. 2017, arXiv 1711.05225)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from zoo_core.api import by_range, edge_of, flip_left_right, positive_weights, shift, sigmoid
from zoo_core.contract import Arrays, ArraySpec, ConfigError, Example, Label, Plugin, PrimaryMetric, Reporting
from zoo_radiology.findings import CHEXNET_FINDINGS


@dataclass(frozen=True)
class CheXNetConfig:
    """What of the task can be set.

    Attributes:
        image_size_px: edge of the square that the network sees; a smaller picture of a fixed size is not enlarged.
        label_names: findings to predict, in the order of the outputs.
        positive_weights: whether a finding's positives weigh as much as its negatives; the paper does so for one
            finding, not for the 14.
        flip: whether augmentation flips left and right, as in the paper; this destroys situs.
        shift_px: how far augmentation moves a picture along y and x at most.
    """

    image_size_px: int = 224
    label_names: tuple[str, ...] = CHEXNET_FINDINGS
    positive_weights: bool = False
    flip: bool = True
    shift_px: int = 0

    def __post_init__(self) -> None:
        unknown = [name for name in self.label_names if name not in CHEXNET_FINDINGS]
        if unknown or not self.label_names or len(set(self.label_names)) < len(self.label_names):
            wrong = f"'{unknown[0]}'" if unknown else f"{list(self.label_names)}"
            raise ConfigError(
                f"task.label_names needs different ones of the 14 findings ({', '.join(CHEXNET_FINDINGS)}). "
                f"Received: {wrong}"
            )
        if self.image_size_px < 1 or self.shift_px < 0:
            raise ConfigError(
                "task.image_size_px needs a number above 0 and task.shift_px one from 0. "
                f"Received: {self.image_size_px} and {self.shift_px}"
            )


class CheXNet:
    """Multi-label classification of frontal chest radiographs."""

    primary_metric = PrimaryMetric("mean.auroc", "max", tolerance=0.005)
    reporting = Reporting(
        metrics=("auroc", "auprc"), strata=("meta.sex", "meta.age", "meta.view_position"), noun="finding"
    )

    def __init__(self, config: CheXNetConfig) -> None:
        self.config = config
        self.labels = tuple(Label(name) for name in config.label_names)

    def accepts(self, specs: Sequence[ArraySpec]) -> str | None:
        """None, or why these arrays are no radiographs."""
        image = next((spec for spec in specs if spec.name == "image"), None)
        if image is None:
            return f"needs an array 'image'. Received: {', '.join(spec.name for spec in specs) or 'none'}"
        if image.axes != ("y", "x", "c") or image.length("c") not in (1, 3):
            return (
                "needs 'image' with axes (y, x, c) and 1 or 3 channels. "
                f"Received: axes ({', '.join(image.axes)}), {image.length('c')} channels"
            )
        return None

    def select(self, labels: Sequence[Label]) -> tuple[str, ...]:
        """Those of the 14 that the data set labels."""
        offered = {label.name for label in labels if label.kind == "binary"}
        return tuple(name for name in self.config.label_names if name in offered)

    def fit(self, rows: pd.DataFrame, specs: Sequence[ArraySpec]) -> Arrays:
        """Weight of each finding's positives, and the square's edge: no longer than pictures of one size have it."""
        weights = np.ones(len(self.labels), np.float32)
        if self.config.positive_weights:
            truth = rows.reindex(columns=[f"label.{label.name}" for label in self.labels])
            weights = positive_weights(truth.to_numpy(dtype=np.float64, na_value=np.nan))
        return {"positive_weights": weights, "image_size_px": edge_of(specs, self.config.image_size_px)}

    def input_shape(self, fitted: Arrays) -> tuple[int, int, int]:
        """A square of three equal channels, as networks trained on photographs want it."""
        size = int(fitted["image_size_px"])
        return size, size, 3

    def preprocess(self, example: Example, fitted: Arrays) -> np.ndarray:
        """Resize, scale the declared range to 0 ... 1, and give a grey picture three equal channels."""
        return by_range(example, int(fitted["image_size_px"]))

    def augment(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Flip half of the pictures and move each, as far as the configuration allows."""
        flipped = flip_left_right(images, rng) if self.config.flip else images
        return shift(flipped, self.config.shift_px, rng) if self.config.shift_px else flipped

    def head(self, features: Any) -> Any:
        """One logit a finding from the features' mean over the picture."""
        import keras

        pooled = keras.layers.GlobalAveragePooling2D(dtype="float32", name="pooled")(features)
        return keras.layers.Dense(len(self.labels), dtype="float32", name="logits")(pooled)

    def loss(self, targets: Any, outputs: Any, fitted: Arrays) -> Any:
        """Binary cross-entropy of each finding, its positives weighted."""
        from keras import ops

        # softplus(-x) is -log(sigmoid(x)), and stays finite where the sigmoid saturates.
        positives = fitted["positive_weights"] * targets * ops.softplus(-outputs)
        return positives + (1 - targets) * ops.softplus(outputs)

    def predict(self, outputs: np.ndarray, fitted: Arrays) -> np.ndarray:
        """(example, finding), float32: probabilities."""
        return sigmoid(outputs.astype(np.float32))


SMOKE = {
    "trainer": {"n_epochs": 1, "global_batch_size": 16},
    "task": {"image_size_px": 32},
}
"""Does everything once, in about a minute; its numbers mean nothing."""

DEFAULT = {
    "data": {"name": "chest-phantom"},
    "topology": {"name": "densenet121"},
    "trainer": {"schedule": "cosine", "warmup_epochs": 0.2, "n_epochs": 3, "global_batch_size": 32},
}

PAPER = {
    "task": {"image_size_px": 224, "flip": True},
    "topology": {"name": "densenet121", "weights": "imagenet"},
    "trainer": {
        "n_epochs": 20,
        "global_batch_size": 16,
        "optimizer": "adam",
        "learning_rate": 1e-3,
        "schedule": "plateau",
        "warmup_epochs": 0.0,
        "plateau_factor": 0.1,
        "plateau_patience": 1,
    },
}
"""Rajpurkar et al. 2017, section 2.2: ImageNet weights, 224 px, Adam, batches of 16, 0.001, a tenth on a plateau."""

plugin = Plugin(
    config=CheXNetConfig,
    create=CheXNet,
    summary="14 findings on frontal chest radiographs, multi-label (CheXNet).",
    presets={"smoke": SMOKE, "default": DEFAULT, "paper": PAPER},
)
