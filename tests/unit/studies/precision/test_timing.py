"""What is timed: calls after a warm-up, with a clock that stands in."""

import itertools
import os

import numpy as np
import pytest

from tests.unit.studies.precision.conftest import Converting, Trained
from zoo_core.contract import Load
from zoo_core.studies.precision.memory import forget_peak, peak_bytes, resident_bytes
from zoo_core.studies.precision.timing import WARM_UP_CALLS, images_per_s, latencies_ms, throughput_load

IMAGES = np.arange(5, dtype=np.float32).reshape(5, 1, 1, 1)


class Net:
    """Remembers what it was called with."""

    def __init__(self):
        self.calls = []

    def outputs(self, images):
        self.calls.append(images.ravel().tolist())
        return images.reshape(len(images), 1)


def ticking(step_s):
    return (n * step_s for n in itertools.count()).__next__


def test_single_images_are_taken_in_turn_and_the_first_calls_do_not_count():
    net = Net()
    assert latencies_ms(net, IMAGES, 6, ticking(0.25)) == pytest.approx([250.0] * 6)
    assert net.calls == [[i % 5] for i in range(6 + WARM_UP_CALLS)]


def test_images_a_second_count_every_image_once_after_a_batch_a_stream():
    net = Net()
    assert images_per_s(net, Load(2, 1), IMAGES, ticking(0.5)) == pytest.approx(10.0)
    assert net.calls == [[0, 1], [0, 1], [2, 3], [4]]


@pytest.mark.parametrize(("backend", "n_streams"), [(Trained(), 1), (Converting(), len(os.sched_getaffinity(0)))])
def test_a_converted_network_has_a_core_a_call(backend, n_streams):
    assert throughput_load(backend, 16) == Load(16, n_streams)


def test_the_peak_of_memory_holds_what_was_given_back():
    forget_peak()
    before = resident_bytes()
    block = np.ones(60_000_000, np.uint8)
    del block
    assert peak_bytes() >= before + 50_000_000
