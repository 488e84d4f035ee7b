"""`zoo tune`: what it refuses, what it forgets, and what `zoo doctor` shows of it; tests/end_to_end has a whole one."""

import dataclasses
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from zoo_core.cli.tune import as_record, as_text
from zoo_core.distributed import horovod
from zoo_core.runtime.examination import examine
from zoo_core.runtime.settings import configure, given_settings
from zoo_core.runtime.tuning.applying import subject_of_settings
from zoo_core.runtime.tuning.candidates import Candidate
from zoo_core.runtime.tuning.conductor import Tuning
from zoo_core.runtime.tuning.findings import Findings
from zoo_core.runtime.tuning.records import Record, recall_records, remember_records

ONE, TWO, FAILED, SLOW = (Candidate(*at, "float32") for at in ((1, 0), (2, 1), (4, 1), (1, 1)))
SMOKE = ("chexnet", "--preset", "smoke")


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Record:
    """What was found for the smoke preset on this machine, in a memory of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    subject = subject_of_settings(given_settings("chexnet", "smoke", []))
    return Record(subject, dt.date(2024, 2, 29), (32, 32, 3), TWO, 1, 12.0, 1.2)


@pytest.fixture
def found(record: Record) -> Tuning:
    findings = Findings(
        ONE,
        looks={ONE: 9.0, TWO: 13.0, SLOW: 5.0},
        rounds={ONE: [10.0, 11.0, 9.0], TWO: [12.0, 13.0, 11.0]},
        predictions={ONE: {1: [30.0]}, TWO: {1: [40.0], 2: [42.0]}},
        batches={32: [1.1, 1.08, 1.06], 8: [0.7, 0.8, 0.9]},
        failures={FAILED: "out of memory"},
    )
    return Tuning(record, findings, (ONE, TWO, FAILED, SLOW), configure("chexnet", "smoke", []))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonesuch"], "There is no task 'nonesuch'"),
        (["chexnet", "--data", "nonesuch"], "There is no dataset 'nonesuch'"),
        (["chexnet", "--data", "packed=nowhere"], "nowhere"),
        (["chexnet", "--topology", "nonesuch"], "There is no topology 'nonesuch'"),
        (["chexnet", "--preset", "smoky"], "did you mean 'smoke'?"),
        (["chexnet", "--set", "trainer.fly=1"], "There is no configuration key 'trainer.fly'"),
        (["chexnet", "--budget", "9"], "--budget needs 10 seconds or more. Received: 9"),
        (["chexnet", "--budget", "nan"], "--budget needs 10 seconds or more. Received: nan"),
        (["chexnet", "--set", "launch.n_ranks=2"], "chooses launch.n_ranks by itself: leave it out"),
        (["chexnet", "--set", "precision.name=float32"], "chooses precision.name by itself: leave it out"),
        (["chexnet", "--set", "launch=2"], "'launch' needs a section of keys"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(zoo: Any, arguments: list[str], said: str) -> None:
    answer = zoo("tune", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert answer.err.count("\n") == 1


def test_what_is_forgotten_is_of_this_machine_and_model_alone(zoo: Any, record: Record) -> None:
    elsewhere = dataclasses.replace(record, subject=dataclasses.replace(record.subject, machine={"cpu_model": "B"}))
    remember_records([elsewhere, record])
    assert zoo("tune", *SMOKE, "--forget").out == "forgotten: chexnet, densenet121 on this machine\n"
    assert recall_records() == [elsewhere]
    assert zoo("tune", *SMOKE, "--forget").out.startswith("nothing was kept for chexnet, densenet121")


@pytest.mark.skipif(bool(horovod.unavailable()), reason="Horovod is not installed: 'make setup' builds it")
def test_a_run_uses_the_record_and_says_so_unless_it_is_overridden(zoo: Any, record: Record) -> None:
    remember_records([record])
    shown = zoo("run", *SMOKE, "--show-config").out
    assert "# tuned on 2024-02-29: 2 ranks x 1 thread, float32, predicting in 1 stream (zoo tune)" in shown
    assert "n_ranks = 2\nn_threads = 1\n" in shown
    overridden = zoo("run", *SMOKE, "-np", "1", "--show-config").out
    assert "tuned" not in overridden
    assert "n_ranks = 1\nn_threads = 0\n" in overridden


def test_a_damaged_memory_is_a_warning_and_the_defaults_are_used(zoo: Any, record: Record, tmp_path: Path) -> None:
    remember_records([record])
    (tmp_path / "zoo" / "tuned.json").write_text("{")
    answer = zoo("run", *SMOKE, "--show-config")
    assert answer.code == 0
    assert answer.err.startswith("zoo: warning: What 'zoo tune' found needs to be read from")
    assert "n_ranks = 1" in answer.out


def test_the_doctor_shows_the_records_of_this_machine_and_reports_a_damaged_file(
    zoo: Any, record: Record, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("zoo_core.runtime.examination.examine_libraries", lambda: ())
    monkeypatch.setattr("zoo_core.cli.doctor.found_entries", lambda: ())
    elsewhere = dataclasses.replace(record, subject=dataclasses.replace(record.subject, machine={"cpu_model": "B"}))
    remember_records([elsewhere, record])
    section = zoo("doctor").out.partition("Tuned\n")[2].partition("\n\n")[0]
    assert section.split("  ")[1:] == [
        "chexnet, densenet121, 32x32x3",
        "2 ranks x 1 thread, float32, predicting in 1 stream: 1.20 times as fast as the default, found on 2024-02-29",
    ]
    (shown,) = json.loads(zoo("doctor", "--json").out)["tuned"]
    assert (shown["date"], shown["candidate"]["n_ranks"]) == ("2024-02-29", 2)
    (tmp_path / "zoo" / "tuned.json").write_text("{")
    damaged = examine((), lambda what: None)
    assert damaged.tuned == ()
    assert any("tuned.json" in note for note in damaged.notes)


def test_the_table_says_for_each_candidate_how_fast_it_is_or_why_it_was_not_measured(found: Tuning) -> None:
    n_cores = found.record.subject.machine["n_usable_cores"]
    lines = [" ".join(line.split()) for line in as_text(found).splitlines()]
    for said in (
        f"{ONE.describe(n_cores)} 10.0 9.0 to 11.0 1.00 default",
        "2 ranks x 1 thread, float32 12.0 11.0 to 13.0 1.20 chosen",
        "4 ranks x 1 thread, float32 out of memory",
        "1 rank x 1 thread, float32 5.0 0.56 first look alone",
        "predicting, images/s: 1 stream 40.0, 2 streams 42.0",
        "a global batch of 32 is 8 % faster: --set trainer.global_batch_size=32 (it changes what is learned)",
        "kept: 2 ranks x 1 thread, float32, predicting in 1 stream",
    ):
        assert said in lines
    assert not any("global batch of 8 " in line for line in lines)


def test_where_nothing_was_measured_beside_the_default_nothing_is_kept_and_more_time_is_advised(
    zoo: Any, found: Tuning, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = Findings(
        ONE, looks={ONE: 9.0}, rounds={ONE: [9.0]}, predictions={ONE: {1: [30.0]}}, failures={TWO: "time was up"}
    )
    alone = dataclasses.replace(
        found, findings=seen, candidates=(ONE, TWO), record=dataclasses.replace(found.record, candidate=ONE)
    )
    monkeypatch.setattr("zoo_core.cli.tune._tuned", lambda *_: alone)
    answer = zoo("tune", *SMOKE)
    assert answer.code == 0
    assert answer.out.endswith("nothing is kept: give it more time with --budget SECONDS\n")
    assert recall_records() == []
    monkeypatch.setattr("zoo_core.cli.tune._tuned", lambda *_: found)
    assert zoo("tune", *SMOKE).out.endswith("unless -np, --precision or a launch setting is given\n")
    assert recall_records() == [found.record]


def test_the_same_is_there_for_programs(found: Tuning) -> None:
    values = json.loads(json.dumps(as_record(found)))
    assert values["chosen"] == {
        "launch": {"n_ranks": 2, "n_threads": 1, "n_streams": 1},
        "precision": {"name": "float32"},
    }
    assert [one["images_per_s"] for one in values["candidates"]] == [[10, 11, 9], [12, 13, 11], [], [5]]
    assert [one["failure"] for one in values["candidates"]] == [None, None, "out of memory", None]
    assert values["ratios_of_global_batches"]["32"] == [1.1, 1.08, 1.06]
