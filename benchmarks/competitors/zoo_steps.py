"""Train steps of the zoo, or of stock Keras's `fit` on the very same network; told and read by `training.py`.

python benchmarks/competitors/zoo_steps.py zoo|keras TOPOLOGY PRECISION SIZE_PX BATCH_SIZE
"""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from answering import answer

from zoo_core.studies.step_time import StepShape, make_step, prepare
from zoo_core.studies.stock_keras import LEARNING_RATE, make_stock_step, prepare_stock


def main(who: str, topology: str, precision: str, *sizes: str) -> None:
    """Answer each line of standard input by measured steps."""
    shape = StepShape(topology, precision, *map(int, sizes))
    {"zoo": prepare, "keras": prepare_stock}[who](shape)
    import keras

    step, model = {"zoo": _zoo_step, "keras": make_stock_step}[who](shape)
    answer(step, sum(int(np.prod(v.shape)) for v in model.trainable_variables), f"keras {keras.__version__}")


def _zoo_step(shape: StepShape) -> tuple[Callable[[], float], Any]:
    train, batch = make_step(shape)
    return lambda: train([batch], LEARNING_RATE), train.model


if __name__ == "__main__":
    main(*sys.argv[1:])
