"""The gate: it refuses what is worse beyond chance, and never passes what it could not judge."""

import numpy as np
import pytest

from zoo_core.contract import ConfigError, DataError, PrimaryMetric
from zoo_core.evaluation.estimates import Estimate
from zoo_core.evaluation.gate import (
    FEW,
    PASSED,
    REFUSED,
    Judgement,
    Limits,
    judge,
    judge_label,
    judge_mean,
    label_margin,
    limits_of,
    mean_margin,
    refuse_unjudgeable,
    why_unjudged,
)

LIMITS = Limits("auroc")


def between(value: float, low: float, high: float) -> Estimate:
    """A difference whose interval has these ends."""
    return Estimate(value, np.repeat([low, value, high], [40, 920, 40]))


@pytest.mark.parametrize(
    ("difference", "verdict"),
    [
        (between(-0.002, -0.0051, 0.001), REFUSED),
        (between(-0.002, -0.0049, 0.001), PASSED),
        (between(0.002, -0.0049, 0.01), PASSED),
    ],
)
def test_the_mean_is_judged_by_its_worse_end(difference: Estimate, verdict: str) -> None:
    assert judge_mean(difference, LIMITS).verdict == verdict


@pytest.mark.parametrize(
    ("difference", "verdict"),
    [
        (between(-0.011, -0.02, -0.001), REFUSED),
        (between(-0.011, -0.02, 0.001), PASSED),
        (between(-0.009, -0.02, -0.001), PASSED),
    ],
)
def test_a_label_is_refused_where_it_lost_more_and_its_interval_excludes_0(difference: Estimate, verdict: str) -> None:
    assert judge_label(difference, LIMITS).verdict == verdict


def test_where_less_is_better_a_rise_is_worse() -> None:
    limits = Limits("auroc", "min")
    rise, fall = between(0.02, 0.011, 0.03), between(-0.02, -0.03, -0.011)
    assert (judge_mean(rise, limits).verdict, judge_label(rise, limits).verdict) == (REFUSED, REFUSED)
    assert (judge_mean(fall, limits).verdict, judge_label(fall, limits).verdict) == (PASSED, PASSED)
    assert "where +0.01 is allowed" in str(judge_label(rise, limits).reason)


def test_limits_are_what_was_asked_for() -> None:
    strict = Limits("auroc", mean=0.001, label=0.002)
    loss = between(-0.003, -0.004, -0.002)
    assert (judge_mean(loss, LIMITS).verdict, judge_label(loss, LIMITS).verdict) == (PASSED, PASSED)
    assert (judge_mean(loss, strict).verdict, judge_label(loss, strict).verdict) == (REFUSED, REFUSED)


@pytest.mark.parametrize("replicates", [np.zeros(0), np.array([np.nan] * 6 + [-0.1] * 94)])
def test_without_an_interval_nothing_is_judged(replicates: np.ndarray) -> None:
    one = Estimate(-0.1, replicates)
    for judgement in (judge_label(one, LIMITS), judge_mean(one, LIMITS)):
        assert judgement.verdict == FEW
        assert "no interval" in str(judgement.reason)


@pytest.mark.parametrize(
    ("metric", "least"),
    [("auroc", "30 positives, 30 negatives"), ("macro_f1", "30 examples of each class"), ("r2", "30 examples")],
)
def test_where_nothing_is_judged_the_reason_says_what_that_metric_needs(metric: str, least: str) -> None:
    assert judge_mean(None, Limits(metric)).reason == f"no label has {least} and an interval"


def test_a_reason_says_what_changed_and_what_was_allowed() -> None:
    judgement = judge_label(between(-0.05, -0.08, -0.02), LIMITS)
    assert judgement.reason == "AUROC -0.0500 (-0.0800 to -0.0200), where -0.01 is allowed"


@pytest.mark.parametrize(
    ("n", "n_positive", "reason"),
    [
        (500, 30, None),
        (500, 29, "29 positives, 30 are needed"),
        (500, 470, None),
        (500, 471, "29 negatives, 30 are needed"),
        (0, 0, "0 positives, 30 are needed"),
    ],
)
def test_a_label_needs_30_of_either_class(n: int, n_positive: int, reason: str | None) -> None:
    assert why_unjudged(n, n_positive) == reason


GOOD, BAD, UNKNOWN = Judgement(PASSED), Judgement(REFUSED, "lost"), Judgement(FEW, "few")


@pytest.mark.parametrize(
    ("labels", "mean", "verdict"),
    [
        ({"a": GOOD, "b": UNKNOWN}, Judgement(PASSED, "m"), (PASSED, ["m"])),
        ({"a": UNKNOWN}, Judgement(FEW, "m"), (FEW, ["m"])),
        ({"a": GOOD, "b": BAD}, Judgement(PASSED, "m"), (REFUSED, ["b: lost"])),
        ({"a": GOOD}, Judgement(REFUSED, "m"), (REFUSED, ["m"])),
        ({"a": BAD}, Judgement(REFUSED, "m"), (REFUSED, ["m", "a: lost"])),
        ({"a": BAD}, Judgement(FEW, "m"), (REFUSED, ["a: lost"])),
    ],
)
def test_one_refusal_is_enough_and_too_few_never_pass(
    labels: dict[str, Judgement], mean: Judgement, verdict: tuple[str, list[str]]
) -> None:
    assert judge(labels, mean) == verdict


def test_without_a_judged_label_the_mean_is_not_judged() -> None:
    assert judge_mean(None, LIMITS).verdict == FEW


def test_a_margin_is_below_0_exactly_where_the_gate_refuses() -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        value, down, up = rng.uniform(-0.02, 0.01), *rng.uniform(0, 0.02, 2)
        one = between(value, value - down, value + up)
        assert (label_margin(one, LIMITS) < 0) == (judge_label(one, LIMITS).verdict == REFUSED)
        assert (mean_margin(one, LIMITS) < 0) == (judge_mean(one, LIMITS).verdict == REFUSED)


def test_no_difference_has_the_whole_limit_as_its_margin() -> None:
    assert mean_margin(between(0, 0, 0), LIMITS) == LIMITS.mean
    assert label_margin(between(0, 0, 0), LIMITS) == LIMITS.label


def test_the_limits_of_a_task_are_its_metric_and_its_tolerance() -> None:
    assert limits_of(PrimaryMetric("mean.auprc", "max", 0.02)) == Limits("auprc", "max", 0.02, 0.01)
    assert limits_of(PrimaryMetric("mean.auroc"), mean=0.0, label=0.3) == Limits("auroc", "max", 0.0, 0.3)


@pytest.mark.parametrize("name", ["auroc", "labels.Mass.auroc", "mean.rmse"])
def test_a_metric_that_has_no_draws_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=rf"mean\.auroc, mean\.auprc, mean\.macro_f1, mean\.r2\. Received: '{name}'"):
        limits_of(PrimaryMetric(name))


def test_labels_of_one_class_alone_are_refused_with_their_counts() -> None:
    none, all_, both = np.array([0, 0, 0]), np.array([1, 1]), np.array([0, 1])
    refuse_unjudgeable({"Mass": none, "Hernia": both}, "train")
    with pytest.raises(DataError, match=r"in train\. Received: Mass: no positive among 3; Hernia: no negative among 2"):
        refuse_unjudgeable({"Mass": none, "Hernia": all_}, "train")
