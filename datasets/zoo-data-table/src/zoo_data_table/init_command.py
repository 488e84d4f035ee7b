"""`zoo data init`: a TOML file that describes a table, written by looking at it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from zoo_core.contract import DataError, OutputError, Plugin

TOML = "lab.toml"


@dataclass(frozen=True)
class InitConfig:
    """Nothing to set: a command takes its options from the command line."""


def create(config: InitConfig) -> click.Command:  # noqa: ARG001 - the contract's signature
    """The command."""
    return init


@click.command()
@click.argument("table", metavar="TABLE", type=click.Path(path_type=Path))
@click.option(
    "--root",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder of the images.  [default: looked for beside TABLE]",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=f"TOML file, not there yet.  [default: {TOML} beside TABLE]",
)
@click.option("--encoding", default="", metavar="NAME", help="Of a CSV.  [default: UTF-8, or Windows-1252]")
def init(table: Path, root: Path | None, out: Path | None, encoding: str) -> None:
    """Look at a table of images, CSV or parquet, and write a TOML file that describes it.

    What it was not sure of stands in comments. Nothing is overwritten.
    """
    from zoo_data_table.guessing.columns import guess_columns
    from zoo_data_table.guessing.pictures import guess_pictures
    from zoo_data_table.guessing.places import find_place, folders_near
    from zoo_data_table.guessing.writing import Guesses, as_toml
    from zoo_data_table.lab_table import read_lab_table

    toml = out or table.parent / TOML
    if toml.suffix.lower() != ".toml":
        raise OutputError(f"--out needs a name that ends in .toml. Received: '{toml}'")
    _refuse_taken(toml)
    if root is not None and not root.is_dir():
        raise DataError(f"--root needs the folder of the images. Received: '{root}', which is no folder")
    read = read_lab_table(table, encoding)
    place = find_place(read, [root] if root else list(folders_near(table.parent)))
    guesses = Guesses(read, place, guess_columns(read, place.column), guess_pictures(place.found))
    _write(toml, as_toml(guesses, toml))
    for doubt in guesses.doubts:
        click.echo(f"not sure: {doubt}")
    click.echo(f"{toml}: read it, mend it, then 'zoo data check {toml}'")


def _refuse_taken(toml: Path) -> None:
    if toml.exists():
        raise OutputError(f"'{toml}' is there already and stays as it is: give another with --out, or remove it")


def _write(toml: Path, text: str) -> None:
    from zoo_data_table.whole_files import create_file

    try:
        create_file(toml, text.encode())
    except FileExistsError:
        _refuse_taken(toml)
        raise
    except OSError as error:
        raise OutputError(
            f"'{toml}' needs to be written, which failed ({error.strerror}): give another with --out"
        ) from error


plugin = Plugin(
    config=InitConfig,
    create=create,
    summary="Look at a table of images and write a TOML file that describes it.",
)
