"""Numbers and names as a reader sees them, the same on every page."""

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

UNDEFINED = "undefined"

LARGE = 1000
"""From here on decimals say nothing."""

METRIC_TITLES = {
    "auroc": "AUROC",
    "auprc": "AUPRC",
    "macro_f1": "macro F1",
    "r2": "R2",
    "mae": "mean absolute error",
    "rmse": "RMSE",
}

Interval = Sequence[float | None]


@dataclass(frozen=True)
class Verdict:
    """One line that a reader must see before the numbers.

    Attributes:
        level: `warning` where it takes something away from the numbers below, else `note`.
        head: the verdict.
        text: what it rests on.
    """

    level: Literal["warning", "note"]
    head: str
    text: str


def metric_title(name: str) -> str:
    """`auroc` is shown as AUROC; a metric that is not known here keeps its name."""
    return METRIC_TITLES.get(name, name)


def noun(node: Mapping[str, Any]) -> str:
    """What one of the labels is called; files of an older zoo hold findings.

    Args:
        node: one split of `metrics.json`, or a comparison.
    """
    return str(node.get("noun", "finding"))


def nouns(node: Mapping[str, Any]) -> str:
    """What several of them are called.

    >>> nouns({"noun": "class"}), nouns({})
    ('classes', 'findings')
    """
    one = noun(node)
    return f"{one}es" if one.endswith("s") else f"{one}s"


def counted_labels(n: int, node: Mapping[str, Any]) -> str:
    """A number of labels, by what they are called.

    >>> counted_labels(1, {}), counted_labels(3, {"noun": "class"})
    ('1 finding', '3 classes')
    """
    return counted(n, noun(node), nouns(node))


def n_defined(labels: Mapping[str, Any], metric: str) -> int:
    """Of how many labels a metric is defined, and its mean is over.

    >>> n_defined({"a": {"auroc": [0.7, None, None]}, "b": {"auroc": None}}, "auroc")
    1
    """
    return sum(label.get(metric) is not None for label in labels.values())


def decimal(number: float, sign: str = "") -> str:
    """A number with three decimals, or with none where it is large.

    Args:
        number: any.
        sign: "+" where one stands before positive numbers too.

    >>> decimal(0.8124), decimal(49294.129), decimal(0.1, "+")
    ('0.812', '49,294', '+0.100')
    """
    return f"{number:{sign}.3f}" if abs(number) < LARGE else f"{number:{sign},.0f}"


def short(number: float) -> str:
    """A number for the end of an axis.

    >>> short(0.81249), short(69100.4)
    ('0.812', '69,100')
    """
    return f"{number:.3g}" if abs(number) < LARGE else f"{number:,.0f}"


def value(interval: Interval | None) -> str:
    """A number without its interval.

    >>> value([0.8124, None, None]), value(None)
    ('0.812', 'undefined')
    """
    return UNDEFINED if interval is None or interval[0] is None else decimal(interval[0])


def span(interval: Interval | None) -> str:
    """The interval alone; nothing where there is none.

    >>> span([0.81, 0.7, 0.9]), span([0.81, None, None])
    ('0.700 to 0.900', '')
    """
    if interval is None or interval[1] is None or interval[2] is None:
        return ""
    return f"{decimal(interval[1])} to {decimal(interval[2])}"


def full(interval: Interval | None) -> str:
    """A number with its interval.

    >>> full([0.81, 0.7, 0.9])
    '0.810 (0.700 to 0.900)'
    """
    return f"{value(interval)} ({span(interval)})" if span(interval) else value(interval)


def signed_value(interval: Interval | None) -> str:
    """A difference without its interval."""
    return UNDEFINED if interval is None or interval[0] is None else decimal(interval[0], "+")


def signed_span(interval: Interval | None) -> str:
    """The interval of a difference alone; nothing where there is none."""
    if interval is None or interval[1] is None or interval[2] is None:
        return ""
    return f"{decimal(interval[1], '+')} to {decimal(interval[2], '+')}"


def signed(interval: Interval | None) -> str:
    """A difference with its interval.

    >>> signed([-0.1, -0.2, 0.05])
    '-0.100 (-0.200 to +0.050)'
    """
    ends = signed_span(interval)
    return f"{signed_value(interval)} ({ends})" if ends else signed_value(interval)


def percent(share: float | None) -> str:
    """A share of a whole, such as a prevalence.

    >>> percent(0.0312), percent(0.5), percent(None)
    ('3.1 %', '50.0 %', 'undefined')
    """
    return UNDEFINED if share is None else f"{100 * share:.1f} %"


def group_name(column: str) -> str:
    """What a group column's values are numbers of.

    >>> group_name("meta.patient_id")
    'patient'
    """
    return spaced(column.removeprefix("meta.").removesuffix("_id"))


def spaced(name: str) -> str:
    """A name of a file without underscores: `Pleural_Thickening` is shown as two words."""
    return name.replace("_", " ")


def begun(text: str) -> str:
    """The text as a sentence begins; the rest keeps its letters.

    >>> begun("lower for Mass")
    'Lower for Mass'
    """
    return text[:1].upper() + text[1:]


def listed(names: Sequence[str]) -> str:
    """Names as a sentence has them.

    >>> listed(["Mass", "Edema", "Pleural_Thickening"])
    'Mass, Edema and Pleural Thickening'
    """
    words = [spaced(name) for name in names]
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)


def counted(n: int, noun: str, plural: str = "") -> str:
    """A count with its noun.

    >>> counted(1, "finding"), counted(1600, "finding"), counted(2, "box", "boxes")
    ('1 finding', '1,600 findings', '2 boxes')
    """
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested settings as rows of a dotted key and a value."""
    for key, inner in values.items():
        if isinstance(inner, Mapping):
            yield from leaves(inner, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", inner


def flattened(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Nested settings as rows of a dotted key and a text.

    >>> list(flattened({"trainer": {"n_epochs": 3}, "names": ["a", "b"]}))
    [('trainer.n_epochs', '3'), ('names', 'a, b')]
    """
    return ((key, as_text(inner)) for key, inner in leaves(values))


def as_text(inner: Any) -> str:
    """A setting as a reader sees it.

    >>> as_text(None), as_text(""), as_text(True), as_text([]), as_text(0.1)
    ('none', 'none', 'yes', 'none', '0.1')
    """
    if inner is None or inner == "":
        return "none"
    if isinstance(inner, bool):
        return "yes" if inner else "no"
    if isinstance(inner, (list, tuple)):
        return ", ".join(as_text(one) for one in inner) or "none"
    return str(inner)


def as_markdown(text: object) -> str:
    """Text of a file in one line of Markdown, where nothing of it is markup.

    >>> as_markdown("a_b|<b>c")
    'a\\\\_b\\\\|&lt;b&gt;c'
    """
    words = " ".join(str(text).split())
    return re.sub(r"([\\`*_\[\]{}|#!~])", r"\\\1", html.escape(words, quote=False))
