"""Numbers of many trainings: paired by seed and patient, undefined where they are, and never of other examples."""

import dataclasses

import pytest

from zoo_core.contract import DataError
from zoo_core.evaluation.predictions import read_predictions, write_predictions
from zoo_core.studies.accuracy.plan import ALL, effects, schemes_of
from zoo_core.studies.accuracy.summary import (
    curve_verdicts,
    difference_of,
    effect_verdicts,
    measured_effects,
    metric_of,
    points,
    resolution,
)
from zoo_core.studies.topology.summary import entries, verdicts
from zoo_core.studies.training.grid import predictions_of, runs_of, values_of
from zoo_core.studies.training.scheme import Scheme
from zoo_core.studies.training.scores import MEAN, Scored

ONE = Scheme.one_process("net")
MANY = Scheme("net", 8, "partition", "per-rank", "linear")


def read(cells):
    scored = Scored("auroc", n_replicates=300)
    return runs_of(cells, scored), scored


def test_a_planted_loss_is_found_and_resolved_though_patients_differ_widely(trained):
    runs, scored = read(trained({ONE: 2.0, MANY: 1.2}))
    own = metric_of(runs[MANY], scored.n_groups)
    difference = difference_of(runs[MANY], runs[ONE], scored.n_groups)
    assert difference.value == pytest.approx(own.value - metric_of(runs[ONE], scored.n_groups).value)
    assert resolution(difference) == "lower"
    assert difference.high - difference.low < own.high - own.low


def test_the_same_predictions_differ_by_nothing_and_little_is_not_resolved(trained):
    runs, scored = read(trained({ONE: 1.5, MANY: 1.5, MANY.but(sharding="independent"): 1.49}))
    same = difference_of(runs[MANY], runs[ONE], scored.n_groups)
    assert (same.value, same.low, same.high) == (0, 0, 0)
    little = difference_of(runs[MANY.but(sharding="independent")], runs[ONE], scored.n_groups)
    assert resolution(little) == "not resolved"


def test_a_finding_without_positives_is_undefined_and_the_mean_is_over_the_others(trained):
    runs, scored = read(trained({ONE: 1.5}))
    assert metric_of(runs[ONE], scored.n_groups, "Edema") is None
    both = [metric_of(runs[ONE], scored.n_groups, name).value for name in ("Mass", "Hernia")]
    assert metric_of(runs[ONE], scored.n_groups).value == pytest.approx(sum(both) / 2)
    assert scored.n_positive["Edema"] == 0


def test_differences_are_paired_by_seed_and_a_seed_without_a_partner_does_not_count(trained):
    runs, scored = read(trained({ONE: 1.5, MANY: 1.0}))
    fewer = {seed: run for seed, run in runs[ONE].items() if seed != 1}
    assert difference_of(runs[MANY], fewer, scored.n_groups).n_seeds == 2
    swapped = {0: runs[ONE][1], 1: runs[ONE][0], 2: runs[ONE][2]}
    paired, crossed = (difference_of(runs[MANY], one, scored.n_groups) for one in (runs[ONE], swapped))
    assert paired.value == pytest.approx(crossed.value)
    assert paired.se_seeds != pytest.approx(crossed.se_seeds)


def test_cells_of_other_examples_are_refused(trained):
    cells = trained({ONE: 1.5, MANY: 1.0})
    path = predictions_of(cells.folder, MANY.cell(1))
    other = read_predictions(path)
    write_predictions(dataclasses.replace(other, table=other.table.iloc[1:]), path)
    with pytest.raises(DataError, match="same examples"):
        read(cells)


def test_points_stand_by_sharding_and_ranks_and_bring_the_ledger_beside_what_was_expected(trained):
    independent = MANY.but(sharding="independent")
    cells = trained({independent: 1.0, MANY: 1.2, MANY.but(n_ranks=2): 1.4, ONE: 1.5})
    runs, scored = read(cells)
    found = points(runs, {scheme: values_of(cells, scheme) for scheme in runs}, scored.n_groups, ONE)
    assert [point.scheme for point in found] == [ONE, MANY.but(n_ranks=2), MANY, independent]
    assert found[0].difference is None
    assert (found[-1].seen, found[-1].never_seen) == pytest.approx((0.65, 0.1))
    assert found[-1].expected == pytest.approx(1 - (7 / 8) ** 8)
    heads = [verdict.head for verdict in curve_verdicts(found)]
    assert heads == ["partition, 8 ranks: costs AUROC.", "independent, 8 ranks: costs AUROC."]


def test_a_planted_cause_is_told_and_the_others_are_said_to_be_unresolved(trained):
    causes = effects("net", 8, "linear")
    skill = {
        scheme: 0.8 if scheme.batch_norm == "per-rank" and scheme.n_ranks > 1 else 2.0 for scheme in schemes_of(causes)
    }
    runs, scored = read(trained(skill))
    found = measured_effects(causes, runs, scored.n_groups)
    told = {(one.effect.way, one.effect.cause): resolution(one.difference) for one in found}
    assert told["added", "per-rank batch norm"] == told["alone", "per-rank batch norm"] == told["added", ALL] == "lower"
    assert set(told.values()) == {"lower", "not resolved"}
    assert sum(value == "lower" for value in told.values()) == 3
    heads = [verdict.head for verdict in effect_verdicts(found)]
    assert heads[0] == "Per-rank batch norm costs AUROC."
    assert heads[1] == "Not resolved from zero: global batch, learning-rate rule, sampling."


def test_a_cause_that_is_told_alone_is_not_said_to_be_unresolved(trained):
    causes = effects("net", 8, "linear")
    end = causes[-1].scheme
    skill = {scheme: 0.8 if scheme == end.but(rule="none") else 2.0 for scheme in schemes_of(causes)}
    runs, scored = read(trained(skill))
    found = measured_effects(causes, runs, scored.n_groups)
    verdicts = list(effect_verdicts(found))
    assert verdicts[0].head == "Learning-rate rule gains AUROC."
    assert verdicts[0].text.startswith("Alone, in the talk's scheme: +")
    assert "learning-rate rule" not in verdicts[1].head


def test_what_is_added_in_turn_adds_up_to_all_together(trained):
    causes = effects("net", 8, "linear")
    skill = {scheme: 2.0 - 0.2 * i for i, scheme in enumerate(schemes_of(causes))}
    runs, scored = read(trained(skill))
    found = measured_effects(causes, runs, scored.n_groups)
    parts = [one.difference.value for one in found if one.effect.way == "added" and one.effect.cause != ALL]
    total = next(one.difference.value for one in found if one.effect.cause == ALL)
    assert sum(parts) == pytest.approx(total)


def test_topologies_are_held_against_the_first_at_the_same_batch_and_against_themselves(trained):
    order = [scheme.but(topology=name) for name in ("net", "other") for scheme in (ONE, MANY)]
    skills = dict(zip(order, (2.0, 1.5, 2.0, 0.8), strict=True))
    runs, scored = read(trained(skills))
    found = entries(runs, order, list(scored.n_positive), scored.n_groups)
    assert len(found) == 4 * 4
    means = [entry for entry in found if entry.label == MEAN]
    assert [entry.relative is None for entry in means] == [True, True, False, False]
    assert [entry.change is None for entry in means] == [True, False, True, False]
    assert means[2].relative.value == 0
    assert resolution(means[3].relative) == resolution(means[3].change) == "lower"
    said = list(verdicts(found))
    assert said[1].head == "other, 8 ranks: loses AUROC."
    assert "it is below net" in said[1].text
    assert said[-1].head == "Undefined: Edema."
