"""Inception V3 (arXiv 1512.00567) and Inception-ResNet V2 (arXiv 1602.07261)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.reference.spec.applications.graph import IMAGE
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.spec.applications.graph import Asked, Layers

    Chain = Sequence[tuple[Any, ...]]
    """Convolutions one after the other: channels, window, and ``/`` where it takes steps of two."""


def _conv(net: Layers, x: str, filters: int, size: Any, **more: Any) -> str:
    """A convolution, normalized without a scale, and a relu."""
    return net.act(net.norm(net.conv(x, filters, size, **more), scale=False), "relu")


def _halving(net: Layers, x: str, filters: int) -> str:
    return _conv(net, x, filters, 3, strides=2, padding="valid")


def _chain(net: Layers, x: str, chain: Chain) -> str:
    for filters, size in chain:
        x = _halving(net, x, filters) if size == "/" else _conv(net, x, filters, size)
    return x


def _pooled(net: Layers, x: str, filters: int) -> str:
    x = net.add("AveragePooling2D", x, pool_size=3, strides=1, padding="same")
    return _conv(net, x, filters, 1)


def _shrunk(net: Layers, x: str) -> str:
    return net.add("MaxPooling2D", x, pool_size=3, strides=2)


def _stem(net: Layers) -> str:
    """What both begin with."""
    x = _conv(net, IMAGE, 32, 3, strides=2, padding="valid")
    x = _conv(net, x, 32, 3, padding="valid")
    x = _shrunk(net, _conv(net, x, 64, 3))
    x = _conv(net, x, 80, 1, padding="valid")
    return _shrunk(net, _conv(net, x, 192, 3, padding="valid"))


def _ended(net: Layers, x: str, asked: Asked) -> str:
    return net.ended(x, asked, ("avg_pool" if asked.include_top else None, None))


# --- Inception V3 ---------------------------------------------------------------------------------


def _beside(net: Layers, x: str, chains: Sequence[Chain], pooled: int | None, name: str) -> str:
    """Chains side by side, and a pooling: to so many channels, or in steps of two."""
    made = [_chain(net, x, chain) for chain in chains]
    made.append(_shrunk(net, x) if pooled is None else _pooled(net, x, pooled))
    return net.add("Concatenate", *made, name=name)


_ROW, _COLUMN = [1, 7], [7, 1]


@defines("applications.InceptionV3")
def inception_v3(net: Layers, asked: Asked) -> str:
    """Three blocks of 35 by 35, four of 17 by 17, two of 8 by 8, for an image of 299 by 299."""
    x = _stem(net)
    for number, pooled in enumerate((32, 64, 64)):
        chains: list[Chain] = [
            [(64, 1)],
            [(48, 1), (64, 5)],
            [(64, 1), (96, 3), (96, 3)],
        ]
        x = _beside(net, x, chains, pooled, f"mixed{number}")
    x = _beside(net, x, [[(384, "/")], [(64, 1), (96, 3), (96, "/")]], None, "mixed3")
    for number, narrow in enumerate((128, 160, 160, 192), 4):
        chains = [
            [(192, 1)],
            [(narrow, 1), (narrow, _ROW), (192, _COLUMN)],
            [(narrow, 1), (narrow, _COLUMN), (narrow, _ROW), (narrow, _COLUMN), (192, _ROW)],
        ]
        x = _beside(net, x, chains, 192, f"mixed{number}")
    chains = [[(192, 1), (320, "/")], [(192, 1), (192, _ROW), (192, _COLUMN), (192, "/")]]
    x = _beside(net, x, chains, None, "mixed8")
    for number in range(2):
        x = _widest(net, x, number)
    return _ended(net, x, asked)


def _widest(net: Layers, x: str, number: int) -> str:
    """A block whose chains part into rows and columns at their end."""
    one = _conv(net, x, 320, 1)
    two = _parted(net, _conv(net, x, 384, 1), f"mixed9_{number}")
    three = _parted(net, _chain(net, x, [(448, 1), (384, 3)]), None)
    return net.add("Concatenate", one, two, three, _pooled(net, x, 192), name=f"mixed{9 + number}")


def _parted(net: Layers, x: str, name: str | None) -> str:
    return net.add("Concatenate", _conv(net, x, 384, [1, 3]), _conv(net, x, 384, [3, 1]), name=name)


# --- Inception-ResNet V2 --------------------------------------------------------------------------

_BLOCK35: list[Chain] = [[(32, 1)], [(32, 1), (32, 3)], [(32, 1), (48, 3), (64, 3)]]
_BLOCK17: list[Chain] = [[(192, 1)], [(128, 1), (160, _ROW), (192, _COLUMN)]]
_BLOCK8: list[Chain] = [[(192, 1)], [(192, 1), (224, [1, 3]), (256, [3, 1])]]


@defines("applications.InceptionResNetV2")
def inception_resnet_v2(net: Layers, asked: Asked) -> str:
    """Ten blocks of 35 by 35, twenty of 17 by 17 and ten of 8 by 8, for an image of 299 by 299."""
    x = _stem(net)
    chains: list[Chain] = [[(96, 1)], [(48, 1), (64, 5)], [(64, 1), (96, 3), (96, 3)]]
    x = _beside(net, x, chains, 64, "mixed_5b")
    for number in range(1, 11):
        x = _residual(net, x, _BLOCK35, 0.17, f"block35_{number}")
    chains = [[(384, "/")], [(256, 1), (256, 3), (384, "/")]]
    x = _beside(net, x, chains, None, "mixed_6a")
    for number in range(1, 21):
        x = _residual(net, x, _BLOCK17, 0.1, f"block17_{number}")
    chains = [[(256, 1), (384, "/")], [(256, 1), (288, "/")], [(256, 1), (288, 3), (320, "/")]]
    x = _beside(net, x, chains, None, "mixed_7a")
    for number in range(1, 10):
        x = _residual(net, x, _BLOCK8, 0.2, f"block8_{number}")
    x = _residual(net, x, _BLOCK8, 1.0, "block8_10", activated=False)
    x = net.norm(net.conv(x, 1536, 1, name="conv_7b"), "conv_7b_bn", scale=False)
    return _ended(net, net.act(x, "relu", "conv_7b_ac"), asked)


def _residual(
    net: Layers, x: str, chains: Sequence[Chain], scale: float, name: str, *, activated: bool = True
) -> str:
    """What the chains make, scaled down, on top of what goes by."""
    made = [_chain(net, x, chain) for chain in chains]
    mixed = net.add("Concatenate", *made, name=f"{name}_mixed")
    up = net.conv(mixed, net.channels(x), 1, use_bias=True, name=f"{name}_conv")
    x = net.add("Add", x, net.function("ops.multiply", up, x2=scale))
    return net.act(x, "relu", f"{name}_ac") if activated else x
