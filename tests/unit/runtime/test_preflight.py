import dataclasses

import pytest

from zoo_core.contract import ConfigError, DataError, MachineError, OutputError
from zoo_core.distributed.slots import place_ranks
from zoo_core.runtime import preflight
from zoo_core.runtime.preflight import Findings, Software, check_hosts, look, software_here, software_of
from zoo_core.runtime.prepare import prepare
from zoo_core.runtime.settings import as_settings, configure

ELSEWHERE = "elsewhere.invalid"

THERE = {"eth0": "192.0.2.2"}


@pytest.fixture(scope="module")
def prepared():
    layers = [{"data": {"name": "chest-phantom", "n_patients": 20}, "launch": {"n_ranks": 2}}]
    return prepare(configure("chexnet", "smoke", layers))


def with_launch(prepared, **launch):
    config = prepared.config
    return dataclasses.replace(
        prepared, config=dataclasses.replace(config, launch=dataclasses.replace(config.launch, **launch))
    )


def checked(prepared, out, hosts=("localhost", ELSEWHERE)):
    said = []
    found = check_hosts(prepared, out, place_ranks(hosts), said.append)
    return found, said


@pytest.fixture
def answers(prepared, tmp_path, monkeypatch):
    """Has both hosts answer as this one does, but for what is given of the second."""
    sound = look(as_settings(prepared.config), tmp_path)
    sound = dataclasses.replace(sound, name_trap=None, interfaces=THERE)

    def answer(**other):
        by_host = {"localhost": sound, ELSEWHERE: dataclasses.replace(sound, **other)}
        monkeypatch.setattr(preflight, "_ask", lambda host, question, ssh: by_host[host])

    return answer


def test_a_host_is_asked_through_ssh_and_answers_for_itself(prepared, tmp_path, ssh):
    found, _ = checked(with_launch(prepared, ssh=ssh), tmp_path / "run", (ELSEWHERE,))
    findings = found[ELSEWHERE]
    assert findings.fingerprint == prepared.fingerprint
    assert findings.sees_folder
    assert findings.software.difference(software_of(prepared.config)) is None
    assert "zoo_core.cli.probe" in (tmp_path / "ssh-was-called-with").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ssh", "ssh-was-called-with"]


def test_this_machine_alone_is_asked_nothing(prepared, tmp_path, monkeypatch):
    monkeypatch.setattr(preflight, "_ask", None)
    assert checked(prepared, tmp_path / "run", ("localhost",) * 2)[0] == {}


def test_hosts_that_are_alike_pass(prepared, tmp_path, answers):
    answers()
    assert set(checked(prepared, tmp_path / "run")[0]) == {"localhost", ELSEWHERE}


OTHERS = {
    "a version": (
        {"software": Software({}, {})},
        ConfigError,
        "needs the software of this one: Python .* was wanted, as here; it has none",
    ),
    "a fingerprint": ({"fingerprint": "0" * 64}, DataError, "needs the data of this one"),
    "no data": ({"problem": "no such file"}, DataError, "cannot prepare the run: no such file"),
    "no folder": ({"sees_folder": False}, OutputError, "--out needs a folder that every host sees"),
    "a name": ({"name_trap": "the name resolves to the loopback address 127.0.1.1"}, MachineError, "needs a name"),
    "an interface": ({"interfaces": {"ens1": "192.0.2.3"}}, MachineError, "Received: eth0; ens1"),
}


@pytest.mark.parametrize("other", OTHERS)
def test_a_host_that_is_not_alike_is_named_with_the_cure(prepared, tmp_path, answers, other):
    values, error, words = OTHERS[other]
    answers(**values)
    with pytest.raises(error, match=words) as caught:
        checked(prepared, tmp_path / "run")
    assert ELSEWHERE in str(caught.value) or other == "an interface"
    assert not (tmp_path / "run").exists()


def test_other_source_code_is_found_out_and_one_more_plugin_is_not(prepared):
    own = software_of(prepared.config)
    assert set(own.code) >= {"zoo_core", "zoo_radiology"}
    assert own.difference(software_here()) is None
    for package in own.code:
        other = Software(own.versions, {**own.code, package: "0"})
        assert own.difference(other) == f"its source code of '{package}' is not that of this machine"


def test_another_allow_list_is_found_out(prepared, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ZOO_CONFIG", raising=False)
    without = software_of(prepared.config)
    (tmp_path / "zoo.toml").write_text('[allow]\nzoo-radiology = "*"\nzoo-data-chestxray14 = "*"\n')
    own = software_of(prepared.config)
    assert own.difference(software_here()) is None
    assert own.difference(without) == without.difference(own)
    assert "allow-list ('zoo.toml', or the file that ZOO_CONFIG names) is not that" in own.difference(without)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo 'Permission denied (publickey).' >&2; exit 255", r"without a question. Received: Permission denied"),
        ("echo 'cd: no such folder' >&2; exit 1", r"needs this folder .* Received: cd: no such folder"),
    ],
)
def test_a_host_that_does_not_answer_is_named_in_the_words_of_ssh(prepared, tmp_path, script, words):
    program = tmp_path / "ssh"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    with pytest.raises(MachineError, match=f"Host '{ELSEWHERE}'.*{words}"):
        checked(with_launch(prepared, ssh=str(program)), tmp_path / "run", (ELSEWHERE,))


def test_an_ssh_that_is_not_there_is_a_mistake(prepared, tmp_path):
    with pytest.raises(ConfigError, match=r"launch\.ssh needs a program"):
        checked(with_launch(prepared, ssh=str(tmp_path / "none")), tmp_path / "run", (ELSEWHERE,))


def test_more_ranks_than_cores_are_said(prepared, tmp_path, monkeypatch):
    monkeypatch.setattr(preflight.os, "sched_getaffinity", lambda pid: {0})
    assert checked(prepared, tmp_path / "run", ("localhost",) * 2)[1] == [
        "warning: 2 ranks on localhost share 1 cores: fewer ranks there train faster"
    ]


def test_findings_survive_the_way(prepared, tmp_path):
    findings = look(as_settings(prepared.config), tmp_path)
    assert isinstance(findings, Findings)
    assert preflight.findings_of("printed by a plugin\n" + preflight.as_answer(findings)) == findings
