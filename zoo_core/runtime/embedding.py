"""Pictures of a run folder as a page holds them: small, and in the page itself."""

import base64
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from zoo_core.contract import DataError

MOST_SIDE_PX = 192
"""A page shows pictures about this wide; eighty of them then take less than a megabyte."""

QUALITY = 80


def embedded_pictures(folder: Path, maps: Mapping[str, Any]) -> dict[str, str]:
    """The pictures that `maps.json` names, where it shows any, as `data:` addresses by their names.

    Args:
        folder: of the run.
        maps: what `maps.json` holds.
    Raises:
        DataError: a picture is missing or damaged, or lies outside the folder.
    """
    if not maps["shown"]:
        return {}
    names = dict.fromkeys(name for one in maps["maps"] for name in (one["image"], one["map"]))
    return {name: _embedded(folder, name) for name in names}


def _embedded(folder: Path, name: str) -> str:
    path = folder / name
    try:
        if not path.resolve().is_relative_to(folder.resolve()):
            raise OSError("it lies outside the run folder")
        with Image.open(path) as picture:
            return f"data:image/webp;base64,{base64.b64encode(_small(picture)).decode()}"
    except (OSError, ValueError) as error:
        raise DataError(
            f"A report needs the pictures that maps.json names. Received: '{path}', which cannot be read ({error}): "
            "bring it back, or remove maps.json and the page has no maps"
        ) from error


def _small(picture: Image.Image) -> bytes:
    small = picture.convert("RGB")
    small.thumbnail((MOST_SIDE_PX, MOST_SIDE_PX))
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=QUALITY)
    return buffer.getvalue()
