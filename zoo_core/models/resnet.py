"""ResNet50, version 1."""

from dataclasses import dataclass

from zoo_core.contract import InputScaling, Plugin, Weights
from zoo_core.models.backbones import KerasCVBackbone


@dataclass(frozen=True)
class ResNet50Config:
    """Nothing to set: the name stands for these numbers."""


def create(_config: ResNet50Config) -> KerasCVBackbone:
    """The topology.

    Source:
        He et al. 2016, Deep Residual Learning for Image Recognition, table 1. The weights: keras-cv 0.9.0, preset
        `resnet50_imagenet`, whose configuration rescales pixels of 0 ... 255 by 1 / 255.
    """
    return KerasCVBackbone(
        name="resnet50",
        family="ResNetBackbone",
        numbers={
            "stackwise_filters": [64, 128, 256, 512],
            "stackwise_blocks": [3, 4, 6, 3],
            "stackwise_strides": [1, 2, 2, 2],
            "block_type": "block",
        },
        weights={
            "imagenet": Weights(
                source="preset:resnet50_imagenet",
                licence="Apache-2.0",
                trained_on="ImageNet 2012",
                scaling=InputScaling(),
            )
        },
    )


resnet50 = Plugin(config=ResNet50Config, create=create, summary="ResNet of 50 layers, 23.6 million weights.")
