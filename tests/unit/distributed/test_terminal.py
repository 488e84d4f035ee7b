"""A terminal that is closed ends nothing; every other failure to write is one."""

import errno
import os
import subprocess
import sys

import pytest

from zoo_core.distributed.terminal import Screen, let_go_if_closed

WRITES_FOREVER = """
import os, sys
from zoo_core.distributed.terminal import Screen, write_error
screen = Screen(sys.stderr)
print("begun", file=screen, flush=True)
sys.stdin.read()
print("to nobody", file=screen, flush=True)
write_error(b"to nobody")
print("to nobody", file=sys.stderr, flush=True)
print("to the file", flush=True)
"""


def test_what_is_written_to_a_closed_terminal_is_let_go_and_other_files_are_not(tmp_path):
    ours, theirs = os.openpty()
    with (tmp_path / "out").open("w") as out:
        command = [sys.executable, "-c", WRITES_FOREVER]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=theirs)
    os.close(theirs)
    assert os.read(ours, 100).strip() == b"begun"
    os.close(ours)
    process.communicate()
    assert process.returncode == 0
    assert (tmp_path / "out").read_text() == "to the file\n"


class Full:
    """A stream on a full disk."""

    encoding = "utf-8"

    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, text)

    def flush(self) -> None:
        raise OSError(errno.ENOSPC, "")


def test_another_failure_to_write_stays_one():
    for write in (lambda: Screen(Full()).write("x"), Screen(Full()).flush):
        with pytest.raises(OSError, match="28"):
            write()


def test_a_file_that_cannot_be_written_is_no_closed_terminal(capfd):
    with pytest.raises(OSError, match="broken"):
        let_go_if_closed(OSError(errno.EIO, "broken"))


def test_a_screen_is_its_stream_in_all_else():
    assert Screen(Full()).encoding == "utf-8"
