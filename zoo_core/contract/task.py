"""What a task owes: it says what is asked of the examples, and knows neither files nor training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Reporting:
    """What is reported.

    Attributes:
        metrics: names of per-label metrics, such as ("auroc", "auprc").
        strata: `meta.` columns that results are broken down by.
    """

    metrics: tuple[str, ...]
    strata: tuple[str, ...] = ()


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

    def predict(self, outputs: np.ndarray) -> np.ndarray:
        """(example, output) to (example, label): probabilities, or values in the label's unit."""
        ...
