"""Functions of neural networks: keras/src/ops/nn.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine.conversion import (
    arithmetic_of,
    as_array,
    convert,
    real,
    together,
)
from conformance.reference.engine.dtypes import FLOATX
from conformance.reference.engine.windows import Windows
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.ops.base import (
    FORMATS,
    Axes,
    dtype_named,
    integers_of,
    one_axis,
    some_axes,
)
from conformance.reference.spec.sliding import OddAfter, Sliding, grouped
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.engine.array import Array
    from conformance.reference.engine.conversion import Scalar, Tensor


def _floats(x: Tensor | Scalar, function: str) -> Array:
    """The one argument of a function that takes floats.

    Raises:
        Unsupported: It holds integers: the documentation says nothing of them, frameworks differ.
    """
    a = real(as_array(x, arithmetic_of(x)))
    if a.integers is not None:
        message = f"{function} of {a.dtype} is not in the reference: Keras documents no answer"
        raise Unsupported(message)
    return a


@defines("ops.relu")
def relu(x: Tensor | Scalar) -> Tensor:
    """Numbers above zero, else zero."""
    a = real(as_array(x, arithmetic_of(x)))
    if a.integers is None or a.dtype == "bool":
        return f.relu(_floats(a, "relu"))
    return a.arithmetic.whole(np.maximum(a.integers, np.zeros((), a.integers.dtype)))


@defines("ops.sigmoid", "activations.sigmoid")
def sigmoid(x: Tensor | Scalar) -> Tensor:
    """``1 / (1 + exp(-x))``."""
    return f.sigmoid(_floats(x, "sigmoid"))


@defines("ops.softmax", "activations.softmax")
def softmax(x: Tensor | Scalar, axis: Axes = -1) -> Tensor:
    """``exp(x) / sum(exp(x))`` over axes."""
    a = _floats(x, "softmax")
    return f.softmax(a, some_axes(axis, a.ndim, "softmax"))


@defines("activations.relu")
def relu_activation(
    x: Tensor | Scalar,
    negative_slope: float = 0.0,
    max_value: float | None = None,
    threshold: float = 0.0,
) -> Tensor:
    """X from the threshold to ``max_value``, which is the most; below, the slope from there."""
    if negative_slope == 0.0 and max_value is None and threshold == 0.0:
        return relu(x)
    a = _floats(x, "relu")
    above = f.split_at(a, threshold)
    made = f.choose(above, a, (a - threshold) * negative_slope if negative_slope else 0.0)
    if max_value is None:
        return made
    return f.choose(f.split_at(made, max_value), a.arithmetic.constant(max_value, a.shape), made)


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
        Unsupported: A number outside of the classes, or a sparse answer.
    """
    numbers = integers_of(x, "one_hot")
    outside = numbers.size and (int(numbers.min()) < 0 or int(numbers.max()) >= num_classes)
    if sparse or outside:
        message = f"one_hot: sparse={sparse} or a number outside of 0..{num_classes - 1}"
        raise Unsupported(message)
    place = one_axis(axis, numbers.ndim + 1, "one_hot")
    shape = [num_classes if i == place else 1 for i in range(numbers.ndim + 1)]
    flags = np.expand_dims(numbers, place) == np.arange(num_classes).reshape(shape)
    return convert(arithmetic_of(x).whole(flags), dtype_named(dtype, FLOATX, "one_hot"))


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
