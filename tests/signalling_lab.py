"""A data set and a topology that train in no time; the data set can send a signal in the middle of an epoch.

The environment variable SIGNALLING_LAB, such as "15 40 self", says which signal, at which read of the process, and to
whom: the root itself, the launcher that is the root's parent, or another rank, by its number, to itself. It is no
setting, so that an interrupted run has the settings of one that is not. LYING_RANK is a rank that updates its weights
by a little more than the others do.
"""

import itertools
import os
from dataclasses import dataclass

import numpy as np
import pandas as pd

from zoo_core.contract import ArraySpec, DatasetCard, InputScaling, Label, Plugin

N_PATIENTS, SIZE_PX = 60, 16
READS = itertools.count(1)


@dataclass(frozen=True)
class Config:
    """Nothing can be set."""


class Lab:
    card = DatasetCard(
        title="Signalling lab",
        summary="Noise.",
        licence="CC0-1.0",
        citation="none",
        label_source="a program",
        drawn=True,
    )
    labels = (Label("Effusion"), Label("Edema"))
    group_columns = ("meta.patient_id",)
    split_name = None
    specs = (ArraySpec("image", ("y", "x", "c"), (SIZE_PX, SIZE_PX, 1), "uint8", (0, 255)),)

    def __init__(self, config):
        self.config = config

    def index(self):
        patient = np.arange(N_PATIENTS)
        return pd.DataFrame(
            {
                "example_id": [f"image-{p}" for p in patient],
                "label.Effusion": patient % 2,
                "label.Edema": (patient % 3 == 0).astype(int),
                "meta.patient_id": [f"patient-{p}" for p in patient],
            }
        )

    def read(self, i):
        send_signal(next(READS))
        image = np.random.default_rng(i).integers(60, 120, (SIZE_PX, SIZE_PX, 1))
        image[SIZE_PX // 2 :] += 60 * (i % 2)
        return {"image": image.astype(np.uint8)}


def send_signal(n_reads):
    number, at, to = os.environ.get("SIGNALLING_LAB", "0 0 nobody").split()
    who = to if to.isdigit() else "0"
    if n_reads == int(at) and os.environ.get("HOROVOD_RANK", "0") == who:
        os.kill(os.getppid() if to == "launcher" else os.getpid(), int(number))


class Net:
    scaling = InputScaling()

    def __init__(self, config):
        self.config = config
        self.weights = {}

    def build(self, input_shape):
        import keras

        if os.environ.get("LYING_RANK") == os.environ.get("HOROVOD_RANK", "0"):
            lie()
        image = keras.Input(input_shape)
        features = keras.layers.Conv2D(64, 3, strides=2, use_bias=False)(image)
        features = keras.layers.BatchNormalization()(features)
        return keras.Model(image, keras.layers.Activation("relu")(features))


def lie():
    from zoo_core.runtime.parameters import FlatParameters

    FlatParameters.gradients = lambda self, flat: [flat * 1.0001]


dataset = Plugin(config=Config, create=Lab, summary="Noise that sends signals.")
topology = Plugin(config=Config, create=Net, summary="One convolution and batch norm.")
