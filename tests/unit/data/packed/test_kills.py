"""A packer is killed at random moments, with shards so small that every moment of its work is met."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from zoo_core.data.packed.journal import JOURNAL
from zoo_core.data.packed.lock import LOCK

N, ROWS_PER_SHARD = 120, 3
SHARDS_AT_WORK = 2
FEWEST_KILLS = 5


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file() and p.name != LOCK}


@pytest.mark.parametrize("seed", [0, 1])
def test_killed_at_any_moments_a_store_is_the_uninterrupted_one_and_no_shard_is_redone(kit, tmp_path, seed):
    program = Path(__file__).with_name("pack_and_be_killed.py")
    environment = {**os.environ, "PYTHONPATH": str(program.parent)}
    command = [sys.executable, str(program), str(tmp_path / "killed"), str(seed)]
    done = json.loads(subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout)
    kit.pack(kit.lab(n=N), tmp_path / "whole", rows_per_shard=ROWS_PER_SHARD)
    assert done["complete"], done
    # Otherwise nothing was killed while it worked.
    assert done["n_kills"] >= FEWEST_KILLS, done
    assert done["n_reads"] <= N + done["n_kills"] * SHARDS_AT_WORK * ROWS_PER_SHARD, done
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")
    assert not (tmp_path / "killed" / JOURNAL).exists()
