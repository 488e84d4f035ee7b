import os

import pytest

from zoo_core.runtime.process import without_announcements


def test_announcements_are_held_back_and_everything_else_is_shown(capfd):
    with without_announcements():
        os.write(2, b"I0000 oneDNN custom operations are on. You may see\na real warning\n")
    assert capfd.readouterr().err == "a real warning\n"


def test_what_was_written_before_an_error_is_shown(capfd):
    def fail() -> None:
        with without_announcements():
            os.write(2, b"libfoo.so: cannot open shared object file\n")
            raise ImportError

    with pytest.raises(ImportError):
        fail()
    assert "libfoo" in capfd.readouterr().err
