"""A disk that takes no more ends a field in one line, and leaves nothing of it."""

import subprocess
import sys

PROGRAM = """
import resource, signal, sys
import numpy as np
from pathlib import Path
from zoo_core.contract import OutputError
from zoo_data_plates.ngff.design import Channel, PlateDesign
from zoo_data_plates.ngff.writing import create_plate, write_field

folder, design = Path(sys.argv[1]), PlateDesign("P1", 1, 1, (Channel("DNA"),), "uint16")
create_plate(folder, design, {"A01": 1})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # the system then refuses to write, as it does where a disk is full
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    write_field(folder, design, "A01", 0, np.random.default_rng(0).integers(0, 65535, (1, 301, 299), np.uint16))
except OutputError as error:
    print(error)
"""


def test_a_disk_that_takes_no_more_ends_a_field_in_one_line_and_leaves_nothing_of_it(tmp_path) -> None:
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "p.zarr")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    assert line.startswith("Field 0 of well A01 of plate 'P1' cannot be written")
    assert [path.name for path in (tmp_path / "p.zarr/A/1").iterdir()] == ["zarr.json"]
