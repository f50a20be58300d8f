"""ConvNeXt: A ConvNet for the 2020s (arXiv 2201.03545)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference.spec.applications.graph import IMAGE
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.spec.applications.graph import Asked, Layers

MEANS = [0.485 * 255, 0.456 * 255, 0.406 * 255]
VARIANCES = [(0.229 * 255) ** 2, (0.224 * 255) ** 2, (0.225 * 255) ** 2]
"""Of ImageNet's colours between 0 and 255."""
EPSILON = 1e-6


@defines("applications.ConvNeXtTiny")
def convnext_tiny(net: Layers, asked: Asked) -> str:
    """Own argument: include_preprocessing."""
    return _convnext(net, asked, 96, 9, "convnext_tiny")


@defines("applications.ConvNeXtSmall")
def convnext_small(net: Layers, asked: Asked) -> str:
    """Own argument: include_preprocessing."""
    return _convnext(net, asked, 96, 27, "convnext_small")


@defines("applications.ConvNeXtBase")
def convnext_base(net: Layers, asked: Asked) -> str:
    """Own argument: include_preprocessing."""
    return _convnext(net, asked, 128, 27, "convnext_base")


@defines("applications.ConvNeXtLarge")
def convnext_large(net: Layers, asked: Asked) -> str:
    """Own argument: include_preprocessing."""
    return _convnext(net, asked, 192, 27, "convnext_large")


@defines("applications.ConvNeXtXLarge")
def convnext_xlarge(net: Layers, asked: Asked) -> str:
    """Own argument: include_preprocessing."""
    return _convnext(net, asked, 256, 27, "convnext_xlarge")


def _convnext(net: Layers, asked: Asked, width: int, third: int, own: str) -> str:
    x = IMAGE
    if asked.own.get("include_preprocessing", True) and net.channels(x) == len(MEANS):
        x = net.add("Normalization", x, axis=-1, mean=MEANS, variance=VARIANCES)
    x = net.add("Conv2D", x, name=f"{own}_stem_conv", filters=width, kernel_size=4, strides=4)
    x = _normed(net, x, f"{own}_stem_layernorm")
    for stage, depth in enumerate((3, 3, third, 3)):
        channels = width << stage
        if stage:
            x = _normed(net, x, f"{own}_downsampling_layernorm_{stage - 1}")
            name = f"{own}_downsampling_conv_{stage - 1}"
            x = net.add("Conv2D", x, name=name, filters=channels, kernel_size=2, strides=2)
        for block in range(depth):
            x = _block(net, x, channels, f"{own}_stage_{stage}_block_{block}")
    if not asked.include_top:
        return net.add("LayerNormalization", net.pooled(x, asked), epsilon=EPSILON)
    x = net.add("GlobalAveragePooling2D", x, name=f"{own}_head_gap")
    return net.classified(_normed(net, x, f"{own}_head_layernorm"), asked, f"{own}_head_dense")


def _block(net: Layers, x: str, channels: int, name: str) -> str:
    """A convolution by channel and two dense layers, scaled by channel, beside what goes by."""
    past = x
    x = net.add(
        "Conv2D",
        x,
        name=f"{name}_depthwise_conv",
        filters=channels,
        kernel_size=7,
        padding="same",
        groups=channels,
    )
    x = _normed(net, x, f"{name}_layernorm")
    x = net.add("Dense", x, name=f"{name}_pointwise_conv_1", units=4 * channels)
    x = net.act(x, "gelu", f"{name}_gelu")
    x = net.add("Dense", x, name=f"{name}_pointwise_conv_2", units=channels)
    shape = [None, None, channels]
    x = net.add(
        "EinsumDense", x, name=f"{name}_layer_scale", equation="abcd,d->abcd", output_shape=shape
    )
    return net.add("Add", past, x)


def _normed(net: Layers, x: str, name: str) -> str:
    return net.add("LayerNormalization", x, name=name, epsilon=EPSILON)
