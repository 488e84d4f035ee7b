"""VGG16 without its dense layers."""

from dataclasses import dataclass

from zoo_core.contract import InputScaling, Plugin, Weights
from zoo_core.models.backbones import KerasCVBackbone


@dataclass(frozen=True)
class VGG16Config:
    """Nothing to set: the name stands for these numbers."""


def create(_config: VGG16Config) -> KerasCVBackbone:
    """The topology.

    Source:
        Simonyan and Zisserman 2015, Very Deep Convolutional Networks, table 1, column D. keras-cv has no weights for
        it; its graph equals that of keras.applications, whose vgg16.py gives the address and the checksum, and whose
        imagenet_utils.py (mode "caffe") gives the scaling.
    """
    return KerasCVBackbone(
        name="vgg16",
        family="VGG16Backbone",
        numbers={"include_top": False},
        weights={
            "imagenet": Weights(
                source="https://storage.googleapis.com/tensorflow/keras-applications/vgg16/"
                "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
                licence="CC-BY-4.0",
                trained_on="ImageNet 2012",
                scaling=InputScaling(factor=255.0, mean=(103.939, 116.779, 123.68), channel_order="bgr"),
                checksum="md5:6d6bbae143d832006294945121d1f1fc",
            )
        },
    )


vgg16 = Plugin(
    config=VGG16Config, create=create, summary="VGG of 16 layers without its dense ones, 14.7 million weights."
)
