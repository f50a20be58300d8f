"""Activation functions by Keras's names, and the layers of Keras's `activations` folder."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from conformance.reference import functions as f
from conformance.reference.array import Array
from conformance.reference.errors import Unsupported
from conformance.reference.layer import Context, Layer, Weights, register

if TYPE_CHECKING:
    from conformance.cases.model import Shape
    from conformance.reference.config import Config

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
    """X above zero, ``alpha * (exp(x) - 1)`` below."""
    above = f.split_at(x, 0.0)
    # The exponential's argument is cut where it is not used, so that it can't overflow.
    return f.choose(above, x, (f.exp(f.choose(~above, x, 0.0)) - 1.0) * alpha)


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
    """Logarithm of :func:`softmax`."""
    return f.log(f.softmax(x, -1))


ACTIVATIONS: dict[str, Activation] = {
    "elu": elu,
    "exponential": f.exp,
    "gelu": gelu,
    "hard_sigmoid": hard_sigmoid,
    "hard_silu": hard_silu,
    "hard_swish": hard_silu,
    "leaky_relu": leaky_relu,
    "linear": linear,
    "log_softmax": log_softmax,
    "mish": mish,
    "relu": f.relu,
    "relu6": relu6,
    "selu": selu,
    "sigmoid": f.sigmoid,
    "silu": silu,
    "softmax": softmax,
    "softplus": softplus,
    "softsign": softsign,
    "swish": silu,
    "tanh": f.tanh,
}
"""Keras's activation functions with their default arguments."""


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


class Elementwise(Layer):
    """A layer that keeps its input's shape and has no weights."""

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """The input's."""
        return shapes[0]


@register("Activation")
class ActivationLayer(Elementwise):
    """keras.layers.Activation."""

    def __init__(self, config: Config) -> None:
        """Args: activation."""
        config.required("activation")
        self.function = activation(config)

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """The named function, elementwise (softmax: along the last axis)."""
        return self.function(inputs[0])


@register("ReLU")
class ReLU(Elementwise):
    """keras.layers.ReLU."""

    def __init__(self, config: Config) -> None:
        """Args: max_value, negative_slope, threshold (0 only)."""
        limit = config.get("max_value")
        self.limit = None if limit is None else config.number("max_value", 0.0)
        self.slope = config.number("negative_slope", 0.0)
        config.only("threshold", 0.0)

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """``max_value`` above it, x between, ``negative_slope * x`` below zero."""
        x = inputs[0]
        y = leaky_relu(x, self.slope) if self.slope else f.relu(x)
        if self.limit is None:
            return y
        return f.choose(~f.split_at(x, self.limit), y, self.limit)


@register("LeakyReLU")
class LeakyReLU(Elementwise):
    """keras.layers.LeakyReLU."""

    def __init__(self, config: Config) -> None:
        """Args: negative_slope."""
        self.slope = config.number("negative_slope", 0.3)

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """X above zero, ``negative_slope * x`` below."""
        return leaky_relu(inputs[0], self.slope)


@register("ELU")
class ELU(Elementwise):
    """keras.layers.ELU."""

    def __init__(self, config: Config) -> None:
        """Args: alpha."""
        self.alpha = config.number("alpha", 1.0)

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """X above zero, ``alpha * (exp(x) - 1)`` below."""
        return elu(inputs[0], self.alpha)


@register("Softmax")
class Softmax(Elementwise):
    """keras.layers.Softmax."""

    def __init__(self, config: Config) -> None:
        """Args: axis (one)."""
        self.axis = config.integer("axis", -1)

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """``exp(x) / sum(exp(x))`` along the axis."""
        return f.softmax(inputs[0], self.axis)
