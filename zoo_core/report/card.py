"""`model_card.md`: the model in the form that model hubs read, front matter first."""

import json
from collections.abc import Mapping
from typing import Any

from zoo_core.report.evidence import RANKING, Evidence
from zoo_core.report.page import templates
from zoo_core.report.verdicts import baseline_words, overlap_verdicts, verdicts
from zoo_core.report.wording import as_markdown, counted_labels, group_name, metric_title, noun

HUB_METRICS = {"auroc": "roc_auc", "auprc": "average_precision"}
"""Names under which hubs know our metrics."""


HUB_LICENCES = {
    *("apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "mpl-2.0", "gpl-3.0", "lgpl-3.0", "agpl-3.0", "openrail"),
    *("cc0-1.0", "cc-by-4.0", "cc-by-sa-4.0", "cc-by-nc-4.0", "cc-by-nc-sa-4.0", "cc-by-nd-4.0", "cc-by-nc-nd-4.0"),
}
"""Licences that hubs know by these words, as far as they are usual for weights; any other is `other`, with its name.

Source:
    Hugging Face Hub documentation, Licenses, list of identifiers.
"""


def render_model_card(evidence: Evidence) -> str:
    """The card as Markdown, everything that comes from files escaped."""
    environment = templates()
    environment.filters |= {"md": as_markdown, "json": _as_yaml}
    result, run = evidence.metrics[evidence.split], evidence.run
    return environment.get_template("model_card.md.j2").render(
        front_matter=_front_matter(evidence),
        run=run,
        licence=_licence_of(evidence),
        card=run["data"]["card"],
        origin=evidence.origin,
        labels=[
            label["name"].replace("_", " ")
            for label in evidence.origin["labels"]
            if label["name"] not in evidence.absent
        ],
        drawn=evidence.drawn,
        split=evidence.split,
        group=group_name(run["split"]["group"]),
        metric=evidence.metric,
        result=result,
        names=evidence.origin["reported_metrics"],
        label_names=[name for name in evidence.origin["reported_metrics"] if name in RANKING],
        noun=noun(result),
        strata=evidence.strata[evidence.split],
        verdicts=verdicts(evidence),
        stamps=list(overlap_verdicts(evidence.origin.get("overlap"))),
        calibrated=any("calibrated" in label.get("calibration", {}) for label in result["labels"].values()),
        baselines={kind: baseline_words(kind, evidence) for kind in result["mean"]["baselines"]},
    )


def _as_yaml(value: Any) -> str:
    """JSON, which is YAML as well: no text of a file can leave its quotes."""
    return json.dumps(value, allow_nan=False)


def _licence_of(evidence: Evidence) -> str:
    """Licence of the weights, empty where nobody gave them one; runs of an older zoo had no such setting."""
    return str(evidence.run["config"].get("report", {}).get("licence", ""))


def _hub_licence(licence: str) -> Mapping[str, str]:
    if licence.lower() in HUB_LICENCES:
        return {"license": licence.lower()}
    return {"license": "other", "license_name": licence or "not-given"}


def _front_matter(evidence: Evidence) -> Mapping[str, Any]:
    run, origin = evidence.run, evidence.origin
    metrics = [HUB_METRICS.get(name, name) for name in origin["reported_metrics"]]
    tags = ["zoo", origin["task"], run["config"]["topology"]["name"], "not-for-clinical-use"]
    name = f"{origin['task']}-{origin['dataset']}-{run['config']['topology']['name']}"
    return {
        **_hub_licence(_licence_of(evidence)),
        "library_name": "keras",
        "pipeline_tag": "image-classification",
        "tags": tags + (["drawn-data"] if evidence.drawn else []),
        "datasets": [origin["dataset"]],
        "metrics": metrics,
        "model-index": [{"name": name, "results": [_result(evidence)]}],
    }


def _result(evidence: Evidence) -> Mapping[str, Any]:
    card, result = evidence.run["data"]["card"], evidence.metrics[evidence.split]
    mean = result["mean"]
    defined = [name for name in evidence.origin["reported_metrics"] if mean[name] is not None]
    return {
        "task": {"type": "image-classification", "name": evidence.origin["task"]},
        "dataset": {"name": card["title"], "type": evidence.origin["dataset"], "split": evidence.split},
        "metrics": [
            {
                "type": HUB_METRICS.get(name, name),
                "name": f"mean {metric_title(name)} of {counted_labels(mean['n_labels'], result)}",
                "value": mean[name][0],
            }
            for name in defined
        ],
    }
