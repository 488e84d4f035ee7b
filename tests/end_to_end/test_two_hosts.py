"""A run over two hosts, through ssh and a network of its own; the cable between them is drawn in the middle."""

import importlib.util
import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from zoo_core.runtime.checkpoint import read_state

pytest.importorskip("horovod", reason="Horovod is not installed: 'make setup' builds it")

_spec = importlib.util.spec_from_file_location("two_hosts", Path(__file__).with_name("two_hosts.py"))
two_hosts = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(two_hosts)

LOST_WITHIN_S = 45.0
"""20 s of silence, what ssh and ranks take to end, and a busy machine."""

SHOWN = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}


@pytest.fixture
def hosts(tmp_path):
    if reason := two_hosts.lacking():
        pytest.skip(reason)
    with two_hosts.two_hosts(tmp_path.resolve()) as made:
        yield made


@pytest.fixture
def settings(signalling_lab, hosts):
    """Of a run that takes long enough for something to happen to it."""
    many = ("trainer.n_epochs=12", f"launch.ssh={hosts.ssh}")
    return [*signalling_lab, "--hosts", ",".join(two_hosts.NAMES), *(w for s in many for w in ("--set", s))]


def steps(out: Path) -> int:
    checkpoint = out / "checkpoints" / "last.safetensors"
    return read_state(checkpoint).step if checkpoint.exists() else 0


def await_step(process, out: Path, step: int) -> None:
    while steps(out) < step:
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.1)


def await_none(hosts) -> None:
    until = time.monotonic() + LOST_WITHIN_S
    while hosts.ranks():
        assert time.monotonic() < until, "ranks are left"
        time.sleep(0.2)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_run_on_two_hosts_ends_when_the_cable_is_drawn_and_goes_on_with_one_host_and_with_both(hosts, settings):
    out = hosts.folder / "run"
    run = hosts.zoo("run", *settings, "--out", "run", **SHOWN)
    await_step(run, out, 3)
    assert len(hosts.ranks()) == 2
    description = json.loads((out / "run.json").read_text())
    assert [rank["host"] for rank in description["ranks"]] == [0, 1]
    assert two_hosts.NAMES[1] not in json.dumps(description["ranks"])

    hosts.cable("down")
    cut_at = time.monotonic()
    error = run.communicate()[1]
    assert time.monotonic() - cut_at < LOST_WITHIN_S
    assert run.returncode == 75, error
    assert error.splitlines()[-1].startswith(f"zoo: error: rank 1 on {two_hosts.NAMES[1]} ")
    assert "(last: " in error.splitlines()[-1]
    assert error.endswith("go on with 'zoo run chexnet --resume --out run'\n")
    await_none(hosts)
    assert time.monotonic() - cut_at < 2 * LOST_WITHIN_S

    unreachable = hosts.zoo("run", *settings, "--out", "other", **SHOWN)
    error = unreachable.communicate()[1]
    assert unreachable.returncode == 2
    assert f"Host '{two_hosts.NAMES[1]}' needs to be reached" in error.splitlines()[-1]
    assert not (hosts.folder / "other").exists()

    stopped_at = steps(out)
    alone = hosts.zoo("run", "chexnet", "--resume", "--out", "run", "-np", "1", **SHOWN)
    await_step(alone, out, stopped_at + 2)
    alone.send_signal(signal.SIGTERM)
    assert alone.communicate()[1].splitlines()[-1].startswith("zoo: stopped by SIGTERM")
    assert alone.returncode == 128 + signal.SIGTERM

    hosts.cable("up")
    both = hosts.zoo("run", "chexnet", "--resume", "--out", "run", **SHOWN)
    error = both.communicate()[1]
    assert both.returncode == 0, error
    assert len(json.loads((out / "run.json").read_text())["ranks"]) == 2
    assert (out / "report.html").exists()
    await_none(hosts)


def test_a_name_that_leads_to_the_host_itself_is_found_before_the_run(hosts, settings):
    table = Path("/etc/netns") / two_hosts.NAMES[1] / "hosts"
    table.write_text(table.read_text().replace(two_hosts.ADDRESSES[1], "127.0.1.1"))
    trapped = hosts.zoo("run", *settings, "--out", "run", **SHOWN)
    error = trapped.communicate()[1]
    assert trapped.returncode == 2
    assert f"Host '{two_hosts.NAMES[1]}' needs a name that leads to it; the name of this host resolves to" in error
    assert not (hosts.folder / "run").exists()
