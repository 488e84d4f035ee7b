import struct
import subprocess
import sys

import pytest

from zoo_core.studies.storage.opens import Opens


@pytest.fixture
def files(tmp_path):
    paths = [tmp_path / folder / f"{folder}{i}" for folder in "ab" for i in range(3)]
    for path in paths:
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return paths


def test_every_open_of_the_files_is_counted_and_of_no_other(files):
    with Opens(files[1:]) as opens:
        for path in (files[0], files[1], files[1], files[4]):
            path.read_bytes()
    assert opens.count == 3


def test_what_another_process_opens_counts_too(files):
    with Opens(files) as opens:
        subprocess.run([sys.executable, "-c", f"open({str(files[2])!r}); open({str(files[5])!r})"], check=True)
    assert opens.count == 2


def test_events_that_the_kernel_lost_make_the_count_unknown(files):
    with Opens(files) as opens:
        opens._count(struct.pack("iIII", -1, 0x4000, 0, 0))
    assert opens.count is None


def test_a_folder_that_cannot_be_watched_makes_the_count_unknown(tmp_path):
    with Opens([tmp_path / "nowhere" / "file"]) as opens:
        pass
    assert opens.count is None
