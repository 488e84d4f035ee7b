"""Which of a data set's labels are learned: some or all that are present or absent, or the classes of one."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from zoo_core.contract import ConfigError, DataError, Label


@dataclass(frozen=True)
class Chosen:
    """What is learned.

    Attributes:
        label_names: in the order of the outputs.
        class_label: the label whose classes they are; empty where each is present or absent by itself.
    """

    label_names: tuple[str, ...]
    class_label: str = ""


def choose(labels: Sequence[Label], wanted: Chosen) -> Chosen:
    """What of a data set is learned, where the configuration leaves it open.

    Without a wish it is every label that is present or absent, and where there is none the classes of the only label
    that has classes. A class that is asked for by its own name is a label that is present or absent.

    Args:
        labels: of the data set, a `class` as the binary labels of its classes.
        wanted: by the configuration; either part may be empty.
    Raises:
        ConfigError: the data set has no such label, or it is not said which of several is meant.
        DataError: the data set has values alone, or no label.
    """
    binary = [label.name for label in labels if label.kind == "binary" and not label.class_of]
    classes: dict[str, list[str]] = {}
    for label in labels:
        if label.class_of:
            classes.setdefault(label.class_of, []).append(label.name)
    _refuse_nothing(labels)
    if wanted.class_label:
        _refuse_unknown("task.class_label", [wanted.class_label], classes)
        return Chosen(wanted.label_names or tuple(classes[wanted.class_label]), wanted.class_label)
    if wanted.label_names:
        _refuse_values_and_sets(labels, wanted.label_names, classes)
        _refuse_unknown("task.label_names", wanted.label_names, [label.name for label in labels])
        return wanted
    if binary:
        return Chosen(tuple(binary))
    if len(classes) > 1:
        raise ConfigError(
            f"Task 'image-labels' learns the classes of one label. Received: {', '.join(classes)}: choose one with "
            "task.class_label"
        )
    (name, own) = next(iter(classes.items()))
    return Chosen(tuple(own), name)


def _refuse_nothing(labels: Sequence[Label]) -> None:
    if any(label.kind == "binary" for label in labels):
        return
    found = ", ".join(f"{label.name} (a {label.kind})" for label in labels) or "none"
    hint = "a task such as rosette-growth predicts values" if labels else "it may need a file or folder, NAME=ROOT"
    raise DataError(
        f"Task 'image-labels' needs labels that are present or absent, or a label of classes. Received: {found}: {hint}"
    )


def _refuse_values_and_sets(labels: Sequence[Label], names: Iterable[str], classes: Iterable[str]) -> None:
    values = {label.name for label in labels if label.kind == "value"}
    for name in names:
        if name in values:
            raise ConfigError(
                "task.label_names needs labels that are present or absent. "
                f"Received: '{name}', a value: a task such as rosette-growth predicts values"
            )
        if name in classes:
            raise ConfigError(
                "task.label_names needs labels that are present or absent. "
                f"Received: '{name}', which has classes: set task.class_label={name}"
            )


def _refuse_unknown(key: str, names: Iterable[str], known: Iterable[str]) -> None:
    offered = list(known)
    for name in names:
        if name not in offered:
            near = difflib.get_close_matches(name, offered, n=1)
            hint = f"did you mean '{near[0]}'? " if near else ""
            raise ConfigError(
                f"{key} needs what the data set has: {', '.join(offered) or 'nothing'}. {hint}Received: '{name}'"
            )
