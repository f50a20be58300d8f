"""MobileNet (arXiv 1704.04861), its second (1801.04381) and its third version (1905.02244)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from conformance.reference.spec.applications.graph import IMAGE, multiple_of_eight
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.reference.spec.applications.graph import Asked, Layers

    Activate = Callable[[str], str]

SLOWLY = {"epsilon": 1e-3, "momentum": 0.999}
"""How the second and third version normalize."""


# --- the first ------------------------------------------------------------------------------------

_FIRST = (
    *((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)),
    *((512, 1),) * 5,
    *((1024, 2), (1024, 1)),
)
"""Channels and stride of each block."""


@defines("applications.MobileNet")
def mobilenet(net: Layers, asked: Asked) -> str:
    """Own arguments: alpha, depth_multiplier, dropout."""
    alpha = float(asked.own.get("alpha", 1.0))
    x = net.conv(IMAGE, int(32 * alpha), 3, strides=2, name="conv1")
    x = _capped(net, net.norm(x, "conv1_bn"), "conv1_relu")
    for block, (width, stride) in enumerate(_FIRST, 1):
        if stride > 1:
            x = net.zeros(x, [[0, 1], [0, 1]], f"conv_pad_{block}")
        name = f"conv_dw_{block}"
        x = _depthwise(net, x, 3, stride, name, int(asked.own.get("depth_multiplier", 1)))
        x = _capped(net, net.norm(x, f"{name}_bn"), f"{name}_relu")
        name = f"conv_pw_{block}"
        x = net.conv(x, int(width * alpha), 1, name=name)
        x = _capped(net, net.norm(x, f"{name}_bn"), f"{name}_relu")
    if not asked.include_top:
        return net.pooled(x, asked)
    x = net.add("GlobalAveragePooling2D", x, keepdims=True)
    x = net.add("Dropout", x, name="dropout", rate=float(asked.own.get("dropout", 1e-3)))
    x = net.conv(x, asked.classes, 1, use_bias=True, name="conv_preds")
    x = net.add("Reshape", x, name="reshape_2", target_shape=[asked.classes])
    return net.act(x, asked.classifier_activation, "predictions")


# --- the second -----------------------------------------------------------------------------------

_SECOND = (
    *((16, 1),),
    *((24, 2), (24, 1)),
    *((32, 2), (32, 1), (32, 1)),
    *((64, 2), (64, 1), (64, 1), (64, 1)),
    *((96, 1), (96, 1), (96, 1)),
    *((160, 2), (160, 1), (160, 1)),
    *((320, 1),),
)
"""Channels and stride of each block."""


@defines("applications.MobileNetV2")
def mobilenet_v2(net: Layers, asked: Asked) -> str:
    """Own argument: alpha."""
    alpha = float(asked.own.get("alpha", 1.0))
    x = net.conv(IMAGE, multiple_of_eight(32 * alpha), 3, strides=2, name="Conv1")
    x = _capped(net, net.norm(x, "bn_Conv1", **SLOWLY), "Conv1_relu")
    for block, (width, stride) in enumerate(_SECOND):
        x = _inverted(net, x, block, multiple_of_eight(int(width * alpha)), stride)
    last = multiple_of_eight(1280 * alpha) if alpha > 1 else 1280
    x = net.conv(x, last, 1, padding="valid", name="Conv_1")
    x = _capped(net, net.norm(x, "Conv_1_bn", **SLOWLY), "out_relu")
    return net.ended(x, asked)


def _inverted(net: Layers, x: str, block: int, width: int, stride: int) -> str:
    """Widened six times (the first one not), convolved by channel, and narrowed again."""
    past, channels = x, net.channels(x)
    name = f"block_{block}_" if block else "expanded_conv_"
    if block:
        x = net.conv(x, 6 * channels, 1, name=f"{name}expand")
        x = _capped(net, net.norm(x, f"{name}expand_BN", **SLOWLY), f"{name}expand_relu")
    if stride > 1:
        x = net.zeros_before_stride(x, 3, f"{name}pad")
    x = _depthwise(net, x, 3, stride, f"{name}depthwise")
    x = _capped(net, net.norm(x, f"{name}depthwise_BN", **SLOWLY), f"{name}depthwise_relu")
    x = net.conv(x, width, 1, name=f"{name}project")
    x = net.norm(x, f"{name}project_BN", **SLOWLY)
    if channels == width and stride == 1:
        return net.add("Add", past, x, name=f"{name}add")
    return x


# --- the third ------------------------------------------------------------------------------------


class _Block(NamedTuple):
    """One line of the paper's tables 1 and 2."""

    size: int
    expansion: float
    width: int
    squeezed: bool
    swished: bool
    stride: int


_LARGE = (
    _Block(3, 1, 16, squeezed=False, swished=False, stride=1),
    _Block(3, 4, 24, squeezed=False, swished=False, stride=2),
    _Block(3, 3, 24, squeezed=False, swished=False, stride=1),
    _Block(5, 3, 40, squeezed=True, swished=False, stride=2),
    *(_Block(5, 3, 40, squeezed=True, swished=False, stride=1),) * 2,
    _Block(3, 6, 80, squeezed=False, swished=True, stride=2),
    _Block(3, 2.5, 80, squeezed=False, swished=True, stride=1),
    *(_Block(3, 2.3, 80, squeezed=False, swished=True, stride=1),) * 2,
    *(_Block(3, 6, 112, squeezed=True, swished=True, stride=1),) * 2,
    _Block(5, 6, 160, squeezed=True, swished=True, stride=2),
    *(_Block(5, 6, 160, squeezed=True, swished=True, stride=1),) * 2,
)
_SMALL = (
    _Block(3, 1, 16, squeezed=True, swished=False, stride=2),
    _Block(3, 72 / 16, 24, squeezed=False, swished=False, stride=2),
    _Block(3, 88 / 24, 24, squeezed=False, swished=False, stride=1),
    _Block(5, 4, 40, squeezed=True, swished=True, stride=2),
    *(_Block(5, 6, 40, squeezed=True, swished=True, stride=1),) * 2,
    *(_Block(5, 3, 48, squeezed=True, swished=True, stride=1),) * 2,
    _Block(5, 6, 96, squeezed=True, swished=True, stride=2),
    *(_Block(5, 6, 96, squeezed=True, swished=True, stride=1),) * 2,
)


@defines("applications.MobileNetV3Large")
def mobilenet_v3_large(net: Layers, asked: Asked) -> str:
    """Own arguments: alpha, minimalistic, dropout_rate, include_preprocessing."""
    return _third(net, asked, _LARGE, 1280)


@defines("applications.MobileNetV3Small")
def mobilenet_v3_small(net: Layers, asked: Asked) -> str:
    """Own arguments: alpha, minimalistic, dropout_rate, include_preprocessing."""
    return _third(net, asked, _SMALL, 1024)


def _third(net: Layers, asked: Asked, blocks: Sequence[_Block], last: int) -> str:
    alpha, own = float(asked.own.get("alpha", 1.0)), asked.own
    plain = bool(own.get("minimalistic", False))

    def relu(x: str) -> str:
        return net.add("ReLU", x)

    def swish(x: str) -> str:
        return relu(x) if plain else net.act(x, "hard_swish")

    x = IMAGE
    if own.get("include_preprocessing", True):
        x = net.add("Rescaling", x, scale=1 / 127.5, offset=-1.0)
    x = net.conv(x, 16, 3, strides=2, name="conv")
    x = swish(net.norm(x, "conv_bn", **SLOWLY))
    for number, block in enumerate(blocks):
        if plain:  # no squeezing, and no window wider than three
            block = block._replace(size=3, squeezed=False)  # noqa: PLW2901
        width = multiple_of_eight(block.width * alpha)
        x = _third_block(net, x, number, block, width, swish if block.swished else relu)
    x = net.conv(x, multiple_of_eight(net.channels(x) * 6), 1, name="conv_1")
    x = swish(net.norm(x, "conv_1_bn", **SLOWLY))
    if not asked.include_top:
        return net.pooled(x, asked, ("avg_pool", "max_pool"))
    x = net.add("GlobalAveragePooling2D", x, keepdims=True)
    wide = multiple_of_eight(last * alpha) if alpha > 1 else last
    x = swish(net.conv(x, wide, 1, use_bias=True, name="conv_2"))
    if rate := float(own.get("dropout_rate", 0.2)):
        x = net.add("Dropout", x, rate=rate)
    x = net.conv(x, asked.classes, 1, use_bias=True, name="logits")
    return net.act(net.add("Flatten", x), asked.classifier_activation, "predictions")


def _third_block(
    net: Layers, x: str, number: int, block: _Block, width: int, activate: Activate
) -> str:
    past, channels = x, net.channels(x)
    wide = multiple_of_eight(channels * block.expansion)
    name = f"expanded_conv_{number}_" if number else "expanded_conv_"
    if number:
        x = net.conv(x, wide, 1, name=f"{name}expand")
        x = activate(net.norm(x, f"{name}expand_bn", **SLOWLY))
    if block.stride > 1:
        x = net.zeros_before_stride(x, block.size, f"{name}depthwise_pad")
    x = _depthwise(net, x, block.size, block.stride, f"{name}depthwise")
    x = activate(net.norm(x, f"{name}depthwise_bn", **SLOWLY))
    if block.squeezed:
        x = _squeezed(net, x, wide, f"{name}squeeze_excite_")
    x = net.conv(x, width, 1, name=f"{name}project")
    x = net.norm(x, f"{name}project_bn", **SLOWLY)
    if block.stride == 1 and channels == width:
        return net.add("Add", past, x, name=f"{name}add")
    return x


def _squeezed(net: Layers, x: str, channels: int, name: str) -> str:
    """Squeeze and excite: each channel times a share that the means of all decide."""
    share = net.add("GlobalAveragePooling2D", x, name=f"{name}avg_pool", keepdims=True)
    narrow = multiple_of_eight(channels * 0.25)
    share = net.conv(share, narrow, 1, use_bias=True, name=f"{name}conv")
    share = net.add("ReLU", share, name=f"{name}relu")
    share = net.conv(share, channels, 1, use_bias=True, name=f"{name}conv_1")
    share = net.function("ops.add", share, x2=3.0)
    share = net.function("ops.multiply", _capped(net, share), x2=1 / 6)
    return net.add("Multiply", x, share, name=f"{name}mul")


# --- what they share ------------------------------------------------------------------------------


def _capped(net: Layers, x: str, name: str | None = None) -> str:
    return net.add("ReLU", x, name=name, max_value=6.0)


def _depthwise(net: Layers, x: str, size: int, stride: int, name: str, multiplier: int = 1) -> str:
    """By channel; where it takes steps of two, what is around has been put there before."""
    more = {} if multiplier == 1 else {"depth_multiplier": multiplier}
    padding = "same" if stride == 1 else "valid"
    return net.add(
        "DepthwiseConv2D",
        x,
        name=name,
        kernel_size=size,
        strides=stride,
        padding=padding,
        use_bias=False,
        **more,
    )
