"""How the JSON files of a finished run are built, as far as pages read them; what else they hold is let be."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NotRequired

from pydantic import AfterValidator, Discriminator, Field, Tag, TypeAdapter, ValidationError

# Not typing's: before Python 3.12 that one keeps too little for pydantic.
from typing_extensions import TypedDict

from zoo_core.evaluation.families import CLASSIFICATION, RANKING, REGRESSION

Fields = Mapping[str, Any]
"""By key a type, or the fields of a record; a key with `?` at its end may be missing, as in files of older versions."""

KINDS = ("with its key", "without its key")
"""How the two records of `either` are called; no key of a file is called so."""

NUMBER: Any = tuple[float, float | None, float | None] | None
"""[value, low, high]; None where it is undefined."""


def record(fields: Fields) -> Any:
    """A type for pydantic: a mapping with these fields, and any others."""
    types = {key: record(kind) if isinstance(kind, Mapping) else kind for key, kind in fields.items()}
    hints = {key.removesuffix("?"): NotRequired[kind] if key.endswith("?") else kind for key, kind in types.items()}
    return TypedDict("Record", hints)  # type: ignore[operator] # made of values, which mypy cannot follow


def either(key: str, fields: Fields, otherwise: Fields) -> Any:
    """A record that is told by a key from another one."""

    def kind(values: Any) -> str:
        return KINDS[0] if isinstance(values, Mapping) and key in values else KINDS[1]

    first, second = record(fields), record(otherwise)
    return Annotated[Annotated[first, Tag(KINDS[0])] | Annotated[second, Tag(KINDS[1])], Discriminator(kind)]


def named(kind: Any) -> Any:
    """A mapping of any names to values of a type."""
    return dict[str, kind]


def many(kind: Any) -> Any:
    """A list of values of a type."""
    return list[kind]


def fault(error: ValidationError) -> str:
    """The first thing that is wrong, and where."""
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"] if part not in KINDS)
    return f"'{place}': {first['msg']}" if place else str(first["msg"])


NAMED = {"name": str}
REASON = {"reason": str}
COUNTS = {"n": int, "n_positive": int}

CARD = dict.fromkeys(("title", "summary", "licence", "citation", "label_source"), str)
EVALUATION = {
    "model": {"data": {"name": str, "fingerprint": str}, "split": {"name": str, "hash": str}},
    "seen_groups": record({"namespace": str}) | None,
    "namespace": str,
}
RUN: TypeAdapter[Any] = TypeAdapter(
    record(
        {
            "config": {"topology": NAMED, "precision": NAMED, "report?": {"licence?": str}},
            "seed": int | None,
            "versions": {"zoo-core": str | None},
            "machine": dict[str, Any],
            "data": {
                "name": str,
                "card": CARD | {"drawn": bool, "notes": list[str]},
                "fingerprint": str,
                "n_examples": int,
                "unreadable": many(record({"example_id": str, "reason": str})),
            },
            "split": {"name": str, "hash": str, "group": str, "n_examples": dict[str, int]},
            "weights": dict.fromkeys(("source", "trained_on", "licence"), str),
            "n_ranks": int,
            "evaluation?": EVALUATION,
        }
    )
)
"""`run.json`, of a run or of an evaluation."""

CALIBRATION = {"ece": NUMBER, "intercept": NUMBER, "slope": NUMBER, "ece_by_chance?": float | None}
CHOSEN_ON = COUNTS | {"split": str, "prevalence": float, "sensitivity": float, "specificity": float}
POINT = {
    **dict.fromkeys(("sensitivity", "specificity", "ppv", "npv", "ppv_at_chosen_prevalence"), NUMBER),
    "threshold": float,
    "calibrated_threshold?": float | None,
    "prevalence": float | None,
    "chosen_on": CHOSEN_ON,
}
JUDGED = {
    **COUNTS,
    **dict.fromkeys(("auroc", "auroc_first_truth", "difference"), NUMBER),
    "of": list[str],
    "first_truth": dict.fromkeys(("sensitivity", "specificity", "ppv"), NUMBER),
    "reason?": str,
}


CLASSES = {"n": int, "names": list[str], "confusion": list[list[int]], "reason?": str}
VALUES = {"n": int, "unit": str | None, "reason?": str}


def metrics_shape(names: Sequence[str]) -> TypeAdapter[Any]:
    """`metrics.json` of a task that reports these metrics."""
    numbers: Fields = dict.fromkeys(names, NUMBER)
    baselines = {"baselines": named(record({**numbers, "difference?": numbers}))}
    classes: Any = record({**CLASSES, **_judged(names, CLASSIFICATION)})
    values: Any = record({**VALUES, **_judged(names, REGRESSION)})
    label = {
        **COUNTS,
        **_judged(names, RANKING),
        "reason?": str,
        "calibration?": named(record(CALIBRATION)),
        "operating_points?": named(either("chosen_on", POINT, REASON)),
    }
    split = {
        "n": int,
        "n_failed": int,
        "bootstrap?": {"n_replicates": int, "n_groups": int},
        "noun?": str,
        "labels": named(Annotated[record(label), AfterValidator(_with_reason)]),
        "classes?": named(Annotated[classes, AfterValidator(_with_reason)]),
        "values?": named(Annotated[values, AfterValidator(_with_value_reason)]),
        "mean": {**numbers, **baselines, "n_labels": int, "reason?": str},
        "second_truth?": {"source": str, "labels": named(record(JUDGED))},
    }
    splits: Any = Annotated[named(Annotated[record(split), AfterValidator(_with_all_kinds)]), Field(min_length=1)]
    return TypeAdapter(splits)


def _judged(names: Sequence[str], family: Sequence[str]) -> Fields:
    """What a label, a set of classes or a value has: the metrics of its family, and those of baselines."""
    numbers: Fields = dict.fromkeys([name for name in names if name in family], NUMBER)
    return {**numbers, "baselines": named(record({**numbers, "difference?": numbers}))}


def _with_value_reason(value: dict[str, Any]) -> dict[str, Any]:
    _with_reason({key: one for key, one in value.items() if key != "unit"})
    return value


def _with_reason(label: dict[str, Any]) -> dict[str, Any]:
    if "reason" not in label and None in label.values():
        raise ValueError("what is undefined needs a 'reason'")
    return label


def _with_all_kinds(split: dict[str, Any]) -> dict[str, Any]:
    for name, label in split["labels"].items():
        if missing := label["baselines"].keys() - split["mean"]["baselines"].keys():
            raise ValueError(f"'mean.baselines' lacks '{min(missing)}', which '{name}' has")
    return split


GAP = either("higher", {"difference": NUMBER, "higher": str, "lower": str}, {"difference": None})
STRATUM = {
    "n": int,
    "labels": named(record({**COUNTS, "auroc": NUMBER})),
    "mean": {"auroc": NUMBER, "n_labels": int},
}
COLUMN = {"strata": named(record(STRATUM)), "gaps": named(GAP), "gap_of_mean": GAP}
LARGEST_GAP = {"column": str, "label": str, "difference": NUMBER, "higher": str, "lower": str}


def strata_shape(splits: Sequence[str]) -> TypeAdapter[Any]:
    """`strata.json` of these splits."""
    split = {
        "least_of_each_class": int,
        "n_gaps": int,
        "columns": named(Annotated[record(COLUMN), AfterValidator(_with_all_labels)]),
        "largest_gap": record(LARGEST_GAP) | None,
    }
    return TypeAdapter(record(dict.fromkeys(splits, split)))


def _with_all_labels(column: dict[str, Any]) -> dict[str, Any]:
    for name, stratum in column["strata"].items():
        if missing := column["gaps"].keys() - stratum["labels"].keys():
            raise ValueError(f"stratum '{name}' lacks '{min(missing)}', which 'gaps' has")
    return column


POINTING = {
    **dict.fromkeys(("n_images", "n_maps", "n_boxes"), int),
    **dict.fromkeys(("pointing", "difference_to_prior", "iou"), NUMBER),
    **dict.fromkeys(("chance", "prior", "ceiling?", "iou_above_0.1", "iou_above_0.5?"), float | None),
    "n_zero_maps?": int,
    "reason?": str,
}
POINTED = {
    "split": str,
    "layer": str,
    "map_shape": list[int],
    "threshold": float,
    "labels": named(record(POINTING)),
    "pooled": POINTING,
}
LOCALIZATION: TypeAdapter[Any] = TypeAdapter(either("labels", POINTED, {"split": str, "reason": str}))
"""`localization.json`."""

MAP = {
    "label": str,
    "kind": str,
    "example_id": str,
    "prediction": float,
    "truth": int | None,
    "boxes": list[tuple[float, float, float, float]],
}


def maps_shape(shown: bool) -> TypeAdapter[Any]:
    """`maps.json` with pictures, or without."""
    pictures = {"image": str, "map": str, "zero_map?": bool} if shown else {}
    return TypeAdapter(record({"shown": bool, "reason": str | None, "maps": many(record(MAP | pictures))}))


SCALING: TypeAdapter[Any] = TypeAdapter(record({"labels": named(record({"reason?": str}))}))
"""`calibration.json` of a model folder."""

EPOCH_DONE = {
    "event": str,
    "epoch": int,
    "step": int,
    "loss": float | None,
    "learning_rate": float,
    "images_per_s": float,
    "validation": float | None,
    "best": bool,
}
_COUNTS = ("n_distinct", "n_repeated", "n_never")
EPOCH_COVERED = {
    "event": str,
    "epoch": int,
    "n_examples": int,
    **dict.fromkeys(_COUNTS, int),
    **dict.fromkeys((f"expected{name[1:]}" for name in _COUNTS), float),
}
EVENTS: Mapping[str, TypeAdapter[Any]] = {
    "EpochDone": TypeAdapter(record(EPOCH_DONE)),
    "EpochCovered": TypeAdapter(record(EPOCH_COVERED)),
    "RunFinished": TypeAdapter(record({"event": str, "wall_s": float})),
}
OTHER_EVENT: TypeAdapter[Any] = TypeAdapter(record({"event": str}))
"""Lines of `events.jsonl`."""

SEPARATION = {
    **dict.fromkeys(("n_negative", "n_positive"), int),
    **dict.fromkeys(("z_prime", "robust_z_prime", "ssmd", "auroc"), NUMBER),
    "reasons?": dict[str, str],
}
RESPONSE = {"unit": str | None, "ec50": NUMBER, "spearman": NUMBER, "reasons?": dict[str, str]}
SCORED = {
    "separation": SEPARATION,
    "dose_response": named(record(RESPONSE)),
    "hits": {"n_hits": int | None, "n_tested": int, "reason?": str},
}
SCREENED = {**SCORED, "baselines": named(record(SCORED))}
SCREEN: TypeAdapter[Any] = TypeAdapter(
    record(
        {
            **dict.fromkeys(("n_wells", "n_fields", "n_failed"), int),
            "gate": float,
            "false_discovery_rate": float,
            "cannot_show": str,
            "bootstrap": {"n_replicates": int},
            "plates": named(record(SCREENED)),
            "pooled": SCREENED,
        }
    )
)
"""`screen.json`."""

WELLS_SHOWN = {
    "plate": str,
    "image": str,
    "rows": list[str],
    "columns": list[int],
    "wells": many(record({"well": str, "row": int, "column": int})),
}
MONTAGE: TypeAdapter[Any] = TypeAdapter(
    record(
        {
            "shown": bool,
            "reason": str | None,
            "n_plates": int,
            "channels": many(record({"channel": str, "colour": str})),
            "plates": many(record(WELLS_SHOWN)),
        }
    )
)
"""`montage.json`."""

OUTLINED = {
    "example_id": str,
    "time_h": float,
    "value": float,
    "unit": str,
    "image": str,
    "outlines": list[list[tuple[float, float]]],
}
OUTLINES: TypeAdapter[Any] = TypeAdapter(
    record(
        {
            "shown": bool,
            "reason": str | None,
            "plants": many(record({"name": str, "pictures": many(record(OUTLINED))})),
        }
    )
)
"""`outlines.json`."""
