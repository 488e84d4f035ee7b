"""What a precision backend owes: a network that answers, and what of training and converting it can do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Load:
    """What a network is loaded for.

    Attributes:
        batch_size: examples of a call; the last call may have fewer.
        n_streams: calls at the same time, from as many threads, that share the cores; with 1 a call has them all.
    """

    batch_size: int = 1
    n_streams: int = 1


@runtime_checkable
class Network(Protocol):
    """A model that is loaded; called from as many threads as it was loaded for."""

    def outputs(self, images: np.ndarray) -> np.ndarray:
        """What the task's `head` gives.

        Args:
            images: (example, y, x, c), float32, from 0 to 1, at most as many as it was loaded for.
        Returns:
            (example, output), float32; those of an example do not depend on its batch-mates.
        """
        ...


@runtime_checkable
class PrecisionBackend(Protocol):
    """One numeric precision.

    Attributes:
        instructions: CPU flags, as the operating system names them, any one of which makes this precision fast.
        promise: what its results keep of float32's, in words.
    """

    @property
    def instructions(self) -> tuple[str, ...]: ...
    @property
    def promise(self) -> str: ...

    def unavailable(self) -> str | None:
        """None, or why it cannot be used here: what is missing, and what to do."""
        ...

    def load(self, folder: Path, use: Load) -> Network:
        """Load a network for inference.

        Args:
            folder: of the trained model, with its `model.keras`; of a backend that converts, what `convert` wrote.
            use: what it is loaded for.
        Raises:
            DataError: a file is missing or damaged.
        """
        ...


@runtime_checkable
class SupportsTraining(Protocol):
    """A precision that networks can be trained in."""

    def policy(self) -> str:
        """Keras dtype policy of training, such as "mixed_bfloat16"."""
        ...


@runtime_checkable
class SupportsConversion(Protocol):
    """A precision that trained networks are converted to."""

    def convert(self, model: Any, calibration: np.ndarray, folder: Path) -> Mapping[str, Any]:
        """Write a converted network.

        Args:
            model: a trained Keras model; it is not changed.
            calibration: (example, y, x, c), float32, from 0 to 1: training examples that show the ranges of values.
            folder: empty.
        Returns:
            How it was done, as JSON has values.
        """
        ...


@dataclass(frozen=True)
class Control:
    """What a conversion that watches its own accuracy is held against.

    Attributes:
        images: (example, y, x, c), float32, from 0 to 1: what it is scored on.
        margin: from outputs (example, output) of these images to how far they are within the limits: 0 at a limit,
            below 0 beyond it, and of float32's own outputs the width of the limits.
        most_s: seconds that it may take.
    """

    images: np.ndarray
    margin: Callable[[np.ndarray], float]
    most_s: float


@runtime_checkable
class SupportsAccuracyControl(Protocol):
    """A conversion that leaves layers in float32 until its accuracy is within limits."""

    def convert_within(
        self, model: Any, calibration: np.ndarray, control: Control, folder: Path
    ) -> Mapping[str, Any] | None:
        """As `convert`, within limits.

        Returns:
            As `convert`, with `float_layers`: names of the layers that were left in float32. None, and nothing written,
            where no such network was found in time.
        """
        ...
