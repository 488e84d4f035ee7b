"""A sound data set of every ability, and data sets that break one law each."""

import dataclasses
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from tests.unit.testing.judging import Liar
from zoo_core.contract import Arrays, ArraySpec, DatasetCard, ImageError, Label, SecondTruth

N_ROWS, PER_PATIENT, UNREADABLE = 18, 2, 4
PARTS = ("train", "validation", "test")
IDS = [f"scan-{i}" for i in range(N_ROWS)]


class Sound:
    """Nine patients of two scans, 7 x 5 px, one of them damaged."""

    card = DatasetCard("Scans", "Noise.", "CC0-1.0", "none", "A program.", drawn=True)
    specs = (ArraySpec("image", ("y", "x", "c"), (7, 5, 1), "uint8", (0, 255)),)
    labels = (Label("sick"), Label("kind", "class", class_names=("a", "b")), Label("size", "value", unit="mm"))
    group_columns = ("meta.patient_id",)
    fold_columns = ("meta.plate",)
    split_name: str | None = "official"
    split_hash = ""

    def index(self) -> pd.DataFrame:
        patient = np.arange(N_ROWS) // PER_PATIENT
        return pd.DataFrame(
            {
                "example_id": IDS,
                "split": [PARTS[p % 3] for p in patient],
                "label.sick": [np.nan if p == 3 else float(p % 2) for p in patient],
                "label.kind": patient % 2,
                "label.size": patient / 4,
                "meta.patient_id": [f"patient-{p}" for p in patient],
                "meta.plate": [f"plate-{p % 2}" for p in patient],
            }
        )

    def read(self, i: int) -> Arrays:
        if not 0 <= i < N_ROWS:
            raise IndexError(i)
        if i == UNREADABLE:
            raise ImageError("is damaged")
        return {"image": self.image(i)}

    def image(self, i: int) -> np.ndarray:
        return np.random.default_rng(i).integers(0, 256, (7, 5, 1), np.uint8)

    def read_batch(self, rows: np.ndarray) -> Arrays:
        return {"image": np.stack([self.read(int(row))["image"] for row in rows])}

    def boxes(self) -> pd.DataFrame:
        box = {"label": "sick", "x_min": 0.1, "y_min": 0.2, "width": 0.3, "height": 0.4}
        return pd.DataFrame([{"example_id": IDS[0], **box}, {"example_id": IDS[2], **box}])

    def second_truth(self) -> SecondTruth | None:
        table = pd.DataFrame({"example_id": IDS[:3], "sick": [0, 1, np.nan]})
        return SecondTruth("others", {"sick": ("sick",)}, table)

    def shards(self, part: str) -> list[np.ndarray]:
        rows = [i for i in range(N_ROWS) if i != UNREADABLE and PARTS[i // PER_PATIENT % 3] == part]
        return [np.array(rows[:3], int), np.array(rows[3:], int)]

    def unreadable(self) -> dict[int, str]:
        return {UNREADABLE: "is damaged"}

    def remarks(self, i: int) -> tuple[str, ...]:
        return ("RGBA",) if i == 0 else ()


def lying(**members: Any) -> Callable[[], Any]:
    """Gives a sound data set but for some members."""
    return lambda: type("Lying", (Sound,), members)()


def index_with(**columns: Any) -> Callable[[], Any]:
    """Gives a data set with other columns, `meta__age` for `meta.age`."""
    named = {name.replace("__", "."): values for name, values in columns.items()}
    return lying(index=lambda self: Sound.index(self).assign(**named))


def image_of(make: Callable[[int], np.ndarray]) -> Callable[[], Any]:
    return lying(image=lambda self, i: make(i))


class Counting(Sound):
    """Other arrays at each call."""

    n_reads = 0

    def image(self, i: int) -> np.ndarray:
        self.n_reads += 1
        return np.full((7, 5, 1), self.n_reads % 256, np.uint8)


class MainThreadOnly(Sound):
    def image(self, i: int) -> np.ndarray:
        return super().image(i) * (threading.current_thread() is threading.main_thread())


class OneBuffer(Sound):
    def __init__(self) -> None:
        self.buffer = np.zeros((7, 5, 1), np.uint8)

    def image(self, i: int) -> np.ndarray:
        self.buffer[:] = super().image(i)
        return self.buffer


class KeptArrays(Sound):
    """What it gave is what it will give, whatever was written into it."""

    def __init__(self) -> None:
        self.images = [Sound.image(self, i) for i in range(N_ROWS)]

    def image(self, i: int) -> np.ndarray:
        return self.images[i]


class Forgetful(Sound):
    """Pickled, it forgets what it was set to."""

    brightness = 0

    def __init__(self) -> None:
        self.brightness = 9

    def __getstate__(self) -> dict[str, Any]:
        return {}

    def image(self, i: int) -> np.ndarray:
        return np.full((7, 5, 1), self.brightness, np.uint8)


class OpenFile(Sound):
    def __init__(self) -> None:
        self.lock = threading.Lock()


class KeptTable(Sound):
    def __init__(self) -> None:
        self.table = super().index()

    def index(self) -> pd.DataFrame:
        return self.table


def shuffled() -> Any:
    rng = np.random.default_rng(0)
    return lying(index=lambda self: Sound.index(self).sample(frac=1, random_state=rng).reset_index(drop=True))()


def without_last(self: Sound, i: int) -> Arrays:
    return {"image": np.stack([Sound.image(self, row) for row in range(N_ROWS - 1)])[i]}


def all_damaged(self: Sound, i: int) -> Arrays:
    if not 0 <= i < N_ROWS:
        raise IndexError(i)
    raise ImageError("is damaged")


def from_the_end(self: Sound, i: int) -> Arrays:
    return {"image": Sound.image(self, range(N_ROWS)[i])}


def in_order(self: Sound, rows: np.ndarray) -> Arrays:
    return Sound.read_batch(self, np.sort(rows))


def any_rows(self: Sound, rows: np.ndarray) -> Arrays:
    return Sound.read_batch(self, rows % N_ROWS)


def with_box(**changes: Any) -> Callable[[], Any]:
    return lying(boxes=lambda self: Sound.boxes(self).assign(**changes))


def straddling_shards(self: Sound, part: str) -> list[np.ndarray]:
    rows = np.delete(np.arange(N_ROWS), [UNREADABLE])
    return [rows[PARTS.index(part) :: 3]] if part in PARTS else []


BAD_SPEC = dataclasses.replace(Sound.specs[0], dtype="int")
TWO_CLASSES = tuple(Label(name, class_of="set") for name in ("x", "y"))

LIARS = [
    Liar("test_it_has_the_members_of_a_dataset_adapter", "'read' takes", lying(read=lambda self: {})),
    Liar("test_card_is_complete", "'licence'", lying(card=dataclasses.replace(Sound.card, licence=" "))),
    Liar("test_card_is_complete", "drawn", lying(card=dataclasses.replace(Sound.card, drawn=None))),
    Liar("test_card_is_complete", "notes", lying(card=dataclasses.replace(Sound.card, notes="one"))),
    Liar("test_specs_describe_arrays_by_axes_dtype_and_range", "dtype 'int'", lying(specs=(BAD_SPEC,))),
    Liar("test_specs_describe_arrays_by_axes_dtype_and_range", "names of their own", lying(specs=Sound.specs * 2)),
    Liar(
        "test_specs_describe_arrays_by_axes_dtype_and_range",
        "each of its 1 channels",
        lying(specs=(dataclasses.replace(Sound.specs[0], channel_names=("red", "green")),)),
    ),
    Liar("test_labels_are_described", "two classes", lying(labels=(Label("kind", "class", class_names=("a",)),))),
    Liar("test_labels_are_described", "names of their own", lying(labels=(Label("sick"), Label("sick")))),
    Liar("test_labels_are_described", "one of binary", lying(labels=(Label("sick", "text"),))),  # type: ignore[arg-type] # a lie
    Liar(
        "test_index_numbers_its_rows_from_0",
        "[1, 2, 3]",
        lying(index=lambda self: Sound.index(self).set_index(np.arange(1, N_ROWS + 1))),
    ),
    Liar("test_index_numbers_its_rows_from_0", "without rows", lying(index=lambda self: Sound.index(self).iloc[:0])),
    Liar("test_index_has_known_columns_alone", "['age']", index_with(age=1)),
    Liar(
        "test_index_has_known_columns_alone",
        "oracle",
        lying(
            card=dataclasses.replace(Sound.card, drawn=False),
            index=lambda self: Sound.index(self).assign(**{"oracle.sick": 0.5}),
        ),
    ),
    Liar("test_example_ids_are_unique_texts", "'twin' more than once", index_with(example_id="twin")),
    Liar("test_example_ids_are_unique_texts", "is a text", index_with(example_id=range(N_ROWS))),
    Liar("test_index_is_the_same_at_each_call", "the same at each call", KeptTable),
    Liar("test_index_is_the_same_at_each_call", "the same at each call", shuffled),
    Liar("test_labels_in_the_index_are_those_that_are_described", "label.more", index_with(label__more=1)),
    Liar("test_labels_have_the_values_of_their_kind", "'sick' is binary", index_with(label__sick=2)),
    Liar("test_labels_have_the_values_of_their_kind", "'kind' is class", index_with(label__kind=0.5)),
    Liar("test_labels_have_the_values_of_their_kind", "'size' is value", index_with(label__size=np.inf)),
    Liar(
        "test_one_class_of_each_set_is_present",
        "one of the classes of 'set'",
        lying(labels=TWO_CLASSES, index=lambda self: Sound.index(self).assign(**{"label.x": 0, "label.y": 0})),
    ),
    Liar("test_group_columns_are_in_the_index", "meta.ward", lying(group_columns=("meta.ward",))),
    Liar("test_group_columns_are_in_the_index", "none in row 0", index_with(meta__patient_id=None)),
    Liar(
        "test_no_group_is_in_two_parts_of_its_source_split",
        "9 groups are in two",
        index_with(split=[PARTS[i % 3] for i in range(N_ROWS)]),
    ),
    Liar("test_no_group_is_in_two_parts_of_its_source_split", "holdout", index_with(split="holdout")),
    Liar("test_no_group_is_in_two_parts_of_its_source_split", "or neither", lying(split_name=None)),
    Liar("test_rows_of_the_index_can_be_read", "read(17)", lying(read=without_last)),
    Liar("test_rows_of_the_index_can_be_read", "Some of the rows", lying(read=all_damaged)),
    Liar("test_a_row_that_is_not_there_raises_index_error", "read(-1)", lying(read=from_the_end)),
    Liar("test_a_row_that_is_not_there_raises_index_error", "KeyError", lying(read=lambda self, i: {}[i])),
    Liar("test_arrays_are_what_their_specs_say", "shape (5, 7, 1)", image_of(lambda i: np.zeros((5, 7, 1), np.uint8))),
    Liar("test_arrays_are_what_their_specs_say", "dtype float32", image_of(lambda i: np.zeros((7, 5, 1), np.float32))),
    Liar(
        "test_arrays_are_what_their_specs_say",
        "wanted finite ones from 0 to 99",
        lying(specs=(dataclasses.replace(Sound.specs[0], value_range=(0, 99)),)),
    ),
    Liar("test_arrays_are_what_their_specs_say", "the arrays ['image']", lying(read=lambda self, i: {})),
    Liar("test_a_row_reads_the_same_each_time", "the same each time", Counting),
    Liar("test_rows_read_the_same_from_several_threads", "threads at a time", MainThreadOnly),
    Liar("test_a_row_keeps_its_arrays_when_others_are_read_or_changed", "when other rows are read", OneBuffer),
    Liar("test_a_row_keeps_its_arrays_when_others_are_read_or_changed", "written to", KeptArrays),
    Liar("test_a_pickled_adapter_reads_the_same", "reads row 0 as before", Forgetful),
    Liar("test_a_pickled_adapter_reads_the_same", "can be pickled", OpenFile),
    Liar("test_a_batch_reads_as_its_rows_do", "in their order", lying(read_batch=in_order)),
    Liar("test_a_batch_reads_as_its_rows_do", "raises IndexError", lying(read_batch=any_rows)),
    Liar("test_boxes_lie_in_images_and_name_examples_and_labels", "fractions of the sides", with_box(width=120)),
    Liar("test_boxes_lie_in_images_and_name_examples_and_labels", "and of a label", with_box(label="Mass")),
    Liar("test_boxes_lie_in_images_and_name_examples_and_labels", "and of a label", with_box(example_id="nobody")),
    Liar(
        "test_a_second_truth_is_of_its_examples_and_labels",
        "binary labels of the data set",
        lying(second_truth=lambda self: dataclasses.replace(Sound.second_truth(self), findings={"sick": ("Mass",)})),
    ),
    Liar(
        "test_shards_hold_each_readable_row_of_a_part_once",
        "each once",
        lying(shards=lambda self, part: [np.array([0, 0])]),
    ),
    Liar("test_shards_hold_each_readable_row_of_a_part_once", "two parts", lying(shards=straddling_shards)),
    Liar("test_shards_hold_each_readable_row_of_a_part_once", "can be read", lying(unreadable=lambda self: {0: "no"})),
    Liar("test_an_unknown_part_has_no_shards", "rows", lying(shards=lambda self, part: [np.arange(3)])),
    Liar("test_folds_keep_groups_whole", "whole", index_with(meta__plate=[str(i % 2) for i in range(N_ROWS)])),
    Liar("test_remarks_are_short_texts", "texts in a tuple", lying(remarks=lambda self, i: "RGBA")),
    Liar("test_rows_that_are_called_unreadable_are", "read(0)", lying(unreadable=lambda self: {0: "is damaged"})),
]
