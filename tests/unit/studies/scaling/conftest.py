import pytest

from zoo_core.studies.scaling.plan import RANKS, STRONG, WEAK
from zoo_core.studies.scaling.summary import Setting


@pytest.fixture
def setting() -> Setting:
    return Setting(precision="float32", most_fitting=2, batch_size=4, global_batch_size=8, cycle_ms=5.0)


@pytest.fixture
def row():
    """Makes a row of steps as they are measured."""

    def make(n_ranks=1, scaling=WEAK, images_per_s=10.0, run=0, **changes):
        n_images = 4 * n_ranks if scaling == WEAK else 8
        values = {
            "way": RANKS,
            "n_ranks": n_ranks,
            "scaling": scaling,
            "run": run,
            "n_images": n_images,
            "images_per_s": images_per_s,
            "step_s": n_images / images_per_s,
            "all_reduce_s": 0.0,
            "waiting_s": 0.0,
            "n_parameters": 1_000_000,
        }
        return {**values, **changes}

    return make


@pytest.fixture
def rows(row):
    """One run of all ways: one rank does 10 images a second, two 18, four on the same cores 16; stock Keras 8."""
    alone = [row(way=way, scaling=STRONG, images_per_s=rate) for way, rate in (("stock", 8.0), ("float32", 16.0))]
    speeds = ((1, 10.0), (2, 18.0), (4, 16.0))
    return alone + [row(n, how, rate) for n, rate in speeds for how in (WEAK, STRONG)]
