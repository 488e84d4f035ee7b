"""What a rank makes of a collective that fails, with real processes."""

import sys
from pathlib import Path

import pytest

from zoo_core.distributed.channel import LOST
from zoo_core.distributed.job import Job, run_job
from zoo_core.distributed.network import LOOPBACK, LOOPBACK_INTERFACE
from zoo_core.distributed.slots import place_ranks

pytest.importorskip("horovod", reason="Horovod is not installed: 'make setup' builds it")


@pytest.mark.parametrize(
    ("how", "is_compiled", "exit_code", "is_lost"),
    [
        ("killed", True, LOST, True),
        ("killed", False, LOST, True),
        ("ended", True, 3, True),
        ("out of step", True, 1, False),
        ("out of step", False, 1, False),
    ],
)
def test_a_rank_that_is_gone_is_told_from_operations_that_do_not_fit(tmp_path, how, is_compiled, exit_code, is_lost):
    program = (sys.executable, str(Path(__file__).with_name("lose_rank.py")))
    arguments = {"folder": str(tmp_path), "how": how, "is_compiled": is_compiled}
    places = place_ranks(["localhost"] * 2)
    outcome = run_job(Job(program, arguments, places, "ssh", LOOPBACK_INTERFACE, LOOPBACK))
    assert (tmp_path / "rank-0").read_text() == str(is_lost)
    assert outcome.exit_code == exit_code
    assert outcome.why.startswith("rank 1 on localhost") == is_lost
