"""What an allow-list leaves out is shown with the reason, and no verb imports it."""

import json
from pathlib import Path
from typing import Any

import pytest

from zoo_core.contract import GROUPS
from zoo_core.plugins import find_entries
from zoo_core.runtime import examination

POISON = "import pathlib\npathlib.Path({mark!r}).touch()\nraise SystemExit('poison')\n"
SMOKE = ("chexnet", "--preset", "smoke")


@pytest.fixture
def barred(site: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A plugin of each kind that the list leaves out, and one topology that it allows; where it is imported, a file."""
    mark = tmp_path / "what-is-not-allowed-was-imported"
    points = {f"{group}:barred": "lab_barred:plugin" for group in GROUPS.values()}
    points["zoo.commands.v1:data.barred"] = "lab_barred:plugin"
    site.install("lab-barred", points, lab_barred=POISON.format(mark=str(mark)))
    site.install_topology("lab-net", "tiny")
    (tmp_path / "zoo.toml").write_text(
        '[allow]\nlab-net = "==1.0"\nzoo-radiology = "*"\nzoo-data-chestxray14 = ">=0.1"\n'
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ZOO_CONFIG", raising=False)
    return mark


def listed(zoo: Any, distribution: str) -> dict[tuple[str, str], dict[str, Any]]:
    records = json.loads(zoo("list", "--json").out)
    return {(r["kind"], r["name"]): r for r in records if r["distribution"] == distribution}


def test_what_is_left_out_is_listed_as_not_allowed_with_what_to_add(zoo: Any, barred: Path) -> None:
    records = listed(zoo, "lab-barred")
    assert len(records) == len(GROUPS) + 1
    for (kind, name), record in records.items():
        assert record["health"] == "not allowed"
        assert record["reason"] == (
            f"{kind.capitalize()} '{name}' of lab-barred 1.0 is not allowed by 'zoo.toml': add lab-barred = \"==1.0\" "
            "to its table [allow] to allow it"
        )
    assert listed(zoo, "lab-net")["topology", "tiny"]["health"] == "not tried"
    assert {record["health"] for record in listed(zoo, "zoo-core").values()} == {"not tried"}
    table, _, reasons = zoo("list").out.partition("\n\nNot allowed\n")
    assert "not allowed" in table
    assert "add lab-barred" in reasons
    assert not barred.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "barred", "--preset", "smoke"],
        ["run", *SMOKE, "--data", "barred"],
        ["run", *SMOKE, "--topology", "barred"],
        ["run", *SMOKE, "--precision", "barred"],
        ["run", *SMOKE, "--topology", "barred", "-np", "2"],
        ["info", "barred", "--kind", "task"],
        ["info", "barred", "--kind", "precision"],
        ["tune", "chexnet", "--topology", "barred"],
        ["check", "barred", "--kind", "dataset"],
        ["check", "barred", "--kind", "topology"],
        ["data", "pack", "store", "--data", "barred", "--size", "8"],
        ["data", "barred"],
        ["barred"],
    ],
    ids=" ".join,
)
def test_no_verb_imports_what_is_left_out(zoo: Any, barred: Path, tmp_path: Path, arguments: list[str]) -> None:
    answer = zoo(*arguments)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert "of lab-barred 1.0 is not allowed by 'zoo.toml': add lab-barred = \"==1.0\"" in answer.err
    assert not barred.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["site", "zoo.toml"]


@pytest.mark.parametrize("arguments", [["--help"], ["data", "--help"]], ids=" ".join)
def test_a_verb_that_is_left_out_is_shown_as_one_that_cannot_be_used(
    zoo: Any, barred: Path, arguments: list[str]
) -> None:
    assert "Cannot be used, see 'zoo list' (of lab-barred" in " ".join(zoo(*arguments).out.split())
    assert not barred.exists()


def test_what_is_allowed_can_be_used(zoo: Any, barred: Path) -> None:
    assert zoo("info", "tiny").code == 0
    assert zoo("run", *SMOKE, "--topology", "tiny", "--show-config").code == 0


def test_the_doctor_tries_what_is_allowed_alone_and_says_so(
    zoo: Any, barred: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "zoo.toml").write_text('[allow]\nlab-net = "==1.0"\n')
    monkeypatch.setattr(examination, "examine_libraries", tuple)
    monkeypatch.setattr(
        "zoo_core.cli.doctor.found_entries",
        lambda: tuple(entry for entry in find_entries() if entry.distribution.startswith("lab-")),
    )
    found = json.loads(zoo("doctor", "--json").out)
    health = {plugin["name"]: plugin["health"] for plugin in found["plugins"]}
    assert (health["tiny"], health["barred"]) == ("ok", "not allowed")
    assert not barred.exists()
    assert not any("not allowed" in problem for problem in found["problems"])
    (note,) = (note for note in found["notes"] if "zoo.toml" in note)
    assert note.startswith("'zoo.toml' allows plugins of zoo-core, lab-net ==1.0 alone; ")
    assert listed(zoo, "lab-net")["topology", "tiny"]["health"] == "ok"
    assert listed(zoo, "lab-barred")["task", "barred"]["health"] == "not allowed"


def test_a_list_elsewhere_is_found_by_its_variable(
    zoo: Any, barred: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "else").mkdir()
    (tmp_path / "zoo.toml").rename(tmp_path / "else" / "lab.toml")
    assert {record["health"] for record in listed(zoo, "lab-barred").values()} == {"not tried"}
    monkeypatch.setenv("ZOO_CONFIG", str(tmp_path / "else" / "lab.toml"))
    assert {record["health"] for record in listed(zoo, "lab-barred").values()} == {"not allowed"}


@pytest.mark.parametrize(
    "arguments", [["list"], ["--help"], ["info", "tiny"], ["run", *SMOKE], ["doctor"]], ids=" ".join
)
@pytest.mark.parametrize(
    "mistake",
    [
        ("[allow", "A configuration file needs to be TOML. Received: 'zoo.toml'"),
        ('[alow]\nlab-net = "*"', "There is no key 'alow' in 'zoo.toml': did you mean 'allow'?"),
        ('[allow]\nlab-net = "1.0"', "[allow] in 'zoo.toml' needs a version specifier for 'lab-net'"),
    ],
)
def test_a_list_that_cannot_be_used_ends_every_verb_that_needs_it(
    zoo: Any, barred: Path, tmp_path: Path, arguments: list[str], mistake: tuple[str, str]
) -> None:
    content, said = mistake
    (tmp_path / "zoo.toml").write_text(content)
    answer = zoo(*arguments)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert answer.err.startswith(f"zoo: error: {said}")
    assert not barred.exists()


@pytest.mark.slow
def test_ranks_see_the_same_list(signalling_lab: list[str], site: Any, tmp_path: Path, run_zoo: Any) -> None:
    (tmp_path / "zoo.toml").write_text(
        '[allow]\nzoo-radiology = "*"\nsignalling-lab = "*"\nzoo-data-chestxray14 = "*"\n'
    )
    done = run_zoo("run", *signalling_lab, "-np", "2", "--out", "run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (tmp_path / "zoo.toml").write_text('[allow]\nzoo-radiology = "*"\n')
    for arguments in (
        ["run", *signalling_lab, "-np", "2", "--out", "other"],
        ["predict", "run", "--data", "signalling"],
    ):
        done = run_zoo(*arguments, cwd=tmp_path)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert "of signalling-lab 1.0 is not allowed by 'zoo.toml'" in done.stderr
