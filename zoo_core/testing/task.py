"""The checks of a task."""

import pytest

from zoo_core.testing.subjects import TaskSubject
from zoo_core.testing.task_abilities import AbilityLaws
from zoo_core.testing.task_inputs import InputLaws
from zoo_core.testing.task_outputs import OutputLaws


class TaskTests(AbilityLaws, OutputLaws, InputLaws):
    """What every task keeps; subclass it and override `task`.

        class TestMyTask(TaskTests):
            @pytest.fixture(scope="class")
            @classmethod
            def task(cls):
                return subject_of("my-task")

    Sixteen examples are read, and a small network learns eight of them by heart: seconds at 32 px.
    """

    @pytest.fixture(scope="class")
    @classmethod
    def task(cls) -> TaskSubject:
        """The task on a data set."""
        raise NotImplementedError("override the fixture 'task': return subject_of('NAME') or a TaskSubject")
