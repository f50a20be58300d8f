"""DenseNet: Densely Connected Convolutional Networks (arXiv 1608.06993), of growth rate 32."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference.spec.applications.graph import IMAGE
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.spec.applications.graph import Asked, Layers

GROWTH = 32
EPSILON = 1.001e-5


@defines("applications.DenseNet121")
def densenet121(net: Layers, asked: Asked) -> str:
    """121 layers."""
    return _densenet(net, asked, (6, 12, 24, 16))


@defines("applications.DenseNet169")
def densenet169(net: Layers, asked: Asked) -> str:
    """169 layers."""
    return _densenet(net, asked, (6, 12, 32, 32))


@defines("applications.DenseNet201")
def densenet201(net: Layers, asked: Asked) -> str:
    """201 layers."""
    return _densenet(net, asked, (6, 12, 48, 32))


def _densenet(net: Layers, asked: Asked, depths: Sequence[int]) -> str:
    x = net.conv(net.zeros(IMAGE, 3), 64, 7, name="conv1_conv", strides=2, padding="valid")
    x = net.zeros(_normed(net, x, "conv1"), 1)
    x = net.add("MaxPooling2D", x, name="pool1", pool_size=3, strides=2)
    for stage, depth in enumerate(depths, 2):
        for block in range(1, depth + 1):
            name = f"conv{stage}_block{block}"
            new = _normed(net, x, f"{name}_0")
            new = net.conv(new, 4 * GROWTH, 1, name=f"{name}_1_conv", padding="valid")
            new = net.conv(_normed(net, new, f"{name}_1"), GROWTH, 3, name=f"{name}_2_conv")
            x = net.add("Concatenate", x, new, name=f"{name}_concat")
        if stage < len(depths) + 1:
            x = _halved(net, x, f"pool{stage}")
    x = net.act(net.norm(x, "bn", epsilon=EPSILON), "relu", "relu")
    return net.ended(x, asked, ("avg_pool", "max_pool"))


def _halved(net: Layers, x: str, name: str) -> str:
    """Between two blocks: half the channels, and half the image."""
    channels = net.channels(x) // 2
    x = net.conv(_normed(net, x, name), channels, 1, name=f"{name}_conv", padding="valid")
    return net.add("AveragePooling2D", x, name=f"{name}_pool", pool_size=2, strides=2)


def _normed(net: Layers, x: str, name: str) -> str:
    return net.normed(x, name, EPSILON)
