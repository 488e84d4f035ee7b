import errno
import threading

import pytest

from zoo_core.contract import ConfigError, OutputError
from zoo_core.studies.storage.places import made_folder, refuse_unusable


def test_a_place_with_room_is_left_as_it_was(tmp_path):
    refuse_unusable([tmp_path], 1)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_is_no_folder_is_refused(tmp_path):
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "nowhere"):
        with pytest.raises(OutputError, match="a folder that is there"):
            refuse_unusable([place], 1)


def test_one_folder_under_two_names_is_refused(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(ConfigError, match="are one folder"):
        refuse_unusable([tmp_path / "a", tmp_path / "b"], 1)


def test_a_place_that_cannot_be_written_is_refused(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("tempfile.mkdtemp", refuse)
    with pytest.raises(OutputError, match=r"can be written. Received: .* \(Read-only file system\)"):
        refuse_unusable([tmp_path], 1)


def test_a_disk_is_not_filled(tmp_path):
    with pytest.raises(OutputError, match="make room, or fewer --images"):
        refuse_unusable([tmp_path], 10**18)


def test_a_disk_that_fills_up_in_the_middle_is_one_line_and_is_cleaned_up(tmp_path):
    def fill():
        with made_folder(tmp_path) as folder:
            (folder / "file").touch()
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OutputError, match="No space left"):
        fill()
    assert list(tmp_path.iterdir()) == []


def test_what_a_thread_still_writes_is_removed_too(tmp_path):
    begun = threading.Event()

    def write(folder):
        for i in range(3000):
            (folder / f"{i}").mkdir()
            (folder / f"{i}" / "file").touch()
            begun.set()

    def write_until_it_is_gone(folder):
        try:
            write(folder)
        except FileNotFoundError:
            begun.set()

    with made_folder(tmp_path) as folder:
        thread = threading.Thread(target=write_until_it_is_gone, args=[folder])
        thread.start()
        begun.wait()
    thread.join()
    assert list(tmp_path.iterdir()) == []
