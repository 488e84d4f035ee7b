"""What a task owes: it says what is asked of the examples, and knows neither files nor training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from zoo_core.contract.arrays import Arrays, ArraySpec
from zoo_core.contract.dataset import Example, Label

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


@dataclass(frozen=True)
class PrimaryMetric:
    """The one number that chooses the best checkpoint, drives the plateau and gates a conversion.

    Attributes:
        name: its path in metrics.json below a split, such as "mean.auroc".
        direction: `max` where more is better.
        tolerance: a change smaller than this is none.
    """

    name: str
    direction: Literal["max", "min"] = "max"
    tolerance: float = 0.005


LOWER_IS_BETTER = ("mae", "rmse")
"""Metrics that no verdict can be about."""


@dataclass(frozen=True)
class Reporting:
    """What is reported.

    Attributes:
        metrics: names of metrics, the one that verdicts are about first: of labels that are present or absent "auroc"
            and "auprc"; of classes "macro_f1"; of values "r2", "mae" and "rmse".
        strata: `meta.` columns that results are broken down by, and that baseline `metadata` looks at.
        baselines: by kind the `meta.` columns of further baselines that look at no image, such as "position".
        wells: whether examples are fields of wells (`meta.well_id`, `meta.plate`, `meta.control_role` ...), which are
            gathered to wells and judged as a screen: Z', dose response, hits. The task then has `SupportsScores`.
        noun: what a reader calls one of the labels.
    """

    metrics: tuple[str, ...]
    strata: tuple[str, ...] = ()
    baselines: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    wells: bool = False
    noun: str = "label"

    def __post_init__(self) -> None:
        if self.metrics and self.metrics[0] in LOWER_IS_BETTER:
            raise ValueError(
                f"Reporting.metrics needs to begin with a metric of which more is better. Received: {self.metrics[0]}"
            )


@runtime_checkable
class Task(Protocol):
    """One question asked of examples.

    `fitted` below is what `fit` returned, saved with the model and handed back in prediction and serving.
    Tensors are Keras 3 tensors; `head` and `loss` are the only places where a task may import Keras.

    Attributes:
        labels: what the network predicts, in the order of its outputs.
        primary_metric: the one number that decides.
        reporting: what is reported.
    """

    @property
    def labels(self) -> tuple[Label, ...]: ...
    @property
    def primary_metric(self) -> PrimaryMetric: ...
    @property
    def reporting(self) -> Reporting: ...

    def accepts(self, specs: Sequence[ArraySpec]) -> str | None:
        """None, or why arrays such as these cannot be used: wanted, received, what to do."""
        ...

    def select(self, labels: Sequence[Label]) -> tuple[str, ...]:
        """Names of the adapter's labels that this task predicts; those of its own that are missing stay unknown."""
        ...

    def fit(self, rows: pd.DataFrame, specs: Sequence[ArraySpec]) -> Arrays:
        """What the training rows alone teach (class weights, target scaling), and what the specs fix (sizes)."""
        ...

    def input_shape(self, fitted: Arrays) -> tuple[int, int, int]:
        """(y, x, c) of what `preprocess` returns."""
        ...

    def preprocess(self, example: Example, fitted: Arrays) -> np.ndarray:
        """(y, x, c) float32 from 0 to 1: NumPy only, deterministic, the same in training, prediction and serving."""
        ...

    def augment(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """(example, y, x, c) to the same shape; all randomness from `rng`, which the trainer sets for each batch."""
        ...

    def head(self, features: Any) -> Any:
        """Keras tensors: features (example, y, x, c) to outputs (example, output), float32 logits or values."""
        ...

    def loss(self, targets: Any, outputs: Any, fitted: Arrays) -> Any:
        """(example, label) targets, (example, output) outputs to (example, label); the trainer masks, sums, divides.

        Operations on tensors alone: it is traced once, and a Python `if` on values is refused by TensorFlow.
        """
        ...

    def predict(self, outputs: np.ndarray, fitted: Arrays) -> np.ndarray:
        """(example, output) to (example, label): probabilities, or values in the label's unit."""
        ...


@runtime_checkable
class SupportsDataOptions(Protocol):
    """A task some of whose options are the data set's to say, where nobody has set them: the names of classes, say."""

    def with_data(self, labels: Sequence[Label], specs: Sequence[ArraySpec]) -> Any:
        """The task's configuration with what was left open, such as the names of classes, taken from a data set.

        A run keeps it, and so a model has the options that it was trained with.

        Args:
            labels: of the data set, a `class` as the binary labels of its classes.
            specs: of the data set.
        """
        ...


@runtime_checkable
class SupportsImageBaselines(Protocol):
    """A task that knows what could be told from an image without a network: its border alone, or two numbers of it.

    The core fits a regression on these features of the training rows, and shows its scores beside the network's.

    Attributes:
        image_baselines: kinds, such as ("border",), each with what it is in words for a reader.
    """

    @property
    def image_baselines(self) -> Mapping[str, str]: ...

    def baseline_features(self, kind: str, example: Example) -> np.ndarray:
        """(feature,) float64, as many for each example; NumPy and light libraries only, deterministic."""
        ...


@runtime_checkable
class SupportsScores(Protocol):
    """A task whose predictions are judged on a scale without ends, as those of a screen are: sigmoids saturate."""

    def scores(self, outputs: np.ndarray, fitted: Arrays) -> np.ndarray:
        """(example, output) to (example, label), float32: logits, as columns `score.NAME`."""
        ...


@dataclass(frozen=True)
class Trait:
    """A number that is measured on an image beside what a network predicts.

    Attributes:
        name: a column of traits.parquet.
        unit: such as "px", "mm2"; "1" of a ratio or a count.
        description: what it is, in a sentence.
    """

    name: str
    unit: str
    description: str


@runtime_checkable
class SupportsMeasures(Protocol):
    """A task that measures traits on images.

    Attributes:
        traits: what is measured; of plates the first that is known of any image is shown well by well.
    """

    @property
    def traits(self) -> tuple[Trait, ...]: ...

    def measure(self, example: Example) -> Mapping[str, float]:
        """Traits by name; NaN where one is not defined."""
        ...


@runtime_checkable
class SupportsSeries(Protocol):
    """A task that follows a trait over time."""

    def series(self, traits: pd.DataFrame) -> pd.DataFrame:
        """What became of each plant or well.

        Args:
            traits: one row an example: `example_id`, `split`, `meta.NAME`, `label.NAME` and `trait.NAME`.
        Returns:
            One row a point: `name` of what is followed, `trait`, `unit`, `time_h` (hours), `value`, `smooth` (both in
            the unit, missing where undefined) and `flag` (why a point is left out, or empty). No row where nothing
            was taken more than once. Where a point is of one example, its `example_id` may stand there too.
        """
        ...


@runtime_checkable
class SupportsOutlines(Protocol):
    """A task that can draw around what it measures, for pictures beside a series whose points have an `example_id`."""

    def outlines(self, example: Example) -> Sequence[np.ndarray]:
        """Closed polygons (vertex, 2) of y and x, in pixels from the middle of the first one; none where nothing is."""
        ...
