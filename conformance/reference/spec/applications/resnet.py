"""ResNet (arXiv 1512.03385) and its second version (arXiv 1603.05027)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference.spec.applications.graph import IMAGE
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.spec.applications.graph import Asked, Layers

WIDTHS = (64, 128, 256, 512)
EPSILON = 1.001e-5
NAMES = ("avg_pool", "max_pool")


@defines("applications.ResNet50")
def resnet50(net: Layers, asked: Asked) -> str:
    """50 layers."""
    return _first(net, asked, (3, 4, 6, 3))


@defines("applications.ResNet101")
def resnet101(net: Layers, asked: Asked) -> str:
    """101 layers."""
    return _first(net, asked, (3, 4, 23, 3))


@defines("applications.ResNet152")
def resnet152(net: Layers, asked: Asked) -> str:
    """152 layers."""
    return _first(net, asked, (3, 8, 36, 3))


@defines("applications.ResNet50V2")
def resnet50_v2(net: Layers, asked: Asked) -> str:
    """50 layers."""
    return _second(net, asked, (3, 4, 6, 3))


@defines("applications.ResNet101V2")
def resnet101_v2(net: Layers, asked: Asked) -> str:
    """101 layers."""
    return _second(net, asked, (3, 4, 23, 3))


@defines("applications.ResNet152V2")
def resnet152_v2(net: Layers, asked: Asked) -> str:
    """152 layers."""
    return _second(net, asked, (3, 8, 36, 3))


def _first(net: Layers, asked: Asked, depths: Sequence[int]) -> str:
    x = net.zeros(IMAGE, 3, "conv1_pad")
    x = net.add("Conv2D", x, name="conv1_conv", filters=64, kernel_size=7, strides=2)
    x = _normed(net, x, "conv1")
    x = net.zeros(x, 1, "pool1_pad")
    x = net.add("MaxPooling2D", x, name="pool1_pool", pool_size=3, strides=2)
    for stage, (width, depth) in enumerate(zip(WIDTHS, depths, strict=True), 2):
        for block in range(1, depth + 1):
            stride = 2 if block == 1 and stage > 2 else 1  # noqa: PLR2004 - the second is the first
            x = _bottleneck(net, x, width, stride, f"conv{stage}_block{block}", widened=block == 1)
    return net.ended(x, asked, NAMES)


def _bottleneck(net: Layers, x: str, width: int, stride: int, name: str, *, widened: bool) -> str:
    """Three convolutions beside what goes by; the first of a stage widens that, too."""
    past = x
    if widened:
        past = _conv(net, x, 4 * width, 1, f"{name}_0_conv", stride)
        past = net.norm(past, f"{name}_0_bn", epsilon=EPSILON)
    x = _normed(net, _conv(net, x, width, 1, f"{name}_1_conv", stride), f"{name}_1")
    x = net.add("Conv2D", x, name=f"{name}_2_conv", filters=width, kernel_size=3, padding="same")
    x = _normed(net, x, f"{name}_2")
    x = net.norm(_conv(net, x, 4 * width, 1, f"{name}_3_conv"), f"{name}_3_bn", epsilon=EPSILON)
    return net.act(net.add("Add", past, x, name=f"{name}_add"), "relu", f"{name}_out")


def _second(net: Layers, asked: Asked, depths: Sequence[int]) -> str:
    x = net.zeros(IMAGE, 3, "conv1_pad")
    x = net.add("Conv2D", x, name="conv1_conv", filters=64, kernel_size=7, strides=2)
    x = net.zeros(x, 1, "pool1_pad")
    x = net.add("MaxPooling2D", x, name="pool1_pool", pool_size=3, strides=2)
    for stage, (width, depth) in enumerate(zip(WIDTHS, depths, strict=True), 2):
        for block in range(1, depth + 1):
            stride = 2 if block == depth and stage < 5 else 1  # noqa: PLR2004 - the fifth is the last
            name = f"conv{stage}_block{block}"
            x = _preactivated(net, x, width, stride, name, widened=block == 1)
    return net.ended(_normed(net, x, "post"), asked, NAMES)


def _preactivated(net: Layers, x: str, width: int, stride: int, name: str, *, widened: bool) -> str:
    """Normalized before it is convolved; the last block of a stage halves the image."""
    ready = _normed(net, x, f"{name}_preact")
    if widened:
        past = _conv(net, ready, 4 * width, 1, f"{name}_0_conv", stride)
    else:
        past = x if stride == 1 else net.add("MaxPooling2D", x, pool_size=1, strides=stride)
    x = net.conv(ready, width, 1, name=f"{name}_1_conv", padding="valid")
    x = net.zeros(_normed(net, x, f"{name}_1"), 1, f"{name}_2_pad")
    x = net.conv(x, width, 3, name=f"{name}_2_conv", strides=stride, padding="valid")
    x = _conv(net, _normed(net, x, f"{name}_2"), 4 * width, 1, f"{name}_3_conv")
    return net.add("Add", past, x, name=f"{name}_out")


def _normed(net: Layers, x: str, name: str) -> str:
    return net.normed(x, name, EPSILON)


def _conv(net: Layers, x: str, filters: int, size: int, name: str, stride: int = 1) -> str:
    return net.add("Conv2D", x, name=name, filters=filters, kernel_size=size, strides=stride)
