"""Published results, beside a run's own only where the same question was asked of the same kind of split."""

import importlib.resources
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zoo_core.report.evidence import Evidence


@dataclass(frozen=True)
class Published:
    """Results of others on the same family of splits.

    Attributes:
        title: of the family.
        note: how far the comparison goes.
        results: per publication `name`, `source`, `auroc` by label, `mean`, and the labels that are `from_memory`.
    """

    title: str
    note: str
    results: Sequence[Mapping[str, Any]]


def published_for(evidence: Evidence) -> Published | str | None:
    """What a run can be compared with, why it cannot, or None where nothing is known of such data."""
    run = evidence.run
    known = None if evidence.drawn else _known(run["data"]["name"])
    if known is None:
        return None
    evaluation = run.get("evaluation")
    if evaluation and evaluation["model"]["split"]["hash"] != run["split"]["hash"]:
        return "The model was trained on other data: published results are of models that learned from this split."
    if "auroc" not in evidence.origin["reported_metrics"]:
        return "The task does not report the AUROC, and published results are AUROCs."
    n_examples = run["data"]["n_examples"]
    if n_examples != known["n_examples"]:
        return (
            f"The run has {n_examples:,} of the {known['n_examples']:,} images: published results are of all of them, "
            "and a part is another population."
        )
    families = [family for family in known["families"] if run["split"]["name"] in family["split_names"]]
    if not families:
        return f"No published results are known here for the split '{run['split']['name']}'; others do not compare."
    family, n_test = families[0], run["split"]["n_examples"]["test"]
    if family["n_test"] not in (None, n_test):
        return f"The split has {n_test:,} test images where the published one has {family['n_test']:,}."
    return Published(family["title"], family["note"], family["results"])


def _known(dataset: str) -> Mapping[str, Any] | None:
    folder = importlib.resources.files(__package__) / "published"
    texts = (file.read_text(encoding="utf-8") for file in folder.iterdir() if file.name.endswith(".json"))
    found: dict[str, Mapping[str, Any]] = {known["dataset"]: known for known in map(json.loads, texts)}
    return found.get(dataset)
