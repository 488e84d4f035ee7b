"""JSON files of a model folder: written whole, and read with a line that says what is wrong with them."""

import json
from pathlib import Path
from typing import Any

from zoo_core.contract import DataError
from zoo_core.data.files import write_atomically


def write_json(path: Path, values: dict[str, Any]) -> None:
    """Write values, whole or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    write_atomically(path, (json.dumps(values, indent=2, allow_nan=False) + "\n").encode())


def read_json(path: Path, schema_version: int) -> dict[str, Any]:
    """Read values that carry their `schema_version`.

    Args:
        path: of the file.
        schema_version: the newest that can be read.
    Raises:
        DataError: the file is missing or damaged, or a newer zoo wrote it.
    """
    wanted = f"A whole {path.name}, as zoo writes it, was wanted. Received: '{path}'"
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        version = int(values["schema_version"])
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise DataError(f"{wanted}, which is missing or damaged") from error
    if version > schema_version:
        raise DataError(f"{wanted}, whose schema {version} needs a newer zoo-core; this one reads {schema_version}")
    return values
