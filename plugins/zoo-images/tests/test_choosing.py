"""Which labels of a data set are learned, and what a wish that cannot be met is told."""

from collections.abc import Callable

import pytest

from zoo_core.contract import ConfigError, DataError, Label
from zoo_images.choosing import Chosen, choose

Fails = Callable[..., str]

GRADES = [Label(name, class_of="grade") for name in ("mild", "severe")]
KINDS = [Label(name, class_of="kind") for name in ("a", "b", "c")]
BINARY = [Label("wet"), Label("torn")]
AREA = Label("area", "value", unit="mm2")


@pytest.mark.parametrize(
    ("labels", "wanted", "chosen"),
    [
        ([*BINARY, AREA], Chosen(()), Chosen(("wet", "torn"))),
        ([*BINARY, *GRADES], Chosen(()), Chosen(("wet", "torn"))),
        ([AREA, *KINDS], Chosen(()), Chosen(("a", "b", "c"), "kind")),
        ([*BINARY, *GRADES, *KINDS], Chosen((), "kind"), Chosen(("a", "b", "c"), "kind")),
        ([*BINARY, *GRADES], Chosen(("torn",)), Chosen(("torn",))),
        ([*GRADES, *KINDS], Chosen(("severe",)), Chosen(("severe",))),
        (KINDS, Chosen(("c", "b", "a"), "kind"), Chosen(("c", "b", "a"), "kind")),
    ],
    ids=["all", "no classes beside", "classes alone", "classes asked for", "some", "a class by its name", "as kept"],
)
def test_what_is_learned_follows_from_the_data_and_the_wish(
    labels: list[Label], wanted: Chosen, chosen: Chosen
) -> None:
    assert choose(labels, wanted) == chosen
    assert choose(labels, chosen) == chosen


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (Chosen(("wett",)), "did you mean 'wet'? Received: 'wett'"),
        (Chosen(("area",)), "'area', a value: a task such as rosette-growth predicts values"),
        (Chosen(("grade",)), "set task.class_label=grade"),
        (Chosen((), "grad"), "task.class_label needs what the data set has: grade, kind. did you mean 'grade'?"),
    ],
)
def test_a_label_that_cannot_be_learned_is_named_with_the_cure(wanted: Chosen, words: str, fails: Fails) -> None:
    assert words in fails(ConfigError, lambda: choose([*BINARY, *GRADES, *KINDS, AREA], wanted))


def test_several_labels_of_classes_have_to_be_chosen_from(fails: Fails) -> None:
    assert "grade, kind: choose one" in fails(ConfigError, lambda: choose([*GRADES, *KINDS], Chosen(())))


@pytest.mark.parametrize(
    ("labels", "words"), [([AREA], "area (a value): a task such as rosette-growth"), ([], "Received: none")]
)
def test_values_alone_and_no_labels_at_all_are_refused(labels: list[Label], words: str, fails: Fails) -> None:
    assert words in fails(DataError, lambda: choose(labels, Chosen(())))
