"""`report.html`: one page that fetches nothing and runs nothing."""

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from zoo_core.report import drawing, wording
from zoo_core.report.boxes import box_forests
from zoo_core.report.calibration import CALIBRATED, IDEAL, excludes, rules, unscaled
from zoo_core.report.classes import confusion_rows
from zoo_core.report.evidence import RANKING, REGRESSION, Evidence, Node
from zoo_core.report.plates import dose_panels, dose_rows, plates_of, separation_rows, trait_plates
from zoo_core.report.published import published_for
from zoo_core.report.second_truth import HALF
from zoo_core.report.separation import separation_marks, separation_place
from zoo_core.report.series import outlines_of, series_panels
from zoo_core.report.shortcuts import CHANCE
from zoo_core.report.verdicts import (
    AUROC,
    FEW_POSITIVES,
    METADATA,
    ORACLE,
    baseline_words,
    not_better,
    overlap_verdicts,
    verdicts,
)

EPOCH_COLUMNS = ("epoch", "step", "loss", "validation", "learning_rate", "images_per_s")
COVERAGE_COLUMNS = {"distinct": "seen", "repeated": "seen twice or more", "never": "never seen so far"}
MAP_KINDS = ("highest", "lowest", "most wrong")

SECTIONS = {
    "classes": "Confusion",
    "values": "Values",
    "series": "Over time",
    "screen": "Controls",
    "plates": "Plates",
    "traits": "Measured wells",
    "montage": "Wells",
    "doses": "Dose and response",
    "findings": "Findings",
    "roc": "ROC curves",
    "pr": "Precision-recall curves",
    "calibration": "Calibration",
    "operating": "Operating points",
    "second_truth": "Second truth",
    "boxes": "Maps and boxes",
    "maps": "Maps",
    "strata": "Strata",
    "training": "Training",
    "published": "Published results",
    "data": "Data",
    "split": "Split",
    "how": "How it was made",
}
"""Name of a template of the folder `sections`, and of the place in the page, to title."""

ONLY_WITH = {
    "classes": "confusion",
    "values": "value_names",
    "series": "series",
    "screen": "screen",
    "plates": "plates",
    "traits": "trait_plates",
    "montage": "montage",
    "doses": "doses",
    **dict.fromkeys(("findings", "roc", "pr", "calibration"), "has_labels"),
    "operating": "rules",
    "second_truth": "second_truth",
    "boxes": "localization",
    "maps": "maps",
    "strata": "has_strata",
    "training": "trained",
    "published": "published",
}
"""Sections that are left out where there is nothing of theirs."""


def render_report(evidence: Evidence) -> str:
    """The page as HTML, everything that comes from files escaped."""
    return templates().get_template("report.html.j2").render(_view(evidence))


def templates() -> Environment:
    """Where pages come from: HTML escapes what it is given, and a name that a template misspells is an error."""
    environment = Environment(
        loader=PackageLoader("zoo_core.report"),
        autoescape=select_autoescape(["html.j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    names = ("value", "span", "full", "signed", "signed_value", "signed_span", "spaced", "metric_title", "percent")
    environment.filters |= {name: getattr(wording, name) for name in (*names, "as_text", "listed")}
    environment.globals |= {
        name: getattr(wording, name) for name in ("counted", "counted_labels", "flattened", "n_defined")
    }
    environment.globals |= {
        one.__name__: one for one in (excludes, drawing.line_classes, separation_marks, separation_place)
    }
    return environment


def _view(evidence: Evidence) -> Mapping[str, Any]:
    view = {**_of_run(evidence), **_of_findings(evidence), **_beyond_ranking(evidence)}
    view |= {**_of_classes_and_values(evidence), **_of_screen(evidence), **_of_training(evidence)}
    titles = {**SECTIONS, "findings": wording.begun(wording.nouns(evidence.metrics[evidence.split]))}
    shown = [(name, title) for name, title in titles.items() if name not in ONLY_WITH or view[ONLY_WITH[name]]]
    return {**view, "sections": shown}


def _of_run(evidence: Evidence) -> Mapping[str, Any]:
    run = evidence.run
    return {
        "run": run,
        "card": run["data"]["card"],
        "origin": evidence.origin,
        "drawn": evidence.drawn,
        "of_drawn": " (drawn data)" if evidence.drawn else "",
        "stamps": list(overlap_verdicts(evidence.origin.get("overlap"))),
        "split": evidence.split,
        "group": wording.group_name(run["split"]["group"]),
        "parts": [(part, f"{n:,}") for part, n in run["split"]["n_examples"].items()],
        "left_out": [(bad["example_id"], bad["reason"]) for bad in run["data"]["unreadable"]],
        "verdicts": verdicts(evidence),
        "published": published_for(evidence),
    }


def _of_findings(evidence: Evidence) -> Mapping[str, Any]:
    result, metric = evidence.metrics[evidence.split], evidence.metric
    start, forests = drawing.forests(result, metric)
    return {
        "metrics": evidence.metrics,
        "names": evidence.origin["reported_metrics"],
        "headline": {name: title for name in evidence.origin["reported_metrics"] if (title := _headline(name, result))},
        "label_names": [name for name in evidence.origin["reported_metrics"] if name in RANKING],
        "has_labels": bool(result["labels"]),
        "absent": evidence.absent,
        "metric": metric,
        "result": result,
        "strata": evidence.strata[evidence.split],
        "has_strata": bool(evidence.strata[evidence.split]["columns"]),
        "baselines": {kind: baseline_words(kind, evidence) for kind in result["mean"]["baselines"]},
        "not_better": {name: not_better(label, METADATA, metric) for name, label in result["labels"].items()},
        "few": FEW_POSITIVES,
        "oracle": ORACLE,
        "forests": forests,
        "forest_start": start,
        "forest_chance": drawing.forest_place(CHANCE, start) if metric == AUROC else None,
        "panels": _panels(evidence),
    }


def _headline(name: str, result: Node) -> str | None:
    """What a mean is called, and what it is over where that is more than one; None where the units of these differ."""
    if name in RANKING and result["labels"]:
        n = wording.n_defined(result["labels"], name)
        return f"mean {wording.metric_title(name)} of {wording.counted_labels(n, result)}"
    judged = result.get("values" if name in REGRESSION else "classes") or {}
    if len({one.get("unit") for one in judged.values()}) > 1 and name != "r2":
        return None
    return f"{'mean ' if len(judged) > 1 else ''}{wording.metric_title(name)} of {wording.listed(list(judged))}"


def _of_classes_and_values(evidence: Evidence) -> Mapping[str, Any]:
    result, names = evidence.metrics[evidence.split], evidence.origin["reported_metrics"]
    return {
        "confusion": {label: confusion_rows(one) for label, one in result.get("classes", {}).items()},
        "trait_plates": trait_plates(evidence.trait_wells) if evidence.trait_wells is not None else None,
        "series": series_panels(evidence.series) if evidence.series is not None else [],
        "n_series": evidence.series["name"].nunique() if evidence.series is not None else 0,
        "outlines": outlines_of(evidence.outlines) if evidence.outlines else None,
        "value_names": [name for name in names if name in REGRESSION] if result.get("values") else [],
    }


def _of_screen(evidence: Evidence) -> Mapping[str, Any]:
    screen, wells = evidence.screen, evidence.wells
    if screen is None or wells is None:
        return dict.fromkeys(("screen", "plates", "doses", "separations"))
    return {
        "screen": screen,
        "separations": separation_rows(screen),
        "plates": plates_of(screen, wells),
        "doses": dose_rows(screen),
    }


def _beyond_ranking(evidence: Evidence) -> Mapping[str, Any]:
    """Calibration, thresholds, a second truth, and what the maps show; runs of older versions lack some of it."""
    result, localization = evidence.metrics[evidence.split], evidence.localization
    calibrations = [label["calibration"] for label in result["labels"].values() if "calibration" in label]
    boxed = localization["labels"] if localization and "labels" in localization else {}
    return {
        "ideal": IDEAL,
        "has_calibration": bool(calibrations),
        "has_calibrated": any(CALIBRATED in one for one in calibrations),
        "unscaled": unscaled(evidence.scaling),
        "rules": rules(result, evidence.split),
        "second_truth": result.get("second_truth"),
        "half": HALF,
        "localization": localization,
        "box_forests": box_forests(localization) if localization and boxed else {},
        "unboxed": [name for name, one in boxed.items() if not one["n_images"]],
        "maps": _maps(evidence.maps) if evidence.maps and result["labels"] else None,
        "montage": evidence.montage,
        "pictures": evidence.pictures,
    }


def _maps(maps: Node) -> Mapping[str, Any]:
    """Why no pictures are shown, or None; and those of each finding by kind."""
    by_label: dict[str, dict[str, Any]] = {}
    for one in maps["maps"]:
        by_label.setdefault(one["label"], {})[one["kind"]] = one
    return {
        "reason": None if maps["shown"] else maps["reason"],
        "kinds": MAP_KINDS,
        "by_label": by_label,
        "has_boxes": any(one["boxes"] for one in maps["maps"]),
    }


def _of_training(evidence: Evidence) -> Mapping[str, Any]:
    return {
        "trained": "evaluation" not in evidence.run,
        "epochs": evidence.epochs(),
        "coverage": evidence.coverage(),
        "coverage_columns": COVERAGE_COLUMNS,
        "n_damaged_events": evidence.n_damaged_events,
        "epoch_columns": EPOCH_COLUMNS,
        "finished": next((event for event in evidence.events[::-1] if event["event"] == "RunFinished"), None),
    }


def _panels(evidence: Evidence) -> Mapping[str, list[drawing.Panel]]:
    return {
        "roc": drawing.roc_panels(evidence),
        "pr": drawing.pr_panels(evidence),
        "reliability": drawing.reliability_panels(evidence),
        "values": drawing.value_panels(evidence),
        "doses": dose_panels(evidence.screen, evidence.doses) if evidence.screen and evidence.doses is not None else [],
        "training": drawing.training_panels(evidence),
    }
