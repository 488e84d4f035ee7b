"""Task `plate-response`: how far a well has gone from the negative to the positive controls of its plate."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from zoo_core.api import by_percentiles, by_range, edge_of, sigmoid, why_no_picture
from zoo_core.contract import Arrays, ArraySpec, ConfigError, Example, Label, Plugin, PrimaryMetric, Reporting
from zoo_phenomics.pictures import SquarePictures, refuse_no_edge

RESPONSE = "response"
CORRELATION, INTENSITY = "correlation", "intensity"

POSITION = ("meta.row", "meta.column", "meta.plate")
"""Columns of the baseline that knows where a well lies and sees nothing of it."""


@dataclass(frozen=True)
class PlateResponseConfig:
    """What of the task can be set.

    Attributes:
        image_size_px: edge of the square that the network sees; a smaller picture of a fixed size is not enlarged.
        intensity: how values become 0 to 1: `percentiles`, each channel of each picture from its own dark to its own
            bright, or `range`, as the data set declares.
        label_smoothing: how far from 0 and 1 the controls' targets are, 0 to 1. Without it the logits of controls grow
            for ever, each at its own pace, and wells of one kind are spread; with it they gather around two values.
        augment: whether training turns and mirrors pictures and changes their brightness.
    """

    image_size_px: int = 160
    intensity: Literal["percentiles", "range"] = "percentiles"
    label_smoothing: float = 0.1
    augment: bool = True

    def __post_init__(self) -> None:
        refuse_no_edge(self.image_size_px)
        if self.intensity not in ("percentiles", "range"):
            raise ConfigError(f"task.intensity needs percentiles or range. Received: '{self.intensity}'")
        if not 0 <= self.label_smoothing < 1:
            raise ConfigError(f"task.label_smoothing needs 0 to below 1. Received: {self.label_smoothing}")


class PlateResponse(SquarePictures):
    """Negative against positive controls; every well is then scored on the logit."""

    config: PlateResponseConfig
    labels = (Label(RESPONSE),)
    primary_metric = PrimaryMetric("mean.auroc", "max", tolerance=0.005)
    reporting = Reporting(metrics=("auroc", "auprc"), baselines={"position": POSITION}, wells=True)
    image_baselines = {  # noqa: RUF012 - read only
        CORRELATION: "the correlation of the channels alone",
        INTENSITY: "mean and spread of the channels alone",
    }

    def __init__(self, config: PlateResponseConfig) -> None:
        self.config = config

    def accepts(self, specs: Sequence[ArraySpec]) -> str | None:
        """None, or why these arrays are no fields of a plate."""
        return why_no_picture(specs)

    def select(self, labels: Sequence[Label]) -> tuple[str, ...]:
        """The response, where the data set has controls."""
        offered = {label.name for label in labels if label.kind == "binary"}
        return (RESPONSE,) if RESPONSE in offered else ()

    def fit(self, rows: pd.DataFrame, specs: Sequence[ArraySpec]) -> Arrays:
        """The square's edge, and the weight of positive controls, of which plates have fewer."""
        truth = rows[f"label.{RESPONSE}"].dropna().to_numpy(dtype=np.float64)
        n_positive = truth.sum()
        weight = (len(truth) - n_positive) / n_positive if 0 < n_positive < len(truth) else 1.0
        edge = edge_of(specs, self.config.image_size_px)
        return {"image_size_px": edge, "positive_weight": np.array(weight, dtype=np.float32)}

    def preprocess(self, example: Example, fitted: Arrays) -> np.ndarray:
        """Resize, scale to 0 ... 1, and give two channels a third one, the first again."""
        scale = by_percentiles if self.config.intensity == "percentiles" else by_range
        return scale(example, int(fitted["image_size_px"]))

    def head(self, features: Any) -> Any:
        """One logit from the features' mean over the picture."""
        import keras

        pooled = keras.layers.GlobalAveragePooling2D(dtype="float32", name="pooled")(features)
        return keras.layers.Dense(1, dtype="float32", name="logits")(pooled)

    def loss(self, targets: Any, outputs: Any, fitted: Arrays) -> Any:
        """Binary cross-entropy with smoothed targets, positives weighted to count as much as negatives.

        Source:
            Szegedy et al. 2016, Rethinking the Inception Architecture, section 7, for smoothed targets.
        """
        from keras import ops

        wanted = targets * (1 - self.config.label_smoothing) + self.config.label_smoothing / 2
        weight = 1 + targets * (fitted["positive_weight"] - 1)
        return weight * (wanted * ops.softplus(-outputs) + (1 - wanted) * ops.softplus(outputs))

    def predict(self, outputs: np.ndarray, fitted: Arrays) -> np.ndarray:
        """(example, 1), float32: probability of being a positive control."""
        return sigmoid(outputs.astype(np.float32))

    def scores(self, outputs: np.ndarray, fitted: Arrays) -> np.ndarray:
        """(example, 1), float32: the logit, which tells strong responses apart where the probability is 1."""
        return outputs.astype(np.float32)

    def baseline_features(self, kind: str, example: Example) -> np.ndarray:
        """(feature,): correlations of each two channels; or each channel's mean and spread, of the declared range."""
        image = example.arrays["image"].astype(np.float64)
        channels = image.reshape(-1, image.shape[2])
        if kind == CORRELATION:
            return _correlations(channels)
        low, high = example.spec("image").value_range
        return np.concatenate([(channels.mean(axis=0) - low) / (high - low), channels.std(axis=0) / (high - low)])


def _correlations(channels: np.ndarray) -> np.ndarray:
    """(pair,), of (pixel, c): Pearson's, 0 where a channel has one value; of one channel alone a 0."""
    if channels.shape[1] == 1:
        return np.zeros(1)
    spread = channels.std(axis=0)
    centred = (channels - channels.mean(axis=0)) / np.where(spread > 0, spread, 1)
    table = centred.T @ centred / len(channels)
    pairs: np.ndarray = table[np.triu_indices(len(table), 1)]
    return pairs


SMOKE = {"trainer": {"n_epochs": 1, "global_batch_size": 16}, "task": {"image_size_px": 64}}
"""Does everything once; its numbers mean nothing."""

DEFAULT = {
    "data": {"name": "plate-phantom"},
    "split": {"name": "leave-plate-out"},
    "topology": {"name": "mobilenetv2"},
    "trainer": {"schedule": "cosine", "warmup_epochs": 0.5, "n_epochs": 25, "global_batch_size": 16},
}

plugin = Plugin(
    config=PlateResponseConfig,
    create=PlateResponse,
    summary="How far each well of a plate has gone from the negative to the positive controls.",
    presets={"smoke": SMOKE, "default": DEFAULT},
)
