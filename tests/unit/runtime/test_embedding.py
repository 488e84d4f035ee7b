"""Pictures that a page holds."""

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from zoo_core.contract import DataError
from zoo_core.runtime.embedding import MOST_SIDE_PX, embedded_pictures

TOLERANCE = 8
"""Of 255: what compression changes in an even picture."""


def maps(image: str, shown: bool = True) -> dict[str, Any]:
    return {"shown": shown, "maps": [{"image": image, "map": image}]}


def write(path: Path, side: int, mode: str = "L") -> None:
    Image.fromarray(np.full((side, side), 200, np.uint8)).convert(mode).save(path)


def opened(address: str) -> Image.Image:
    kind, _, text = address.partition(",")
    assert kind == "data:image/webp;base64"
    return Image.open(io.BytesIO(base64.b64decode(text)))


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P"])
def test_a_picture_is_in_the_page_as_it_is_in_its_file(tmp_path: Path, mode: str) -> None:
    write(tmp_path / "a.png", 20, mode)
    (address,) = embedded_pictures(tmp_path, maps("a.png")).values()
    pixels = np.asarray(opened(address).convert("L"))
    assert pixels.shape == (20, 20)
    assert abs(pixels.astype(int) - 200).max() <= TOLERANCE


def test_a_large_picture_is_made_small(tmp_path: Path) -> None:
    write(tmp_path / "a.png", 3 * MOST_SIDE_PX)
    assert opened(embedded_pictures(tmp_path, maps("a.png"))["a.png"]).size == (MOST_SIDE_PX, MOST_SIDE_PX)


def test_where_none_is_shown_none_is_read(tmp_path: Path) -> None:
    assert embedded_pictures(tmp_path, maps("absent.png", shown=False)) == {}


@pytest.mark.parametrize("name", ["absent.png", "damaged.png", "../outside.png"])
def test_a_picture_that_cannot_be_read_is_named_in_one_line(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    write(tmp_path / "outside.png", 20)
    (folder / "damaged.png").write_bytes(b"\x89PNG")
    with pytest.raises(DataError, match=name) as raised:
        embedded_pictures(folder, maps(name))
    assert "\n" not in str(raised.value)
