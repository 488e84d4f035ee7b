"""A signal finds a stack after OpenVINO's cores came and went; in processes of their own, which would crash."""

import subprocess
import sys

SETTING = """
import contextlib, os, signal, sys
from zoo_core.precision.openvino_network import openvino
from zoo_core.precision.signal_stack import signal_stack_kept
seen = []
signal.signal(signal.SIGUSR1, lambda *_: seen.append(1))

def cores_that_end_out_of_order():
    cores = [openvino().Core() for _ in range(3)]
    for one in cores:
        one.get_property("CPU", "FULL_DEVICE_NAME")
    cores.pop(0), cores.pop(0), cores.pop(0)

for _ in range(3):
    with CONTEXT:
        cores_that_end_out_of_order()
    junk = [bytearray(10_000) for _ in range(1000)]  # where a freed stack was
os.kill(os.getpid(), signal.SIGUSR1)
for _ in range(1000):
    pass
print(len(seen))
"""


def outcome(context: str) -> tuple[int, str]:
    code = SETTING.replace("CONTEXT", context)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.strip()


def test_a_signal_finds_a_stack_where_it_was_kept() -> None:
    assert outcome("signal_stack_kept()") == (0, "1")


def test_a_signal_finds_none_where_it_was_not() -> None:
    """Where this one fails, OpenVINO was mended and `signal_stack` can go."""
    code, _ = outcome("contextlib.nullcontext()")
    assert code == -11
