"""Encodings, a measure and the convolution of keras/src/ops/nn.py; the rest stands beside it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine.conversion import arithmetic_of, convert, real, together, whole
from conformance.reference.engine.dtypes import FLOATX
from conformance.reference.engine.windows import Windows
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.ops.base import (
    FORMATS,
    dtype_named,
    floating_array,
    integers_of,
    one_axis,
)
from conformance.reference.spec.sliding import OddAfter, Sliding, grouped
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.engine.array import Array
    from conformance.reference.engine.conversion import Scalar, Tensor


@defines("ops.one_hot", differentiable=False)
def one_hot(
    x: Any,
    num_classes: int,
    axis: int = -1,
    dtype: str | None = None,
    sparse: bool = False,
) -> Tensor:
    """A one at the place along a new axis that the number says, else zeros; in floatx.

    Raises:
        Unsupported: A number outside of the classes, a sparse answer, or a negative axis that is
            not the last: Keras documents no answer.
    """
    numbers = integers_of(x, "one_hot")
    outside = numbers.size and (int(numbers.min()) < 0 or int(numbers.max()) >= num_classes)
    if sparse or outside or axis < -1:
        message = f"one_hot: {sparse=}, {axis=} or a number outside of 0..{num_classes - 1}"
        raise Unsupported(message)
    place = one_axis(axis, numbers.ndim + 1, "one_hot")
    shape = [num_classes if i == place else 1 for i in range(numbers.ndim + 1)]
    flags = np.expand_dims(numbers, place) == np.arange(num_classes).reshape(shape)
    return convert(arithmetic_of(x).whole(flags), dtype_named(dtype, FLOATX, "one_hot"))


@defines("ops.multi_hot", differentiable=False)
def multi_hot(
    inputs: Any,
    num_classes: int | None = None,
    axis: int = -1,
    dtype: str | None = None,
    sparse: bool = False,
) -> Tensor:
    """Ones at the places that the numbers along the last axis say, else zeros; in floatx.

    Raises:
        Unsupported: There is no number of classes, or there are several axes and the classes are
            not to lie along the last one, of which Keras documents no answer.
    """
    numbers = integers_of(inputs, "multi_hot")
    if num_classes is None or numbers.ndim not in {1, 2} or axis not in {-1, numbers.ndim - 1}:
        message = f"multi_hot: num_classes={num_classes}, axis={axis} of {numbers.ndim} axes"
        raise Unsupported(f"{message}: Keras documents no answer")
    flags = np.asarray(whole(one_hot(inputs, num_classes, -1, "bool", sparse)).any(axis=-2))
    found = arithmetic_of(inputs).whole(flags)
    return convert(found, dtype_named(dtype, FLOATX, "multi_hot"))


@defines("ops.psnr")
def psnr(x1: Tensor | Scalar, x2: Tensor | Scalar, max_val: float) -> Tensor:
    """``10·log10(max_val² / mean((x1 - x2)²))``, in decibels.

    Raises:
        Refused: The signals have different shapes.
    """
    a, b = (real(x) for x in together(x1, x2))
    floating_array(a, "psnr")
    if a.shape != b.shape:
        message = f"psnr: signals of {list(a.shape)} and {list(b.shape)}"
        raise Refused(message, at="call")
    error = f.square(a - b).mean()
    return 20.0 * math.log10(max_val) - f.log(error) * (10.0 / math.log(10.0))


def _sizes(value: int | Sequence[int], axes: int, argument: str) -> tuple[int, ...]:
    sizes = (value,) * axes if isinstance(value, int) else tuple(value)
    if len(sizes) != axes or min(sizes) < 1:
        message = f"conv: {argument}={value!r} for {axes} axes"
        raise Refused(message, at="call")
    return sizes


@defines("ops.conv")
def conv(
    inputs: Tensor | Scalar,
    kernel: Tensor | Scalar,
    strides: int | Sequence[int] = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: int | Sequence[int] = 1,
) -> Tensor:
    """A kernel ``(*size, channels of one group, filters)`` slid over one to three axes.

    Raises:
        Refused: The shapes don't fit, or an argument is unknown.
        Unsupported: Of integers, or strides and dilation both above 1, which the layers exclude.
    """
    x, weights = (real(a) for a in together(inputs, kernel))
    axes = x.ndim - 2
    if axes not in {1, 2, 3} or weights.ndim != x.ndim:
        message = f"conv: an input of {x.ndim} axes and a kernel of {weights.ndim}"
        raise Refused(message, at="call")
    if padding not in {"valid", "same"} or data_format not in {None, *FORMATS}:
        message = f"conv: padding={padding!r}, data_format={data_format!r}"
        raise Refused(message, at="call")
    steps = _sizes(strides, axes, "strides")
    dilation = _sizes(dilation_rate, axes, "dilation_rate")
    if x.integers is not None or (max(steps) > 1 and max(dilation) > 1):
        message = f"conv of {x.dtype} with strides {steps} and dilation {dilation}"
        raise Unsupported(f"{message} is not in the reference")
    geometry = Windows(weights.shape[:axes], steps, dilation)
    sliding = Sliding(geometry, padding, channels_first=data_format == "channels_first")
    arranged = sliding.arranged(x)
    return _convolved(sliding, arranged, weights)


def _convolved(sliding: Sliding, x: Array, kernel: Array) -> Array:
    channels, inner, filters = x.shape[-1], kernel.shape[-2], kernel.shape[-1]
    if channels % inner or filters % (channels // inner):
        message = f"conv: {channels} channels, {inner} of the kernel, {filters} filters"
        raise Refused(message, at="call")
    try:
        sliding.output_space(list(x.shape[1:-1]), "conv")
    except Refused as refusal:
        raise Refused(str(refusal), at="call") from None
    padded = sliding.padded(x, OddAfter())
    return sliding.restored(grouped(padded, kernel, sliding.geometry, channels // inner))
