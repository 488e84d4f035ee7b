"""Laws of `zoo check`."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import RunZoo, Site
from zoo_core.cli import check
from zoo_core.testing import running
from zoo_core.testing.checks import laws_of
from zoo_core.testing.dataset import DatasetAdapterTests

LAB = '''
import os, signal, time
from dataclasses import dataclass
import numpy as np
import pandas as pd
from zoo_core.contract import ArraySpec, DatasetCard, Label, Plugin

@dataclass(frozen=True)
class Config:
    """What can be set.

    Attributes:
        trouble: what is wrong.
    """

    trouble: str = ""

class Lab:
    specs = (ArraySpec("image", ("y", "x", "c"), (7, 5, 1), "uint8", (0, 255)),)
    labels = (Label("sick"),)
    group_columns = ("meta.patient_id",)
    split_name = None

    def __init__(self, config):
        self.trouble = config.trouble
        if self.trouble == "wrong":
            raise KeyError("nothing to see")

    @property
    def card(self):
        licence = "" if self.trouble == "licence" else "CC0-1.0"
        if self.trouble == "hangs":
            time.sleep(3600)
        if self.trouble == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        return DatasetCard("Lab", "Noise.", licence, "none", "a program", drawn=True)

    def index(self):
        names = [f"scan {i}" for i in range(6)]
        return pd.DataFrame({"example_id": names, "label.sick": [0, 1] * 3, "meta.patient_id": names})

    def read(self, i):
        if not 0 <= i < 6:
            raise IndexError(i)
        return {"image": np.full((7, 5, 1), i, np.uint8)}

plugin = Plugin(config=Config, create=Lab, summary="Noise.")
'''

N_CHECKS = len(laws_of(DatasetAdapterTests))


@pytest.fixture
def lab(site: Site, run_zoo: RunZoo) -> Callable[..., tuple[int, dict[str, Any], str]]:
    """Installs a data set with a trouble, checks it, and gives exit code, the record and what was said."""
    site.install("lab", {"zoo.datasets.v1:lab": "lab:plugin"}, lab=LAB)

    def run(trouble: str, *options: str) -> tuple[int, dict[str, Any], str]:
        done = run_zoo("check", "lab", "--set", f"data.trouble={trouble}", "--json", *options)
        return done.returncode, json.loads(done.stdout) if done.stdout else {}, done.stderr

    return run


def verdicts(record: dict[str, Any], verdict: str) -> dict[str, str | None]:
    return {one["name"]: one["reason"] for one in record["checks"] if one["verdict"] == verdict}


def test_a_sound_plugin_passes(lab: Callable[..., Any]) -> None:
    code, record, _ = lab("none")
    assert code == 0
    assert set(record["counts"]) == {"ok", "skipped"}
    assert len(record["checks"]) == N_CHECKS + 1  # and loading it
    assert verdicts(record, "skipped")["test_folds_keep_groups_whole"] == "it has no folds"


def test_a_broken_law_is_named_in_one_line_and_ends_with_1(lab: Callable[..., Any], run_zoo: RunZoo) -> None:
    done = run_zoo("check", "lab", "--set", "data.trouble=licence")
    assert done.returncode == 1
    failed = [line for line in done.stdout.splitlines() if line.startswith("failed")]
    assert failed == [
        "failed     test_card_is_complete: The card says 'licence' in words. Received: '': fill in DatasetCard.licence"
    ]
    assert ", 1 failed, " in done.stdout.splitlines()[-1]


@pytest.mark.parametrize(("trouble", "words"), [("hangs", "it hangs: not done within 12 s"), ("dies", "SIGKILL")])
def test_a_check_that_hangs_or_dies_is_named_and_the_others_go_on(
    trouble: str, words: str, lab: Callable[..., Any]
) -> None:
    code, record, _ = lab(trouble, "--time-limit", "12")
    assert code == 1
    failed, left = verdicts(record, "failed"), verdicts(record, "not run")
    assert list(failed) == ["test_card_is_complete", "test_index_has_known_columns_alone"]
    assert all(words in str(reason) for reason in failed.values())
    assert verdicts(record, "ok").keys() >= {"test_labels_are_described", "test_index_numbers_its_rows_from_0"}
    assert set(left.values()) == {"2 checks have ended their process"}
    assert len(record["checks"]) == N_CHECKS + 1


def test_an_object_that_cannot_be_made_is_a_failure(lab: Callable[..., Any]) -> None:
    code, record, _ = lab("wrong")
    assert code == 1
    assert verdicts(record, "failed") == {"making it": "it cannot be made: KeyError: 'nothing to see'"}


def test_a_plugin_that_raises_at_import_has_no_other_verdict(site: Site, run_zoo: RunZoo) -> None:
    site.install_topology("broken-lab", "broken", "raise RuntimeError('no licence file')")
    done = run_zoo("check", "broken")
    assert done.returncode == 1
    (line, _) = done.stdout.splitlines()
    assert line.startswith("failed     loading it: ")
    assert "no licence file" in line


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nobody",), "There is no plugin 'nobody'"),
        (("plate",), "There are checks of dataset, task, topology, precision. Received: command 'plate'"),
        (("float32=here",), "NAME=ROOT is of a data set"),
        (("float32", "--data", "packed"), "--data is of a task"),
        (("chest-phantom", "--set", "data.size=3"), "did you mean 'data.size_px'"),
        (("chest-phantom", "--set", "task.size_px=3"), "There is no configuration key 'task'"),
        (("leaf-folder",), "needs a folder"),
    ],
)
def test_a_mistake_is_one_line_and_ends_with_2(arguments: tuple[str, ...], words: str, run_zoo: RunZoo) -> None:
    done = run_zoo("check", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_name_of_two_kinds_needs_one(site: Site, lab: Callable[..., Any], run_zoo: RunZoo) -> None:
    site.install_topology("second-lab", "lab")
    done = run_zoo("check", "lab")
    assert done.returncode == 2
    assert "choose one with --kind" in done.stderr
    assert run_zoo("check", "lab", "--kind", "dataset").returncode == 0


def test_the_time_limit_that_help_shows_is_the_one_that_holds() -> None:
    assert check.TIME_LIMIT_S == running.TIME_LIMIT_S
