"""VGG: Very Deep Convolutional Networks for Large-Scale Image Recognition (arXiv 1409.1556)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference.spec.applications.graph import IMAGE
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.spec.applications.graph import Asked, Layers

WIDTHS = (64, 128, 256, 512, 512)


@defines("applications.VGG16")
def vgg16(net: Layers, asked: Asked) -> str:
    """Configuration D: 13 convolutions and three dense layers."""
    return _vgg(net, asked, (2, 2, 3, 3, 3))


@defines("applications.VGG19")
def vgg19(net: Layers, asked: Asked) -> str:
    """Configuration E: 16 convolutions and three dense layers."""
    return _vgg(net, asked, (2, 2, 4, 4, 4))


def _vgg(net: Layers, asked: Asked, depths: Sequence[int]) -> str:
    x = IMAGE
    for block, (width, depth) in enumerate(zip(WIDTHS, depths, strict=True), 1):
        for number in range(1, depth + 1):
            name = f"block{block}_conv{number}"
            x = net.conv(x, width, 3, use_bias=True, activation="relu", name=name)
        x = net.add("MaxPooling2D", x, name=f"block{block}_pool", pool_size=2, strides=2)
    if not asked.include_top:
        return net.pooled(x, asked)
    x = net.add("Flatten", x, name="flatten")
    for name in ("fc1", "fc2"):
        x = net.add("Dense", x, name=name, units=4096, activation="relu")
    return net.classified(x, asked)
