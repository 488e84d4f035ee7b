"""Task `image-labels`: any labels of any pictures, each present or absent, or one of several classes."""

import dataclasses
import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from zoo_core.api import (
    brighten,
    by_percentiles,
    by_range,
    edge_of,
    flip_left_right,
    positive_weights,
    shift,
    sigmoid,
    softmax,
    turn_and_flip,
    why_no_picture,
)
from zoo_core.contract import Arrays, ArraySpec, ConfigError, Example, Label, Plugin, PrimaryMetric, Reporting
from zoo_images.augmentation import add_noise, zoom
from zoo_images.choosing import Chosen, choose

INTENSITY = "intensity"

LARGEST_PX, SMALLEST_PX = 160, 64
"""Edges that are chosen by themselves: topologies see one cell of features in 32 px, and want more than one."""

MOST_CHANNELS = 64


@dataclass(frozen=True)
class ImageLabelsConfig:
    """What of the task can be set.

    Attributes:
        label_names: labels to predict that are present or absent, in the order of the outputs; empty for all that the
            data set has. A class may be asked for by its own name.
        class_label: the label of several classes that is learned instead; empty for the only one of a data set that has
            no other labels.
        image_size_px: edge of the square that the network sees; 0 for the pictures' own where they are of one size,
            from 64 to 160, and otherwise for 160.
        scaling: how values become 0 to 1: `range`, as the data set declares, or `percentiles`, each channel of each
            picture from its own dark to its own bright.
        balanced: whether present weighs as much as absent, and each class as much as another, however rare.
        label_smoothing: how far from 0 and 1 the targets are, 0 to below 1.
        flip: whether augmentation mirrors half of the pictures; this destroys situs, and what is written.
        turn: whether augmentation turns pictures by right angles and mirrors them, where none has an up or a left.
        shift: how far augmentation moves a picture along y and x at most, as a share of its edge.
        zoom: share by which augmentation enlarges or reduces a picture at most, along y and x apart.
        brightness: share by which augmentation makes a picture brighter or darker at most.
        noise: largest standard deviation of the noise that augmentation adds, as a share of the range of values.
        strata: columns of metadata that results are broken down by, and that a baseline without images knows, such as
            "sex" for `meta.sex`.
    """

    label_names: tuple[str, ...] = ()
    class_label: str = ""
    image_size_px: int = 0
    scaling: Literal["range", "percentiles"] = "range"
    balanced: bool = False
    label_smoothing: float = 0.0
    flip: bool = False
    turn: bool = False
    shift: float = 0.05
    zoom: float = 0.0
    brightness: float = 0.1
    noise: float = 0.0
    strata: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("image_size_px", "zoom", "brightness", "noise"):
            if not getattr(self, name) >= 0:
                raise ConfigError(f"task.{name} needs a number from 0. Received: {getattr(self, name)}")
        for name in ("label_smoothing", "shift"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(f"task.{name} needs 0 to below 1. Received: {getattr(self, name)}")
        if len(set(self.label_names)) < len(self.label_names):
            raise ConfigError(f"task.label_names needs different ones. Received: {', '.join(self.label_names)}")


class ImageLabels:
    """Classification of pictures, with several labels of one or one of several classes."""

    image_baselines = {INTENSITY: "mean and spread of the channels alone"}  # noqa: RUF012 - read only

    def __init__(self, config: ImageLabelsConfig) -> None:
        self.config = config
        self.labels = tuple(Label(name, class_of=config.class_label or None) for name in config.label_names)
        of_classes = bool(config.class_label)
        self.primary_metric = PrimaryMetric("mean.macro_f1" if of_classes else "mean.auroc", "max", tolerance=0.005)
        self.reporting = Reporting(
            metrics=("macro_f1", "auroc", "auprc") if of_classes else ("auroc", "auprc"),
            strata=tuple(_column(name) for name in config.strata),
            noun="class" if of_classes else "label",
        )

    def with_data(self, labels: Sequence[Label], specs: Sequence[ArraySpec]) -> ImageLabelsConfig:
        """The configuration with the labels of the data set, where none are set."""
        chosen = choose(labels, Chosen(self.config.label_names, self.config.class_label))
        return dataclasses.replace(self.config, label_names=chosen.label_names, class_label=chosen.class_label)

    def accepts(self, specs: Sequence[ArraySpec]) -> str | None:
        """None, or why these arrays are no pictures."""
        return why_no_picture(specs, MOST_CHANNELS)

    def select(self, labels: Sequence[Label]) -> tuple[str, ...]:
        """Those that the data set has; of classes all or none: of some alone, no example would be another."""
        offered = {label.name for label in labels if label.kind == "binary"}
        names = self.config.label_names
        if self.config.class_label:
            return names if offered.issuperset(names) else ()
        return tuple(name for name in names if name in offered)

    def fit(self, rows: pd.DataFrame, specs: Sequence[ArraySpec]) -> Arrays:
        """The square's edge and channels, and the weight of each label's positives.

        Raises:
            ConfigError: a stratum is no column of the data set's metadata.
        """
        self._refuse_unknown_strata(rows)
        image = next(spec for spec in specs if spec.name == "image")
        wanted_px = self.config.image_size_px
        edge = edge_of(specs, wanted_px or LARGEST_PX, wanted_px or SMALLEST_PX)
        return {
            "image_size_px": edge,
            "n_channels": np.array(max(3, image.length("c") or 0)),
            "weights": self._weights(rows),
        }

    def input_shape(self, fitted: Arrays) -> tuple[int, int, int]:
        """A square of three channels, as networks trained on photographs want it, or of more."""
        size = int(fitted["image_size_px"])
        return size, size, int(fitted["n_channels"])

    def preprocess(self, example: Example, fitted: Arrays) -> np.ndarray:
        """Resize, scale to 0 ... 1, and repeat the channels of a picture that has one or two."""
        scale = by_percentiles if self.config.scaling == "percentiles" else by_range
        return scale(example, int(fitted["image_size_px"]))

    def augment(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Mirror, turn, move, zoom, brighten and add noise, as far as the configuration allows."""
        config, most_px = self.config, round(self.config.shift * images.shape[1])
        changed = flip_left_right(images, rng) if config.flip else images
        changed = turn_and_flip(changed, rng) if config.turn else changed
        changed = shift(changed, most_px, rng) if most_px else changed
        changed = zoom(changed, config.zoom, rng) if config.zoom else changed
        changed = brighten(changed, config.brightness, rng) if config.brightness else changed
        return add_noise(changed, config.noise, rng) if config.noise else changed

    def head(self, features: Any) -> Any:
        """One logit a label from the features' mean over the picture."""
        import keras

        pooled = keras.layers.GlobalAveragePooling2D(dtype="float32", name="pooled")(features)
        return keras.layers.Dense(len(self.labels), dtype="float32", name="logits")(pooled)

    def loss(self, targets: Any, outputs: Any, fitted: Arrays) -> Any:
        """Cross-entropy with smoothed targets, of each label by itself, or of each class its part of the whole.

        Source:
            Szegedy et al. 2016, Rethinking the Inception Architecture, section 7, for smoothed targets.
        """
        from keras import ops

        smoothing, n_outputs = self.config.label_smoothing, len(self.labels)
        if self.config.class_label:
            wanted = targets * (1 - smoothing) + smoothing / n_outputs
            # Times their number, so that the mean over the classes is the whole; weighted as the example's class is.
            weight = ops.sum(targets * fitted["weights"], axis=-1, keepdims=True)
            return -n_outputs * weight * wanted * ops.log_softmax(outputs, axis=-1)
        wanted = targets * (1 - smoothing) + smoothing / 2
        weight = 1 + targets * (fitted["weights"] - 1)
        return weight * (wanted * ops.softplus(-outputs) + (1 - wanted) * ops.softplus(outputs))

    def predict(self, outputs: np.ndarray, fitted: Arrays) -> np.ndarray:
        """(example, label), float32: probabilities; of classes 1 together."""
        return (softmax if self.config.class_label else sigmoid)(outputs.astype(np.float32))

    def baseline_features(self, kind: str, example: Example) -> np.ndarray:
        """(feature,): mean and spread of each channel, of the declared range."""
        low, high = example.spec("image").value_range
        pixels = (example.arrays["image"].astype(np.float64) - low) / (high - low)
        return np.concatenate([pixels.mean(axis=(0, 1)), pixels.std(axis=(0, 1))])

    def _weights(self, rows: pd.DataFrame) -> np.ndarray:
        """(label,) float32: what a positive weighs, where a negative weighs 1; of classes what an example weighs."""
        truth = rows.reindex(columns=[f"label.{label.name}" for label in self.labels])
        known = truth.to_numpy(dtype=np.float64, na_value=np.nan)
        if not self.config.balanced:
            return np.ones(len(self.labels), np.float32)
        if not self.config.class_label:
            return positive_weights(known)
        n_examples = np.nansum(known, axis=0)
        return np.where(n_examples > 0, n_examples.sum() / len(self.labels) / np.maximum(n_examples, 1), 1).astype(
            np.float32
        )

    def _refuse_unknown_strata(self, rows: pd.DataFrame) -> None:
        offered = [name.removeprefix("meta.") for name in rows.columns if name.startswith("meta.")]
        for column in self.reporting.strata:
            if column not in rows:
                name = column.removeprefix("meta.")
                near = difflib.get_close_matches(name, offered, n=1)
                hint = f"did you mean '{near[0]}'? " if near else ""
                raise ConfigError(
                    f"task.strata needs columns of the data set's metadata: {', '.join(offered) or 'it has none'}. "
                    f"{hint}Received: '{name}'"
                )


def _column(name: str) -> str:
    return f"meta.{name.removeprefix('meta.')}"


SMOKE = {"trainer": {"n_epochs": 1, "global_batch_size": 16}, "task": {"image_size_px": 32}}
"""Does everything once; its numbers mean nothing."""

DEFAULT = {
    "data": {"name": "chest-phantom"},
    "topology": {"name": "mobilenetv2"},
    "trainer": {"schedule": "cosine", "warmup_epochs": 0.5, "n_epochs": 8, "global_batch_size": 32},
}

plugin = Plugin(
    config=ImageLabelsConfig,
    create=ImageLabels,
    summary="Any labels of any pictures: each present or absent, or one of several classes.",
    presets={"smoke": SMOKE, "default": DEFAULT},
)
