"""`model_card.md`: the model in the form that model hubs read, front matter first."""

import json
from collections.abc import Mapping
from typing import Any

from zoo_core.report.evidence import Evidence
from zoo_core.report.page import templates
from zoo_core.report.verdicts import baseline_words, verdicts
from zoo_core.report.wording import as_markdown, group_name, metric_title

HUB_METRICS = {"auroc": "roc_auc", "auprc": "average_precision"}
"""Names under which hubs know our metrics."""


def render_model_card(evidence: Evidence) -> str:
    """The card as Markdown, everything that comes from files escaped."""
    environment = templates()
    environment.filters |= {"md": as_markdown, "json": _as_yaml}
    result, run = evidence.metrics[evidence.split], evidence.run
    return environment.get_template("model_card.md.j2").render(
        front_matter=_front_matter(evidence),
        run=run,
        card=run["data"]["card"],
        origin=evidence.origin,
        labels=[label["name"].replace("_", " ") for label in evidence.origin["labels"]],
        drawn=evidence.drawn,
        split=evidence.split,
        group=group_name(run["split"]["group"]),
        metric=evidence.metric,
        result=result,
        names=evidence.origin["reported_metrics"],
        strata=evidence.strata[evidence.split],
        verdicts=verdicts(evidence),
        baselines={kind: baseline_words(kind, evidence) for kind in result["mean"]["baselines"]},
    )


def _as_yaml(value: Any) -> str:
    """JSON, which is YAML as well: no text of a file can leave its quotes."""
    return json.dumps(value, allow_nan=False)


def _front_matter(evidence: Evidence) -> Mapping[str, Any]:
    run, origin = evidence.run, evidence.origin
    metrics = [HUB_METRICS.get(name, name) for name in origin["reported_metrics"]]
    tags = ["zoo", origin["task"], run["config"]["topology"]["name"], "not-for-clinical-use"]
    name = f"{origin['task']}-{origin['dataset']}-{run['config']['topology']['name']}"
    return {
        "license": "other",
        "license_name": "not-given",
        "library_name": "keras",
        "pipeline_tag": "image-classification",
        "tags": tags + (["drawn-data"] if evidence.drawn else []),
        "datasets": [origin["dataset"]],
        "metrics": metrics,
        "model-index": [{"name": name, "results": [_result(evidence)]}],
    }


def _result(evidence: Evidence) -> Mapping[str, Any]:
    card, mean = evidence.run["data"]["card"], evidence.metrics[evidence.split]["mean"]
    defined = [name for name in evidence.origin["reported_metrics"] if mean[name] is not None]
    return {
        "task": {"type": "image-classification", "name": evidence.origin["task"]},
        "dataset": {"name": card["title"], "type": evidence.origin["dataset"], "split": evidence.split},
        "metrics": [
            {
                "type": HUB_METRICS.get(name, name),
                "name": f"mean {metric_title(name)} of {mean['n_labels']} findings",
                "value": mean[name][0],
            }
            for name in defined
        ],
    }
