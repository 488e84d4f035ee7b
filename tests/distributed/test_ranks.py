"""Laws of ranks, with real processes."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from zoo_core.distributed.launch import launch_local

pytest.importorskip("horovod", reason="Horovod is not installed: 'make setup' builds it")

ROUND_OFF = 2e-5
"""What another order of float32 sums may change in twenty steps of SGD; weights are about 0.3, losses about 0.7."""

WIRE = 2e-3
"""What float16 may change on the wire: it has eleven binary digits."""

CROSS = {"batch_norm": "cross-rank"}
VARIANTS = {
    1: {
        "cross": CROSS,
        "virtual-2": {"n_played": 2},
        "virtual-4": {"n_played": 4},
        "virtual-cross": {"n_played": 4, **CROSS},
        "in-parts": {"n_accumulations": 2},
    },
    2: {
        "cross": CROSS,
        "real-2": {},
        "float16": {"all_reduce_dtype": "float16"},
        "cross-in-parts": {"n_accumulations": 3, **CROSS},
    },
    3: {"cross": CROSS, "liar": {"liar": 1}},
    4: {"cross": CROSS, "real-4": {}},
}
"""By number of processes."""


def trained(folder: Path, n_ranks: int) -> None:
    program = str(Path(__file__).with_name("train_steps.py"))
    command = [sys.executable, program, str(folder), json.dumps(VARIANTS[n_ranks])]
    if n_ranks == 1:
        subprocess.run(command, check=True)
    else:
        assert launch_local(command, n_ranks) == 0


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What each rank holds after its steps, by number of processes and variant."""
    results = {}
    for n_ranks, variants in VARIANTS.items():
        folder = tmp_path_factory.mktemp("ranks")
        trained(folder, n_ranks)
        for name in variants:
            results[n_ranks, name] = [dict(np.load(folder / f"{name}-{rank}.npz")) for rank in range(n_ranks)]
    return results


def assert_close(one, other, tolerance=ROUND_OFF):
    names = [name for name in one if name not in ("own", "words")]
    assert names == [name for name in other if name not in ("own", "words")]
    for name in names:
        assert np.allclose(one[name], other[name], atol=tolerance, rtol=0), name


@pytest.mark.parametrize("n_ranks", [2, 3, 4])
def test_with_the_moments_of_all_ranks_any_number_of_them_trains_as_one_does(found, n_ranks):
    assert_close(found[1, "cross"][0], found[n_ranks, "cross"][0])


def test_so_do_ranks_that_compute_their_shares_in_parts_only_where_a_part_has_moments_of_its_own(found):
    assert_close(found[1, "cross"][0], found[1, "virtual-cross"][0])
    with pytest.raises(AssertionError):
        assert_close(found[1, "cross"][0], found[1, "in-parts"][0])
    assert np.isfinite(found[2, "cross-in-parts"][0]["losses"]).all()


def test_per_rank_moments_are_another_training_so_that_agreement_says_something(found):
    with pytest.raises(AssertionError):
        assert_close(found[1, "cross"][0], found[2, "real-2"][0])


@pytest.mark.parametrize("size", [2, 4])
def test_virtual_ranks_are_as_many_real_ones(found, size):
    virtual, real = found[1, f"virtual-{size}"][0], found[size, f"real-{size}"][0]
    assert_close(virtual, real)
    assert virtual["own"].shape == real["own"].shape == (size, 2 * (4 + 3))
    assert np.allclose(virtual["own"], real["own"], atol=ROUND_OFF, rtol=0)
    assert np.ptp(real["own"], axis=0).max() > 100 * ROUND_OFF  # each rank has statistics of its own


@pytest.mark.parametrize(("n_ranks", "name"), [(2, "real-2"), (2, "float16"), (2, "cross-in-parts"), (4, "cross")])
def test_ranks_hold_bit_equal_weights(found, n_ranks, name):
    first, *others = found[n_ranks, name]
    assert all((first[key] == other[key]).all() for other in others for key in first)
    assert first["words"] == ""


def test_a_rank_whose_weights_once_differed_by_a_bit_is_named_on_every_rank(found):
    words = {str(one["words"]) for one in found[3, "liar"]}
    assert len(words) == 1
    assert "after step 20 rank 1 of 3 differ from rank 0" in words.pop()


def test_float16_on_the_wire_changes_no_more_than_its_digits(found):
    assert_close(found[2, "real-2"][0], found[2, "float16"][0], WIRE)
    with pytest.raises(AssertionError):
        assert_close(found[2, "real-2"][0], found[2, "float16"][0], ROUND_OFF / 10)


def test_training_changed_the_weights_and_lowered_no_law(found):
    losses = found[1, "cross"][0]["losses"]
    assert np.isfinite(losses).all()
    assert len(set(losses.tolist())) == len(losses)
