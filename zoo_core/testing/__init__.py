"""The conformance kit: for each kind of plugin a class of checks, which an author subclasses and `zoo check` runs."""

from zoo_core.testing.dataset import DatasetAdapterTests

__all__ = ["DatasetAdapterTests"]
