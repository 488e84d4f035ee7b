import dataclasses
import math

import pytest

from zoo_core.studies.scaling.plan import RANKS, STRONG, WEAK
from zoo_core.studies.scaling.projection import MOST_RANKS, Basis, projected
from zoo_core.studies.scaling.ring import Fit, Point
from zoo_core.studies.scaling.study import step_values
from zoo_core.studies.scaling.summary import (
    all_reduce_points,
    compute_seconds,
    fitted_points,
    speed_up,
    step_summaries,
    whole,
)
from zoo_core.studies.scaling.verdicts import model_verdicts, rank_verdicts, speed_up_verdict


def cell_of(cells, n_ranks, scaling=WEAK):
    return next(c for c in cells if (c["way"], c["n_ranks"], c["scaling"]) == (RANKS, n_ranks, scaling))


def test_efficiency_is_of_so_many_times_the_one_rank_of_the_same_run(row):
    rows = [row(1, images_per_s=10.0), row(2, images_per_s=15.0)]
    rows += [row(1, images_per_s=20.0, run=1), row(2, images_per_s=40.0, run=1)]
    cell = cell_of(step_summaries(rows, 2), 2)
    assert (cell["efficiency"], cell["images_per_s"], cell["n_runs"]) == ([0.875, 0.75, 1.0], [27.5, 15.0, 40.0], 2)


def test_ranks_beyond_the_cores_are_marked(rows):
    cells = step_summaries(rows, 2)
    assert [cell_of(cells, n)["more_ranks_than_cores"] for n in (1, 2, 4)] == [False, False, True]


def test_the_last_rank_to_come_waits_for_nobody():
    first = {"steps": {"6": {"step_s": [2.0, 2.0, 2.0], "all_reduce_s": [1.0, 1.5, 1.0]}}, "n_parameters": 5}
    second = {"steps": {"6": {"step_s": [4.0, 2.0, 2.0], "all_reduce_s": [0.2, 0.5, 0.4]}}, "n_parameters": 5}
    values = step_values([first, second], 6)
    assert (values["step_s"], values["images_per_s"]) == (2.0, 3.0)
    assert (values["all_reduce_s"], values["waiting_s"]) == (pytest.approx(0.7), pytest.approx(0.4))


def test_factors_multiply_to_the_whole_and_what_is_left_out_says_why(rows, setting):
    steps = speed_up(rows, setting)
    assert [step["name"] for step in steps] == ["stock", "float32", "default", "ranks"]
    assert [step["factor"][0] for step in steps if step.get("factor")] == [2.0, 18 / 16]
    assert whole(steps) == pytest.approx(18 / 8)
    assert "no instructions for bfloat16" in steps[2]["skipped"]
    assert "software 2.00 x ranks 1.12" in speed_up_verdict(steps, setting).text


def test_a_default_precision_of_its_own_is_a_factor(row, rows, setting):
    rows.append(row(way="default", scaling=STRONG, images_per_s=24.0))
    steps = speed_up(rows, dataclasses.replace(setting, precision="bfloat16"))
    assert [step["factor"][0] for step in steps[1:]] == [2.0, 1.5, 0.75]
    assert math.prod(step["factor"][0] for step in steps[1:]) == pytest.approx(whole(steps)) == pytest.approx(18 / 8)


def test_where_one_rank_alone_has_a_core_ranks_are_no_factor(rows, setting):
    steps = speed_up(rows, dataclasses.replace(setting, most_fitting=1))
    assert "only one rank" in steps[-1]["skipped"]
    assert whole(steps) == 2.0


def test_the_model_is_fitted_to_ranks_with_cores_of_their_own_where_there_are_any():
    sums = [{"n_ranks": p, "n_bytes": 8, "run": run, "seconds": p + run} for p in (2, 4) for run in range(3)]
    points = all_reduce_points(sums)
    assert points == [Point(2, 8, 3), Point(4, 8, 5)]
    assert fitted_points(points, 2) == points[:1]
    assert fitted_points(points, 1) == points


FIT = Fit((1e-3, 0.5e-3, 2e-3), (1e-9, 0.5e-9, 2e-9), 0.1, (2,))


@pytest.fixture
def basis(rows, setting):
    cells = step_summaries(rows, setting.most_fitting)
    return Basis(FIT, 1_000_000, compute_seconds(cells, setting), setting)


def test_computing_is_a_line_through_both_measured_batches(row, setting):
    cells = step_summaries([row(1, WEAK, 4 / 0.5), row(1, STRONG, 8 / 0.8)], 2)
    compute_s = compute_seconds(cells, setting)
    assert [compute_s(n) for n in (4, 8, 2)] == pytest.approx([0.5, 0.8, 0.35])


def test_a_noisy_pair_of_batches_makes_no_step_that_takes_less_than_nothing(row, setting):
    cells = step_summaries([row(1, WEAK, 4 / 0.2), row(1, STRONG, 8 / 0.9)], 2)
    assert compute_seconds(cells, setting)(0) == pytest.approx(0)


def test_one_projected_rank_is_the_measured_one_and_more_are_less_efficient(basis):
    rows = projected(basis)
    weak = [row for row in rows if row["scaling"] == WEAK]
    assert (weak[0]["images_per_s"], weak[0]["efficiency"]) == ([10.0] * 3, [1.0] * 3)
    assert [row["n_ranks"] for row in weak] == [2**k for k in range(10)]
    values = [row["efficiency"][0] for row in weak]
    assert values == sorted(values, reverse=True)
    assert all(row["efficiency"][1] <= row["efficiency"][0] <= row["efficiency"][2] for row in rows)


def test_projected_steps_are_computing_a_cycle_and_the_model_of_the_gradients_bytes(basis):
    last = [row for row in projected(basis) if row["scaling"] == WEAK][-1]
    reduce_s = 0.005 + FIT.seconds(4_000_000, MOST_RANKS)[0]
    assert last["step_ms"] == pytest.approx(1e3 * (0.4 + reduce_s))
    assert last["images_per_s"][0] == pytest.approx(MOST_RANKS * 4 / (0.4 + reduce_s))


def test_a_fixed_global_batch_is_not_projected_beyond_an_image_a_rank(basis):
    assert [row["n_ranks"] for row in projected(basis) if row["scaling"] == STRONG] == [1, 2, 4, 8]


def heads(verdicts):
    return " ".join(f"{v.level}: {v.head} {v.text}" for v in verdicts)


def test_a_poor_fit_takes_the_projection_back(basis, setting):
    poor = dataclasses.replace(FIT, misfit=0.4)
    said = heads(model_verdicts(poor, projected(basis), setting))
    assert "warning: The ring model does not describe these all-reduces: do not rely on the projection." in said
    assert "does not describe" not in heads(model_verdicts(FIT, projected(basis), setting))


def test_what_the_model_was_fitted_to_is_said(basis, setting):
    rows = projected(basis)
    assert "warning: The model was fitted to 2 ranks alone." in heads(model_verdicts(FIT, rows, setting))
    several = dataclasses.replace(FIT, ranks=(2, 3))
    assert "warning: The model was fitted to ranks that share cores." in heads(model_verdicts(several, rows, setting))
    assert "nothing is projected" in heads(model_verdicts(None, [], setting))


def test_crowded_cores_and_a_machine_that_was_not_quiet_are_said(row, rows, setting):
    calm = step_summaries([*rows, *(one | {"run": 1} for one in rows)], 2)
    noisy = step_summaries([*rows, row(2, images_per_s=11.0, run=1)], 2)
    assert "not quiet" not in heads(rank_verdicts(calm, setting))
    assert "measured once" not in heads(rank_verdicts(calm, setting))
    assert "warning: Everything was measured once." in heads(rank_verdicts(step_summaries(rows, 2), setting))
    said = heads(rank_verdicts(noisy, setting))
    assert "warning: The machine was not quiet." in said
    assert "warning: More ranks than cores: 4." in said
