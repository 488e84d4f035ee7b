"""The results of the study as files: CSV tables, charts and the page; no number is measured here."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from zoo_core.evaluation.conversion import compare_conversion
from zoo_core.evaluation.gate import FEW, LEAST_POSITIVES, REFUSED
from zoo_core.evaluation.predictions import read_predictions
from zoo_core.report.conversion_table import MEGABYTE
from zoo_core.report.wording import Verdict, metric_title, spaced
from zoo_core.runtime.machine import describe_machine
from zoo_core.runtime.precisions import REFERENCE
from zoo_core.studies.cells import Cells
from zoo_core.studies.files import as_csv, written
from zoo_core.studies.page import inlined, render
from zoo_core.studies.precision.drawing import findings_chart, overview_chart
from zoo_core.studies.precision.plan import Plan
from zoo_core.studies.precision.study import N_CALIBRATION, predictions_file
from zoo_core.studies.precision.summary import Comparison, Summary, summaries, turn_rows
from zoo_core.studies.precision.tables import finding_rows, precision_row
from zoo_core.studies.precision.verdicts import verdicts


@dataclass(frozen=True)
class Results:
    """What the study found.

    Attributes:
        settings: of its folder.
        precisions: of `summaries`, float32 first.
        unusable: by name, why a precision was left out.
        verdicts: to be read before them.
        files: CSV files, charts and page.
    """

    settings: dict[str, Any]
    precisions: list[Summary]
    unusable: Mapping[str, str]
    verdicts: list[Verdict]
    files: list[Path]

    def record(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "settings": self.settings,
            "precisions": self.precisions,
            "unusable": dict(self.unusable),
            "verdicts": [asdict(verdict) for verdict in self.verdicts],
            "files": [str(path) for path in self.files],
        }


def write_results(plan: Plan, measured: Cells) -> Results:
    """Compare the predictions and write the files of all that a folder holds.

    Args:
        plan: of the last call.
        measured: by this call and those before it.
    Raises:
        ZooError: predictions cannot be read or compared, or a file cannot be written.
    """
    found = summaries(plan, measured, compared(plan, measured.folder), describe_machine())
    told, settings = verdicts(plan, found), plan.settings()
    subject = f"{plan.subject.prepared.adapter.card.title}, {plan.part} split"
    overview = overview_chart(found, f"Precisions against {REFERENCE}: {subject}")
    findings = findings_chart(found, f"Change by finding: {subject}")
    view = {"verdicts": told, "overview": inlined(overview), "by_finding": inlined(findings), "found": found}
    contents = {
        "precision.csv": as_csv([precision_row(one) for one in found]),
        "precision-findings.csv": as_csv(list(finding_rows(found))),
        "precision-turns.csv": as_csv(turn_rows(measured)),
        "precision.png": overview,
        "precision-findings.png": findings,
        "precision.html": render("precision.html.j2", {**_common(plan), **view, "settings": settings}).encode(),
    }
    return Results(settings, found, plan.unusable, told, written(measured.folder, contents))


def compared(plan: Plan, folder: Path) -> dict[str, Comparison]:
    """Every precision but float32 against float32, on the same examples and the same draws.

    Args:
        plan: of the study.
        folder: of the study, with predictions of every precision.
    Raises:
        DataError: predictions cannot be read, or are not of the same examples.
    """
    reference, *others = (read_predictions(predictions_file(folder, name)) for name in plan.names)
    found = (compare_conversion(reference, other, plan.part, plan.limits) for other in others)
    return dict(zip(plan.names[1:], found, strict=True))


def _common(plan: Plan) -> dict[str, Any]:
    card = plan.subject.prepared.adapter.card
    return {
        "card": card,
        "drawn": card.drawn,
        "described": plan.subject.model.description,
        "unusable": plan.unusable,
        "n_examples": len(plan.subject.prepared.rows(plan.part)),
        "input_shape": plan.subject.model.task.input_shape(plan.subject.prepared.fitted),
        "instructions": {one.name: one.backend.instructions for one in plan.candidates},
        "n_calibration": N_CALIBRATION,
        "metric_title": metric_title(plan.limits.metric),
        "allowed": plan.limits.allowed,
        "limits": plan.limits,
        "reference": REFERENCE,
        "refused": REFUSED,
        "few": FEW,
        "least": LEAST_POSITIVES,
        "spaced": spaced,
        "megabyte": MEGABYTE,
    }
