from pathlib import Path

import pytest

from zoo_core.contract import ZooError
from zoo_core.studies.step_time import StepShape
from zoo_core.studies.storage.formats import Shape
from zoo_core.studies.storage.plan import Plan

SHAPE = Shape(200, 8, 4)


def plan(ranks=(1, 2), n_runs=1, shape=SHAPE, step=1.0):
    return Plan((Path("/a"), Path("/b")), ranks, n_runs, shape, step)


def test_every_place_format_state_and_number_of_ranks_is_measured_in_every_run():
    cells = list(plan(ranks=(1, 2, 4), n_runs=5).cells(Path("/a")))
    assert len(cells) == len({tuple(sorted(cell.items())) for cell in cells}) == 3 * 2 * 3 * 5


def test_what_was_given_is_in_the_settings_and_places_and_ranks_are_not():
    settings = plan().settings()
    assert settings == plan(ranks=(1,), n_runs=3).settings()
    assert (settings["size_px"], settings["step_ms"]) == (8, 1.0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ranks": (0, 1)}, "--ranks needs a number from 1 on. Received: 0"),
        ({"ranks": (65,)}, "--ranks needs at most 64"),
        ({"n_runs": 0}, "--runs needs"),
        ({"shape": Shape(0, 8, 4)}, "--images needs a number"),
        ({"shape": Shape(200, 0, 4)}, "--size needs"),
        ({"shape": Shape(200, 8, 0)}, "--batch needs"),
        ({"shape": Shape(47, 8, 4)}, "--images needs at least 48, for 6 batches of 4 in each of 2 ranks. Received: 47"),
        ({"step": 0.0}, "--step-ms needs milliseconds above 0. Received: 0"),
        ({"step": float("nan")}, "--step-ms needs"),
        ({"step": float("inf")}, "--step-ms needs"),
        ({"step": StepShape("densenet112", "float32", 8, 4)}, "did you mean 'densenet121'"),
    ],
)
def test_a_mistake_is_said_before_anything_is_measured(changes, words):
    with pytest.raises(ZooError) as error:
        plan(**changes)
    assert words in str(error.value)
