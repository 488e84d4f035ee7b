"""Pictures of a run folder as a page holds them: small, and in the page itself."""

import base64
import io
from collections.abc import Callable, Mapping
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
    return {name: _embedded(folder, name, "maps.json", _small) for name in names}


def embedded_outlines(folder: Path, outlines: Mapping[str, Any]) -> dict[str, str]:
    """The pictures that `outlines.json` names, as `data:` addresses by their names.

    Args:
        folder: of the run.
        outlines: what `outlines.json` holds.
    Raises:
        DataError: as `embedded_pictures`.
    """
    names = [one["image"] for plant in outlines["plants"] for one in plant["pictures"]]
    return {name: _embedded(folder, name, "outlines.json", _small) for name in names}


def embedded_montages(folder: Path, montage: Mapping[str, Any]) -> dict[str, str]:
    """The pictures of plates that `montage.json` names, in full, as `data:` addresses by their names.

    Args:
        folder: of the run.
        montage: what `montage.json` holds.
    Raises:
        DataError: as `embedded_pictures`.
    """
    names = [one["image"] for one in montage["plates"]]
    return {name: _embedded(folder, name, "montage.json", _whole) for name in names}


def _embedded(folder: Path, name: str, named_by: str, encode: Callable[[Image.Image], bytes]) -> str:
    path = folder / name
    try:
        if not path.resolve().is_relative_to(folder.resolve()):
            raise OSError("it lies outside the run folder")
        with Image.open(path) as picture:
            return f"data:image/webp;base64,{base64.b64encode(encode(picture)).decode()}"
    except (OSError, ValueError) as error:
        raise DataError(
            f"A report needs the pictures that {named_by} names. Received: '{path}', which cannot be read ({error}): "
            f"bring it back, or remove {named_by} and the page does without them"
        ) from error


def _small(picture: Image.Image) -> bytes:
    small = picture.convert("RGB")
    small.thumbnail((MOST_SIDE_PX, MOST_SIDE_PX))
    return _webp(small)


def _whole(picture: Image.Image) -> bytes:
    return _webp(picture.convert("RGBA"))


def _webp(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=QUALITY)
    return buffer.getvalue()
