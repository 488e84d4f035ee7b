"""Signs that a model reads something else than the finding: what a guess reaches, and what no reader could."""

from collections.abc import Iterator, Mapping

from zoo_core.report.evidence import CLASSIFICATION, REGRESSION, Node
from zoo_core.report.wording import Interval, Verdict, counted_labels, full, listed, metric_title, spaced

CHANCE = 0.5
"""The AUROC of a guess."""

LARGE_SHARE = 0.5
"""Of the model's way from chance: a baseline that goes it without the image may be what the model has learned."""


def shortcut_verdicts(judged: Mapping[str, Node], metric: str, kind: str, words: str) -> Iterator[Verdict]:
    """What can largely be guessed without the image, whether or not the model is better than the guess.

    Args:
        judged: by name, labels or what else the metric is of.
        metric: that verdicts are about.
        kind: of the baseline.
        words: what the baseline is, for a reader.
    """
    guessed = {name: one for name, one in judged.items() if _is_guessed(one, metric, kind)}
    if guessed:
        each = [f"{spaced(name)} {full(one['baselines'][kind][metric])}" for name, one in guessed.items()]
        text = f"The {metric_title(metric)} of that is {listed(each)}: the model may have learned no more."
        which = spaced(next(iter(guessed))) if len(guessed) == 1 else f"{len(guessed)} of {len(judged)}"
        yield Verdict("warning", f"{which} can largely be guessed from {words}.", text)


def chance_of(one: Node, metric: str) -> float:
    """What a guess reaches.

    >>> chance_of({"names": ["a", "b", "c", "d"]}, "macro_f1"), chance_of({}, "r2")
    (0.25, 0.0)
    """
    if metric in CLASSIFICATION:
        return 1 / len(one["names"])
    return 0.0 if metric in REGRESSION else CHANCE


def oracle_verdicts(result: Node, kind: str) -> Iterator[Verdict]:
    """Findings where a model is better than the best reader of the sign could be.

    Args:
        result: one split of `metrics.json`.
        kind: of the baseline that no reader of the sign can beat.
    """
    beaten = [name for name, label in result["labels"].items() if _is_beaten(label, kind)]
    if beaten:
        text = f"{listed(beaten)}: the model reads something else than the sign, such as what was planted beside it."
        yield Verdict(
            "warning",
            f"Better than the best reader possible for {counted_labels(len(beaten), result)}.",
            text,
        )


def _is_guessed(one: Node, metric: str, kind: str) -> bool:
    model, baseline, chance = one.get(metric), one["baselines"].get(kind, {}).get(metric), chance_of(one, metric)
    if not model or not baseline:
        return False
    # Without its lower end above chance the baseline itself may be a guess, and any share of little is much.
    return _lower_end(baseline, chance) > chance and baseline[0] - chance >= LARGE_SHARE * (model[0] - chance)


def _is_beaten(label: Node, kind: str) -> bool:
    difference = label["baselines"].get(kind, {}).get("difference", {}).get("auroc")
    return bool(difference) and _lower_end(difference, 0.0) > 0


def _lower_end(interval: Interval, otherwise: float = CHANCE) -> float:
    return otherwise if interval[1] is None else interval[1]
