"""Colours and crops of images: keras/src/ops/image.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference.engine import functions as f
from conformance.reference.engine.conversion import arithmetic_of, as_array, real
from conformance.reference.engine.structure import concatenate, pad, take
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.ops.base import FORMATS
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.array import Array
    from conformance.reference.engine.conversion import Scalar, Tensor

_COLOURS = 3


def _channels(
    images: Tensor | Scalar, data_format: str | None, function: str
) -> tuple[list[Array], int]:
    """The three channels of float images, and their axis.

    Raises:
        Refused: They are integers, or have other axes or channels.
        Unsupported: A number lies outside of 0..1, where nothing is well defined.
    """
    a = real(as_array(images, arithmetic_of(images)))
    axis = a.ndim - 3 if data_format == "channels_first" else a.ndim - 1
    wrong = a.ndim not in {3, 4} or data_format not in {None, *FORMATS}
    if wrong or a.integers is not None or a.shape[axis] != _COLOURS:
        message = f"{function}: {a.dtype} images of {list(a.shape)}, data_format={data_format!r}"
        raise Refused(message, at="call")
    values = a.value.real
    if values.size and not (values.min() >= 0 and values.max() <= 1):
        message = f"{function} beyond 0..1 is documented not to be well defined"
        raise Unsupported(message)
    return [take(a, axis, i, i + 1) for i in range(_COLOURS)], axis


@defines("ops.image.rgb_to_hsv")
def rgb_to_hsv(images: Tensor | Scalar, data_format: str | None = None) -> Tensor:
    """Hue (red is 0, green 1/3, blue 2/3), saturation and value; of grays the first two are 0."""
    (red, green, blue), axis = _channels(images, data_format, "rgb_to_hsv")
    colours = concatenate([red, green, blue], axis)
    value = f.largest(colours, axis, keepdims=True)
    span = value + f.largest(-colours, axis, keepdims=True)
    gray, black = span.value.real == 0, value.value.real == 0
    saturation = f.choose(~black, span / f.choose(~black, value, 1.0), 0.0)
    part = f.choose(~gray, span, 1.0)
    # Of each channel that is the largest: where its sixth of the circle begins.
    of_red, of_green, of_blue = (
        (green - blue) / part,
        (blue - red) / part + 2.0,
        (red - green) / part + 4.0,
    )
    of_red = f.choose(of_red.value.real < 0, of_red + 6.0, of_red)
    is_red = red.value.real == value.value.real
    is_green = green.value.real == value.value.real
    hue = f.choose(is_red, of_red, f.choose(is_green, of_green, of_blue)) / 6.0
    return concatenate([f.choose(~gray, hue, 0.0), saturation, value], axis)


@defines("ops.image.hsv_to_rgb")
def hsv_to_rgb(images: Tensor | Scalar, data_format: str | None = None) -> Tensor:
    """Red, green and blue of hue, saturation and value: the way back from ``rgb_to_hsv``."""
    (hue, saturation, value), axis = _channels(images, data_format, "hsv_to_rgb")
    turn = hue * 6.0
    shares = [
        f.clip(f.absolute(turn - 3.0) - 1.0, 0.0, 1.0),
        f.clip(2.0 - f.absolute(turn - 2.0), 0.0, 1.0),
        f.clip(2.0 - f.absolute(turn - 4.0), 0.0, 1.0),
    ]
    return concatenate([(1.0 - saturation + saturation * one) * value for one in shares], axis)


def _space(
    images: Tensor | Scalar, data_format: str | None, function: str
) -> tuple[Array, tuple[int, int]]:
    """Images and the axes of their rows and columns."""
    a = real(as_array(images, arithmetic_of(images)))
    if a.ndim not in {3, 4} or data_format not in {None, *FORMATS}:
        message = f"{function}: images of {a.ndim} axes, data_format={data_format!r}"
        raise Refused(message, at="call")
    first = data_format == "channels_first"
    return a, (a.ndim - 2, a.ndim - 1) if first else (a.ndim - 3, a.ndim - 2)


def _ends(
    before: int | None, after: int | None, total: int | None, function: str
) -> tuple[int, int]:
    """What is taken away or added at both ends, two of three numbers being given.

    Raises:
        Unsupported: Another number of them, or one is negative.
    """
    given = [n for n in (before, after, total) if n is not None]
    if len(given) != 2:  # noqa: PLR2004 (the third follows)
        message = f"{function}: {before=}, {after=} and {total=} at the ends of one axis"
        raise Unsupported(f"{message}: Keras documents no answer")
    if before is None:
        before = (total or 0) - (after or 0)
    elif after is None:
        after = (total or 0) - before
    if min(before, after or 0) < 0:
        message = f"{function}: {before} before and {after} after"
        raise Unsupported(f"{message}: Keras documents no answer")
    return before, after or 0


@defines("ops.image.crop_images")
def crop_images(
    images: Tensor | Scalar,
    top_cropping: int | None = None,
    left_cropping: int | None = None,
    bottom_cropping: int | None = None,
    right_cropping: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Tensor:
    """The window that is left when rows and columns are taken away at the ends."""
    a, (rows, columns) = _space(images, data_format, "crop_images")
    for axis, before, after, target in (
        (rows, top_cropping, bottom_cropping, target_height),
        (columns, left_cropping, right_cropping, target_width),
    ):
        n = a.shape[axis]
        total = None if target is None else n - target
        start, end = _ends(before, after, total, "crop_images")
        if start + end >= n:
            message = f"crop_images: {start} and {end} of {n} leave nothing"
            raise Unsupported(f"{message}: Keras documents no answer")
        a = take(a, axis, start, n - end)
    return a


@defines("ops.image.pad_images")
def pad_images(
    images: Tensor | Scalar,
    top_padding: int | None = None,
    left_padding: int | None = None,
    bottom_padding: int | None = None,
    right_padding: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Tensor:
    """Images with rows and columns of zeros at the ends."""
    a, (rows, columns) = _space(images, data_format, "pad_images")
    amounts = [(0, 0)] * a.ndim
    for axis, before, after, target in (
        (rows, top_padding, bottom_padding, target_height),
        (columns, left_padding, right_padding, target_width),
    ):
        total = None if target is None else target - a.shape[axis]
        amounts[axis] = _ends(before, after, total, "pad_images")
    return pad(a, amounts)
