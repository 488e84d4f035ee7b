"""DenseNet121, the network of CheXNet."""

from dataclasses import dataclass

from zoo_core.contract import InputScaling, Plugin, Weights
from zoo_core.models.backbones import KerasCVBackbone


@dataclass(frozen=True)
class DenseNet121Config:
    """Nothing to set: the name stands for these numbers."""


def create(_config: DenseNet121Config) -> KerasCVBackbone:
    """The topology.

    Source:
        Huang et al. 2017, Densely Connected Convolutional Networks, table 1. The weights: keras-cv 0.9.0, preset
        `densenet121_imagenet`, whose configuration rescales pixels of 0 ... 255 by 1 / 255.
    """
    return KerasCVBackbone(
        name="densenet121",
        family="DenseNetBackbone",
        numbers={"stackwise_num_repeats": [6, 12, 24, 16], "growth_rate": 32, "compression_ratio": 0.5},
        weights={
            "imagenet": Weights(
                source="preset:densenet121_imagenet",
                licence="Apache-2.0",
                trained_on="ImageNet 2012",
                scaling=InputScaling(),
            )
        },
    )


densenet121 = Plugin(config=DenseNet121Config, create=create, summary="DenseNet of 121 layers, 7.0 million weights.")
