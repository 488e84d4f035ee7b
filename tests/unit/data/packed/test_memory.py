"""Packing needs memory for two shards, however many examples there are."""

import os
import subprocess
import sys
from pathlib import Path

N_FEW, N_MANY = 200, 1600
MOST_GROWTH_BYTES = 16_000_000
"""For the index; the larger data set has 56 MB more of pictures."""


def peak_bytes(folder: Path, n: int) -> int:
    program = Path(__file__).with_name("pack_and_measure.py")
    environment = {**os.environ, "PYTHONPATH": str(program.parent)}
    command = [sys.executable, str(program), str(folder), str(n)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout)


def test_memory_is_the_same_for_any_number_of_examples(tmp_path):
    few, many = (peak_bytes(tmp_path / str(n), n) for n in (N_FEW, N_MANY))
    assert many - few <= MOST_GROWTH_BYTES
