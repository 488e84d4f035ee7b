"""`zoo new-plugin`: a package with a plugin that works, to begin one's own from."""

from pathlib import Path

import click

from zoo_core.contract import KINDS

COPIED = tuple(kind for kind in KINDS if kind != "command")


@click.command()
@click.argument("name")
@click.option("--kind", required=True, type=click.Choice(COPIED), help="Of plugin.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="The new folder, not there yet.  [default: NAME]"
)
def new_plugin(name: str, kind: str, out: Path | None) -> None:
    """Write a package NAME with a plugin that works: its tests, linter and types pass at once.

    The plugin is called as the package, without 'zoo-' before it.
    """
    from zoo_core.scaffold.package import create_package
    from zoo_core.scaffold.readme import next_commands

    folder = out or Path(name)
    names = create_package(name, kind, folder)
    click.echo(f"{folder}: package {names.distribution} with {kind} '{names.plugin}'. In that folder:")
    for command in next_commands(names, kind):
        click.echo(f"  {command}")
