"""Picture files as a data set: found by name, told apart, and refused where there are none."""

import os
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
    return [file.name for file in find_pictures(inputs).files]


def test_pictures_of_a_folder_are_named_within_it_in_order(folder: Path) -> None:
    assert names(folder) == ["b.PNG", "deep/a.png"]


def test_with_several_inputs_the_folder_is_part_of_the_name(folder: Path) -> None:
    other = folder / "deep"
    assert names(folder, other) == ["day/b.PNG", "day/deep/a.png", "deep/a.png"]


def test_a_named_file_bears_its_path(folder: Path) -> None:
    assert names(folder / "b.PNG") == [(folder / "b.PNG").as_posix()]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("notes.txt", "a file of another kind"),
        ("film.mp4", "is not there"),
        ("empty", "a folder with 0 files and no picture"),
    ],
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
    adapter = PictureFiles(find_pictures([folder]).files, n_channels)
    assert isinstance(adapter, DatasetAdapter)
    assert adapter.read(0)["image"].shape == (4, 6, n_channels)
    assert adapter.specs[0].length("c") == n_channels
    assert list(adapter.index()["example_id"]) == ["b.PNG", "deep/a.png"]


def test_a_damaged_picture_says_why(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(b"")
    with pytest.raises(ImageError, match="0 bytes"):
        PictureFiles([PictureFile(tmp_path / "x.png", "x")], 1).read(0)


def test_a_named_film_or_a_pipe_is_refused_for_what_it_is(folder: Path) -> None:
    (folder / "film.mp4").write_bytes(b"film")
    os.mkfifo(folder / "pipe.png")
    with pytest.raises(DataError, match=r"film\.mp4', a file of another kind"):
        find_pictures([folder / "film.mp4"])
    with pytest.raises(DataError, match=r"pipe\.png', which is neither a file nor a folder"):
        find_pictures([folder / "pipe.png"])


def test_what_is_no_picture_by_its_name_is_passed_over_in_a_folder_and_counted(folder: Path) -> None:
    os.mkfifo(folder / "pipe.png")  # to read it would wait for ever
    assert names(folder) == ["b.PNG", "deep/a.png"]
    assert find_pictures([folder]).n_passed_over == 2


def test_the_folder_one_is_in_has_its_name_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert names(Path(), Path("deep")) == ["day/b.PNG", "day/deep/a.png", "deep/a.png"]


def test_folders_of_one_name_are_refused(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere" / "day"
    other.mkdir(parents=True)
    (other / "b.PNG").write_bytes((folder / "b.PNG").read_bytes())
    with pytest.raises(DataError, match=r"'day/b\.PNG' twice.*folders of one name apart"):
        find_pictures([folder, other])


def test_a_link_that_leads_back_ends_and_one_to_a_picture_is_followed(folder: Path) -> None:
    (folder / "deep" / "back").symlink_to(folder, target_is_directory=True)
    (folder / "c.png").symlink_to(folder / "b.PNG")
    assert names(folder) == ["b.PNG", "c.png", "deep/a.png"]


def test_a_link_to_nothing_is_a_picture_that_cannot_be_read(folder: Path) -> None:
    (folder / "lost.png").symlink_to(folder / "gone.png")
    assert names(folder)[-1] == "lost.png"
    with pytest.raises(ImageError, match="cannot be opened"):
        PictureFiles(find_pictures([folder]).files, 1).read(2)


def test_a_name_that_is_no_text_is_spelt_out(folder: Path) -> None:
    (folder / "b.PNG").rename(folder / os.fsdecode(b"b\xff.PNG"))
    assert names(folder)[0] == "b\\xff.PNG"
    assert PictureFiles(find_pictures([folder]).files, 1).read(0)["image"].shape == (4, 6, 1)


def test_a_grey_picture_is_read_as_colours_and_colours_as_grey(tmp_path: Path) -> None:
    Image.fromarray(np.full((2, 3, 3), 9, np.uint8)).save(tmp_path / "colour.png")
    Image.fromarray(np.full((2, 3), 9, np.uint8)).save(tmp_path / "grey.png")
    for n_channels in (1, 3):
        adapter = PictureFiles(find_pictures([tmp_path]).files, n_channels)
        assert [set(adapter.read(i)["image"].ravel()) for i in (0, 1)] == [{9}, {9}]


def test_colours_that_cannot_be_converted_are_a_picture_that_cannot_be_read(tmp_path: Path) -> None:
    Image.new("LAB", (3, 2)).save(tmp_path / "lab.tif")
    with pytest.raises(ImageError, match="cannot be turned into the channels"):
        PictureFiles(find_pictures([tmp_path]).files, 1).read(0)
