"""Signs that a model reads something else than the finding: what a guess reaches, and what no reader could."""

from collections.abc import Iterator

from zoo_core.report.evidence import Node
from zoo_core.report.wording import Interval, Verdict, counted, full, listed, spaced

CHANCE = 0.5
"""The AUROC of a guess."""

LARGE_SHARE = 0.5
"""Of the model's way from chance: a baseline that goes it without the image may be what the model has learned."""


def shortcut_verdicts(result: Node, kind: str, words: str) -> Iterator[Verdict]:
    """Findings that can largely be guessed without the image, whether or not the model is better than the guess.

    Args:
        result: one split of `metrics.json`.
        kind: of the baseline.
        words: what the baseline is, for a reader.
    """
    guessed = {name: label for name, label in result["labels"].items() if _is_guessed(label, kind)}
    if guessed:
        each = [f"{spaced(name)} {full(label['baselines'][kind]['auroc'])}" for name, label in guessed.items()]
        text = (
            f"The AUROC without looking at the image is {listed(each)}: the model may have learned no more than that."
        )
        head = f"{counted(len(guessed), 'finding')} can largely be guessed from {words}."
        yield Verdict("warning", head, text)


def oracle_verdicts(result: Node, kind: str) -> Iterator[Verdict]:
    """Findings where a model is better than the best reader of the sign could be.

    Args:
        result: one split of `metrics.json`.
        kind: of the baseline that no reader of the sign can beat.
    """
    beaten = [name for name, label in result["labels"].items() if _is_beaten(label, kind)]
    if beaten:
        text = f"{listed(beaten)}: the model reads something else than the sign, such as what was planted beside it."
        yield Verdict("warning", f"Better than the best reader possible for {counted(len(beaten), 'finding')}.", text)


def _is_guessed(label: Node, kind: str) -> bool:
    model, baseline = label.get("auroc"), label["baselines"].get(kind, {}).get("auroc")
    if not model or not baseline:
        return False
    # Without its lower end above chance the baseline itself may be a guess, and any share of little is much.
    return _lower_end(baseline) > CHANCE and baseline[0] - CHANCE >= LARGE_SHARE * (model[0] - CHANCE)


def _is_beaten(label: Node, kind: str) -> bool:
    difference = label["baselines"].get(kind, {}).get("difference", {}).get("auroc")
    return bool(difference) and _lower_end(difference, 0.0) > 0


def _lower_end(interval: Interval, otherwise: float = CHANCE) -> float:
    return otherwise if interval[1] is None else interval[1]
