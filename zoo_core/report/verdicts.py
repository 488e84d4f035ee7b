"""The first lines of a report: what a reader must know before a number is believed."""

from collections.abc import Iterator, Sequence

from zoo_core.report.boxes import box_verdicts
from zoo_core.report.calibration import calibration_verdicts
from zoo_core.report.evidence import Evidence, Node
from zoo_core.report.overlap import overlap_words
from zoo_core.report.second_truth import second_truth_verdicts
from zoo_core.report.shortcuts import CHANCE, oracle_verdicts, shortcut_verdicts
from zoo_core.report.wording import Interval, Verdict, begun, counted, counted_labels, group_name, listed, spaced

FEW_POSITIVES = 30
"""Below this many positives an AUROC says little: one example more or less shows in its second decimal."""

AUROC = "auroc"
ORACLE = "oracle"
METADATA = "metadata"


def verdicts(evidence: Evidence) -> list[Verdict]:
    """Of the shown split, the gravest question first: is it a test, are these radiographs, is it more than a guess."""
    result = evidence.metrics[evidence.split]
    return [
        *overlap_verdicts(evidence.origin.get("overlap")),
        _of_data(evidence),
        *_of_evaluation(evidence),
        *_of_baselines(evidence, result),
        *absence_verdicts(evidence.absent, result),
        *_of_counts(result, evidence.metric),
        *calibration_verdicts(result, evidence.scaling),
        *second_truth_verdicts(result),
        *box_verdicts(evidence.localization),
        _left_out(evidence),
    ]


def overlap_verdicts(overlap: Node | None) -> Iterator[Verdict]:
    """What is stamped on every page where the model may have seen those it is tested on.

    Args:
        overlap: of a predictions file's key-values; None where nothing is shared.
    """
    if overlap:
        head = "Perhaps not independent." if overlap["reason"] else "Not independent."
        yield Verdict("warning", head, f"{begun(overlap_words(overlap))}.")


def absence_verdicts(absent: Sequence[str], result: Node) -> Iterator[Verdict]:
    """That a model has labels which nothing here says anything of.

    Args:
        absent: of `absent_labels`.
        result: one split of `metrics.json`.
    """
    if absent:
        head = f"Not in this data set: {counted_labels(len(absent), result)}."
        text = f"No example has them known, and nothing here says what predictions of them are worth: {listed(absent)}."
        yield Verdict("note", head, text)


def baseline_words(kind: str, evidence: Evidence) -> str:
    """What a kind of baseline is, for a reader."""
    if kind == METADATA:
        columns = [column.removeprefix("meta.") for column in evidence.origin["strata"]]
        return f"{listed(columns)} alone" if columns else "metadata alone"
    said: Node = evidence.origin.get("baseline_words", {})
    return "the best reader possible" if kind == ORACLE else str(said.get(kind, spaced(kind)))


def not_better(label: Node, kind: str, metric: str) -> str | None:
    """How a label's metric fails to be better than a baseline's, or None where it is better or cannot be compared.

    The paired interval decides; where there is none the two values do.
    """
    difference = label["baselines"].get(kind, {}).get("difference", {}).get(metric)
    if difference is None:
        return None
    number, low, high = difference
    if low is None:
        return "no higher, and without an interval" if number <= 0 else None
    return None if low > 0 else "worse" if high < 0 else "cannot be told apart"


def _of_data(evidence: Evidence) -> Verdict:
    card = evidence.run["data"]["card"]
    if evidence.drawn:
        return Verdict(
            "warning",
            "Drawn data.",
            "A program drew these images: nothing here says how the model does on real ones.",
        )
    n = evidence.run["data"]["n_examples"]
    return Verdict("note", "Real data.", f"{card['title']}: {counted(n, 'image')} in this run.")


def _of_evaluation(evidence: Evidence) -> Iterator[Verdict]:
    """Where the model comes from, if it was not trained in this folder; what it has seen of the data is stamped."""
    evaluation = evidence.run.get("evaluation")
    if not evaluation:
        return
    model, group = evaluation["model"], group_name(evidence.run["split"]["group"])
    head = f"Trained on {model['data']['name']}, split {model['split']['name']}."
    if evidence.origin.get("overlap"):
        yield Verdict("note", head, "What it has seen of the data tested here stands above.")
    elif evaluation["seen_groups"]["namespace"] == evaluation["namespace"]:
        yield Verdict("note", head, f"No {group} that it was trained or chosen on is among those tested here.")
    else:
        text = f"The {group}s tested here are numbered by others: that the model has seen none is taken for granted."
        yield Verdict("note", head, text)


def _of_baselines(evidence: Evidence, result: Node) -> Iterator[Verdict]:
    kinds = [kind for kind in result["mean"]["baselines"] if kind != ORACLE]
    if not kinds:
        yield Verdict("warning", "No baseline.", "Nothing says what could be guessed without looking at the images.")
    for kind in kinds:
        words = baseline_words(kind, evidence)
        yield from _of_baseline(evidence, result, kind, words)
        yield from shortcut_verdicts(evidence.judged, evidence.primary, kind, words)
    yield from oracle_verdicts(result, ORACLE)


def _of_baseline(evidence: Evidence, result: Node, kind: str, words: str) -> Iterator[Verdict]:
    judged, metric = evidence.judged, evidence.primary
    failing = {name: why for name, one in judged.items() if (why := not_better(one, kind, metric))}
    n_compared = sum(kind in one["baselines"] and bool(one[metric]) for one in judged.values())
    counted_all = counted_labels(n_compared, result)
    if failing:
        scope = f" for {len(failing)} of {counted_all}" if n_compared > 1 else ""
        by_reason = {why: [name for name in failing if failing[name] == why] for why in sorted(set(failing.values()))}
        text = "; ".join(f"{why}: {listed(names)}" for why, names in by_reason.items())
        yield Verdict("warning", f"Not shown to be better than {words}{scope}.", f"{begun(text)}.")
    elif n_compared:
        text = "The whole paired interval of the difference is above zero wherever there is one."
        yield Verdict("note", f"Better than {words}{f' for all {counted_all}' if n_compared > 1 else ''}.", text)


def _of_counts(result: Node, metric: str) -> Iterator[Verdict]:
    labels = result["labels"]
    undefined = {name: label for name, label in labels.items() if label[metric] is None}
    if undefined:
        reasons = "; ".join(f"{spaced(name)}: {label['reason']}" for name, label in undefined.items())
        yield Verdict("warning", f"Undefined for {counted_labels(len(undefined), result)}.", f"{reasons}.")
    few = {n: one for n, one in labels.items() if n not in undefined and one["n_positive"] < FEW_POSITIVES}
    if few:
        counts = listed([f"{name} {label['n_positive']}" for name, label in few.items()])
        head = f"Fewer than {FEW_POSITIVES} positives for {counted_labels(len(few), result)}."
        yield Verdict("warning", head, f"{counts}: too few to tell a good model from a bad one.")
    chance = [name for name, label in labels.items() if _may_be_chance(label.get(AUROC))]
    if chance:
        head = f"Not shown to be better than chance for {counted_labels(len(chance), result)}."
        yield Verdict("warning", head, f"The interval of the AUROC reaches 0.5 or below: {listed(chance)}.")


def _may_be_chance(auroc: Interval | None) -> bool:
    low = auroc[1] if auroc else None
    return low is not None and low <= CHANCE


def _left_out(evidence: Evidence) -> Verdict:
    n = len(evidence.run["data"]["unreadable"])
    if not n:
        return Verdict("note", "No image was left out.", "Every image of the data set could be read.")
    failed = {split: result["n_failed"] for split, result in evidence.metrics.items() if result["n_failed"]}
    parts = listed([f"{count:,} of {split}" for split, count in failed.items()]) or "all of them of training"
    return Verdict("warning", f"{counted(n, 'image')} left out.", f"They could not be read: {parts}.")
