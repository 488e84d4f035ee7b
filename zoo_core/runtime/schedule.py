"""Learning rate of every step: a pure function, but for the plateaus that the primary metric decides."""

import math
from dataclasses import dataclass, replace
from typing import Literal

from zoo_core.runtime.config import TrainerConfig


def learning_rate(config: TrainerConfig, step: int, n_steps: int, n_plateaus: int = 0) -> float:
    """Learning rate of one step.

    Args:
        config: schedule, warm-up and highest rate.
        step: counted from 0.
        n_steps: of the whole run.
        n_plateaus: plateaus met so far.

    >>> config = TrainerConfig(n_epochs=2, learning_rate=0.1, schedule="cosine", warmup_epochs=1)
    >>> [round(learning_rate(config, step, n_steps=8), 3) for step in range(8)]
    [0.025, 0.05, 0.075, 0.1, 0.1, 0.085, 0.05, 0.015]
    """
    n_warmup = math.ceil(n_steps * config.warmup_epochs / config.n_epochs)
    highest = scaled_learning_rate(config)
    if step < n_warmup:
        lowest = config.learning_rate if config.learning_rate_rule == "linear" else 0.0
        return lowest + (highest - lowest) * (step + 1) / n_warmup
    if config.schedule == "cosine":
        share = (step - n_warmup) / (n_steps - n_warmup)
        return highest * (1 + math.cos(math.pi * share)) / 2
    if config.schedule == "plateau":
        return highest * float(config.plateau_factor**n_plateaus)
    return highest


def scaled_learning_rate(config: TrainerConfig) -> float:
    """The highest learning rate, as `learning_rate_rule` makes it of the global batch.

    >>> scaled_learning_rate(TrainerConfig(learning_rate=0.1, base_batch_size=32, global_batch_size=128))
    0.1
    >>> rule = {"learning_rate_rule": "sqrt"}
    >>> scaled_learning_rate(TrainerConfig(learning_rate=0.1, base_batch_size=32, global_batch_size=128, **rule))
    0.2
    """
    factor = config.global_batch_size / config.base_batch_size
    powers = {"none": 0.0, "sqrt": 0.5, "linear": 1.0}
    return float(config.learning_rate * factor ** powers[config.learning_rate_rule])


@dataclass(frozen=True)
class Progress:
    """The primary metric so far, at the end of each epoch.

    Attributes:
        best: highest or lowest value; None before the first.
        best_step: steps done when it was last reached.
        n_since: epochs since then, or since the last plateau.
        n_plateaus: plateaus met.
    """

    best: float | None = None
    best_step: int = 0
    n_since: int = 0
    n_plateaus: int = 0

    def after(self, value: float | None, step: int, direction: Literal["max", "min"], patience: int) -> "Progress":
        """What it is once an epoch's value is known; an undefined value is no progress.

        Of epochs with one value the last is the best, as it has learned most: on a few controls all may be perfect.
        """
        sign = 1 if direction == "max" else -1
        if value is not None and (self.best is None or sign * value > sign * self.best):
            return replace(self, best=value, best_step=step, n_since=0)
        best_step = self.best_step if value is None or value != self.best else step
        if self.n_since + 1 > patience:
            return replace(self, best_step=best_step, n_since=0, n_plateaus=self.n_plateaus + 1)
        return replace(self, best_step=best_step, n_since=self.n_since + 1)
