from pathlib import Path

import pytest

from zoo_core.studies.storage.formats import FORMATS, Shape
from zoo_core.studies.storage.pictures import Pictures

SHAPE = Shape(n_images=130, size_px=5, batch_size=4)
"""More images than there are TFRecord files, and no whole number of batches for 3 ranks."""


@pytest.fixture(scope="session")
def pictures(tmp_path_factory) -> Pictures:
    made = Pictures(tmp_path_factory.mktemp("png"), SHAPE.n_images, SHAPE.size_px)
    made.write()
    return made


@pytest.fixture(scope="session", params=FORMATS)
def written(request, pictures, tmp_path_factory) -> tuple[str, Path]:
    """Name and folder of each format, written."""
    folder = pictures.paths[0].parents[1] if request.param == "png" else tmp_path_factory.mktemp(request.param)
    if request.param != "png":
        FORMATS[request.param].write(pictures, folder)
    return request.param, folder


@pytest.fixture
def row():
    """Makes a row of a cell as it is measured."""

    def make(**changes):
        n_bytes, rate = 2_000_000, 1_000.0
        values = {
            "place": "/here",
            "filesystem": "ext4",
            "format": "png",
            "n_ranks": 1,
            "asked": "warm",
            "state": changes.get("asked", "warm"),
            "run": 0,
            "seed": 0,
            "n_images": 100,
            "n_bytes": n_bytes,
            "bytes_per_image": n_bytes / 100,
            "images_per_s": rate,
            "mb_per_s": rate * n_bytes / 100 / 1e6,
            "batch_p50_ms": 1.0,
            "batch_p99_ms": 9.0,
            "n_batches": 25,
            "opens": 100,
            "utilisation": 0.95,
            "n_steps": 9,
            "device_mb": None,
            "wall_s": 0.1,
            "more_ranks_than_cores": False,
        }
        return {**values, **changes}

    return make
