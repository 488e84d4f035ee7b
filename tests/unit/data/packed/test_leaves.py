"""Colour photographs of leaves, packed smaller than they are."""

import numpy as np
import pandas as pd
import pytest

from zoo_core.api import read_rgb, resize
from zoo_core.contract import ArraySpec

N = 40
HALF_A_GREY_LEVEL = 0.5 + 1e-4


@pytest.fixture(scope="module")
def leaves(kit, shared_data):
    paths = sorted(shared_data("plantvillage_potato").glob("*/*.*"))[:: 1152 // N][:N]

    class Leaves(kit.lab):
        def index(self):
            names = [path.name for path in paths]
            return pd.DataFrame({"example_id": names, "label.Mass": 0, "meta.patient_id": names})

        def read(self, i):
            return {"image": read_rgb(paths[i])}

    return Leaves(n=N, specs=(ArraySpec("image", ("y", "x", "c"), (None, None, 3), "uint8", (0, 255)),))


def test_packed_leaves_are_what_a_task_would_make_of_them_within_half_a_level(kit, leaves, tmp_path):
    kit.pack(leaves, tmp_path, size_px=96, rows_per_shard=8)
    packed = kit.opened(tmp_path).read_batch(np.arange(N))["image"]
    resized = np.stack([resize(leaves.read(i)["image"], (96, 96)) for i in range(N)])
    assert np.abs(packed - resized).max() <= HALF_A_GREY_LEVEL
    assert packed.std() > 10


def test_packed_leaves_of_the_same_size_are_the_leaves(kit, leaves, tmp_path):
    kit.pack(leaves, tmp_path, size_px=256, rows_per_shard=8)
    packed = kit.opened(tmp_path).read_batch(np.arange(N))["image"]
    assert (packed == np.stack([leaves.read(i)["image"] for i in range(N)])).all()
