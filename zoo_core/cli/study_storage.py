"""`zoo study storage`: what places and formats give."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoo_core.cli.study_running import numbers, run_study

if TYPE_CHECKING:
    from zoo_core.studies.storage.plan import Plan
    from zoo_core.studies.storage.writing import Results

PRESETS: dict[str, dict[str, Any]] = {
    "default": {
        "ranks": "1,2,4",
        "n_images": 4_000,
        "size_px": 128,
        "batch_size": 16,
        "n_runs": 5,
        "topology": "densenet121",
    },
    "smoke": {"ranks": "1,2", "n_images": 200, "size_px": 32, "batch_size": 4, "n_runs": 1, "step_ms": 2.0},
}
"""What `zoo study storage` does where an option is not given; smoke ends in a minute and means nothing."""

FOLDER = click.Path(path_type=Path)


@click.command()
@click.option(
    "--at", "places", multiple=True, required=True, type=FOLDER, metavar="DIR", help="A place; may be repeated."
)
@click.option("--ranks", metavar="N,N", help="Numbers of processes that read together.  [default: 1,2,4]")
@click.option("--images", "n_images", type=int, metavar="N", help="Of the data set.  [default: 4000]")
@click.option("--size", "size_px", type=int, metavar="PX", help="Length of y and x.  [default: 128]")
@click.option("--batch", "batch_size", type=int, metavar="N", help="Images of a rank's batch.  [default: 16]")
@click.option("--runs", "n_runs", type=int, metavar="N", help="Of each cell, each with a new seed.  [default: 5]")
@click.option("--topology", metavar="NAME", help="Network whose train step is measured here.  [default: densenet121]")
@click.option("--step-ms", type=float, metavar="MS", help="How long a step lasts instead, say on an accelerator.")
@click.option("--preset", type=click.Choice(list(PRESETS)), default="default", show_default=True, help="How much.")
@click.option("--out", type=FOLDER, metavar="DIR", help="Folder of the study.  [default: runs/study-storage-...]")
@click.option("--json", "as_json", is_flag=True, help="One record instead of a table.")
def storage(places: tuple[Path, ...], preset: str, out: Path | None, as_json: bool, **given: Any) -> None:
    """Measure what places and formats give: a file per image, a packed store, TFRecord; cold and warm.

    Files are written into a folder of their own in each place and removed again, whatever ends the study.
    """
    from zoo_core.studies.storage.study import measure
    from zoo_core.studies.storage.writing import write_results

    plan = _plan(places, preset, given)
    run_study("storage", out, as_json, lambda folder: write_results(plan, measure(plan, folder)), _table)


def _plan(places: tuple[Path, ...], preset: str, given: dict[str, Any]) -> "Plan":
    """Options as they are given, and the preset's for those that are not."""
    from zoo_core.runtime.settings import default_precision
    from zoo_core.studies.step_time import StepShape
    from zoo_core.studies.storage.formats import Shape
    from zoo_core.studies.storage.plan import Plan

    chosen = {name: value for name, value in given.items() if value is not None}
    if {"topology", "step_ms"} <= set(chosen):
        raise click.UsageError("--topology is measured and --step-ms is given: one of them is enough.")
    settings = {**PRESETS[preset], **chosen}
    shape = Shape(settings["n_images"], settings["size_px"], settings["batch_size"])
    if "step_ms" in chosen or ("topology" not in chosen and "step_ms" in settings):
        step: StepShape | float = settings["step_ms"]
    else:
        step = StepShape(settings["topology"], default_precision(), shape.size_px, shape.batch_size)
    return Plan(places, numbers(settings["ranks"]), settings["n_runs"], shape, step)


def _table(results: "Results") -> list[tuple[str, ...]]:
    from zoo_core.studies.storage.formats import FORMATS
    from zoo_core.studies.storage.summary import state_words

    header = ("PLACE", "FORMAT", "RANKS", "STATE", "IMAGES/S", "MB/S", "P50 MS", "P99 MS", "OPENS", "BUSY")
    rows = [
        (
            cell["place"],
            FORMATS[cell["format"]].title,
            f"{cell['n_ranks']}{' *' * cell['more_ranks_than_cores']}",
            state_words(cell),
            f"{cell['images_per_s'][0]:,.0f} ({cell['images_per_s'][1]:,.0f} to {cell['images_per_s'][2]:,.0f})",
            f"{cell['mb_per_s'][0]:,.1f}",
            f"{cell['batch_p50_ms'][0]:,.2f}",
            f"{cell['batch_p99_ms'][0]:,.1f}",
            "unknown" if cell["opens"] is None else f"{cell['opens']:,}",
            f"{100 * cell['utilisation'][0]:.1f} %",
        )
        for cell in results.cells
    ]
    return [header, *rows]
