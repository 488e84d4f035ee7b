"""What a reader must know before the numbers: a line a precision, and what takes something away from them."""

from collections.abc import Iterator, Sequence
from typing import Any

from zoo_core.evaluation.gate import FEW, PASSED
from zoo_core.report.conversion_table import signed_to_4
from zoo_core.report.wording import Verdict, begun, counted, listed, metric_title
from zoo_core.runtime.precisions import REFERENCE
from zoo_core.studies.precision.plan import Plan
from zoo_core.studies.precision.summary import Summary

UNQUIET = 1.3
"""Times its slowest turn, that float32's fastest may be before the machine is called busy."""

FEW_TURNS = 5


def verdicts(plan: Plan, found: Sequence[Summary]) -> list[Verdict]:
    """Lines for the page and the terminal.

    Args:
        plan: of the study.
        found: of `summaries`.
    """
    everywhere = _unjudged_everywhere(found[1:])
    judged = [_judged(one, plan.part, everywhere) for one in found[1:]]
    return [*judged, *_evidence(found[1], everywhere), *_of_machine(plan, found), *_limits(plan, found)]


def times(ratio: Sequence[float]) -> str:
    """A ratio to float32 with its turns.

    >>> times([3.304, 3.1, 3.52])
    '3.30 times float32 (3.10 to 3.52)'
    """
    return f"{ratio[0]:.2f} times {REFERENCE} ({ratio[1]:.2f} to {ratio[2]:.2f})"


def unjudged(comparison: Any) -> list[str]:
    """Labels that the gate does not judge."""
    return [name for name, label in comparison["labels"].items() if label["verdict"] == FEW]


def _unjudged_everywhere(compared: Sequence[Summary]) -> list[str]:
    """Labels that are judged in no precision, most often for want of positives: said once, not for each."""
    return [name for name in unjudged(compared[0]["comparison"]) if _nowhere(name, compared)]


def _nowhere(name: str, compared: Sequence[Summary]) -> bool:
    return all(name in unjudged(one["comparison"]) for one in compared)


def _evidence(one: Summary, everywhere: Sequence[str]) -> Iterator[Verdict]:
    if not everywhere:
        return
    n_labels = len(one["comparison"]["labels"])
    head = f"Not enough evidence for {len(everywhere)} of {counted(n_labels, 'finding')}."
    text = "Such a finding is in no mean and never counts as passed; the table below says what it lacks."
    yield Verdict("warning", head, f"{listed(everywhere)}. {text}")


def _judged(one: Summary, part: str, everywhere: Sequence[str]) -> Verdict:
    comparison, speed = one["comparison"], one["images_per_s_ratio"][0]
    verdict, mean = comparison["verdict"], comparison["mean"]
    metric = f"mean {metric_title(comparison['limits']['metric'])}"
    head = f"{one['precision']}: {speed:.1f} times {REFERENCE}, {metric} {signed_to_4(mean['difference'])}, {verdict}."
    return Verdict("note" if verdict == PASSED else "warning", head, " ".join(_details(one, part, everywhere)))


def _details(one: Summary, part: str, everywhere: Sequence[str]) -> Iterator[str]:
    comparison = one["comparison"]
    few, n_labels = [name for name in unjudged(comparison) if name not in everywhere], len(comparison["labels"])
    yield f"Images/s {times(one['images_per_s_ratio'])}, one image at a time {times(one['latency_ratio'])}."
    if comparison["verdict"] != PASSED:
        yield f"{begun('; '.join(comparison['reasons']))}."
    n_judged = comparison["mean"]["n_labels"]
    yield f"On {counted(comparison['n'], 'example')} of the {part} split, {n_judged} of {n_labels} findings judged."
    if few:
        yield f"Not enough evidence in this precision alone for {listed(few)}."


def _of_machine(plan: Plan, found: Sequence[Summary]) -> Iterator[Verdict]:
    for one in found:
        if one["lacks"]:
            text = f"This CPU has none of {listed_flags(one['lacks'])}; on one that has, the same network is faster."
            yield Verdict("note", f"{one['precision']} has no instructions of its own here.", text)
    for name, reason in plan.unusable.items():
        yield Verdict("note", f"{name} was left out.", reason)


def _limits(plan: Plan, found: Sequence[Summary]) -> Iterator[Verdict]:
    reference = found[0]
    _, slowest, fastest = reference["images_per_s"]
    if fastest > UNQUIET * slowest:
        text = (
            f"{REFERENCE} did {slowest:,.1f} to {fastest:,.1f} images/s in turns of the same work. Ratios are taken "
            "within a turn and suffer less; p99 suffers most. Measure again where nothing else runs."
        )
        yield Verdict("warning", "The machine was not quiet.", text)
    if reference["n_turns"] < FEW_TURNS:
        text = f"The spread of so few says little: take {FEW_TURNS} or more."
        yield Verdict("warning", f"{counted(reference['n_turns'], 'turn')} alone.", text)
    if plan.subject.prepared.adapter.card.drawn:
        text = "They show what a precision changes, not how well anybody would read radiographs."
        yield Verdict("warning", "The images are drawn by a program.", text)


def listed_flags(flags: Sequence[str]) -> str:
    """CPU flags as a sentence has them, with their underscores.

    >>> listed_flags(["avx512_vnni", "amx_int8"])
    'avx512_vnni and amx_int8'
    """
    return " and ".join([", ".join(flags[:-1]), flags[-1]] if len(flags) > 1 else list(flags))
