"""What a model has seen of the data that it is tested on, in words: the same in a refusal, a table and a page."""

from collections.abc import Mapping
from typing import Any


def overlap_words(overlap: Mapping[str, Any]) -> str:
    """How much is shared, or why that is not known.

    Args:
        overlap: `zoo_core.evaluation.predictions.Origin.overlap`, where it is not None.

    >>> overlap_words({"group": "patient", "reason": "its model folder has no groups.json"})
    'whether the model has seen these patients is not known: its model folder has no groups.json'
    >>> counts = {"n_groups": 50, "trained_on": 5, "chosen_on": 1}
    >>> counts |= {"n_examples_in_all": 90, "n_examples_trained_on": 7, "n_examples_chosen_on": 2}
    >>> overlap_words({"group": "patient", "reason": None, **counts})
    '7 of 90 examples are of patients the model was trained on, 2 of those it was chosen on (5 and 1 of 50 patients)'
    """
    groups = f"{overlap['group']}s"
    if overlap["reason"]:
        return f"whether the model has seen these {groups} is not known: {overlap['reason']}"
    return (
        f"{overlap['n_examples_trained_on']:,} of {overlap['n_examples_in_all']:,} examples are of {groups} the model "
        f"was trained on, {overlap['n_examples_chosen_on']:,} of those it was chosen on "
        f"({overlap['trained_on']:,} and {overlap['chosen_on']:,} of {overlap['n_groups']:,} {groups})"
    )
