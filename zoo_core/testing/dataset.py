"""The checks of a data set adapter."""

import pandas as pd
import pytest

from zoo_core.contract import DatasetAdapter
from zoo_core.testing.dataset_abilities import AbilityLaws
from zoo_core.testing.dataset_index import IndexLaws
from zoo_core.testing.dataset_reads import ReadLaws


class DatasetAdapterTests(AbilityLaws, ReadLaws, IndexLaws):
    """What every data set adapter keeps; subclass it and override `adapter`.

        class TestLabChests(DatasetAdapterTests):
            @pytest.fixture(scope="class")
            @classmethod
            def adapter(cls):
                return LabChests(LabChestsConfig(root="tests/chests"))

    A few small files, odd in size, do: rows from the first to the last are read some twenty times.
    """

    @pytest.fixture(scope="class")
    @classmethod
    def adapter(cls) -> DatasetAdapter:
        """The data set."""
        raise NotImplementedError("override the fixture 'adapter': return the data set adapter")

    @pytest.fixture(scope="class")
    @classmethod
    def index(cls, adapter: DatasetAdapter) -> pd.DataFrame:
        """The adapter's index, in a copy of its own."""
        return adapter.index().copy(deep=True)
