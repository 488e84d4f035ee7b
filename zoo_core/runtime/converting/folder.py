"""A converted model's folder: the network, and beside it all that reading its predictions needs."""

import shutil
from pathlib import Path
from typing import Any

from zoo_core.contract import PluginError
from zoo_core.data.files import sha256_of
from zoo_core.runtime.converting.wish import Job
from zoo_core.runtime.json_files import write_json
from zoo_core.runtime.networks import CONVERSION, CONVERSION_SCHEMA_VERSION
from zoo_core.runtime.readout import CALIBRATION, OPERATING_POINTS
from zoo_core.runtime.trained_model import BASELINE, DESCRIPTION, FITTED, GROUPS

KEPT = (FITTED, GROUPS, BASELINE, CALIBRATION, OPERATING_POINTS, DESCRIPTION)
"""Files that are the trained model's own; those that an older zoo did not write are not there."""


def refuse_nothing_written(folder: Path, precision: str) -> None:
    """See that a backend has written what it says.

    Raises:
        PluginError: it has not.
    """
    if not any(path.is_file() for path in folder.iterdir()):
        raise PluginError(
            f"Precision '{precision}' needs to write a network when it converts. Received: an empty folder: tell the "
            "author of the plugin"
        )


def write_converted(job: Job, network: Path, folder: Path, record: dict[str, Any]) -> dict[str, Any]:
    """Put a converted network and the trained model's files into a folder, and last what came of the conversion.

    Args:
        job: whose model it is.
        network: folder with the network's files, which are moved.
        folder: to write into.
        record: of the conversion.
    Returns:
        The record as written, with `network_files`: SHA-256 by name.
    Raises:
        OutputError: a file cannot be written.
    """
    files = sorted(path.relative_to(network) for path in network.rglob("*") if path.is_file())
    sums = {path.as_posix(): sha256_of(network / path) for path in files}
    for path in list(network.iterdir()):
        path.rename(folder / path.name)
    for name in KEPT:
        if (job.model.folder / name).exists():
            shutil.copyfile(job.model.folder / name, folder / name)
    whole = {"schema_version": CONVERSION_SCHEMA_VERSION, **record, "network_files": sums}
    write_json(folder / CONVERSION, whole)
    return whole


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
