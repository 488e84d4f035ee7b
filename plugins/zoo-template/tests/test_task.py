import numpy as np
import pandas as pd
import pytest
from zoo_core.contract import ArraySpec, ConfigError, Label
from zoo_core.testing import TaskSubject, TaskTests, subject_of

from zoo_template.task import TemplateTask, TemplateTaskConfig


class TestTemplateTask(TaskTests):
    """The checks that every task passes, on what `zoo run` with preset `smoke` would use."""

    @pytest.fixture(scope="class")
    @classmethod
    def task(cls) -> TaskSubject:
        return subject_of("template-task")


def test_only_its_own_label_is_selected() -> None:
    task = TemplateTask(TemplateTaskConfig(label_name="Mass"))
    assert task.select([Label("Edema"), Label("Mass")]) == ("Mass",)
    assert task.select([Label("Edema"), Label("Mass", kind="value", unit="g")]) == ()


def test_a_rare_label_weighs_as_much_as_its_absence() -> None:
    task = TemplateTask(TemplateTaskConfig(label_name="Mass", image_size_px=9))
    specs = (ArraySpec("image", ("y", "x", "c"), (7, 5, 1), "uint8", (0, 255)),)
    fitted = task.fit(pd.DataFrame({"label.Mass": [1, 0, 0, 0, np.nan]}), specs)
    assert fitted["weights"].tolist() == [3.0]
    assert task.input_shape(fitted) == (5, 5, 3)


def test_a_size_that_cannot_be_is_refused() -> None:
    with pytest.raises(ConfigError, match="Received: 0"):
        TemplateTaskConfig(image_size_px=0)
