import numpy as np
import pytest
from zoo_core.contract import ConfigError, DatasetAdapter
from zoo_core.testing import DatasetAdapterTests

from zoo_template.dataset import TemplateDataset, TemplateDatasetConfig


class TestTemplateDataset(DatasetAdapterTests):
    """The checks that every data set passes."""

    @pytest.fixture(scope="class")
    @classmethod
    def adapter(cls) -> DatasetAdapter:
        return TemplateDataset(TemplateDatasetConfig(n_subjects=12, size_px=17))


def test_a_bright_disc_is_where_the_label_says_so() -> None:
    adapter = TemplateDataset(TemplateDatasetConfig(n_subjects=6, size_px=40))
    truth = adapter.index()["label.Bright disc"].to_numpy() == 1
    brightest = np.array([adapter.read(i)["image"].max() for i in range(len(truth))])
    assert brightest[truth].min() > brightest[~truth].max()


def test_sizes_that_cannot_be_drawn_are_refused() -> None:
    with pytest.raises(ConfigError, match="Received: 0 and 64"):
        TemplateDatasetConfig(n_subjects=0)
