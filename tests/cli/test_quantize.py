"""`zoo quantize`: options, exit codes and mistakes."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.unit.report.test_conversion_table import RECORD
from zoo_core.cli import quantize as verb
from zoo_core.distributed.signals import Stopped
from zoo_core.evaluation.draws import N_REPLICATES, SEED
from zoo_core.runtime.converting import convert, wish
from zoo_core.runtime.converting.convert import Outcome
from zoo_core.runtime.converting.wish import Wish

Seen = list[tuple[Path, Wish]]


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    """What was asked for; nothing is converted."""
    asked: Seen = []
    monkeypatch.setattr(wish, "plan", lambda path, wished: asked.append((path, wished)))
    answers(monkeypatch, Outcome(RECORD, Path("run/model-int8")))
    return asked


def answers(monkeypatch: pytest.MonkeyPatch, outcome: Outcome) -> None:
    monkeypatch.setattr(convert, "quantize", lambda job: outcome)


def test_the_defaults_are_those_of_a_wish(zoo: Any, seen: Seen) -> None:
    zoo("quantize", "run")
    assert seen == [(Path("run"), Wish())]
    assert (verb.DEFAULT_REPLICATES, verb.DEFAULT_SEED) == (N_REPLICATES, SEED)


def test_what_is_asked_for_arrives(zoo: Any, seen: Seen) -> None:
    limits = ("--limit", "0.02", "--label-limit", "0.05", "--control-minutes", "0.5")
    zoo(
        "quantize",
        "run",
        "--precision",
        "int8-litert",
        "--examples",
        "7",
        *limits,
        "--replicates",
        "200",
        "--seed",
        "3",
    )
    ((_, wished),) = seen
    assert (wished.precision, wished.n_examples, wished.mean_limit, wished.label_limit) == (
        "int8-litert",
        7,
        0.02,
        0.05,
    )
    assert (wished.control_s, wished.draws.n_replicates, wished.draws.seed) == (30, 200, 3)


def test_control_can_be_left_out(zoo: Any, seen: Seen) -> None:
    zoo("quantize", "run", "--no-control")
    assert seen[0][1].control_s is None


def test_what_is_kept_is_shown_with_its_folder(zoo: Any, seen: Seen) -> None:
    answer = zoo("quantize", "run")
    assert answer.code == 0
    assert "Pleural_Thickening" in answer.out
    assert answer.out.splitlines()[-1] == "converted model: run/model-int8"


def test_a_refusal_has_exit_code_1_and_keeps_nothing(zoo: Any, seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, Outcome({**RECORD, "verdict": "refused", "speed": None}, None))
    answer = zoo("quantize", "run")
    assert answer.code == 1
    assert "int8: refused." in answer.out
    assert answer.out.splitlines()[-1] == "Nothing was kept."


@pytest.mark.parametrize(("folder", "code"), [(Path("run/model-int8"), 0), (None, 1)])
def test_json_is_the_record(
    zoo: Any, seen: Seen, monkeypatch: pytest.MonkeyPatch, folder: Path | None, code: int
) -> None:
    answers(monkeypatch, Outcome(RECORD, folder))
    answer = zoo("quantize", "run", "--json")
    assert (json.loads(answer.out), answer.code) == (RECORD, code)


def test_a_signal_says_that_nothing_was_written(zoo: Any, seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(job: Any) -> Outcome:
        raise Stopped(signal.SIGTERM)

    monkeypatch.setattr(convert, "quantize", stopped)
    answer = zoo("quantize", "run")
    assert (answer.code, answer.out) == (143, "")
    assert "stopped by SIGTERM: nothing was written" in answer.err


@pytest.mark.parametrize(
    "option",
    [
        ("--examples", "0"),
        ("--limit", "-0.1"),
        ("--label-limit", "-1"),
        ("--control-minutes", "0"),
        ("--replicates", "99"),
        ("--seed", "-1"),
    ],
)
def test_values_that_make_no_sense_are_refused(zoo: Any, seen: Seen, option: tuple[str, str]) -> None:
    answer = zoo("quantize", "run", *option)
    assert (answer.code, seen) == (2, [])
    assert option[0] in answer.err


def test_a_folder_without_a_model_is_a_mistake_in_one_line(zoo: Any, tmp_path: Path) -> None:
    answer = zoo("quantize", str(tmp_path))
    assert (answer.code, answer.out) == (2, "")
    assert len(answer.err.strip().splitlines()) == 1
    assert str(tmp_path) in answer.err
