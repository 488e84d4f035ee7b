"""`zoo study precision`: speed against what it costs in predictions."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoo_core.cli.study_running import chosen, run_study

if TYPE_CHECKING:
    from zoo_core.studies.precision.plan import Plan
    from zoo_core.studies.precision.summary import Summary
    from zoo_core.studies.precision.writing import Results

PRESETS: dict[str, dict[str, Any]] = {
    "default": {"n_turns": 7, "batch_size": 16, "n_calls": 30},
    "smoke": {"n_turns": 2, "batch_size": 4, "n_calls": 5, "n_images": 16},
}
"""What `zoo study precision` does where an option is not given; smoke means nothing."""

FOLDER = click.Path(path_type=Path)


@click.command()
@click.argument("run", type=FOLDER)
@click.option(
    "--precisions", metavar="NAME,NAME", help="Besides float32.  [default: all installed that can be used here]"
)
@click.option("--turns", "n_turns", type=int, metavar="N", help="In each every precision is timed.  [default: 7]")
@click.option("--batch", "batch_size", type=int, metavar="N", help="Images of a call.  [default: 16]")
@click.option("--images", "n_images", type=int, metavar="N", help="Of a turn.  [default: 8 batches, 2 a core]")
@click.option(
    "--part",
    type=click.Choice(["test", "validation"]),
    default="test",
    show_default=True,
    help="Of the run's split, that is predicted.",
)
@click.option("--preset", type=click.Choice(list(PRESETS)), default="default", show_default=True, help="How much.")
@click.option("--out", type=FOLDER, metavar="DIR", help="Folder of the study.  [default: runs/study-precision-...]")
@click.option("--json", "as_json", is_flag=True, help="One record instead of a table.")
def precision(run: Path, preset: str, out: Path | None, as_json: bool, **given: Any) -> None:
    """Measure speed, memory and size of RUN's model in each precision, and hold its predictions against float32's.

    A precision that RUN was not quantized to is converted for the study, which leaves RUN as it is.
    """
    from zoo_core.studies.precision.study import measure
    from zoo_core.studies.precision.writing import write_results

    plan = _plan(run, chosen(PRESETS, preset, given))
    run_study("precision", out, as_json, lambda folder: write_results(plan, measure(plan, folder)), _table)


def _plan(run: Path, options: dict[str, Any]) -> "Plan":
    from zoo_core.evaluation.gate import limits_of
    from zoo_core.studies.precision.plan import Plan, enough_images
    from zoo_core.studies.precision.subject import choose_candidates, read_subject

    words = options.get("precisions")
    wanted = None if words is None else [word.strip() for word in words.split(",")]
    subject = read_subject(run)
    limits = limits_of(subject.model.task.primary_metric)
    candidates, unusable = choose_candidates(subject.model, wanted)
    batch_size: int = options["batch_size"]
    n_images = options.get("n_images", enough_images(batch_size))
    sizes = (options["n_turns"], batch_size, n_images, options["n_calls"])
    return Plan(subject, tuple(candidates), limits, unusable, options["part"], *sizes)


def _table(results: "Results") -> list[tuple[str, ...]]:
    header = ("PRECISION", "IMAGES/S", "TIMES FLOAT32", "P50 MS", "P99 MS", "SIZE MB", "MEMORY MB", "MEAN CHANGE")
    return [(*header, "VERDICT"), *(_row(one) for one in results.precisions)]


def _row(one: "Summary") -> tuple[str, ...]:
    from zoo_core.report.conversion_table import MEGABYTE, signed_to_4

    comparison, (ratio, slowest, fastest) = one["comparison"], one["images_per_s_ratio"]
    return (
        one["precision"],
        f"{one['images_per_s'][0]:,.1f}",
        f"{ratio:.2f} ({slowest:.2f} to {fastest:.2f})" if comparison else "",
        f"{one['latency_p50_ms']:,.1f}",
        f"{one['latency_p99_ms']:,.1f}",
        f"{one['network_bytes'] / MEGABYTE:,.1f}",
        f"{one['memory_bytes'] / MEGABYTE:,.0f}",
        signed_to_4(comparison["mean"]["difference"]) if comparison else "",
        comparison["verdict"] if comparison else "reference",
    )
