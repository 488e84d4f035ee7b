"""What the turns say together, what is told of it, and the files."""

import csv
import hashlib
import json

import pytest

from tests.unit.studies.precision.conftest import Converting, Trained
from zoo_core.studies.cells import Cells
from zoo_core.studies.precision.study import STUDY, measure
from zoo_core.studies.precision.subject import Candidate
from zoo_core.studies.precision.summary import turn_rows
from zoo_core.studies.precision.writing import write_results

EVIDENCE = (
    "warning: Not enough evidence for 1 of 2 findings. Pleural Thickening. Such a finding is in no mean "
    "and never counts as passed; the table below says what it lacks."
)
SLOW = {"latency_ms": [200.0], "images_per_s": 5.0}
PNG = b"\x89PNG\r\n"


@pytest.fixture
def results(make_plan, asked, tmp_path):
    """Measures and writes a study."""

    def make(**changes):
        plan = make_plan(**changes)
        return write_results(plan, measure(plan, tmp_path / "out"))

    return make


def told(found):
    return [f"{verdict.level}: {verdict.head} {verdict.text}" for verdict in found.verdicts]


def rows(found, name):
    (path,) = (path for path in found.files if path.name == name)
    return list(csv.DictReader(path.read_text().splitlines()))


def test_a_ratio_is_to_float32_of_the_same_turn(tmp_path):
    cells = Cells(tmp_path, STUDY, {})
    for turn, (reference, own) in enumerate(((10.0, 30.0), (5.0, 10.0))):
        times = {
            name: {"latency_ms": [1000 / rate], "images_per_s": rate}
            for name, rate in (("float32", reference), ("int8", own))
        }
        cells.add({"turn": turn}, {"order": ["int8", "float32"], "times": times})
    own = [row for row in turn_rows(cells) if row["precision"] == "int8"]
    assert [row["images_per_s_ratio"] for row in own] == [3.0, 2.0]
    assert [row["latency_ratio"] for row in own] == pytest.approx([3.0, 2.0])


def test_speed_latency_sizes_and_memory_are_those_that_were_measured(results):
    reference, int8 = results().precisions
    assert (int8["images_per_s_ratio"], int8["latency_ratio"]) == ([3.0] * 3, pytest.approx([3.0] * 3))
    assert (reference["latency_p50_ms"], reference["n_calls"]) == (100.0, 6)
    assert 100.0 < reference["latency_p99_ms"] <= 900.0
    assert (reference["network_bytes"], int8["network_bytes"]) == (4000, 1000)
    assert (int8["memory_bytes"], int8["memory_before_bytes"]) == (3 * 10**8, 10**8)


def test_one_that_keeps_its_accuracy_has_passed_and_the_rare_finding_is_named(results):
    first, second, *_ = told(results())
    assert first.startswith("note: int8: 3.0 times float32, mean AUROC ")
    assert ", passed." in first
    assert "1 of 2 findings judged." in first
    assert second == EVIDENCE


def test_one_that_loses_too_much_is_refused_with_its_reason(results):
    first, *_ = told(results(noise=3.0))
    assert first.startswith("warning: int8: 3.0 times float32, mean AUROC -0.")
    assert ", refused." in first
    assert "Mass: AUROC -0." in first


def test_a_cpu_without_the_instructions_a_precision_left_out_few_turns_and_drawn_data_are_told(results):
    lines = told(results(int8=Converting(("no_such_flag",)), unusable={"int4": "its library is missing"}))
    assert any("note: int8 has no instructions of its own here. This CPU has none of no_such_flag" in s for s in lines)
    assert "note: int4 was left out. its library is missing" in lines
    assert any(line.startswith("warning: 2 turns alone.") for line in lines)
    assert any("drawn by a program" in line for line in lines)


def test_a_machine_that_was_not_quiet_is_told(make_plan, asked, tmp_path):
    plan = make_plan()
    cells = measure(plan, tmp_path / "out")
    cells.add({"turn": 0}, {"order": plan.names, "times": dict.fromkeys(plan.names, SLOW)})
    assert any(line.startswith("warning: The machine was not quiet.") for line in told(write_results(plan, cells)))


def test_real_data_enough_turns_and_a_quiet_machine_take_nothing_away(results):
    assert [line for line in told(results(drawn=False, n_turns=5)) if line.startswith("warning")] == [EVIDENCE]


def test_every_file_is_written_and_the_record_is_json(results):
    found = results()
    assert [path.name for path in found.files] == [
        "precision.csv",
        "precision-findings.csv",
        "precision-turns.csv",
        "precision.png",
        "precision-findings.png",
        "precision.html",
    ]
    assert all(path.read_bytes().startswith(PNG) for path in found.files if path.suffix == ".png")
    assert json.loads(json.dumps(found.record(), allow_nan=False))["precisions"][1]["precision"] == "int8"


def test_the_tables_hold_a_line_a_precision_a_finding_and_a_turn(results):
    found = results()
    reference, int8 = rows(found, "precision.csv")
    comparison = found.precisions[1]["comparison"]
    assert (reference["verdict"], int8["verdict"]) == ("", "passed")
    assert float(int8["mean_difference_low"]) == comparison["mean"]["difference"][1]
    assert float(int8["images_per_s_ratio_largest"]) == 3.0
    assert [(row["finding"], row["verdict"]) for row in rows(found, "precision-findings.csv")] == [
        ("Mass", "passed"),
        ("Pleural_Thickening", "not enough evidence"),
    ]
    assert [(row["turn"], row["precision"]) for row in rows(found, "precision-turns.csv")] == [
        ("0", "float32"),
        ("0", "int8"),
        ("1", "int8"),
        ("1", "float32"),
    ]


@pytest.mark.parametrize("drawn", [True, False])
def test_the_page_says_what_was_measured_where_and_escapes_names(results, drawn):
    page = results(drawn=drawn, unusable={"int4": "its library is missing"}).files[-1].read_text()
    assert "A &lt;lab&gt;" in page
    assert "<lab>" not in page
    assert ("Drawn data" in page) is drawn
    assert all(word in page for word in ("Pleural Thickening", "not enough evidence", "int4", "its library is missing"))
    assert all(word in page for word in ("usable cores", "-0.005", "-0.01", "converted by this study"))


def test_what_the_gate_said_when_the_model_was_quantized_is_shown(results, subject):
    folder = subject.run / "model-int8"
    folder.mkdir()
    (folder / "network.bin").write_bytes(bytes(7))
    files = {"network.bin": hashlib.sha256(bytes(7)).hexdigest()}
    record = {"schema_version": 1, "verdict": "not enough evidence", "network_files": files}
    (folder / "conversion.json").write_text(json.dumps(record))
    candidates = (Candidate("float32", Trained(), subject.model.folder), Candidate("int8", Converting(), folder))
    found = results(candidates=candidates)
    assert found.precisions[1]["network_bytes"] == 7
    assert "when quantized: not enough evidence" in found.files[-1].read_text()
    assert "converted by zoo quantize" in found.files[-1].read_text()


def test_where_no_finding_can_be_judged_there_is_a_page_all_the_same(results, monkeypatch):
    monkeypatch.setattr("zoo_core.evaluation.gate.LEAST_POSITIVES", 1000)
    found = results()
    assert found.precisions[1]["comparison"]["verdict"] == "not enough evidence"
    assert told(found)[0].startswith("warning: int8: 3.0 times float32, mean AUROC undefined, not enough evidence.")
    assert "undefined" in found.files[-1].read_text()
