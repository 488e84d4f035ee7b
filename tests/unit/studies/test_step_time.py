import pytest

from zoo_core.contract import ConfigError, MachineError
from zoo_core.studies.step_time import StepShape, measured_step_s


def test_a_step_of_any_topology_is_measured_in_a_process_of_its_own(signalling_lab):
    assert 0 < measured_step_s(StepShape("one-layer", "float32", 8, 2)) < 60


def test_images_that_are_too_small_for_a_topology_are_said_in_its_own_words():
    with pytest.raises(ConfigError, match="at least 32 x 32 px"):
        measured_step_s(StepShape("densenet121", "float32", 16, 2))


def test_a_process_that_fails_is_named_with_its_last_words(site):
    site.install_topology(
        "lab", "broken-net", site.sound_topology.replace("return self.config.width, input_shape", "1 / 0")
    )
    with pytest.raises(MachineError, match="'broken-net' needs to be measured, which failed: ZeroDivisionError"):
        measured_step_s(StepShape("broken-net", "float32", 32, 2))
