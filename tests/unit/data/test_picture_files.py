"""Picture files as a data set: found by name, told apart, and refused where there are none."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from zoo_core.contract import DataError, DatasetAdapter, ImageError
from zoo_core.data.picture_files import PictureFile, PictureFiles, find_pictures


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pictures, one of them deeper, and a text."""
    (tmp_path / "day" / "deep").mkdir(parents=True)
    for name in ("b.PNG", "deep/a.png"):
        Image.fromarray(np.full((4, 6), 9, np.uint8)).save(tmp_path / "day" / name, format="png")
    (tmp_path / "day" / "notes.txt").write_text("nothing to see")
    return tmp_path / "day"


def names(*inputs: Path) -> list[str]:
    return [file.name for file in find_pictures(inputs)]


def test_pictures_of_a_folder_are_named_within_it_in_order(folder: Path) -> None:
    assert names(folder) == ["b.PNG", "deep/a.png"]


def test_with_several_inputs_the_folder_is_part_of_the_name(folder: Path) -> None:
    other = folder / "deep"
    assert names(folder, other) == ["day/b.PNG", "day/deep/a.png", "deep/a.png"]


def test_a_named_file_bears_its_path(folder: Path) -> None:
    assert names(folder / "b.PNG") == [(folder / "b.PNG").as_posix()]


@pytest.mark.parametrize(
    ("name", "reason"),
    [("notes.txt", "a file of another kind"), ("film.mp4", "is not there"), ("empty", "a folder that holds none")],
)
def test_what_is_no_picture_is_refused_by_name(folder: Path, name: str, reason: str) -> None:
    (folder / "empty").mkdir()
    with pytest.raises(DataError, match=rf"Received: '.*{name}', .*{reason}|{name}', which {reason}"):
        find_pictures([folder / name])


def test_one_picture_twice_is_refused(folder: Path) -> None:
    with pytest.raises(DataError, match=r"a name of its own.*b\.PNG' twice"):
        find_pictures([folder / "b.PNG", folder / "b.PNG"])


@pytest.mark.parametrize("n_channels", [1, 3])
def test_pictures_are_read_with_the_channels_of_the_model(folder: Path, n_channels: int) -> None:
    adapter = PictureFiles(find_pictures([folder]), n_channels)
    assert isinstance(adapter, DatasetAdapter)
    assert adapter.read(0)["image"].shape == (4, 6, n_channels)
    assert adapter.specs[0].length("c") == n_channels
    assert list(adapter.index()["example_id"]) == ["b.PNG", "deep/a.png"]


def test_a_damaged_picture_says_why(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(b"")
    with pytest.raises(ImageError, match="0 bytes"):
        PictureFiles([PictureFile(tmp_path / "x.png", "x")], 1).read(0)
