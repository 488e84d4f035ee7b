"""An import that does not come to an end is ended, in Python and outside it."""

import signal
import subprocess
import sys
import threading
from typing import Any

import pytest

from zoo_core.contract import PluginError
from zoo_core.plugins import load, registry
from zoo_core.plugins.hanging import end_hang

LIMIT_S = 0.3


@pytest.fixture
def short_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "IMPORT_LIMIT_S", LIMIT_S)


@pytest.mark.parametrize(
    "source",
    [
        "while True: pass",
        "import threading; threading.Event().wait()",
        "import time; time.sleep(1000)",
        "import os; os.read(os.pipe()[0], 1)",
        "import subprocess; subprocess.run(['sleep', '1000'])",
        "while True:\n    try:\n        import threading; threading.Event().wait()\n    except Exception: pass",
    ],
)
def test_a_hanging_import_is_ended_and_named(site: Any, short_limit: None, source: str) -> None:
    site.install_topology("lab-net", "tiny", source)
    with pytest.raises(PluginError, match=r"^Topology 'tiny' of lab-net 1\.0 hangs: it does not load within 0\.3 s$"):
        load("topology", "tiny")
    assert "lab_net" not in sys.modules


def test_what_loads_in_time_leaves_no_thread_and_no_handler(site: Any) -> None:
    before = signal.getsignal(signal.SIGALRM)
    site.install_topology("lab-net", "tiny")
    assert load("topology", "tiny").summary == "A net of one layer."
    assert signal.getsignal(signal.SIGALRM) is before
    assert not [thread for thread in threading.enumerate() if thread.name == "zoo-watches"]


def test_what_the_body_raises_is_raised_as_it_is() -> None:
    with pytest.raises(KeyError, match="own"), end_hang("A plugin", 60.0):
        raise KeyError("own")


def test_a_timer_of_somebody_else_runs_on() -> None:
    before = signal.getitimer(signal.ITIMER_REAL)
    with end_hang("A plugin", 60.0):
        during = signal.getitimer(signal.ITIMER_REAL)
    assert (during[0] > 0) is (before[0] > 0)


DEAF = """
import signal, threading
from zoo_core.plugins import hanging
hanging.GRACE_S = 0.2
def wait():
    with hanging.end_hang("A plugin", 0.2):
        while True:
            try:
                threading.Event().wait()
            except BaseException:
                pass
"""


@pytest.mark.parametrize("call", ["wait()", "threading.Thread(target=wait).start()"])
def test_what_hears_no_signal_ends_the_process_with_one_line(call: str) -> None:
    done = subprocess.run([sys.executable, "-c", DEAF + call], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "zoo: error: A plugin hangs: it does not load within 0.2 s\n"


def test_compiled_code_that_lets_nothing_else_run_ends_the_process_with_its_place(site: Any) -> None:
    site.install_topology("lab-net", "tiny", "import ctypes; ctypes.PyDLL(None).pause()")
    program = (
        "from zoo_core.plugins import hanging, load, registry\n"
        "hanging.GRACE_S = registry.IMPORT_LIMIT_S = 0.3\n"
        "load('topology', 'tiny')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Timeout (0:00:00.900000)!\n")
    assert "lab_net.py" in done.stderr
