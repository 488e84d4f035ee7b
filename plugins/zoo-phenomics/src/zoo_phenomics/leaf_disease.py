"""Task `leaf-disease`: which of several diseases, or none, a photograph of a leaf shows."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from zoo_core.api import edge_of, softmax, why_no_picture
from zoo_core.contract import Arrays, ArraySpec, Example, Label, Plugin, PrimaryMetric, Reporting
from zoo_phenomics.pictures import SquarePictures, border, refuse_no_edge

BORDER = "border"
BORDER_SHARE = 0.06
"""Of an edge: on photographs of single leaves the frame shows what they lie on."""


@dataclass(frozen=True)
class LeafDiseaseConfig:
    """What of the task can be set.

    Attributes:
        image_size_px: edge of the square that the network sees; a smaller picture of a fixed size is not enlarged.
        label_name: the data set's label that is learned, one of several classes; empty for its first.
        class_names: its classes; empty for those of the data set.
        augment: whether training turns and mirrors pictures and changes their brightness.
    """

    image_size_px: int = 160
    label_name: str = ""
    class_names: tuple[str, ...] = ()
    augment: bool = True

    def __post_init__(self) -> None:
        refuse_no_edge(self.image_size_px)


class LeafDisease(SquarePictures):
    """Multi-class classification of leaf photographs."""

    config: LeafDiseaseConfig
    primary_metric = PrimaryMetric("mean.macro_f1", "max", tolerance=0.005)
    reporting = Reporting(metrics=("macro_f1", "auroc", "auprc"), noun="class")
    image_baselines = {BORDER: "the border of the picture alone"}  # noqa: RUF012 - read only

    def __init__(self, config: LeafDiseaseConfig) -> None:
        self.config = config
        self.labels = tuple(Label(name, class_of=config.label_name or None) for name in config.class_names)

    def with_data(self, labels: Sequence[Label], specs: Sequence[ArraySpec]) -> LeafDiseaseConfig:
        """The configuration with the classes of the data set, where none are set."""
        sets = dict.fromkeys(label.class_of for label in labels if label.class_of)
        name = self.config.label_name or next(iter(sets), "") or ""
        classes = tuple(label.name for label in labels if label.class_of == name)
        return dataclasses.replace(
            self.config, label_name=name, class_names=self.config.class_names or (classes if name else ())
        )

    def accepts(self, specs: Sequence[ArraySpec]) -> str | None:
        """None, or why these arrays are no photographs."""
        return why_no_picture(specs)

    def select(self, labels: Sequence[Label]) -> tuple[str, ...]:
        """The classes, where the data set has them all: of some of them alone no example would be another."""
        offered = {label.name for label in labels if label.class_of}
        return self.config.class_names if offered.issuperset(self.config.class_names) else ()

    def fit(self, rows: pd.DataFrame, specs: Sequence[ArraySpec]) -> Arrays:
        """The square's edge."""
        return {"image_size_px": edge_of(specs, self.config.image_size_px)}

    def head(self, features: Any) -> Any:
        """One logit a class from the features' mean over the picture."""
        import keras

        pooled = keras.layers.GlobalAveragePooling2D(dtype="float32", name="pooled")(features)
        return keras.layers.Dense(len(self.labels), dtype="float32", name="logits")(pooled)

    def loss(self, targets: Any, outputs: Any, fitted: Arrays) -> Any:
        """Cross-entropy: of each class its part, times the number of classes, so that their mean is the whole."""
        from keras import ops

        return -len(self.labels) * targets * ops.log_softmax(outputs, axis=-1)

    def predict(self, outputs: np.ndarray, fitted: Arrays) -> np.ndarray:
        """(example, class), float32: probabilities, of each example 1 together."""
        return softmax(outputs.astype(np.float32))

    def baseline_features(self, kind: str, example: Example) -> np.ndarray:
        """(feature,): mean and spread of each channel in a frame along the edges, where there is hardly any leaf."""
        low, high = example.spec("image").value_range
        pixels = (border(example.arrays["image"], BORDER_SHARE).astype(np.float64) - low) / (high - low)
        return np.concatenate([pixels.mean(axis=0), pixels.std(axis=0)])


SMOKE = {"trainer": {"n_epochs": 1, "global_batch_size": 16}, "task": {"image_size_px": 64}}
"""Does everything once; its numbers mean nothing."""

DEFAULT = {
    "data": {"name": "leaf-folder"},
    "topology": {"name": "mobilenetv2"},
    "trainer": {"schedule": "cosine", "warmup_epochs": 0.5, "n_epochs": 8, "global_batch_size": 32},
}

plugin = Plugin(
    config=LeafDiseaseConfig,
    create=LeafDisease,
    summary="Which disease a photograph of a leaf shows, of the classes of the data set.",
    presets={"smoke": SMOKE, "default": DEFAULT},
)
