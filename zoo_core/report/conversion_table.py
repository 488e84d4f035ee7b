"""What `zoo quantize` prints: a row a label, and below it the verdict with what it rests on."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich import box
from rich.table import Table

from zoo_core.report.wording import (
    UNDEFINED,
    Interval,
    begun,
    counted,
    counted_labels,
    listed,
    metric_title,
    noun,
    spaced,
)

Node = Mapping[str, Any]

REFERENCE, FEW = "float32", "not enough evidence"
RULE = "youden"
"""Of the operating points, the one that is spoken of."""

MEGABYTE = 1e6


def conversion_table(record: Node) -> Table:
    """One row a label that is known of an example, and one of the mean.

    Args:
        record: of `conversion.json`.
    """
    found = record["comparison"]
    metric = metric_title(found["limits"]["metric"])
    title = f"{record['precision']} against {REFERENCE}, {record['judged_on']}, {found['n']} examples"
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(noun(found), no_wrap=True)
    of_positives = all(label["n_positive"] is not None for label in found["labels"].values())
    counts, key = ("posi-\ntives", "n_positive") if of_positives else ("exam-\nples", "n")
    for heading in (counts, f"{REFERENCE}\n{metric}", "difference", "largest\nchange"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict")  # alone it may take two lines where there is no room
    for name, label in found["labels"].items():
        row = (str(label[key]), *_numbers(label), _change(label["largest_change"]), label["verdict"])
        table.add_row(name, *row)
    table.add_section()
    mean = found["mean"]
    most = _change(found["largest_change"])
    table.add_row(f"mean of {mean['n_labels']}", "", *_numbers(mean), most, record["verdict"])
    return table


def conversion_lines(record: Node) -> Iterator[str]:
    """The verdict and its reasons, what was not judged, and what the conversion changes besides.

    Args:
        record: of `conversion.json`.
    """
    found = record["comparison"]
    yield f"{record['precision']}: {record['verdict']}. {_sentence(found['reasons'])}"
    few = {name: label["reason"] for name, label in found["labels"].items() if label["verdict"] == FEW}
    if few:
        said = "; ".join(f"{spaced(name)} ({reason})" for name, reason in few.items())
        yield f"Not enough evidence for {len(few)} of {counted_labels(len(found['labels']), found)}: {said}."
    yield from _decisions(found)
    yield from _calibration(found)
    yield from _control(record)
    yield from _speed(record)


def _sentence(reasons: Sequence[str]) -> str:
    return f"{begun('; '.join(reasons))}."


def _numbers(node: Node) -> tuple[str, str]:
    return _value(node["reference"]), signed_to_4(node["difference"])


def signed_to_4(interval: Interval | None) -> str:
    """A difference with 4 digits, and its interval.

    >>> signed_to_4([-0.00042, -0.001, 0.0002]), signed_to_4([0.0, None, None]), signed_to_4(None)
    ('-0.0004 (-0.0010 to +0.0002)', '+0.0000', 'undefined')
    """
    if interval is None:
        return UNDEFINED
    value, low, high = interval
    return f"{value:+.4f}" if low is None else f"{value:+.4f} ({low:+.4f} to {high:+.4f})"


def _value(interval: Interval | None) -> str:
    return UNDEFINED if interval is None else f"{interval[0]:.4f}"


def _change(change: float | None) -> str:
    return UNDEFINED if change is None else f"{change:.4f}"


def _decisions(found: Node) -> Iterator[str]:
    points = {name: label["operating_points"].get(RULE) for name, label in found["labels"].items()}
    changed = {name: point["n_changed"] for name, point in points.items() if point}
    if not changed:
        return
    most = max(changed, key=lambda name: changed[name])
    n_calls = len(changed) * found["n"]
    words = f"At the stored thresholds ({RULE}) {sum(changed.values())} of {n_calls} calls change"
    yield f"{words}; the most for {spaced(most)}, {changed[most]} of {found['n']}." if changed[most] else f"{words}."


def _calibration(found: Node) -> Iterator[str]:
    errors = {
        name: both
        for name, label in found["labels"].items()
        if label["calibration"] and None not in (both := label["calibration"]["ece"])
    }
    if errors:
        most = max(errors, key=lambda name: abs(errors[name][1] - errors[name][0]))
        before, after = errors[most]
        yield f"Calibration error: it changes most for {spaced(most)}, from {before:.4f} to {after:.4f}."


def _control(record: Node) -> Iterator[str]:
    control = record["control"]
    if control is None:
        return
    layers = control["float_layers"]
    if layers is None:
        yield f"Accuracy control found no network within the limits in {control['most_s'] / 60:g} minutes."
        return
    yield f"Without accuracy control: {_sentence(control['without']['reasons'])}"
    yield (
        f"Left in {REFERENCE}: {counted(len(layers), 'layer')}, {listed(layers)}."
        if layers
        else (f"Left in {REFERENCE}: no layer.")
    )


def _speed(record: Node) -> Iterator[str]:
    speed = record["speed"]
    if speed is None:
        return
    for name, ratio in speed["ratio"].items():
        if name != REFERENCE:
            yield f"{name}: {_times(ratio)}, {speed['images_per_s'][name]:.1f} images/s computing alone."
    sizes = {name: f"{n / MEGABYTE:.1f} MB" for name, n in record["bytes"].items()}
    yield f"Size: {sizes[record['precision']]}, in {REFERENCE} {sizes[REFERENCE]}."


def _times(ratio: Sequence[float]) -> str:
    return f"{ratio[0]:.2f} times {REFERENCE} ({ratio[1]:.2f} to {ratio[2]:.2f})"
