"""Nothing of a plugin is imported that was not asked for by name: others may be slow, broken or worse."""

from pathlib import Path
from typing import Any

import pytest

from zoo_core.cli.verbs import VERBS
from zoo_core.contract import GROUPS

POISON = "import pathlib\npathlib.Path({mark!r}).touch()\nraise SystemExit('poison')\n"

RUN = ("--data", "tiny", "--topology", "one-layer", "--precision", "float32", "--set", "trainer.n_epochs=1")


@pytest.fixture
def poison(site: Any, tmp_path: Path) -> Path:
    """Beside what is asked for, a poisoned plugin of each kind; where they are imported there is this file."""
    mark = tmp_path / "a-poisoned-plugin-was-imported"
    points = {f"{group}:poison": "lab_poison:plugin" for group in GROUPS.values()}
    points["zoo.commands.v1:data.poison"] = "lab_poison:plugin"
    site.install("lab-poison", points, lab_poison=POISON.format(mark=str(mark)))
    site.install("lab-next", {"zoo.tasks.v2:poison": "lab_poison:plugin"})
    return mark


@pytest.fixture
def lab(site: Any) -> None:
    source = (Path(__file__).parents[1] / "signalling_lab.py").read_text()
    points = {
        "zoo.datasets.v1:tiny": "signalling_lab:dataset",
        "zoo.topologies.v1:one-layer": "signalling_lab:topology",
    }
    site.install("signalling-lab", points, signalling_lab=source)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["list"],
        ["list", "--json"],
        ["info", "tiny"],
        ["info", "chexnet"],
        ["data", "--help"],
        ["run", "chexnet", "--preset", "smoke", "--data", "tiny", "--show-config"],
    ],
    ids=" ".join,
)
def test_what_only_looks_imports_no_stranger(zoo: Any, lab: None, poison: Path, arguments: list[str]) -> None:
    answer = zoo(*arguments)
    assert answer.code == 0, answer.err
    assert not poison.exists()


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_the_help_of_a_verb_imports_no_plugin(zoo: Any, poison: Path, verb: str) -> None:
    assert zoo(verb, "--help").code == 0
    assert not poison.exists()


@pytest.mark.parametrize(
    "arguments", [["info", "poison", "--kind", "task"], ["poison"], ["data", "poison"]], ids=" ".join
)
def test_the_poison_would_be_seen(zoo: Any, poison: Path, arguments: list[str]) -> None:
    answer = zoo(*arguments)
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert "lab-poison 1.0 does not load: importing 'lab_poison:plugin' raised SystemExit: poison" in answer.err
    assert poison.exists()


@pytest.mark.slow
def test_a_run_a_prediction_and_a_store_import_no_stranger(
    lab: None, poison: Path, tmp_path: Path, run_zoo: Any
) -> None:
    for arguments in (
        ["run", "chexnet", *RUN, "--set", "store.when=never", "--out", "run"],
        ["predict", "run", "--data", "tiny", "--out", "predicted"],
        ["data", "pack", "store", "--data", "tiny", "--size", "16"],
        ["evaluate", "run"],
    ):
        done = run_zoo(*arguments, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    assert not poison.exists()


def test_a_check_imports_no_stranger(lab: None, poison: Path, tmp_path: Path, run_zoo: Any) -> None:
    done = run_zoo("check", "tiny", cwd=tmp_path)
    assert "test_a_row_reads_the_same_each_time" in done.stdout, done.stderr  # whatever they found: the checks were run
    assert not poison.exists()
