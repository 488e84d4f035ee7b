"""The conformance kit: for each kind of plugin a class of checks, which an author subclasses and `zoo check` runs."""

from zoo_core.testing.dataset import DatasetAdapterTests
from zoo_core.testing.precision import PrecisionBackendTests
from zoo_core.testing.subjects import TaskSubject, subject_of
from zoo_core.testing.task import TaskTests
from zoo_core.testing.topology import TopologyTests

__all__ = ["DatasetAdapterTests", "PrecisionBackendTests", "TaskSubject", "TaskTests", "TopologyTests", "subject_of"]
