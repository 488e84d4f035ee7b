"""What better judges say of some of the examples: of the model, and of the labels that it learned from."""

from collections.abc import Iterator

from zoo_core.report.calibration import excludes
from zoo_core.report.evidence import Node
from zoo_core.report.wording import Verdict, counted, listed, percent

HALF = 0.5


def second_truth_verdicts(result: Node) -> Iterator[Verdict]:
    """Where the labels are mostly wrong, and where the model does otherwise against the second truth."""
    labels = result.get("second_truth", {}).get("labels", {})
    if not labels:
        return
    wrong = {name: one for name, one in labels.items() if (ppv := _ppv(one)) is not None and ppv < HALF}
    other = [name for name, one in labels.items() if excludes(one["difference"], 0.0)]
    said = [*_of_labels(wrong), *_of_model(labels, other)]
    n = counted(len(labels), "finding")
    if said:
        takes_away = wrong or any(labels[name]["difference"][0] < 0 for name in other)
        head = f"The second truth disagrees for {len({*wrong, *other})} of {n}."
        yield Verdict("warning" if takes_away else "note", head, " ".join(said))
    else:
        text = "Most positive labels are confirmed, and no AUROC is shown to change with the truth."
        yield Verdict("note", f"The second truth does not disagree for {n}.", text)


def _ppv(label: Node) -> float | None:
    ppv = label["first_truth"]["ppv"]
    return None if ppv is None else float(ppv[0])


def _of_labels(wrong: Node) -> Iterator[str]:
    if wrong:
        shares = [f"{name} {percent(_ppv(one))}" for name, one in wrong.items()]
        yield f"Of the positive labels fewer than half are right: {listed(shares)}."


def _of_model(labels: Node, other: list[str]) -> Iterator[str]:
    lower = [name for name in other if labels[name]["difference"][0] < 0]
    for words, names in (("lower", lower), ("higher", [name for name in other if name not in lower])):
        if names:
            yield f"The model's AUROC is {words} than by the labels: {listed(names)}."
