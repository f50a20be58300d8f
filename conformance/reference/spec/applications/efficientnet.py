"""EfficientNet (arXiv 1905.11946) and its second version (arXiv 2104.00298)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from conformance.reference.spec.applications.graph import IMAGE, multiple_of_eight
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.spec.applications.graph import Asked, Layers

NAMES = ("avg_pool", "max_pool")
MEANS = [0.485, 0.456, 0.406]
VARIANCES = [0.229**2, 0.224**2, 0.225**2]
"""Of ImageNet's colours between 0 and 1."""


class _Stage(NamedTuple):
    """One line of the papers' tables: blocks of one kind."""

    size: int
    repeats: int
    width: int
    expansion: int
    stride: int
    fused: bool = False
    """Whether a block's first two convolutions are one, and nothing is squeezed."""


# --- the first ------------------------------------------------------------------------------------

_FIRST = (
    _Stage(3, 1, 16, 1, 1),
    _Stage(3, 2, 24, 6, 2),
    _Stage(5, 2, 40, 6, 2),
    _Stage(3, 3, 80, 6, 2),
    _Stage(5, 3, 112, 6, 1),
    _Stage(5, 4, 192, 6, 2),
    _Stage(3, 1, 320, 6, 1),
)


@defines("applications.EfficientNetB0")
def efficientnet_b0(net: Layers, asked: Asked) -> str:
    """The one that was searched for."""
    return _first(net, asked, 1.0, 1.0, 0.2)


@defines("applications.EfficientNetB1")
def efficientnet_b1(net: Layers, asked: Asked) -> str:
    """Scaled up once."""
    return _first(net, asked, 1.0, 1.1, 0.2)


@defines("applications.EfficientNetB2")
def efficientnet_b2(net: Layers, asked: Asked) -> str:
    """Scaled up twice."""
    return _first(net, asked, 1.1, 1.2, 0.3)


@defines("applications.EfficientNetB3")
def efficientnet_b3(net: Layers, asked: Asked) -> str:
    """Scaled up three times."""
    return _first(net, asked, 1.2, 1.4, 0.3)


@defines("applications.EfficientNetB4")
def efficientnet_b4(net: Layers, asked: Asked) -> str:
    """Scaled up four times."""
    return _first(net, asked, 1.4, 1.8, 0.4)


@defines("applications.EfficientNetB5")
def efficientnet_b5(net: Layers, asked: Asked) -> str:
    """Scaled up five times."""
    return _first(net, asked, 1.6, 2.2, 0.4)


@defines("applications.EfficientNetB6")
def efficientnet_b6(net: Layers, asked: Asked) -> str:
    """Scaled up six times."""
    return _first(net, asked, 1.8, 2.6, 0.5)


@defines("applications.EfficientNetB7")
def efficientnet_b7(net: Layers, asked: Asked) -> str:
    """Scaled up seven times."""
    return _first(net, asked, 2.0, 3.1, 0.5)


def _first(net: Layers, asked: Asked, wider: float, deeper: float, dropout: float) -> str:
    """So many times wider and deeper than the first one."""
    x = net.add("Rescaling", IMAGE, scale=1 / 255)
    # Nothing has been learned yet: a mean of nought, a variance of one, and how many they are of.
    channels = net.channels(IMAGE)
    told = [[[[1.0] * channels, [-1.0] * channels]]]
    x = net.add("Normalization", x, adapt=told, axis=-1)
    x = net.zeros_before_stride(x, 3, "stem_conv_pad")
    x = net.conv(x, multiple_of_eight(32 * wider), 3, strides=2, padding="valid", name="stem_conv")
    x = net.act(net.norm(x, "stem_bn"), "swish", "stem_activation")
    narrow = multiple_of_eight(32 * wider)
    for number, stage in enumerate(_FIRST, 1):
        width = multiple_of_eight(stage.width * wider)
        for repeat in range(math.ceil(deeper * stage.repeats)):
            name = f"block{number}{chr(repeat + 97)}_"
            stride = stage.stride if repeat == 0 else 1
            x = _first_block(net, x, stage._replace(width=width, stride=stride), narrow, name)
            narrow = width
    return _ended(net, x, asked, multiple_of_eight(1280 * wider), dropout)


def _first_block(net: Layers, x: str, stage: _Stage, narrow: int, name: str) -> str:
    past, wide = x, narrow * stage.expansion
    if stage.expansion != 1:
        x = net.norm(net.conv(x, wide, 1, name=f"{name}expand_conv"), f"{name}expand_bn")
        x = net.act(x, "swish", f"{name}expand_activation")
    padding = "same"
    if stage.stride > 1:
        x, padding = net.zeros_before_stride(x, stage.size, f"{name}dwconv_pad"), "valid"
    x = _depthwise(net, x, stage, padding, f"{name}dwconv")
    x = net.act(net.norm(x, f"{name}bn"), "swish", f"{name}activation")
    x = _squeezed(net, x, wide, narrow // 4, name)
    return _projected(net, past, x, stage, narrow, name)


# --- the second -----------------------------------------------------------------------------------

_B = (
    _Stage(3, 1, 16, 1, 1, fused=True),
    _Stage(3, 2, 32, 4, 2, fused=True),
    _Stage(3, 2, 48, 4, 2, fused=True),
    _Stage(3, 3, 96, 4, 2),
    _Stage(3, 5, 112, 6, 1),
    _Stage(3, 8, 192, 6, 2),
)
_S = (
    _Stage(3, 2, 24, 1, 1, fused=True),
    _Stage(3, 4, 48, 4, 2, fused=True),
    _Stage(3, 4, 64, 4, 2, fused=True),
    _Stage(3, 6, 128, 4, 2),
    _Stage(3, 9, 160, 6, 1),
    _Stage(3, 15, 256, 6, 2),
)
_M = (
    _Stage(3, 3, 24, 1, 1, fused=True),
    _Stage(3, 5, 48, 4, 2, fused=True),
    _Stage(3, 5, 80, 4, 2, fused=True),
    _Stage(3, 7, 160, 4, 2),
    _Stage(3, 14, 176, 6, 1),
    _Stage(3, 18, 304, 6, 2),
    _Stage(3, 5, 512, 6, 1),
)
_L = (
    _Stage(3, 4, 32, 1, 1, fused=True),
    _Stage(3, 7, 64, 4, 2, fused=True),
    _Stage(3, 7, 96, 4, 2, fused=True),
    _Stage(3, 10, 192, 4, 2),
    _Stage(3, 19, 224, 6, 1),
    _Stage(3, 25, 384, 6, 2),
    _Stage(3, 7, 640, 6, 1),
)


@defines("applications.EfficientNetV2B0")
def efficientnet_v2_b0(net: Layers, asked: Asked) -> str:
    """Own argument: include_preprocessing."""
    return _second(net, asked, _B, 32, 1.0, 1.0)


@defines("applications.EfficientNetV2B1")
def efficientnet_v2_b1(net: Layers, asked: Asked) -> str:
    """Own argument: include_preprocessing."""
    return _second(net, asked, _B, 32, 1.0, 1.1)


@defines("applications.EfficientNetV2B2")
def efficientnet_v2_b2(net: Layers, asked: Asked) -> str:
    """Own argument: include_preprocessing."""
    return _second(net, asked, _B, 32, 1.1, 1.2)


@defines("applications.EfficientNetV2B3")
def efficientnet_v2_b3(net: Layers, asked: Asked) -> str:
    """Own argument: include_preprocessing."""
    return _second(net, asked, _B, 32, 1.2, 1.4)


@defines("applications.EfficientNetV2S")
def efficientnet_v2_s(net: Layers, asked: Asked) -> str:
    """Own argument: include_preprocessing."""
    return _second(net, asked, _S, 24)


@defines("applications.EfficientNetV2M")
def efficientnet_v2_m(net: Layers, asked: Asked) -> str:
    """Own argument: include_preprocessing."""
    return _second(net, asked, _M, 24)


@defines("applications.EfficientNetV2L")
def efficientnet_v2_l(net: Layers, asked: Asked) -> str:
    """Own argument: include_preprocessing."""
    return _second(net, asked, _L, 32)


def _rounded(number: float) -> int:
    """The nearest multiple of 8, at least 8."""
    return max(8, int(number + 4) // 8 * 8)


def _second(
    net: Layers,
    asked: Asked,
    stages: Sequence[_Stage],
    stem: int,
    wider: float = 1.0,
    deeper: float = 1.0,
) -> str:
    x = IMAGE
    if asked.own.get("include_preprocessing", True):
        if stages is _B and net.channels(x) == len(MEANS):
            x = net.add("Rescaling", x, scale=1 / 255)
            x = net.add("Normalization", x, axis=-1, mean=MEANS, variance=VARIANCES)
        else:
            x = net.add("Rescaling", x, scale=1 / 128, offset=-1.0)
    narrow = _rounded(stem * wider)
    x = net.norm(net.conv(x, narrow, 3, strides=2, name="stem_conv"), "stem_bn", momentum=0.9)
    x = net.act(x, "swish", "stem_activation")
    for number, stage in enumerate(stages, 1):
        width = _rounded(stage.width * wider)
        for repeat in range(math.ceil(deeper * stage.repeats)):
            name = f"block{number}{chr(repeat + 97)}_"
            each = stage._replace(width=width, stride=stage.stride if repeat == 0 else 1)
            block = _fused if stage.fused else _second_block
            x = block(net, x, each, narrow, name)
            narrow = width
    return _ended(net, x, asked, _rounded(1280 * wider), 0.2, momentum=0.9)


def _second_block(net: Layers, x: str, stage: _Stage, narrow: int, name: str) -> str:
    past, wide = x, narrow * stage.expansion
    x = net.norm(net.conv(x, wide, 1, name=f"{name}expand_conv"), f"{name}expand_bn", momentum=0.9)
    x = net.act(x, "swish", f"{name}expand_activation")
    x = _depthwise(net, x, stage, "same", f"{name}dwconv2")
    x = net.act(net.norm(x, f"{name}bn", momentum=0.9), "swish", f"{name}activation")
    x = _squeezed(net, x, wide, narrow // 4, name)
    return _projected(net, past, x, stage, narrow, name, momentum=0.9)


def _fused(net: Layers, x: str, stage: _Stage, narrow: int, name: str) -> str:
    """One convolution in the place of widening and of the one by channel."""
    past, wide = x, narrow * stage.expansion
    if stage.expansion == 1:
        x = net.conv(x, stage.width, stage.size, strides=stage.stride, name=f"{name}project_conv")
        x = net.norm(x, f"{name}project_bn", momentum=0.9)
        x = net.act(x, "swish", f"{name}project_activation")
        return _added(net, past, x, stage, narrow, name)
    x = net.conv(x, wide, stage.size, strides=stage.stride, name=f"{name}expand_conv")
    x = net.norm(x, f"{name}expand_bn", momentum=0.9)
    x = net.act(x, "swish", f"{name}expand_activation")
    return _projected(net, past, x, stage, narrow, name, momentum=0.9)


# --- what they share ------------------------------------------------------------------------------


def _depthwise(net: Layers, x: str, stage: _Stage, padding: str, name: str) -> str:
    return net.add(
        "DepthwiseConv2D",
        x,
        name=name,
        kernel_size=stage.size,
        strides=stage.stride,
        padding=padding,
        use_bias=False,
    )


def _squeezed(net: Layers, x: str, wide: int, narrow: int, name: str) -> str:
    """Squeeze and excite: each channel times a share that the means of all decide."""
    share = net.add("GlobalAveragePooling2D", x, name=f"{name}se_squeeze")
    share = net.add("Reshape", share, name=f"{name}se_reshape", target_shape=[1, 1, wide])
    share = net.conv(
        share, max(1, narrow), 1, use_bias=True, activation="swish", name=f"{name}se_reduce"
    )
    share = net.conv(share, wide, 1, use_bias=True, activation="sigmoid", name=f"{name}se_expand")
    return net.add("Multiply", x, share, name=f"{name}se_excite")


def _projected(
    net: Layers,
    past: str,
    x: str,
    stage: _Stage,
    narrow: int,
    name: str,
    momentum: float = 0.99,
) -> str:
    """To the block's own width."""
    x = net.conv(x, stage.width, 1, name=f"{name}project_conv")
    x = net.norm(x, f"{name}project_bn", momentum=momentum)
    return _added(net, past, x, stage, narrow, name)


def _added(net: Layers, past: str, x: str, stage: _Stage, narrow: int, name: str) -> str:
    """On top of what goes by, where that is as large. What is dropped in training stays here."""
    if stage.stride == 1 and narrow == stage.width:
        return net.add("Add", x, past, name=f"{name}add")
    return x


def _ended(
    net: Layers, x: str, asked: Asked, width: int, dropout: float, momentum: float = 0.99
) -> str:
    x = net.norm(net.conv(x, width, 1, name="top_conv"), "top_bn", momentum=momentum)
    x = net.act(x, "swish", "top_activation")
    if not asked.include_top:
        return net.pooled(x, asked, NAMES)
    x = net.add("GlobalAveragePooling2D", x, name="avg_pool")
    return net.classified(net.add("Dropout", x, name="top_dropout", rate=dropout), asked)
