"""`zoo plate`: plates made of a microscope's pictures, plates checked, and profiles of wells."""

from dataclasses import dataclass

import click

from zoo_core.contract import Plugin


@dataclass(frozen=True)
class PlateCommandConfig:
    """Nothing to set: a command takes its options from the command line."""


def create(config: PlateCommandConfig) -> click.Command:  # noqa: ARG001 - the contract's signature
    """The command."""
    from zoo_phenomics.plate_command.profiling import profile
    from zoo_phenomics.plate_command.verbs import plate

    plate.add_command(profile)
    return plate


plugin = Plugin(
    config=PlateCommandConfig,
    create=create,
    summary="Make and check plates in OME-Zarr, and make profiles of their wells.",
)
