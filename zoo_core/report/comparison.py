"""The page of `zoo compare`: several runs beside the first of them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from zoo_core.report.calibration import excludes
from zoo_core.report.drawing import difference_rows
from zoo_core.report.evidence import Node
from zoo_core.report.page import templates
from zoo_core.report.verdicts import overlap_verdicts
from zoo_core.report.wording import Verdict, begun, counted, group_name, listed, metric_title, signed

N_COLOURS = 6
"""Classes `run-1` and so on of the style sheet; the next run begins anew."""


def render_comparison(comparison: Node) -> str:
    """The page as HTML, everything that comes from files escaped.

    Args:
        comparison: of `zoo_core.runtime.comparing.compare_runs`.
    """
    return templates().get_template("compare.html.j2").render(_view(comparison))


def comparison_verdicts(comparison: Node) -> list[Verdict]:
    """What takes something away from the numbers, the gravest first, and then how each run stands to the first."""
    return [
        *_stamps(comparison),
        *_of_drawn(comparison),
        *_of_data(comparison),
        *_of_splits(comparison),
        *_of_shared(comparison),
        *(_of_run(one, comparison) for one in comparison["comparisons"]),
    ]


def _view(comparison: Node) -> Mapping[str, Any]:
    others, runs = comparison["comparisons"], comparison["runs"]
    kinds = [f"run-{i % N_COLOURS + 1}" for i in range(len(others))]
    drawn = any(run["drawn"] for run in runs)
    return {
        **comparison,
        **_rows(others, comparison["metrics"][0], kinds),
        "title": f"{comparison['task']}: {counted(len(runs), 'run')} compared",
        "reference": runs[0]["name"],
        "metric": comparison["metrics"][0],
        "group": group_name(comparison["group"]),
        "drawn": drawn,
        "of_drawn": " (drawn data)" if drawn else "",
        "stamps": list(_stamps(comparison)),
        "verdicts": comparison_verdicts(comparison),
        "kinds": {one["run"]: kind for one, kind in zip(others, kinds, strict=True)},
        "names": [run["name"] for run in runs],
        # Where each run predicted all of the reference's examples, its numbers are the same beside each of them.
        "one_reference": not any(one["shared"]["n_only_second"] for one in others),
        "differs": any(comparison["differing"].values()),
        "resumed": any(run["speed"]["n_starts"] > 1 for run in runs),
    }


def _rows(others: Sequence[Node], metric: str, kinds: Sequence[str]) -> Mapping[str, Any]:
    """The rows of the table of findings and its last, of the mean: the runs' numbers, and their marks."""
    names = list(others[0]["labels"])
    nodes = [[one["labels"][name] for one in others] for name in names] + [[one["mean"] for one in others]]
    reach, marks = difference_rows([[node[metric]["difference"] for node in row] for row in nodes], kinds)
    *rows, mean = [{"nodes": row, "marks": marked} for row, marked in zip(nodes, marks, strict=True)]
    return {"reach": reach, "rows": dict(zip(names, rows, strict=True)), "mean": mean}


def _stamps(comparison: Node) -> Iterator[Verdict]:
    for run in comparison["runs"]:
        for verdict in overlap_verdicts(run["overlap"]):
            yield Verdict(verdict.level, f"{run['name']}: {verdict.head.lower()}", verdict.text)


def _of_drawn(comparison: Node) -> Iterator[Verdict]:
    if any(run["drawn"] for run in comparison["runs"]):
        text = "A program drew these images: which run does better on them says little about real ones."
        yield Verdict("warning", "Drawn data.", text)


def _of_data(comparison: Node) -> Iterator[Verdict]:
    other = [run["name"] for run in _unlike(comparison, "data", "fingerprint")]
    if other:
        text = f"{_names(other)} saw other examples, labels or metadata than {comparison['runs'][0]['name']}."
        yield Verdict("warning", "The data are not the same.", text)


def _of_splits(comparison: Node) -> Iterator[Verdict]:
    other = [run["name"] for run in _unlike(comparison, "split", "hash")]
    if other:
        text = f"{_names(other)} learned from other examples than {comparison['runs'][0]['name']}, which may be why."
        yield Verdict("warning", "The splits are not the same.", text)


def _of_shared(comparison: Node) -> Iterator[Verdict]:
    partly = {
        one["run"]: one["shared"]
        for one in comparison["comparisons"]
        if one["shared"]["n_only_first"] or one["shared"]["n_only_second"]
    }
    if partly:
        counts = "; ".join(
            f"{name} {counted(n['n'], 'shared example')}, {n['n_only_first']:,} its own, {n['n_only_second']:,} of the "
            "reference alone"
            for name, n in partly.items()
        )
        yield Verdict("warning", "Not every example is shared.", f"Only the shared ones are compared: {counts}.")


def _of_run(one: Node, comparison: Node) -> Verdict:
    """Whether the mean is shown to differ, and for how many findings the metric is."""
    metric, reference = comparison["metrics"][0], comparison["runs"][0]["name"]
    difference, title = one["mean"][metric]["difference"], metric_title(metric)
    if difference is None:
        return Verdict("note", f"{one['run']}: no mean {title} to compare.", "It is undefined in one of the two.")
    told = excludes(difference, 0.0)
    how = ("higher than" if difference[0] > 0 else "lower than") if told else "not told apart from"
    head = f"{one['run']}: mean {title} {how} that of {reference}."
    return Verdict("note", head, f"Difference {signed(difference)}. {_of_findings(one, metric)}")


def _of_findings(one: Node, metric: str) -> str:
    known = {name: d for name, label in one["labels"].items() if (d := label[metric]["difference"])}
    n, told = counted(len(known), "finding"), {name: d[0] for name, d in known.items() if excludes(d, 0.0)}
    if not told:
        return f"No difference is shown for any of {n}."
    higher, lower = ([name for name in told if (told[name] > 0) is above] for above in (True, False))
    parts = [f"{words} for {listed(found)}" for words, found in (("higher", higher), ("lower", lower)) if found]
    return f"{begun('; '.join(parts))}. One finding in twenty seems to differ by chance, of {n} here."


def _unlike(comparison: Node, section: str, key: str) -> list[Node]:
    first, *others = comparison["runs"]
    return [run for run in others if run[section][key] != first[section][key]]


def _names(names: list[str]) -> str:
    """Names as they are: a folder's underscores are its own."""
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
