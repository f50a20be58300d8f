"""Activation functions by Keras's names."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine.array import Array
from conformance.reference.engine.structure import take
from conformance.reference.errors import Refused, Unsupported

if TYPE_CHECKING:
    from conformance.reference.spec.config import Config

Activation = Callable[[Array], Array]

_SELU_SCALE = 1.0507009873554805
_SELU_ALPHA = 1.6732632423543772


def linear(x: Array) -> Array:
    """No activation."""
    return x


def leaky_relu(x: Array, slope: float = 0.2) -> Array:
    """X above zero, ``slope * x`` below."""
    return f.choose(f.split_at(x, 0.0), x, x * slope)


def elu(x: Array, alpha: float = 1.0) -> Array:
    """X above zero, ``alpha * (exp(x) - 1)`` below: with an alpha of 1 there is no corner at 0."""
    above = x.value.real > 0.0 if alpha == 1.0 else f.split_at(x, 0.0)
    # The exponential's argument is cut where it is not used, so that it can't overflow.
    return f.choose(above, x, f.exp_minus_one(f.choose(~above, x, 0.0)) * alpha)


def celu(x: Array) -> Array:
    """X above zero, ``exp(x) - 1`` below: celu with alpha 1, where it is elu."""
    return elu(x)


def selu(x: Array) -> Array:
    """A scaled elu whose constants keep mean and variance."""
    return elu(x, _SELU_ALPHA) * _SELU_SCALE


def relu6(x: Array) -> Array:
    """Relu cut off at 6."""
    return f.clip(x, 0.0, 6.0)


def hard_sigmoid(x: Array) -> Array:
    """``relu6(x + 3) / 6``: Keras 3's definition (Keras 2 had ``0.2 * x + 0.5``, cut off)."""
    return relu6(x + 3.0) / 6.0


def softplus(x: Array) -> Array:
    """``log(exp(x) + 1)``; beyond 30, where the 1 is lost even in float64 sums, x itself."""
    large = x.value.real > 30.0  # noqa: PLR2004 (see the docstring)
    return f.choose(large, x, f.log(f.exp(f.choose(~large, x, 0.0)) + 1.0))


def softsign(x: Array) -> Array:
    """``x / (abs(x) + 1)``."""
    return x / (f.absolute(x) + 1.0)


def silu(x: Array) -> Array:
    """``x * sigmoid(x)``."""
    return x * f.sigmoid(x)


def hard_silu(x: Array) -> Array:
    """``x * hard_sigmoid(x)``."""
    return x * hard_sigmoid(x)


def mish(x: Array) -> Array:
    """``x * tanh(softplus(x))``."""
    return x * f.tanh(softplus(x))


def gelu(x: Array) -> Array:
    """``0.5 * x * (1 + erf(x / sqrt(2)))``."""
    return x * 0.5 * (f.erf(x * math.sqrt(0.5)) + 1.0)


def softmax(x: Array) -> Array:
    """``exp(x) / sum(exp(x))`` along the last axis."""
    return f.softmax(x, -1)


def log_softmax(x: Array) -> Array:
    """``x - log(sum(exp(x)))`` along the last axis, shifted so that nothing overflows."""
    shift = x.arithmetic.exact(x.value.real.max(axis=-1, keepdims=True))
    shifted = x - shift
    return shifted - f.log(f.exp(shifted).sum(-1, keepdims=True))


def log_sigmoid(x: Array) -> Array:
    """``log(1 / (1 + exp(-x)))``, which is ``-softplus(-x)``."""
    return -softplus(-x)


def hard_tanh(x: Array) -> Array:
    """X, held between -1 and 1."""
    return f.clip(x, -1.0, 1.0)


def tanh_shrink(x: Array) -> Array:
    """``x - tanh(x)``."""
    return x - f.tanh(x)


def soft_shrink(x: Array, threshold: float = 0.5) -> Array:
    """X moved towards zero by the threshold; zero where it is nearer than that."""
    above, below = f.split_at(x, threshold), f.split_at(-x, threshold)
    return f.choose(above, x - threshold, f.choose(below, x + threshold, 0.0))


def hard_shrink(x: Array, threshold: float = 0.5) -> Array:
    """X where its size exceeds the threshold, else zero."""
    return f.choose(f.split_at(x, threshold) | f.split_at(-x, threshold), x, 0.0)


def sparse_plus(x: Array) -> Array:
    """0 up to -1, ``(x + 1)**2 / 4`` up to 1, then x."""
    middle = f.square(x + 1.0) * 0.25
    return f.choose(f.split_at(x, 1.0), x, f.choose(f.split_at(x, -1.0), middle, 0.0))


def sparse_sigmoid(x: Array) -> Array:
    """``(x + 1) / 2``, held between 0 and 1."""
    return f.clip((x + 1.0) * 0.5, 0.0, 1.0)


def squareplus(x: Array) -> Array:
    """``(x + sqrt(x**2 + 4)) / 2``."""
    return (x + f.sqrt(f.square(x) + 4.0)) * 0.5


def sparsemax(x: Array) -> Array:
    """``max(x - tau, 0)`` along the last axis, with the tau that makes the sum 1.

    Martins and Astudillo, 2016: the k largest numbers support tau = (their sum - 1) / k, k being
    the largest for which the k-th number still exceeds it.
    """
    falling = -np.sort(-x.value.real, axis=-1)
    ranks = np.arange(1, x.shape[-1] + 1)
    size = (1 + ranks * falling > np.cumsum(falling, axis=-1)).sum(axis=-1, keepdims=True)
    support = x.value.real >= np.take_along_axis(falling, size - 1, axis=-1)
    total = f.choose(support, x, 0.0).sum(-1, keepdims=True)
    return f.relu(x - (total - 1.0) / x.arithmetic.exact(size.astype(np.float64)))


def glu(x: Array) -> Array:
    """``a * sigmoid(b)``, a and b being the halves of the last axis.

    Raises:
        Refused: At the call: the axis has no halves.
    """
    size = x.shape[-1]
    if size % 2:
        message = f"glu needs an even number of entries on the last axis, not {size}"
        raise Refused(message, at="call")
    return take(x, -1, 0, size // 2) * f.sigmoid(take(x, -1, size // 2, size))


ACTIVATIONS: dict[str, Activation] = {
    "celu": celu,
    "elu": elu,
    "exponential": f.exp,
    "gelu": gelu,
    "glu": glu,
    "hard_shrink": hard_shrink,
    "hard_sigmoid": hard_sigmoid,
    "hard_silu": hard_silu,
    "hard_swish": hard_silu,
    "hard_tanh": hard_tanh,
    "leaky_relu": leaky_relu,
    "linear": linear,
    "log_sigmoid": log_sigmoid,
    "log_softmax": log_softmax,
    "mish": mish,
    "relu": f.relu,
    "relu6": relu6,
    "selu": selu,
    "sigmoid": f.sigmoid,
    "silu": silu,
    "soft_shrink": soft_shrink,
    "softmax": softmax,
    "softplus": softplus,
    "softsign": softsign,
    "sparse_plus": sparse_plus,
    "sparse_sigmoid": sparse_sigmoid,
    "sparsemax": sparsemax,
    "squareplus": squareplus,
    "swish": silu,
    "tanh": f.tanh,
    "tanh_shrink": tanh_shrink,
}
"""Keras's activation functions with their default arguments; all but glu keep the shape."""


def activation(config: Config, argument: str = "activation", default: str = "linear") -> Activation:
    """The function that an argument names; ``None`` means linear.

    Raises:
        Unsupported: The reference does not have it.
    """
    value: Any = config.get(argument, default)
    if value is None:
        return linear
    if isinstance(value, Mapping) or value not in ACTIVATIONS:
        message = f"{config.owner}: {argument}={value!r} is not in the reference"
        raise Unsupported(message)
    return ACTIVATIONS[value]
