import pytest
from zoo_core.contract import ConfigError, Topology
from zoo_core.testing import TopologyTests

from zoo_template.topology import TemplateTopology, TemplateTopologyConfig


class TestTemplateTopology(TopologyTests):
    """The checks that every topology passes."""

    @pytest.fixture(scope="class")
    @classmethod
    def topology(cls) -> Topology:
        return TemplateTopology(TemplateTopologyConfig())


def test_each_stage_halves_the_picture() -> None:
    topology = TemplateTopology(TemplateTopologyConfig(n_filters=3, n_stages=2))
    assert topology.build((8, 13, 1)).output_shape == (None, 2, 4, 6)


def test_sizes_that_cannot_be_are_refused() -> None:
    with pytest.raises(ConfigError, match="Received: 16 and 0"):
        TemplateTopologyConfig(n_stages=0)
