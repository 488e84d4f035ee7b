"""Laws of what a task takes, and of what it makes of an example before a network sees it."""

import copy
import dataclasses
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from zoo_core import plugins
from zoo_core.contract import ArraySpec, Label, ZooError
from zoo_core.data.classes import labels_by_class
from zoo_core.runtime.settings import configure
from zoo_core.testing.checks import Checks
from zoo_core.testing.promises import broken, copied, difference, one_line, working
from zoo_core.testing.subjects import TaskSubject

SEED = 3
OTHER = Label("a label of the kit that no task knows")


class InputLaws(Checks):
    """Specs, labels, fitting, preprocessing and augmentation."""

    kind: ClassVar[str] = "task"

    def test_it_has_the_members_of_a_task(self, task: TaskSubject) -> None:
        """Every member of the protocol is there and can be called as the contract says."""
        self.keep_the_contract(task.task)

    def test_it_accepts_the_arrays_of_its_data_set(self, task: TaskSubject) -> None:
        """`accepts` gives None for arrays that it can use."""
        if (reason := task.task.accepts(task.adapter.specs)) is not None:
            broken("The task accepts the arrays of the data set that it is checked on", repr(reason), "choose another")

    def test_it_says_why_it_refuses_arrays(self, task: TaskSubject) -> None:
        """`accepts` answers arrays that it cannot use with one line: wanted, received."""
        for what, specs in _unusable(task.adapter.specs).items():
            with working(f"accepts() answers {what} with a reason", "expect any specs"):
                reason = task.task.accepts(specs)
            if not isinstance(reason, str) or "Received" not in reason or reason != one_line(reason):
                broken(
                    f"accepts() answers {what} with one line that ends in 'Received: ...'",
                    repr(reason),
                    "say what is needed and what came",
                )

    def test_it_selects_labels_that_both_have(self, task: TaskSubject) -> None:
        """`select` names labels of the data set that are the task's own, and at least one of its own data set."""
        own, offered = [label.name for label in task.task.labels], labels_by_class(task.adapter.labels)
        chosen = task.task.select(offered)
        names = {label.name for label in offered}
        if not chosen or isinstance(chosen, str) or not set(chosen) <= names & set(own):
            broken(f"select() gives some of {sorted(names & set(own))}", repr(chosen), "mend select, or labels")
        for what, labels in {"no label": (), "a label of another task": (OTHER,)}.items():
            if (found := task.task.select(labels)) and len(found):
                broken(f"select() gives nothing of {what}", repr(found), "give only labels that are offered")

    def test_fitting_changes_neither_rows_nor_specs_and_repeats(self, task: TaskSubject) -> None:
        """`fit` gives arrays that a model can keep, the same each time, and leaves the table as it is."""
        rows, specs = task.index.copy(deep=True), copy.deepcopy(tuple(task.adapter.specs))
        found, again = (task.task.fit(rows, specs) for _ in range(2))
        if not rows.equals(task.index) or specs != tuple(task.adapter.specs):
            broken("fit() leaves its rows and specs as they are", "others", "work on a copy")
        if odd := [name for name, array in found.items() if np.asarray(array).dtype.kind not in "biuf"]:
            broken("fit() gives arrays of numbers, which are saved with the model", odd, "encode what they hold")
        if words := difference(found, again):
            broken("fit() gives the same each time", words, "use a seed of its own")

    def test_preprocessing_gives_an_image_of_the_networks_shape(self, task: TaskSubject) -> None:
        """`preprocess` gives float32 from 0 to 1, as large as `input_shape` says."""
        shape = tuple(task.task.input_shape(task.fitted))
        for row in task.rows:
            image = task.task.preprocess(task.example(row), task.fitted)
            if not isinstance(image, np.ndarray) or image.shape != shape or image.dtype != np.float32:
                came = f"{getattr(image, 'dtype', type(image).__name__)} {getattr(image, 'shape', '')}"
                broken(f"preprocess() gives float32 {shape}, as input_shape() says", came, "mend either")
            if not (np.isfinite(image).all() and image.min() >= 0 and image.max() <= 1):
                broken(
                    "preprocess() gives values from 0 to 1",
                    f"{image.min()} to {image.max()}",
                    "scale by the spec's value_range, and clip",
                )

    def test_preprocessing_changes_no_input_and_repeats(self, task: TaskSubject) -> None:
        """`preprocess` is deterministic, and leaves the example and what was fitted as they are."""
        fitted = copied(task.fitted)
        for row in task.rows:
            example, before = task.example(row), task.example(row)
            images = [np.array(task.task.preprocess(example, fitted)) for _ in range(2)]
            if words := difference(before.arrays, example.arrays) or difference(task.fitted, fitted):
                broken("preprocess() leaves arrays as they are", words, "work on a copy")
            if not pd.Series(before.row).equals(pd.Series(example.row)):
                broken("preprocess() leaves the row as it is", "another", "work on a copy")
            if words := difference({"image": images[0]}, {"image": images[1]}):
                broken("preprocess() gives the same each time", words, "leave randomness to augment")

    def test_augmentation_changes_no_input(self, task: TaskSubject, images: np.ndarray) -> None:
        """`augment` gives a batch of its own, of the same shape, float32 from 0 to 1."""
        given = images.copy()
        found = task.task.augment(given, np.random.default_rng(SEED))
        if not np.array_equal(given, images):
            broken("augment() leaves its images as they are", "others", "work on a copy")
        if not isinstance(found, np.ndarray) or (found.shape, found.dtype) != (images.shape, images.dtype):
            came = f"{getattr(found, 'dtype', type(found).__name__)} {getattr(found, 'shape', '')}"
            broken(f"augment() gives float32 {images.shape}", came, "keep shape and dtype")
        if not (np.isfinite(found).all() and found.min() >= 0 and found.max() <= 1):
            broken("augment() gives values from 0 to 1", f"{found.min()} to {found.max()}", "clip them")

    def test_the_same_seed_gives_the_same_augmentation(self, task: TaskSubject, images: np.ndarray) -> None:
        """All randomness of `augment` comes from the generator that it is given."""
        one, other = (task.task.augment(images.copy(), np.random.default_rng(SEED)) for _ in range(2))
        if not np.array_equal(one, other):
            broken("augment() gives the same for the same seed", "another batch", "draw from rng alone")

    def test_its_presets_make_a_configuration(self, task: TaskSubject) -> None:
        """Each preset of an installed task has keys and values that are known."""
        if not task.name:
            pytest.skip("it is not named: subject_of('NAME') checks the presets of an installed task")
        for preset in plugins.load("task", task.name).presets:
            try:
                configure(task.name, preset, task.layers)
            except ZooError as error:
                broken(f"Preset '{preset}' makes a configuration", error, "mend Plugin.presets")


def _unusable(specs: tuple[ArraySpec, ...]) -> dict[str, tuple[ArraySpec, ...]]:
    """Specs that no task on these arrays can use, by what they are."""
    renamed = tuple(dataclasses.replace(spec, name=f"no-{spec.name}") for spec in specs)
    turned = tuple(dataclasses.replace(spec, axes=spec.axes[::-1], shape=spec.shape[::-1]) for spec in specs)
    return {"no arrays at all": (), "arrays of other names": renamed, "axes in another order": turned}
