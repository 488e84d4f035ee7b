"""Small folders of pictures, to be broken in one place at a time."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def write_picture(tmp_path: Path) -> Callable[..., Path]:
    """Writes a picture of one colour, (y, x) large, at a path from the test's folder on."""

    def write(name: str, shape: tuple[int, int] = (7, 5), colour: tuple[int, int, int] = (10, 20, 30)) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((*shape, 3), colour, np.uint8)).save(path)
        return path

    return write
