from pathlib import Path

import numpy as np
import pytest

from zoo_core.studies.storage.places import IN_MEMORY, filesystem
from zoo_core.studies.storage.residency import bring_into, resident_share

N_BYTES = 3 * 4096 + 1


@pytest.fixture
def file(tmp_path):
    if filesystem(tmp_path) in IN_MEMORY:
        pytest.skip(f"needs a temporary folder on a disk; {tmp_path} is in memory")
    path = tmp_path / "file"
    path.write_bytes(bytes(N_BYTES))
    return path


def test_a_file_that_was_put_out_of_memory_is_proven_cold(file):
    assert bring_into("cold", [file]) == "cold"
    assert resident_share([file]) == 0


def test_asking_whether_a_file_is_in_memory_does_not_bring_it_there(file):
    bring_into("cold", [file])
    assert resident_share([file]) == resident_share([file]) == 0


def test_a_file_that_was_read_is_proven_warm(file):
    bring_into("cold", [file])
    assert bring_into("warm", [file]) == "warm"


def test_a_file_that_somebody_holds_in_memory_is_not_called_cold(file):
    held = np.memmap(file, np.uint8, mode="r")
    assert held.sum() == 0
    assert bring_into("cold", [file]) == "unknown"


def test_one_warm_page_among_cold_files_is_seen(file):
    other = file.with_name("other")
    other.write_bytes(bytes(N_BYTES))
    bring_into("cold", [file, other])
    with file.open("rb", buffering=0) as opened:
        opened.read(1)
    assert 0 < resident_share([file, other]) < 1


def test_a_file_system_in_memory_is_never_cold():
    place = Path("/dev/shm")  # noqa: S108 - it is what is tested
    if not place.is_dir() or filesystem(place) not in IN_MEMORY:
        pytest.skip(f"needs a file system in memory at {place}")
    path = place / f"zoo-test-{np.random.default_rng().integers(2**40)}"
    try:
        path.write_bytes(bytes(N_BYTES))
        assert bring_into("cold", [path]) == "unknown"
        assert bring_into("warm", [path]) == "warm"
    finally:
        path.unlink()
