"""The study measures each cell once, in turn, and goes on where it was killed."""

import shutil

import numpy as np
import pytest

from zoo_core.contract import DataError, OutputError
from zoo_core.studies.cells import Cells
from zoo_core.studies.precision.study import STUDY, measure, predictions_file

ONCE = ["int8 convert", "float32 predict", "int8 predict", "float32 load", "int8 load"]
TURNS = ["float32 time", "int8 time", "int8 time", "float32 time"]


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def test_a_precision_is_converted_predicts_and_is_timed_in_turn(make_plan, asked, out):
    measure(make_plan(), out)
    assert asked() == ONCE + TURNS


def test_what_is_measured_is_not_measured_again(make_plan, asked, out):
    measure(make_plan(), out)
    asked()
    measure(make_plan(), out)
    assert asked() == []


def test_more_turns_measure_those_alone(make_plan, asked, out):
    measure(make_plan(), out)
    asked()
    measure(make_plan(n_turns=3), out)
    assert asked() == ["float32 load", "int8 load", "float32 time", "int8 time"]


def test_predictions_that_are_gone_are_made_again(make_plan, asked, out):
    measure(make_plan(), out)
    asked()
    predictions_file(out, "int8").unlink()
    measure(make_plan(), out)
    assert asked() == ["int8 predict"]


def test_a_conversion_that_nobody_recorded_is_made_anew(make_plan, asked, out):
    plan = make_plan()
    Cells(out, STUDY, plan.settings())
    (out / "models" / "int8").mkdir(parents=True)
    (out / "models" / "int8" / "half.bin").write_text("cut short")
    cells = measure(plan, out)
    assert [path.name for path in (out / "models" / "int8").iterdir()] == ["network.bin"]
    assert "int8 convert" in asked()
    assert {"converted": "int8"} in cells


def test_a_network_that_is_gone_is_converted_and_predicts_again(make_plan, asked, out):
    measure(make_plan(), out)
    asked()
    shutil.rmtree(out / "models" / "int8")
    measure(make_plan(), out)
    assert asked() == ["int8 convert", "int8 predict"]


def test_a_conversion_sees_training_examples_alone(make_plan, asked, out, subject):
    found = measure(make_plan(), out).values({"converted": "int8"})
    train = set(subject.prepared.index["example_id"].iloc[subject.prepared.rows("train")])
    assert set(found["example_ids"]) == train
    assert (found["n"], found["how"]) == (len(train), {"bits": 8})


def test_the_run_is_left_as_it_was(make_plan, asked, out, subject):
    measure(make_plan(), out)
    assert sorted(path.name for path in subject.run.iterdir()) == ["made", "model"]
    assert [path.name for path in (subject.run / "model").iterdir()] == ["model.keras"]


def test_other_settings_in_the_same_folder_are_refused_by_name(make_plan, asked, out):
    measure(make_plan(), out)
    with pytest.raises(OutputError, match="batch_size 4 there, 5 now"):
        measure(make_plan(batch_size=5), out)


def test_another_model_in_the_same_folder_is_refused(make_plan, asked, out, subject):
    measure(make_plan(), out)
    (subject.model.folder / "model.keras").write_bytes(b"another")
    with pytest.raises(OutputError, match="networks"):
        measure(make_plan(), out)


def test_a_part_without_examples_is_refused(make_plan):
    with pytest.raises(DataError, match="Received: 'validation', which holds none"):
        make_plan(part="validation")


def test_every_precision_is_the_first_of_as_many_turns(make_plan):
    plan = make_plan()
    firsts = [plan.order(turn)[0] for turn in range(4)]
    assert firsts == ["float32", "int8", "float32", "int8"]
    assert all(sorted(plan.order(turn)) == sorted(plan.names) for turn in np.arange(4))
