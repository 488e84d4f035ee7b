"""`zoo study scaling`: what more ranks bring."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoo_core.cli.study_running import chosen, numbers, run_study

if TYPE_CHECKING:
    from zoo_core.studies.scaling.plan import Plan
    from zoo_core.studies.scaling.writing import Results

PRESETS: dict[str, dict[str, Any]] = {
    "default": {
        "topology": "densenet121",
        "size_px": 64,
        "batch_size": 16,
        "ranks": "1,2,4",
        "n_runs": 3,
        "n_steps": 5,
    },
    "smoke": {"topology": "vgg16", "size_px": 32, "batch_size": 2, "ranks": "1,2", "n_runs": 1, "n_steps": 2},
}
"""What is done where an option is not given; smoke means nothing."""

FOLDER = click.Path(path_type=Path)


@click.command()
@click.option("--topology", metavar="NAME", help="Network that is trained.  [default: densenet121]")
@click.option("--size", "size_px", type=int, metavar="PX", help="Length of y and x of its images.  [default: 64]")
@click.option("--batch", "batch_size", type=int, metavar="N", help="Images of a rank.  [default: 16]")
@click.option("--ranks", metavar="N,N", help="Numbers of ranks; 1 is always among them.  [default: 1,2,4]")
@click.option("--runs", "n_runs", type=int, metavar="N", help="Of everything.  [default: 3]")
@click.option("--preset", type=click.Choice(list(PRESETS)), default="default", show_default=True, help="How much.")
@click.option("--out", type=FOLDER, metavar="DIR", help="Folder of the study.  [default: runs/study-scaling-...]")
@click.option("--json", "as_json", is_flag=True, help="One record instead of a table.")
def scaling(preset: str, out: Path | None, as_json: bool, **given: Any) -> None:
    """Measure what ranks bring, what the all-reduce costs, and how much faster than stock Keras all of it is.

    Speed is measured on the ranks that are asked for; a model, fitted to measured all-reduces, goes on to 512.
    """
    from zoo_core.studies.scaling.study import measure
    from zoo_core.studies.scaling.writing import write_results

    plan = _plan(preset, given)
    run_study("scaling", out, as_json, lambda folder: write_results(plan, measure(plan, folder)), _table)


def _plan(preset: str, given: dict[str, Any]) -> "Plan":
    """Options as they are given, and the preset's for those that are not."""
    from zoo_core.runtime.settings import default_precision
    from zoo_core.studies.scaling.plan import Plan

    settings = chosen(PRESETS, preset, given)
    ranks = tuple(sorted({1, *numbers(settings["ranks"])}))
    return Plan(**{**settings, "ranks": ranks}, precision=default_precision())


def _table(results: "Results") -> list[tuple[str, ...]]:
    header = ("WAY", "RANKS", "SCALING", "IMAGES/S", "EFFICIENCY", "STEP MS", "ALL-REDUCE")
    rows = [
        (
            cell["way"],
            f"{cell['n_ranks']}{' *' * cell['more_ranks_than_cores']}",
            cell["scaling"],
            f"{cell['images_per_s'][0]:,.1f} ({cell['images_per_s'][1]:,.1f} to {cell['images_per_s'][2]:,.1f})",
            f"{100 * cell['efficiency'][0]:.1f} %" if cell["efficiency"] else "",
            f"{cell['step_ms'][0]:,.0f}",
            f"{100 * cell['all_reduce_share'][0]:.1f} %" if cell["n_ranks"] > 1 else "",
        )
        for cell in results.cells
    ]
    return [header, *rows]
