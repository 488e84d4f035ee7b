"""The verbs `zoo plate import` and `zoo plate check`."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoo_core.contract import OutputError
from zoo_phenomics.plate_command.progress import shown_progress
from zoo_phenomics.plate_command.texts import check_text, import_text

if TYPE_CHECKING:
    from zoo_data_plates.importing.importing import ImportJob

PROBLEMS = 1
"""Exit code of a check that found something to mend; a mistake of the user's has 2."""

PATH = click.Path(path_type=Path)
AT_LEAST_ONE = click.IntRange(min=1)


@click.group()
def plate() -> None:
    """Make and check plates in OME-Zarr, and make profiles of their wells."""


@plate.command("import")
@click.argument("source", metavar="SOURCE", type=PATH)
@click.argument("plate", metavar="DEST", type=PATH)
@click.option(
    "--pattern",
    required=True,
    help="Names of the pictures, with {row} {column} or {well}, and {field} {channel} {time} {z} {index} where they "
    "have them; or imagexpress.",
)
@click.option(
    "--wells", "table", required=True, metavar="TABLE", type=PATH, help="CSV or parquet: what is in the wells."
)
@click.option(
    "--column", multiple=True, metavar="NAME=OURS", help="A column of TABLE: dose=concentration, control=role."
)
@click.option("--role", multiple=True, metavar="VALUE=ROLE", help="A control role in TABLE: --role=-1=negative.")
@click.option("--unit", default="", help="Of all concentrations, where no column of TABLE gives it.")
@click.option("--name", help="Of the plate.  [default: that of DEST]")
@click.option("--channel", multiple=True, metavar="VALUE=NAME", help="A channel's name: --channel 1=GFP.")
@click.option("--pixel-size-um", type=float, metavar="X", help="Side of a pixel in micrometers.")
@click.option("--time-step-h", type=float, metavar="X", help="Hours from one {time} to the next.")
@click.option("--drawn", is_flag=True, help="A program drew the pictures: every report then says so.")
@click.option("--rows", type=AT_LEAST_ONE, metavar="N", help="Of the plate.  [default: the smallest standard plate]")
@click.option("--columns", type=AT_LEAST_ONE, metavar="N", help="Of the plate, with --rows.")
@click.option(
    "--workers", type=AT_LEAST_ONE, metavar="N", help="Fields written at once.  [default: one a core of this machine]"
)
@click.option("--skip-damaged", is_flag=True, help="Finish without the fields of which a picture cannot be read.")
@click.option("--json", "as_json", is_flag=True, help="One record instead of text.")
def import_(as_json: bool, **given: Any) -> None:
    """Make the plate DEST of the TIFF and PNG pictures in SOURCE.

    Pixels are kept as they were acquired. Ended at any moment, the same command goes on; on a plate that is complete it
    does nothing. Links out of SOURCE, and to folders, are not followed.
    """
    from zoo_data_plates.importing.importing import import_plate

    job = _job(given)
    with shown_progress() as tell:
        report = import_plate(job, tell)
    if as_json:
        click.echo(json.dumps({**asdict(report), "images_per_s": report.images_per_s}, indent=2))
    else:
        click.echo(import_text(report))


@plate.command()
@click.argument("plate", metavar="PLATE", type=PATH)
@click.option("--json", "as_json", is_flag=True, help="One record instead of text.")
@click.pass_context
def check(context: click.Context, plate: Path, as_json: bool) -> None:
    """Look at all of a plate: layout, metadata, shapes, saturation, focus, empty wells, wells table.

    What is found of the pictures of wells is kept in the plate, as quality.parquet, and marks these wells in reports.
    Exit code 1 where something has to be mended.
    """
    from zoo_data_plates.plate_check import check_plate
    from zoo_data_plates.quality_table import write_quality

    with shown_progress() as tell:
        report = check_plate(plate, lambda n_done, n_all: tell("looking at images", n_done, n_all))
    click.echo(json.dumps(report.as_json(), indent=2) if as_json else check_text(report))
    try:
        write_quality(plate, report)
    except OutputError as error:  # a plate that may only be read can be checked all the same
        click.echo(f"No report will mark these wells: {error}", err=True)
    if not report.ok:
        context.exit(PROBLEMS)


def _job(given: dict[str, Any]) -> "ImportJob":
    from zoo_data_plates.importing.importing import ImportJob
    from zoo_data_plates.importing.plan import Wanted
    from zoo_data_plates.importing.table import TableOptions

    size = (given["rows"], given["columns"])
    if size.count(None) == 1:
        raise click.UsageError("--rows and --columns are given together, or neither")
    wanted = Wanted(
        name=_plate_name(given["plate"]) if given["name"] is None else given["name"],
        channels=_pairs("--channel", given["channel"]),
        pixel_size_um=given["pixel_size_um"],
        size=None if None in size else size,
        time_step_h=given["time_step_h"],
        drawn=given["drawn"],
    )
    options = TableOptions(_pairs("--column", given["column"]), _pairs("--role", given["role"]), given["unit"])
    n_workers = given["workers"] or len(os.sched_getaffinity(0))
    places = (given["source"], given["plate"], given["pattern"], given["table"])
    return ImportJob(*places, wanted, options, n_workers, given["skip_damaged"])


def _plate_name(folder: Path) -> str:
    """A folder's name without what says that it is OME-Zarr."""
    return folder.absolute().name.removesuffix(".zarr").removesuffix(".ome")


def _pairs(option: str, texts: Sequence[str]) -> dict[str, str]:
    """Theirs and ours, apart at the last `=`: what a lab calls something may hold one."""
    pairs: dict[str, str] = {}
    for text in texts:
        theirs, equals, ours = text.rpartition("=")
        if not equals or not theirs:
            raise click.UsageError(f"{option} needs two names with '=' between them. Received: '{text}'")
        if theirs in pairs:
            raise click.UsageError(f"{option} says twice what '{theirs}' is. Leave one out")
        pairs[theirs] = ours
    return pairs
