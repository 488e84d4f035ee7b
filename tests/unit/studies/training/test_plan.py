"""Which cells there are, and which of them are trained."""

from itertools import pairwise

import pytest

from zoo_core.contract import ConfigError
from zoo_core.studies.accuracy.plan import ALL, SHARDINGS, curves, effects, schemes_of, talk
from zoo_core.studies.topology.summary import schemes
from zoo_core.studies.training import grid as grids
from zoo_core.studies.training.grid import Grid, refuse_few_seeds
from zoo_core.studies.training.scheme import Scheme, name_of

FIELDS = ("n_ranks", "sharding", "batch_norm", "rule")


def test_curves_begin_with_one_process_and_have_every_sharding_at_every_number_of_ranks():
    found = list(curves("net", (1, 2, 8), "linear"))
    assert found[0] == Scheme.one_process("net")
    assert {(s.n_ranks, s.sharding) for s in found[1:]} == {(n, sharding) for n in (2, 8) for sharding in SHARDINGS}


@pytest.mark.parametrize("rule", ["linear", "sqrt", "none"])
def test_an_effect_is_of_two_schemes_that_differ_in_its_cause_alone(rule):
    fields = {"learning-rate rule": ["rule"], "per-rank batch norm": ["batch_norm"], "sampling": ["sharding"]}
    for effect in effects("net", 8, rule):
        differing = [name for name in FIELDS if getattr(effect.scheme, name) != getattr(effect.without, name)]
        if effect.cause in fields:
            assert differing == fields[effect.cause]
        assert effect.scheme != effect.without


def test_causes_added_in_turn_lead_from_one_process_to_the_talk():
    path = [effect for effect in effects("net", 8, "linear") if effect.way == "added" and effect.cause != ALL]
    assert path[0].without == Scheme.one_process("net")
    assert path[-1].scheme == talk("net", 8, "linear")
    assert all(after.without == before.scheme for before, after in pairwise(path))
    # A batch as large, with the moments of all of it and in one order, is what one process would compute.
    assert path[0].scheme == Scheme("net", 8, "partition", "cross-rank", "none")


def test_without_a_rule_there_is_no_cause_of_that_name():
    assert "learning-rate rule" not in {effect.cause for effect in effects("net", 8, "none")}


def test_each_scheme_is_trained_once_and_two_of_the_causes_are_on_the_curves_too():
    causes = schemes_of(effects("net", 8, "linear"))
    assert len(causes) == len(set(causes)) == 7
    assert len(set(causes) & set(curves("net", (1, 8), "linear"))) == 3


def test_topologies_have_their_own_one_process():
    found = schemes(("a", "b"), (8,), "independent", "sqrt")
    assert [(s.topology, s.n_ranks, s.sharding) for s in found] == [
        ("a", 1, "partition"),
        ("a", 8, "independent"),
        ("b", 1, "partition"),
        ("b", 8, "independent"),
    ]


def test_cells_that_are_compiled_alike_are_neighbours_and_have_names_of_their_own():
    found = [*curves("net", (1, 2, 8), "linear"), *schemes_of(effects("net", 8, "linear"))]
    cells = Grid("accuracy", None, found, 3).cells()
    keys = [(cell["batch_norm"], cell["n_ranks"]) for cell in cells]
    assert len(list(dict.fromkeys(keys))) == sum(a != b for a, b in pairwise(keys)) + 1
    assert len({name_of(cell) for cell in cells}) == len(cells) == 3 * len(set(found))


def test_what_a_scheme_tells_a_run_is_the_batch_of_a_rank_times_the_ranks():
    settings = Scheme("net", 8, "independent", "per-rank", "linear").settings(4)
    assert settings["trainer"]["global_batch_size"] == 32
    assert settings["trainer"]["base_batch_size"] == 4
    assert settings["launch"] == {"n_ranks": 1, "n_virtual_ranks": 8}


@pytest.mark.parametrize("ranks", [(1,), (0, 2)])
def test_a_curve_needs_ranks(ranks):
    with pytest.raises(ConfigError, match="--ranks needs"):
        list(curves("net", ranks, "none"))


def test_one_seed_is_refused():
    with pytest.raises(ConfigError, match=r"--seeds needs a number from 2 on, better 3\. Received: 1"):
        refuse_few_seeds(1)


def test_only_cells_without_predictions_are_missing(trained):
    one, many = Scheme.one_process("net"), Scheme("net", 8, "partition", "per-rank", "linear")
    cells = trained({one: 1.0, many: 1.0})
    assert all(grids._is_kept(cells, scheme.cell(2)) for scheme in (one, many))
    grids.predictions_of(cells.folder, many.cell(2)).unlink()
    assert not grids._is_kept(cells, many.cell(2))
    assert not grids._is_kept(cells, one.cell(3))
