"""Xception: Deep Learning with Depthwise Separable Convolutions (arXiv 1610.02357)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference.spec.applications.graph import IMAGE
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.spec.applications.graph import Asked, Layers

_ENTRY = ((2, 128), (3, 256), (4, 728))
"""Numbers and channels of the entry flow's blocks."""


@defines("applications.Xception")
def xception(net: Layers, asked: Asked) -> str:
    """Entry, middle and exit flow."""
    x = net.conv(IMAGE, 32, 3, strides=2, padding="valid", name="block1_conv1")
    x = net.act(net.norm(x, "block1_conv1_bn"), "relu", "block1_conv1_act")
    x = net.conv(x, 64, 3, padding="valid", name="block1_conv2")
    x = net.act(net.norm(x, "block1_conv2_bn"), "relu", "block1_conv2_act")
    for block, width in _ENTRY:
        x = _halved(net, x, f"block{block}", (width, width), first=block == _ENTRY[0][0])
    for block in range(5, 13):
        past = x
        for number in (1, 2, 3):
            name = f"block{block}_sepconv{number}"
            x = _separable(net, net.act(x, "relu", f"{name}_act"), 728, name)
        x = net.add("Add", x, past)
    x = _halved(net, x, "block13", (728, 1024), first=False)
    for number, width in enumerate((1536, 2048), 1):
        name = f"block14_sepconv{number}"
        x = net.act(_separable(net, x, width, name), "relu", f"{name}_act")
    return net.ended(x, asked, ("avg_pool" if asked.include_top else None, None))


def _halved(net: Layers, x: str, name: str, widths: tuple[int, int], *, first: bool) -> str:
    """Two separable convolutions and a pooling, beside one convolution in steps of two.

    What the first block takes has just been activated.
    """
    past = net.norm(net.conv(x, widths[1], 1, strides=2))
    for number, width in enumerate(widths, 1):
        each = f"{name}_sepconv{number}"
        if not (first and number == 1):
            x = net.act(x, "relu", f"{each}_act")
        x = _separable(net, x, width, each)
    x = net.add("MaxPooling2D", x, name=f"{name}_pool", pool_size=3, strides=2, padding="same")
    return net.add("Add", x, past)


def _separable(net: Layers, x: str, filters: int, name: str) -> str:
    x = net.add(
        "SeparableConv2D",
        x,
        name=name,
        filters=filters,
        kernel_size=3,
        padding="same",
        use_bias=False,
    )
    return net.norm(x, f"{name}_bn")
