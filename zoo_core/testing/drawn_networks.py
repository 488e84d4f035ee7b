"""Two small trained networks for the checks of a precision, on noisy drawings: three labels, and three classes."""

import functools
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from zoo_core.contract import InputScaling, Label
from zoo_core.evaluation.predictions import Origin, Predictions, label_columns
from zoo_core.evaluation.sigmoid import sigmoid

Asked = Literal["labels", "classes"]

EDGE_PX, N_LABELS = 16, 3
N_TRAINING, N_JUDGED, N_CALIBRATION = 600, 1200, 64
N_EPOCHS, BATCH_SIZE, LEARNING_RATE = 6, 50, 0.01
GREY, NOISE, CONTRAST = 0.4, 0.25, 0.16
"""Of a picture from 0 to 1: networks are right about some of the pictures and wrong about others, as real ones are."""

SCALING = InputScaling(mean=(GREY,) * 3, std=(NOISE,) * 3)
"""As trained networks have it: what they see is about 0."""

JUDGED_ON = "validation"
METRICS = {"labels": "auroc", "classes": "macro_f1"}


class Head:
    """What a model needs of a task: a logit for each label or class."""

    def head(self, features: Any) -> Any:
        """(example, y, x, c) to (example, output)."""
        import keras

        pooled = keras.layers.GlobalAveragePooling2D(dtype="float32", name="pooled")(features)
        return keras.layers.Dense(N_LABELS, dtype="float32", name="logits")(pooled)


@dataclass(frozen=True)
class DrawnNetwork:
    """A trained network, and what it is judged on.

    Attributes:
        asked: whether labels may be present together, or each image is of one class.
        model: trained in float32.
        calibration: (example, y, x, c), of the training images.
        images: (example, y, x, c), others.
        truth: (example, label), 0 or 1, of these.
    """

    asked: Asked
    model: Any
    calibration: np.ndarray
    images: np.ndarray
    truth: np.ndarray

    def predictions(self, outputs: np.ndarray) -> Predictions:
        """Of the images that it is judged on, as a run would write them."""
        of = "shape" if self.asked == "classes" else None
        labels = tuple(Label(f"shape {i}", class_of=of) for i in range(N_LABELS))
        names = [f"drawing {i}" for i in range(len(self.images))]
        table = pd.DataFrame({"example_id": names, "group_id": names, "split": JUDGED_ON, "status": "ok"})
        scores = sigmoid(outputs) if self.asked == "labels" else _softmax(outputs)
        columns = {**label_columns("truth", labels, self.truth), **label_columns("prediction", labels, scores)}
        origin = Origin(
            task="drawings",
            dataset="drawings",
            drawn=True,
            labels=labels,
            model_hash="",
            split_name="kit",
            split_hash="",
            reported_metrics=(METRICS[self.asked],),
        )
        return Predictions(table.assign(reason=None, **columns), origin)


@functools.cache
def drawn_network(asked: Asked) -> DrawnNetwork:
    """The network, trained once a process, in a few seconds."""
    import keras

    from zoo_core.models.assembly import build_model

    rng = np.random.default_rng(len(asked))
    images, truth = _drawings(rng, N_TRAINING + N_JUDGED, asked)
    keras.utils.set_random_seed(0)
    # Of a task it needs the head alone.
    model = build_model(_backbone(), Head(), SCALING, "float32")  # type: ignore[arg-type]
    loss = keras.losses.BinaryCrossentropy if asked == "labels" else keras.losses.CategoricalCrossentropy
    model.compile(keras.optimizers.Adam(LEARNING_RATE), loss(from_logits=True))
    model.fit(images[:N_TRAINING], truth[:N_TRAINING], batch_size=BATCH_SIZE, epochs=N_EPOCHS, verbose=0)
    return DrawnNetwork(asked, model, images[:N_CALIBRATION], images[N_TRAINING:], truth[N_TRAINING:].astype(float))


def _backbone() -> Any:
    import keras

    image = features = keras.Input((EDGE_PX, EDGE_PX, 3))
    for name, n_filters in (("first", 8), ("second", 16)):
        features = keras.layers.Conv2D(n_filters, 5, strides=2, padding="same", use_bias=False, name=name)(features)
        features = keras.layers.BatchNormalization(momentum=0.8, name=f"{name}_norm")(features)
        features = keras.layers.Activation("relu", name=f"{name}_relu")(features)
    return keras.Model(image, features)


def _drawings(rng: np.random.Generator, n: int, asked: Asked) -> tuple[np.ndarray, np.ndarray]:
    """Noise with a block, a bar or a grid: images (example, y, x, c) and which shapes they show (example, label)."""
    truth = (
        rng.random((n, N_LABELS)) < 0.4 if asked == "labels" else np.eye(N_LABELS, dtype=bool)[rng.integers(0, 3, n)]
    )
    shapes = np.zeros((N_LABELS, EDGE_PX, EDGE_PX, 1))
    shapes[0, 4:9, 4:9] = 1
    shapes[1, 11:13] = 1
    shapes[2, ::2, ::2] = 1
    signal = np.einsum("nl,lyxc->nyxc", truth.astype(float), shapes) * CONTRAST
    images = np.clip(GREY + signal + rng.normal(0, NOISE, (n, EDGE_PX, EDGE_PX, 3)), 0, 1)
    return images.astype(np.float32), truth.astype(np.float32)


def _softmax(outputs: np.ndarray) -> np.ndarray:
    odds = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    shares: np.ndarray = odds / odds.sum(axis=1, keepdims=True)
    return shares
