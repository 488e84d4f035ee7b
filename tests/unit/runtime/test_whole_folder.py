"""A folder is there whole or not at all."""

from pathlib import Path

import pytest

from zoo_core.contract import OutputError
from zoo_core.runtime.whole_folder import whole_folder


def test_a_folder_takes_its_place_when_all_is_written(tmp_path: Path) -> None:
    out = tmp_path / "new" / "out"
    with whole_folder(out) as hidden:
        (hidden / "a").write_text("1")
        assert not out.exists()
        assert hidden.name.startswith(".")
    assert (out / "a").read_text() == "1"
    assert list(out.parent.iterdir()) == [out]


def test_nothing_is_left_of_what_fails(tmp_path: Path) -> None:
    def fail() -> None:
        with whole_folder(tmp_path / "out") as hidden:
            (hidden / "a").write_text("1")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_what_came_there_meanwhile_is_not_touched(tmp_path: Path) -> None:
    out = tmp_path / "out"

    def be_late() -> None:
        with whole_folder(out):
            out.mkdir()

    with pytest.raises(OutputError, match="which exists"):
        be_late()
    assert list(tmp_path.iterdir()) == [out]


def test_a_place_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file/out"), whole_folder(tmp_path / "file" / "out"):
        pass
