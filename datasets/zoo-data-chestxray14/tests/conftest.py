"""A small folder laid out as NIH does, to be broken in one place at a time."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from zoo_data_chestxray14.chestxray14 import ChestXray14, ChestXray14Config
from zoo_data_chestxray14.radiologists import RADIOLOGISTS_FILE

HEADER = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]"
)
RADIOLOGISTS_HEADER = "Image Index,Pneumothorax,Nodule or mass"
ROWS = (
    "00000001_000.png,Cardiomegaly,0,1,57,M,PA,2682,2749,0.143,0.143",
    "00000001_001.png,Cardiomegaly|Effusion,1,1,058Y,M,PA,2894,2729,0.143,0.143",
    "00000002_000.png,No Finding,0,2,411,F,AP,2500,2048,0.171,0.171",
    "00000003_000.png,Infiltrate|Mass,0,3,011M,F,PA,2582,2991,0.143,0.143",
)


class SmallRoot:
    """Four images of three patients in two folders."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write_labels(*ROWS)
        self.write_image("images_001/images/00000001_000.png", (2, 3))
        self.write_image("images_001/images/00000001_001.png", (3, 5))
        self.write_image("images_002/images/00000002_000.png", (5, 2))
        self.write_image("images_002/images/00000003_000.png", (5, 5))
        (folder / "train_val_list.txt").write_text("00000001_000.png\n00000001_001.png\n00000003_000.png\n")
        (folder / "test_list.txt").write_text("00000002_000.png")

    def write_labels(self, *rows: str, header: str = HEADER, name: str = "Data_Entry_2017.csv") -> None:
        """Write the label table."""
        (self.folder / name).write_text("\n".join((header, *rows)) + "\n")

    def write_radiologists(self, *rows: str, header: str = RADIOLOGISTS_HEADER, name: str = RADIOLOGISTS_FILE) -> None:
        """Write what radiologists said."""
        (self.folder / name).write_text("\n".join((header, *rows)) + "\n")

    def write_image(self, name: str, shape: tuple[int, int]) -> None:
        """Write one grey image, (y, x)."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.arange(shape[0] * shape[1], dtype=np.uint8).reshape(shape)
        Image.fromarray(pixels).save(path)

    def open(self, **settings: str) -> ChestXray14:
        """The adapter on this folder."""
        return ChestXray14(ChestXray14Config(root=str(self.folder), **settings))


@pytest.fixture
def small_root(tmp_path: Path) -> SmallRoot:
    """A whole and sound small folder."""
    return SmallRoot(tmp_path)


@pytest.fixture
def rows() -> tuple[str, ...]:
    """The lines of its label table."""
    return ROWS


@pytest.fixture
def header() -> str:
    """The first line of its label table."""
    return HEADER
