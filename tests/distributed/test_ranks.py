"""Laws of ranks, with real processes."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from zoo_core.distributed.launch import launch_local

pytest.importorskip("horovod", reason="Horovod is not installed: 'make setup' builds it")

ROUND_OFF = 1e-5
"""What another order of float32 sums may change in three steps of SGD."""


def trained(folder: Path, n_ranks: int, program: str = "train_steps.py") -> list[dict[str, np.ndarray]]:
    folder.mkdir()
    command = [sys.executable, str(Path(__file__).with_name(program)), str(folder)]
    if n_ranks == 1:
        subprocess.run(command, check=True)
    else:
        assert launch_local(command, n_ranks) == 0
    return [dict(np.load(path)) for path in sorted(folder.iterdir())]


@pytest.fixture(scope="module")
def by_ranks(tmp_path_factory):
    root = tmp_path_factory.mktemp("ranks")
    return {n_ranks: trained(root / str(n_ranks), n_ranks) for n_ranks in (1, 2)}


def test_ranks_hold_bit_equal_weights(by_ranks):
    first, second = by_ranks[2]
    assert all((first[name] == second[name]).all() for name in first)


def test_two_ranks_train_as_one_does_also_where_their_masks_differ(by_ranks):
    (one,), (first, _) = by_ranks[1], by_ranks[2]
    assert all(np.allclose(one[name], first[name], atol=ROUND_OFF, rtol=0) for name in one)


def test_training_changed_the_weights_and_lowered_no_law(by_ranks):
    losses = by_ranks[1][0]["losses"]
    assert np.isfinite(losses).all()
    assert len(set(losses.tolist())) == len(losses)
