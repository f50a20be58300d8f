"""Functions of keras.ops.image: keras/src/ops/image.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.reference.engine.contraction import einsum
from conformance.reference.engine.conversion import arithmetic_of, as_array, real
from conformance.reference.engine.dtypes import DIGITS
from conformance.reference.engine.resampling import KINDS, moving, sampling
from conformance.reference.engine.structure import pad, take
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.ops.base import FORMATS, floating_array, one_axis
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.engine.array import Array
    from conformance.reference.engine.conversion import Scalar, Tensor

GRAY = (0.2989, 0.587, 0.114)
"""Shares of red, green and blue in the luminance: ITU-R BT.601."""


def aspect(x: Array, space: Sequence[int], size: Sequence[int]) -> tuple[int, int]:
    """Sizes of the image's own height and width that have the target's aspect ratio.

    Each is what the other one calls for: larger than the image along at most one axis.
    """
    height, width = (x.shape[axis] for axis in space)
    tall, wide = size
    return width * tall // wide, height * wide // tall


def cropped(x: Array, space: Sequence[int], size: Sequence[int]) -> Array:
    """The largest window in the middle with the target's aspect ratio."""
    for axis, wanted in zip(space, aspect(x, space, size), strict=True):
        kept = max(min(x.shape[axis], wanted), 1)
        start = (x.shape[axis] - kept) // 2
        x = take(x, axis, start, start + kept)
    return x


def padded(x: Array, space: Sequence[int], size: Sequence[int], fill: float) -> Array:
    """The smallest image around this one with the target's aspect ratio, padded evenly."""
    amounts = [(0, 0)] * x.ndim
    for axis, wanted in zip(space, aspect(x, space, size), strict=True):
        # Evenly: as much before as after.
        side = max(wanted - x.shape[axis], 0) // 2
        amounts[axis] = (side, side)
    return pad(x, amounts, float(np.float32(fill)))


def resampled(
    x: Array, space: Sequence[int], size: Sequence[int], kind: str, *, antialias: bool
) -> Array:
    """Rows, then columns, by the matrices of :mod:`resampling`."""
    letters = "abcd"[: x.ndim]
    for axis, target in zip(space, size, strict=True):
        matrix = sampling(x.arithmetic, kind, x.shape[axis], target, antialias=antialias)
        into = letters.replace(letters[axis], "o")
        x = einsum(f"o{letters[axis]},{letters}->{into}", matrix, x)
    return x


def _images(images: Tensor | Scalar, data_format: str | None, function: str) -> tuple[Array, bool]:
    """Float images, one or several, and whether their channels come first.

    Raises:
        Refused: They have neither three nor four axes, or the format is unknown.
        Unsupported: They are integers.
    """
    x = real(as_array(images, arithmetic_of(images)))
    if x.ndim not in {3, 4} or data_format not in {None, *FORMATS}:
        message = f"{function}: images of {x.ndim} axes, data_format={data_format!r}"
        raise Refused(message, at="call")
    if x.dtype not in DIGITS:
        message = f"{function} of {x.dtype} is not in the reference: Keras documents no rounding"
        raise Unsupported(message)
    return x, data_format == "channels_first"


@defines("ops.image.resize")
def resize(
    images: Tensor | Scalar,
    size: Sequence[int],
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> Tensor:
    """Images of another height and width, sampled; cropped or padded first where asked.

    Raises:
        Refused: An argument is unknown, or two exclude each other.
    """
    x, first = _images(images, data_format, "resize")
    wrong = ""
    if interpolation not in KINDS:
        wrong = f"interpolation={interpolation!r} is none of {', '.join(KINDS)}"
    elif fill_mode != "constant":
        wrong = f"fill_mode={fill_mode!r} is not constant"
    elif crop_to_aspect_ratio and pad_to_aspect_ratio:
        wrong = "only one of crop_to_aspect_ratio and pad_to_aspect_ratio may be true"
    elif len(size) != 2:  # noqa: PLR2004 (height and width)
        wrong = f"size={size!r} is not (height, width)"
    if wrong:
        message = f"resize: {wrong}"
        raise Refused(message, at="call")
    space = (x.ndim - 2, x.ndim - 1) if first else (x.ndim - 3, x.ndim - 2)
    if crop_to_aspect_ratio:
        x = cropped(x, space, size)
    if pad_to_aspect_ratio:
        x = padded(x, space, size, fill_value)
    return resampled(x, space, size, interpolation, antialias=antialias)


METHODS = {
    **dict.fromkeys(("linear", "bilinear", "trilinear", "triangle"), "bilinear"),
    **dict.fromkeys(("cubic", "bicubic", "tricubic"), "bicubic"),
    "lanczos3": "lanczos3",
    "lanczos5": "lanczos5",
}
"""Kernels by the words of ``scale_and_translate``."""

_EDGE = 1e-4
"""How near to the edge of the input a number may come from."""


@defines("ops.image.scale_and_translate")
def scale_and_translate(
    images: Tensor | Scalar,
    output_shape: Sequence[int],
    scale: Any,
    translation: Any,
    spatial_dims: Sequence[int],
    method: str,
    antialias: bool = True,
) -> Tensor:
    """Each of some axes scaled and then moved, between pixels whose middles lie on halves.

    No gradient flows towards scale and translation.

    Raises:
        Refused: An argument is unknown or doesn't fit.
        Unsupported: A number comes from the very edge of the input, or an axis that is neither
            scaled nor moved is to have another size.
    """
    x = floating_array(images, "scale_and_translate")
    sizes, moves = (_numbers(one) for one in (scale, translation))
    axes = [one_axis(axis, x.ndim, "scale_and_translate") for axis in spatial_dims]
    shapes = {sizes.shape, moves.shape, (len(axes),)}
    if method not in METHODS or len(output_shape) != x.ndim or len(shapes) > 1:
        message = f"scale_and_translate: {method=}, {output_shape=} of {list(x.shape)}, {shapes}"
        raise Refused(message, at="call")
    if any(output_shape[i] != n for i, n in enumerate(x.shape) if i not in axes):
        message = f"scale_and_translate: {output_shape=} of {list(x.shape)} along {axes}"
        raise Unsupported(f"{message}: Keras documents no answer")
    letters = "abcdefgh"[: x.ndim]
    for axis, factor, shift in zip(axes, sizes.tolist(), moves.tolist(), strict=True):
        matrix, inside = moving(
            x.arithmetic,
            METHODS[method],
            x.shape[axis],
            output_shape[axis],
            factor,
            shift,
            antialias=antialias,
        )
        if (np.abs(inside) < _EDGE).any():
            message = "scale_and_translate: a number that comes from the very edge of the input"
            raise Unsupported(message)
        into = letters.replace(letters[axis], "o")
        x = einsum(f"o{letters[axis]},{letters}->{into}", matrix, x)
    return x


def _numbers(given: Any) -> Any:
    """Numbers of an array or a list, in float64."""
    values = given.value.real if hasattr(given, "value") else given
    return np.asarray(values, np.float64)


def luminance(x: Array, axis: int) -> Array:
    """Red, green and blue by their shares, in one channel.

    Raises:
        Refused: The image has other channels.
    """
    if x.shape[axis] != len(GRAY):
        message = f"an image of {x.shape[axis]} channels has no gray: there must be 3"
        raise Refused(message, at="call")
    red, green, blue = (take(x, axis, i, i + 1) * weight for i, weight in enumerate(GRAY))
    return red + green + blue


@defines("ops.image.rgb_to_grayscale")
def rgb_to_grayscale(images: Tensor | Scalar, data_format: str | None = None) -> Tensor:
    """The luminance, as images of one channel."""
    x, first = _images(images, data_format, "rgb_to_grayscale")
    return luminance(x, x.ndim - 3 if first else x.ndim - 1)
