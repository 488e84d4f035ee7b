"""Laws of what a task may do besides: measure traits, and look at a few numbers of an image."""

from collections.abc import Mapping

import numpy as np
import pytest

from zoo_core.contract import SupportsImageBaselines, SupportsMeasures
from zoo_core.testing.checks import Checks
from zoo_core.testing.promises import broken, difference, working
from zoo_core.testing.subjects import TaskSubject

N_EXAMPLES = 4
"""That are measured: tracing a rosette takes a while."""


class AbilityLaws(Checks):
    """What holds where a task offers more than it must; the checks of what it does not offer are skipped."""

    def test_traits_are_measured_by_their_names(self, task: TaskSubject) -> None:
        """`measure` gives a number, or NaN, for each of `traits`, the same each time, and changes no image."""
        one = task.task
        if not isinstance(one, SupportsMeasures):
            pytest.skip("it measures nothing")
        names = {trait.name for trait in one.traits}
        for row in task.rows[:N_EXAMPLES]:
            example, before = task.example(row), task.example(row)
            with working("measure() gives the traits of an example", "give NaN where a trait is not defined"):
                found, again = (_numbers(one.measure(example)) for _ in range(2))
            if set(found) != names:
                broken(f"measure() gives {sorted(names)}", sorted(found), "mend traits or measure()")
            if words := difference(found, again) or difference(before.arrays, example.arrays):
                broken("measure() gives the same each time, and leaves the image as it is", words, "work on a copy")

    def test_baseline_features_are_as_many_for_each_example(self, task: TaskSubject) -> None:
        """`baseline_features` gives finite numbers, of each kind as many for each example, the same each time."""
        one = task.task
        if not isinstance(one, SupportsImageBaselines):
            pytest.skip("it has no baselines that look at images")
        examples = [task.example(row) for row in task.rows[:N_EXAMPLES]]
        for kind in one.image_baselines:
            found = [np.asarray(one.baseline_features(kind, example)) for example in examples]
            again = [np.asarray(one.baseline_features(kind, example)) for example in examples]
            if len({features.shape for features in found}) > 1 or found[0].ndim != 1:
                shapes = sorted({features.shape for features in found})
                broken(f"Baseline '{kind}' has as many features for each example", shapes, "mend baseline_features()")
            if not np.isfinite(found).all() or not np.array_equal(found, again):
                broken(f"Features of baseline '{kind}' are finite, and the same each time", "others", "mend them")


def _numbers(found: Mapping[str, float]) -> dict[str, np.ndarray]:
    return {name: np.asarray(float(value)) for name, value in found.items()}
