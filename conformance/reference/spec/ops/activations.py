"""Activation functions on arrays: keras.activations, and those of keras/src/ops/nn.py.

The curves themselves are those of the layers (:mod:`conformance.reference.spec.activations`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine.conversion import arithmetic_of, as_array, real
from conformance.reference.engine.structure import transpose
from conformance.reference.spec import activations as curves
from conformance.reference.spec.ops.base import Axes, floating_array, one_axis, some_axes
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.engine.array import Array
    from conformance.reference.engine.conversion import Scalar, Tensor


@defines("ops.relu")
def relu(x: Tensor | Scalar) -> Tensor:
    """Numbers above zero, else zero."""
    a = real(as_array(x, arithmetic_of(x)))
    if a.integers is None or a.dtype == "bool":
        return f.relu(floating_array(a, "relu"))
    return a.arithmetic.whole(np.maximum(a.integers, np.zeros((), a.integers.dtype)))


@defines("ops.sigmoid", "activations.sigmoid")
def sigmoid(x: Tensor | Scalar) -> Tensor:
    """``1 / (1 + exp(-x))``."""
    return f.sigmoid(floating_array(x, "sigmoid"))


@defines("ops.softmax", "activations.softmax")
def softmax(x: Tensor | Scalar, axis: Axes = -1) -> Tensor:
    """``exp(x) / sum(exp(x))`` over axes."""
    a = floating_array(x, "softmax")
    return f.softmax(a, some_axes(axis, a.ndim, "softmax"))


@defines("ops.tanh", "activations.tanh")
def tanh(x: Tensor | Scalar) -> Tensor:
    """Hyperbolic tangent."""
    return f.tanh(floating_array(x, "tanh"))


@defines("ops.silu", "activations.silu", "ops.swish", "activations.swish")
def silu(x: Tensor | Scalar) -> Tensor:
    """``x * sigmoid(x)``."""
    return curves.silu(floating_array(x, "silu"))


@defines("ops.softplus", "activations.softplus")
def softplus(x: Tensor | Scalar) -> Tensor:
    """``log(exp(x) + 1)``."""
    return curves.softplus(floating_array(x, "softplus"))


@defines("ops.softsign", "activations.softsign")
def softsign(x: Tensor | Scalar) -> Tensor:
    """``x / (abs(x) + 1)``."""
    return curves.softsign(floating_array(x, "softsign"))


@defines("ops.selu", "activations.selu")
def selu(x: Tensor | Scalar) -> Tensor:
    """A scaled elu whose constants keep mean and variance."""
    return curves.selu(floating_array(x, "selu"))


@defines("ops.hard_sigmoid", "activations.hard_sigmoid")
def hard_sigmoid(x: Tensor | Scalar) -> Tensor:
    """``relu6(x + 3) / 6``."""
    return curves.hard_sigmoid(floating_array(x, "hard_sigmoid"))


@defines("ops.hard_silu", "activations.hard_silu", "ops.hard_swish", "activations.hard_swish")
def hard_silu(x: Tensor | Scalar) -> Tensor:
    """``x * hard_sigmoid(x)``."""
    return curves.hard_silu(floating_array(x, "hard_silu"))


@defines("ops.relu6", "activations.relu6")
def relu6(x: Tensor | Scalar) -> Tensor:
    """Relu cut off at 6."""
    return curves.relu6(floating_array(x, "relu6"))


@defines("ops.log_sigmoid", "activations.log_sigmoid")
def log_sigmoid(x: Tensor | Scalar) -> Tensor:
    """``log(1 / (1 + exp(-x)))``."""
    return curves.log_sigmoid(floating_array(x, "log_sigmoid"))


@defines("ops.hard_tanh", "activations.hard_tanh")
def hard_tanh(x: Tensor | Scalar) -> Tensor:
    """X, held between -1 and 1."""
    return curves.hard_tanh(floating_array(x, "hard_tanh"))


@defines("ops.tanh_shrink", "activations.tanh_shrink")
def tanh_shrink(x: Tensor | Scalar) -> Tensor:
    """``x - tanh(x)``."""
    return curves.tanh_shrink(floating_array(x, "tanh_shrink"))


@defines("ops.sparse_plus", "activations.sparse_plus")
def sparse_plus(x: Tensor | Scalar) -> Tensor:
    """0 up to -1, ``(x + 1)**2 / 4`` up to 1, then x."""
    return curves.sparse_plus(floating_array(x, "sparse_plus"))


@defines("ops.sparse_sigmoid", "activations.sparse_sigmoid")
def sparse_sigmoid(x: Tensor | Scalar) -> Tensor:
    """``(x + 1) / 2``, held between 0 and 1."""
    return curves.sparse_sigmoid(floating_array(x, "sparse_sigmoid"))


@defines("activations.mish")
def mish(x: Tensor | Scalar) -> Tensor:
    """``x * tanh(softplus(x))``."""
    return curves.mish(floating_array(x, "mish"))


@defines("activations.exponential")
def exponential(x: Tensor | Scalar) -> Tensor:
    """E to the power of every number."""
    return f.exp(floating_array(x, "exponential"))


@defines("activations.linear")
def linear(x: Tensor | Scalar) -> Tensor:
    """The input."""
    return as_array(x, arithmetic_of(x))


@defines("ops.elu", "activations.elu")
def elu(x: Tensor | Scalar, alpha: float = 1.0) -> Tensor:
    """X above zero, ``alpha * (exp(x) - 1)`` below."""
    return curves.elu(floating_array(x, "elu"), alpha)


@defines("ops.leaky_relu", "activations.leaky_relu")
def leaky_relu(x: Tensor | Scalar, negative_slope: float = 0.2) -> Tensor:
    """X above zero, ``negative_slope * x`` below."""
    return curves.leaky_relu(floating_array(x, "leaky_relu"), negative_slope)


@defines("ops.soft_shrink", "activations.soft_shrink")
def soft_shrink(x: Tensor | Scalar, threshold: float = 0.5) -> Tensor:
    """X moved towards zero by the threshold; zero where it is nearer than that."""
    return curves.soft_shrink(floating_array(x, "soft_shrink"), threshold)


@defines("ops.hard_shrink", "activations.hard_shrink")
def hard_shrink(x: Tensor | Scalar, threshold: float = 0.5) -> Tensor:
    """X where its size exceeds the threshold, else zero."""
    return curves.hard_shrink(floating_array(x, "hard_shrink"), threshold)


def _gelu(a: Array, *, approximate: bool) -> Array:
    """``0.5x(1 + erf(x/√2))``, or with the tanh that Hendrycks and Gimpel give for it."""
    if not approximate:
        return curves.gelu(a)
    inner = (a + a * a * a * 0.044715) * math.sqrt(2 / math.pi)
    return a * 0.5 * (f.tanh(inner) + 1.0)


@defines("ops.gelu")
def gelu(x: Tensor | Scalar, approximate: bool = True) -> Tensor:
    """X times the normal distribution function of x, approximated unless told otherwise."""
    return _gelu(floating_array(x, "gelu"), approximate=approximate)


@defines("activations.gelu")
def gelu_activation(x: Tensor | Scalar, approximate: bool = False) -> Tensor:
    """X times the normal distribution function of x, approximated only if told so."""
    return _gelu(floating_array(x, "gelu"), approximate=approximate)


@defines("ops.log_softmax", "activations.log_softmax")
def log_softmax(x: Tensor | Scalar, axis: int = -1) -> Tensor:
    """``x - log(sum(exp(x)))`` along an axis."""
    return _along_last(floating_array(x, "log_softmax"), axis, curves.log_softmax, "log_softmax")


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
    a = floating_array(x, "relu")
    above = f.split_at(a, threshold)
    made = f.choose(above, a, (a - threshold) * negative_slope if negative_slope else 0.0)
    if max_value is None:
        return made
    return f.choose(f.split_at(made, max_value), a.arithmetic.constant(max_value, a.shape), made)


@defines("ops.celu", "activations.celu")
def celu(x: Tensor | Scalar, alpha: float = 1.0) -> Tensor:
    """X above zero, ``alpha * (exp(x / alpha) - 1)`` below; there is no corner at 0."""
    a = floating_array(x, "celu")
    above = a.value.real > 0.0
    below = f.choose(~above, a, 0.0) / alpha
    return f.choose(above, a, f.exp_minus_one(below) * alpha)


@defines("ops.squareplus", "activations.squareplus")
def squareplus(x: Tensor | Scalar, b: float = 4) -> Tensor:
    """``(x + sqrt(x**2 + b)) / 2``."""
    a = floating_array(x, "squareplus")
    return (a + f.sqrt(f.square(a) + float(b))) * 0.5


@defines("ops.threshold", "activations.threshold")
def threshold(x: Tensor | Scalar, threshold: float, default_value: float) -> Tensor:
    """X above the threshold, else the default value."""
    a = floating_array(x, "threshold")
    return f.choose(f.split_at(a, threshold), a, float(default_value))


@defines("ops.glu", "activations.glu")
def glu(x: Tensor | Scalar, axis: int = -1) -> Tensor:
    """``a * sigmoid(b)``, a and b being the halves of an axis."""
    return _along_last(floating_array(x, "glu"), axis, curves.glu, "glu")


@defines("ops.sparsemax", "activations.sparsemax")
def sparsemax(x: Tensor | Scalar, axis: int = -1) -> Tensor:
    """The nearest point to x that is not negative and adds up to 1 along an axis."""
    return _along_last(floating_array(x, "sparsemax"), axis, curves.sparsemax, "sparsemax")


def _along_last(a: Array, axis: int, curve: Callable[[Array], Array], function: str) -> Array:
    """What is defined along the last axis, along another one."""
    place = one_axis(axis, a.ndim, function)
    order = [*(i for i in range(a.ndim) if i != place), place]
    return transpose(curve(transpose(a, order)), np.argsort(order).tolist())
