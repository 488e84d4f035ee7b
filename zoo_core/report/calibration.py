"""Whether scores are probabilities, and what they are worth at a threshold."""

from collections.abc import Iterator
from dataclasses import dataclass

from zoo_core.report.evidence import Node
from zoo_core.report.wording import Interval, Verdict, counted_labels, percent, spaced, value

RAW, CALIBRATED = "raw", "calibrated"
IDEAL = {"slope": 1.0, "intercept": 0.0}
"""Of scores that are probabilities."""

RULE_TITLES = {
    "youden": "Where sensitivity and specificity together are highest (Youden)",
    "sensitivity_90": "Where 90 % of the positives are found",
}


@dataclass(frozen=True)
class Rule:
    """One table of operating points.

    Attributes:
        title: how thresholds were chosen.
        chosen_on: the split they were chosen on; empty where none could be.
        points: by finding, as `metrics.json` has them; of one without a threshold its `reason` alone.
        shift: what another prevalence does to the predictive value, or None where there is nothing to say.
    """

    title: str
    chosen_on: str
    points: Node
    shift: str | None

    @property
    def reasons(self) -> list[tuple[str, str]]:
        """Findings without a threshold, and why."""
        return [(spaced(name), point["reason"]) for name, point in self.points.items() if "chosen_on" not in point]


def excludes(interval: Interval | None, ideal: float) -> bool:
    """Whether a number has an interval and the ideal is outside of it."""
    if interval is None or interval[1] is None or interval[2] is None:
        return False
    return not interval[1] <= ideal <= interval[2]


def calibration_verdicts(result: Node, scaling: Node | None) -> Iterator[Verdict]:
    """For how many findings the raw scores are shown to be no probabilities, and what scaling changed.

    Args:
        result: one split of `metrics.json`.
        scaling: what was fitted, where that is known.
    """
    raw = _known(result, RAW)
    if not raw:
        return
    n = counted_labels(len(raw), result)
    n_any = sum(any(excludes(one[key], ideal) for key, ideal in IDEAL.items()) for one in raw)
    after = _after_scaling(_known(result, CALIBRATED), scaling)
    if n_any:
        text = f"95 % intervals: {_off_words(raw, 'the calibration ')}; one in twenty does by chance.{after}"
        yield Verdict("warning", f"Raw scores are no probabilities for {n_any} of {n}.", text)
    else:
        text = (
            f"No 95 % interval of slope or intercept says otherwise for {n}; with few positives it hardly could.{after}"
        )
        yield Verdict("note", "Raw scores may be probabilities.", text)


def unscaled(scaling: Node | None) -> dict[str, str]:
    """Why nothing was fitted, by finding."""
    labels = scaling["labels"] if scaling else {}
    return {name: one["reason"] for name, one in labels.items() if "reason" in one}


def rules(result: Node, split: str) -> list[Rule]:
    """The tables of operating points of a split, one a rule; none where no threshold was chosen."""
    by_label = {name: label.get("operating_points", {}) for name, label in result["labels"].items()}
    names = dict.fromkeys(rule for points in by_label.values() for rule in points)
    return [
        _rule(name, {label: points[name] for label, points in by_label.items() if name in points}, split)
        for name in names
    ]


def _rule(name: str, points: Node, split: str) -> Rule:
    chosen = {label: point for label, point in points.items() if "chosen_on" in point}
    chosen_on = next((str(point["chosen_on"]["split"]) for point in chosen.values()), "")
    shift = None if chosen_on == split else _shift(chosen, split, chosen_on)
    return Rule(RULE_TITLES.get(name, spaced(name)), chosen_on, points, shift)


def _shift(points: Node, split: str, chosen_on: str) -> str | None:
    """The finding whose predictive value the change of prevalence moves most."""
    both = {name: point for name, point in points.items() if point["ppv"] and point["ppv_at_chosen_prevalence"]}
    if not both:
        return None
    name = max(both, key=lambda name: abs(both[name]["ppv"][0] - both[name]["ppv_at_chosen_prevalence"][0]))
    point = both[name]
    return (
        f"The predictive value follows the prevalence, most of all for {spaced(name)}: {value(point['ppv'])} at the "
        f"{percent(point['prevalence'])} of {split}, {value(point['ppv_at_chosen_prevalence'])} at the "
        f"{percent(point['chosen_on']['prevalence'])} of {chosen_on}."
    )


def _known(result: Node, kind: str) -> list[Node]:
    """The findings of which slope or intercept has an interval."""
    found = [label.get("calibration", {}).get(kind) for label in result["labels"].values()]
    return [one for one in found if one and any(one[key] and one[key][1] is not None for key in IDEAL)]


def _off_words(labels: list[Node], article: str = "") -> str:
    n_off = {key: sum(excludes(one[key], ideal) for one in labels) for key, ideal in IDEAL.items()}
    return ", ".join(f"{article}{key} excludes {IDEAL[key]:g} for {n}" for key, n in n_off.items())


def _after_scaling(labels: list[Node], scaling: Node | None) -> str:
    n_unscaled = len(unscaled(scaling))
    if scaling and n_unscaled == len(scaling["labels"]):
        return " None could be scaled."
    if not labels:
        return ""
    known = f" ({n_unscaled} could not be scaled)" if n_unscaled else ""
    return f" After scaling, which was fitted on other examples: {_off_words(labels)} of {len(labels)}{known}."
