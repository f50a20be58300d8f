"""Blocks, patches and windows as axes: keras/src/ops/nn.py and image.py."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from conformance.reference.engine import structure
from conformance.reference.engine.array import Array, reshape
from conformance.reference.engine.conversion import arithmetic_of, as_array, real
from conformance.reference.engine.windows import Windows
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.ops.base import FORMATS, floating_array
from conformance.reference.spec.sliding import OddAfter, Sliding
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.engine.conversion import Scalar, Tensor

    Sizes = int | Sequence[int]

_IMAGES = 4
"""Axes of a batch of images."""


def _images(x: Tensor | Scalar, data_format: str, function: str) -> tuple[Array, bool]:
    """Images with their channels last, and whether they came first.

    Raises:
        Refused: They haven't four axes, or the format is unknown.
    """
    a = real(as_array(x, arithmetic_of(x)))
    if a.ndim != _IMAGES or data_format not in FORMATS:
        message = f"{function}: {a.ndim} axes, data_format={data_format!r}"
        raise Refused(message, at="call")
    first = data_format == "channels_first"
    return (structure.transpose(a, (0, 2, 3, 1)) if first else a), first


def _restored(a: Array, channels_first: bool) -> Array:
    return structure.transpose(a, (0, 3, 1, 2)) if channels_first else a


def _blocked(function: str, fits: bool, block_size: int, channels: int, first: bool) -> None:
    """See that blocks fit, and that one order of the depth is documented.

    Raises:
        Refused: The sizes are no multiples of the block's.
        Unsupported: Channels of the image come first, and are several.
    """
    if block_size < 1 or not fits:
        message = f"{function}: sizes are no multiples of {block_size}"
        raise Refused(message, at="call")
    if first and channels > 1 and block_size > 1:
        message = f"{function}: the order of {channels} channels that come first is not documented"
        raise Unsupported(message)


@defines("ops.depth_to_space")
def depth_to_space(
    x: Tensor | Scalar, block_size: int, data_format: str = "channels_last"
) -> Tensor:
    """Channels as rows and columns of blocks: channel ``(i·r + j)·c`` on goes to row i, column j.

    In which order channels lie that come first, the documentation doesn't say.
    """
    a, first = _images(x, data_format, "depth_to_space")
    n, h, w, depth = a.shape
    r, c = block_size, depth // max(block_size, 1) ** 2
    _blocked("depth_to_space", c * r * r == depth, r, c, first)
    parts = structure.transpose(reshape(a, (n, h, w, r, r, c)), (0, 1, 3, 2, 4, 5))
    return _restored(reshape(parts, (n, h * r, w * r, c)), first)


@defines("ops.space_to_depth")
def space_to_depth(
    x: Tensor | Scalar, block_size: int, data_format: str = "channels_last"
) -> Tensor:
    """Rows and columns of blocks as channels, the way back from ``depth_to_space``."""
    a, first = _images(x, data_format, "space_to_depth")
    n, h, w, c = a.shape
    r = block_size
    _blocked("space_to_depth", r > 0 and h % r == 0 and w % r == 0, r, c, first)
    parts = reshape(a, (n, h // r, r, w // r, r, c))
    made = structure.transpose(parts, (0, 1, 3, 2, 4, 5))
    return _restored(reshape(made, (n, h // r, w // r, r * r * c)), first)


def _pair(value: Sizes, argument: str, least: int = 1) -> tuple[int, int]:
    pair = (value, value) if isinstance(value, int) else tuple(value)
    if len(pair) != 2 or min(pair) < least:  # noqa: PLR2004 (rows and columns)
        message = f"{argument}={value!r} for rows and columns"
        raise Refused(message, at="call")
    return pair[0], pair[1]


def _geometry(kernel_size: Sizes, dilation: Sizes, stride: Sizes) -> Windows:
    return Windows(
        _pair(kernel_size, "kernel_size"), _pair(stride, "stride"), _pair(dilation, "dilation")
    )


@defines("ops.unfold")
def unfold(
    x: Tensor | Scalar,
    kernel_size: Sizes,
    dilation: Sizes = 1,
    padding: Sizes = 0,
    stride: Sizes = 1,
) -> Tensor:
    """Windows of ``(n, c, rows, columns)`` side by side: ``(n, c·size, windows)``.

    Raises:
        Refused: It has other axes, or no window fits.
    """
    a = floating_array(x, "unfold")
    geometry = _geometry(kernel_size, dilation, stride)
    if a.ndim != _IMAGES:
        message = f"unfold: an image of {a.ndim} axes"
        raise Refused(message, at="call")
    around = [(n, n) for n in _pair(padding, "padding", 0)]
    padded = structure.pad(structure.transpose(a, (0, 2, 3, 1)), [(0, 0), *around, (0, 0)])
    counts = geometry.counts(padded.shape[1:3])
    if min(counts) < 1:
        message = f"unfold: no window of {geometry.size} fits into {a.shape[2:]}"
        raise Refused(message, at="call")
    cut = structure.transpose(structure.unfold(padded, geometry), (0, 5, 3, 4, 1, 2))
    return reshape(cut, (a.shape[0], a.shape[1] * math.prod(geometry.size), math.prod(counts)))


@defines("ops.fold")
def fold(
    x: Tensor | Scalar,
    output_size: Sizes,
    kernel_size: Sizes,
    dilation: Sizes = 1,
    padding: Sizes = 0,
    stride: Sizes = 1,
) -> Tensor:
    """What ``unfold`` cut out, added up where it was: ``(n, c, *output_size)``.

    Raises:
        Refused: There are other windows than the sizes call for.
    """
    a = floating_array(x, "fold")
    geometry = _geometry(kernel_size, dilation, stride)
    size, around = _pair(output_size, "output_size"), _pair(padding, "padding", 0)
    whole = [n + 2 * p for n, p in zip(size, around, strict=True)]
    counts, window = geometry.counts(whole), math.prod(geometry.size)
    if a.ndim != 3 or a.shape[1] % window or a.shape[2] != math.prod(counts):  # noqa: PLR2004
        message = f"fold: {list(a.shape)} are no {list(counts)} windows of {list(geometry.size)}"
        raise Refused(message, at="call")
    channels = a.shape[1] // window
    cut = reshape(a, (a.shape[0], channels, *geometry.size, *counts))
    spread = structure.fold(structure.transpose(cut, (0, 4, 5, 2, 3, 1)), whole, geometry)
    for axis, (n, p) in enumerate(zip(size, around, strict=True), 1):
        spread = structure.take(spread, axis, p, p + n)
    return _restored(spread, channels_first=True)


def _patches(
    images: Tensor | Scalar,
    size: tuple[int, ...],
    strides: Sizes | None,
    dilation_rate: Sizes,
    padding: str,
    data_format: str | None,
) -> Array:
    """Windows of images or volumes, each as one vector in the place of the channels.

    A vector holds the channels of one place after another.
    """
    name, axes = "extract_patches", len(size)
    a = floating_array(images, name)
    if a.ndim not in {axes + 1, axes + 2} or padding not in {"valid", "same"}:
        message = f"{name}: {a.ndim} axes, padding={padding!r}"
        raise Refused(message, at="call")
    if data_format not in {None, *FORMATS}:
        message = f"{name}: data_format={data_format!r}"
        raise Refused(message, at="call")
    steps = size if strides is None else _all(strides, axes, "strides")
    dilation = _all(dilation_rate, axes, "dilation_rate")
    if max(steps) > 1 and max(dilation) > 1:
        message = f"{name}: dilation beside strides is documented not to be supported"
        raise Unsupported(message)
    sliding = Sliding(
        Windows(size, steps, dilation), padding, channels_first=data_format == "channels_first"
    )
    batch = a if a.ndim == axes + 2 else structure.expand(a, 0)
    x = sliding.arranged(batch)
    try:
        sliding.output_space([*x.shape[1:-1]], name)
    except Refused as refusal:
        raise Refused(str(refusal), at="call") from None
    cut = structure.unfold(sliding.padded(x, OddAfter()), sliding.geometry)
    flat = reshape(cut, (*cut.shape[: axes + 1], math.prod(cut.shape[axes + 1 :])))
    made = sliding.restored(flat)
    return made if a.ndim == axes + 2 else structure.squeeze(made, 0)


def _all(value: Sizes, axes: int, argument: str) -> tuple[int, ...]:
    sizes = (value,) * axes if isinstance(value, int) else tuple(value)
    if len(sizes) != axes or min(sizes) < 1:
        message = f"extract_patches: {argument}={value!r} for {axes} axes"
        raise Refused(message, at="call")
    return sizes


@defines("ops.image.extract_patches")
def extract_patches(
    images: Tensor | Scalar,
    size: Sizes,
    strides: Sizes | None = None,
    dilation_rate: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """Patches of images, or of volumes where three sizes are given; without overlap by default."""
    sizes = (size, size) if isinstance(size, int) else tuple(size)
    if len(sizes) not in {2, 3} or min(sizes) < 1:
        message = f"extract_patches: size={size!r}"
        raise Refused(message, at="call")
    return _patches(images, sizes, strides, dilation_rate, padding, data_format)


@defines("ops.image.extract_patches_3d")
def extract_patches_3d(
    volumes: Tensor | Scalar,
    size: Sizes,
    strides: Sizes | None = None,
    dilation_rate: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """Patches of volumes; without overlap by default."""
    sizes = _all(size, 3, "size")
    return _patches(volumes, sizes, strides, dilation_rate, padding, data_format)
