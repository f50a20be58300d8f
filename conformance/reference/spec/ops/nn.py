"""Functions of neural networks: keras/src/ops/nn.py."""

from __future__ import annotations

import math
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
from conformance.reference.engine.structure import transpose
from conformance.reference.engine.windows import Windows
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec import activations as curves
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


@defines("ops.tanh", "activations.tanh")
def tanh(x: Tensor | Scalar) -> Tensor:
    """Hyperbolic tangent."""
    return f.tanh(_floats(x, "tanh"))


@defines("ops.silu", "activations.silu", "ops.swish", "activations.swish")
def silu(x: Tensor | Scalar) -> Tensor:
    """``x * sigmoid(x)``."""
    return curves.silu(_floats(x, "silu"))


@defines("ops.softplus", "activations.softplus")
def softplus(x: Tensor | Scalar) -> Tensor:
    """``log(exp(x) + 1)``."""
    return curves.softplus(_floats(x, "softplus"))


@defines("ops.softsign", "activations.softsign")
def softsign(x: Tensor | Scalar) -> Tensor:
    """``x / (abs(x) + 1)``."""
    return curves.softsign(_floats(x, "softsign"))


@defines("ops.selu", "activations.selu")
def selu(x: Tensor | Scalar) -> Tensor:
    """A scaled elu whose constants keep mean and variance."""
    return curves.selu(_floats(x, "selu"))


@defines("ops.hard_sigmoid", "activations.hard_sigmoid")
def hard_sigmoid(x: Tensor | Scalar) -> Tensor:
    """``relu6(x + 3) / 6``."""
    return curves.hard_sigmoid(_floats(x, "hard_sigmoid"))


@defines("ops.hard_silu", "activations.hard_silu", "ops.hard_swish", "activations.hard_swish")
def hard_silu(x: Tensor | Scalar) -> Tensor:
    """``x * hard_sigmoid(x)``."""
    return curves.hard_silu(_floats(x, "hard_silu"))


@defines("ops.relu6", "activations.relu6")
def relu6(x: Tensor | Scalar) -> Tensor:
    """Relu cut off at 6."""
    return curves.relu6(_floats(x, "relu6"))


@defines("ops.log_sigmoid", "activations.log_sigmoid")
def log_sigmoid(x: Tensor | Scalar) -> Tensor:
    """``log(1 / (1 + exp(-x)))``."""
    return curves.log_sigmoid(_floats(x, "log_sigmoid"))


@defines("ops.hard_tanh", "activations.hard_tanh")
def hard_tanh(x: Tensor | Scalar) -> Tensor:
    """X, held between -1 and 1."""
    return curves.hard_tanh(_floats(x, "hard_tanh"))


@defines("ops.tanh_shrink", "activations.tanh_shrink")
def tanh_shrink(x: Tensor | Scalar) -> Tensor:
    """``x - tanh(x)``."""
    return curves.tanh_shrink(_floats(x, "tanh_shrink"))


@defines("ops.sparse_plus", "activations.sparse_plus")
def sparse_plus(x: Tensor | Scalar) -> Tensor:
    """0 up to -1, ``(x + 1)**2 / 4`` up to 1, then x."""
    return curves.sparse_plus(_floats(x, "sparse_plus"))


@defines("ops.sparse_sigmoid", "activations.sparse_sigmoid")
def sparse_sigmoid(x: Tensor | Scalar) -> Tensor:
    """``(x + 1) / 2``, held between 0 and 1."""
    return curves.sparse_sigmoid(_floats(x, "sparse_sigmoid"))


@defines("activations.mish")
def mish(x: Tensor | Scalar) -> Tensor:
    """``x * tanh(softplus(x))``."""
    return curves.mish(_floats(x, "mish"))


@defines("activations.exponential")
def exponential(x: Tensor | Scalar) -> Tensor:
    """E to the power of every number."""
    return f.exp(_floats(x, "exponential"))


@defines("activations.linear")
def linear(x: Tensor | Scalar) -> Tensor:
    """The input."""
    return as_array(x, arithmetic_of(x))


@defines("ops.elu", "activations.elu")
def elu(x: Tensor | Scalar, alpha: float = 1.0) -> Tensor:
    """X above zero, ``alpha * (exp(x) - 1)`` below."""
    return curves.elu(_floats(x, "elu"), alpha)


@defines("ops.leaky_relu", "activations.leaky_relu")
def leaky_relu(x: Tensor | Scalar, negative_slope: float = 0.2) -> Tensor:
    """X above zero, ``negative_slope * x`` below."""
    return curves.leaky_relu(_floats(x, "leaky_relu"), negative_slope)


@defines("ops.soft_shrink", "activations.soft_shrink")
def soft_shrink(x: Tensor | Scalar, threshold: float = 0.5) -> Tensor:
    """X moved towards zero by the threshold; zero where it is nearer than that."""
    return curves.soft_shrink(_floats(x, "soft_shrink"), threshold)


@defines("ops.hard_shrink", "activations.hard_shrink")
def hard_shrink(x: Tensor | Scalar, threshold: float = 0.5) -> Tensor:
    """X where its size exceeds the threshold, else zero."""
    return curves.hard_shrink(_floats(x, "hard_shrink"), threshold)


def _gelu(a: Array, *, approximate: bool) -> Array:
    """``0.5x(1 + erf(x/√2))``, or with the tanh that Hendrycks and Gimpel give for it."""
    if not approximate:
        return curves.gelu(a)
    inner = (a + a * a * a * 0.044715) * math.sqrt(2 / math.pi)
    return a * 0.5 * (f.tanh(inner) + 1.0)


@defines("ops.gelu")
def gelu(x: Tensor | Scalar, approximate: bool = True) -> Tensor:
    """X times the normal distribution function of x, approximated unless told otherwise."""
    return _gelu(_floats(x, "gelu"), approximate=approximate)


@defines("activations.gelu")
def gelu_activation(x: Tensor | Scalar, approximate: bool = False) -> Tensor:
    """X times the normal distribution function of x, approximated only if told so."""
    return _gelu(_floats(x, "gelu"), approximate=approximate)


@defines("ops.log_softmax", "activations.log_softmax")
def log_softmax(x: Tensor | Scalar, axis: int = -1) -> Tensor:
    """``x - log(sum(exp(x)))`` along an axis."""
    a = _floats(x, "log_softmax")
    place = one_axis(axis, a.ndim, "log_softmax")
    order = [*(i for i in range(a.ndim) if i != place), place]
    made = curves.log_softmax(transpose(a, order))
    return transpose(made, np.argsort(order).tolist())


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
