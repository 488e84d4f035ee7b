"""`report.html`: one page that fetches nothing and runs nothing."""

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from zoo_core.report import drawing, wording
from zoo_core.report.evidence import Evidence
from zoo_core.report.published import published_for
from zoo_core.report.verdicts import (
    AUROC,
    CHANCE,
    FEW_POSITIVES,
    METADATA,
    ORACLE,
    baseline_words,
    not_better,
    verdicts,
)

EPOCH_COLUMNS = ("epoch", "step", "loss", "validation", "learning_rate", "images_per_s")


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
    names = ("value", "span", "full", "signed", "signed_value", "signed_span", "spaced", "metric_title")
    environment.filters |= {name: getattr(wording, name) for name in names}
    environment.globals |= {"counted": wording.counted, "flattened": wording.flattened}
    return environment


def _view(evidence: Evidence) -> Mapping[str, Any]:
    result = evidence.metrics[evidence.split]
    start, forests = drawing.forests(result, evidence.metric)
    kinds = list(result["mean"]["baselines"])
    return {
        "run": evidence.run,
        "origin": evidence.origin,
        "drawn": evidence.drawn,
        "metrics": evidence.metrics,
        "split": evidence.split,
        "group": wording.group_name(evidence.run["split"]["group"]),
        "metric": evidence.metric,
        "result": result,
        "strata": evidence.strata[evidence.split],
        "left_out": [(bad["example_id"], bad["reason"]) for bad in evidence.run["data"]["unreadable"]],
        "verdicts": verdicts(evidence),
        "baselines": {kind: baseline_words(kind, evidence) for kind in kinds},
        "not_better": {name: not_better(label, METADATA, evidence.metric) for name, label in result["labels"].items()},
        "few": FEW_POSITIVES,
        "metadata": METADATA,
        "oracle": ORACLE,
        "forests": forests,
        "forest_start": start,
        "forest_chance": drawing.forest_place(CHANCE, start) if evidence.metric == AUROC else None,
        "panels": _panels(evidence),
        "epochs": evidence.epochs(),
        "n_damaged_events": evidence.n_damaged_events,
        "epoch_columns": EPOCH_COLUMNS,
        "finished": next((event for event in evidence.events[::-1] if event["event"] == "RunFinished"), None),
        "published": published_for(evidence),
    }


def _panels(evidence: Evidence) -> Mapping[str, list[drawing.Panel]]:
    return {
        "roc": drawing.roc_panels(evidence),
        "pr": drawing.pr_panels(evidence),
        "reliability": drawing.reliability_panels(evidence),
        "training": drawing.training_panels(evidence),
    }
