"""DenseNet121 and ResNet50 for PyTorch, layer by layer those that the zoo trains; it imports nothing of the zoo."""

import torch
from torch import nn

N_LABELS = 14


class DenseLayer(nn.Module):
    """Batch norm, ReLU, 1 x 1, batch norm, ReLU, 3 x 3."""

    def __init__(self, n_channels: int, growth: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *_norm_relu(n_channels),
            nn.Conv2d(n_channels, 4 * growth, 1, bias=False),
            *_norm_relu(4 * growth),
            nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False),
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Features with those of this layer behind them."""
        return torch.cat([features, self.layers(features)], 1)


class Bottleneck(nn.Module):
    """A residual block of version 1, its stride in the first convolution, as keras-cv has it."""

    def __init__(self, n_channels: int, n_filters: int, stride: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(n_channels, n_filters, 1, stride, bias=False),
            *_norm_relu(n_filters),
            nn.Conv2d(n_filters, n_filters, 3, padding=1, bias=False),
            *_norm_relu(n_filters),
            nn.Conv2d(n_filters, 4 * n_filters, 1, bias=False),
            nn.BatchNorm2d(4 * n_filters),
        )
        changes = stride > 1 or n_channels != 4 * n_filters
        shortcut = [nn.Conv2d(n_channels, 4 * n_filters, 1, stride, bias=False), nn.BatchNorm2d(4 * n_filters)]
        self.shortcut = nn.Sequential(*shortcut) if changes else nn.Identity()

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """The sum of both ways."""
        return torch.relu_(self.shortcut(features) + self.layers(features))


class Classifier(nn.Module):
    """A backbone, the mean over the picture and one logit a finding, in float32."""

    def __init__(self, backbone: nn.Module, n_channels: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.logits = nn.Linear(n_channels, N_LABELS)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits of images."""
        pooled = self.backbone(images).mean((2, 3))
        with torch.autocast("cpu", enabled=False):
            return self.logits(pooled.float())


def densenet121() -> nn.Module:
    """Huang et al. 2017, table 1."""
    layers, n_channels, growth = [*_stem()], 64, 32
    for block, n_layers in enumerate((6, 12, 24, 16)):
        layers += [DenseLayer(n_channels + growth * i, growth) for i in range(n_layers)]
        n_channels += growth * n_layers
        layers += _norm_relu(n_channels)
        if block < 3:
            layers += [nn.Conv2d(n_channels, n_channels // 2, 1, bias=False), nn.AvgPool2d(2)]
            n_channels //= 2
    return Classifier(nn.Sequential(*layers), n_channels)


def resnet50() -> nn.Module:
    """He et al. 2016, table 1."""
    layers, n_channels = [*_stem()], 64
    for stage, (n_filters, n_blocks) in enumerate(((64, 3), (128, 4), (256, 6), (512, 3))):
        for block in range(n_blocks):
            layers.append(Bottleneck(n_channels, n_filters, 2 if stage and not block else 1))
            n_channels = 4 * n_filters
    return Classifier(nn.Sequential(*layers), n_channels)


def _stem() -> list[nn.Module]:
    return [nn.Conv2d(3, 64, 7, 2, 3, bias=False), *_norm_relu(64), nn.MaxPool2d(3, 2, 1)]


def _norm_relu(n_channels: int) -> list[nn.Module]:
    return [nn.BatchNorm2d(n_channels), nn.ReLU(inplace=True)]
