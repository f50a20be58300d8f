"""Layers of Keras's `activations` folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.errors import Refused
from conformance.reference.spec.activations import activation, elu, leaky_relu
from conformance.reference.spec.layers.base import (
    Context,
    Elementwise,
    Variable,
    Weights,
    different_axes,
    known,
    register,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from conformance.cases.model import Shape
    from conformance.reference.engine.array import Array, Values
    from conformance.reference.spec.config import Config


_MASKED = -1e9
"""What Keras puts where the mask is false, so that its exponential is 0."""


@register("Activation")
class ActivationLayer(Elementwise):
    """keras.layers.Activation."""

    def __init__(self, config: Config) -> None:
        """Args: activation."""
        self.halves = config.required("activation") == "glu"
        self.function = activation(config)

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """The input's; glu halves the last axis."""
        shape = shapes[0]
        last = shape[-1]
        return [*shape[:-1], last if last is None else last // 2] if self.halves else shape

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """The named function, elementwise (softmax and its kin: along the last axis)."""
        return self.function(inputs[0])


def _slope(config: Config, default: float) -> float:
    """``negative_slope``, which Keras documents as a float that is not negative."""
    return _not_negative(config, "negative_slope", default)


def _not_negative(config: Config, name: str, default: float) -> float:
    if config.get(name, default) is None:
        message = f"{config.owner}: {name} must not be null"
        raise Refused(message)
    value = config.number(name, default)
    if value < 0:
        message = f"{config.owner}: {name} must not be negative, not {value}"
        raise Refused(message)
    return value


@register("ReLU")
class ReLU(Elementwise):
    """keras.layers.ReLU."""

    def __init__(self, config: Config) -> None:
        """Args: max_value, negative_slope, threshold."""
        limited = config.get("max_value") is not None
        self.limit = _not_negative(config, "max_value", 0.0) if limited else None
        self.slope = _slope(config, 0.0)
        self.threshold = _not_negative(config, "threshold", 0.0)

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """``max_value`` from it on, x from the threshold on, ``slope * (x - threshold)`` below."""
        x = inputs[0]
        below = (x - self.threshold if self.threshold else x) * self.slope if self.slope else 0.0
        y = f.choose(_from(x, self.threshold), x, below)
        return y if self.limit is None else f.choose(~_from(x, self.limit), y, self.limit)


def _from(x: Array, threshold: float) -> Values:
    """Where numbers reach a threshold; a kink."""
    reached: Values = f.split_at(x, threshold) | (x.value.real == threshold)
    return reached


@register("LeakyReLU")
class LeakyReLU(Elementwise):
    """keras.layers.LeakyReLU."""

    def __init__(self, config: Config) -> None:
        """Args: negative_slope, which Keras still takes as alpha, too."""
        self.slope = _slope(config, config.number("alpha", 0.3))

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


@register("PReLU")
class PReLU(Elementwise):
    """keras.layers.PReLU."""

    def __init__(self, config: Config) -> None:
        """Args: shared_axes, counted from 1, as the batch axis is axis 0."""
        shared = config.get("shared_axes") or []
        self.shared = [shared] if isinstance(shared, int) else list(shared)

    def weights(self, shapes: Sequence[Shape]) -> list[Variable]:
        """Alpha: the input's shape without the batch axis, 1 along the shared axes."""
        different_axes("PReLU", "shared_axes", list(dict.fromkeys(self.shared)), len(shapes[0]))
        sizes = [
            1 if axis in self.shared else known(size, f"axis {axis} of PReLU's input")
            for axis, size in enumerate(shapes[0][1:], start=1)
        ]
        return [Variable("alpha", tuple(sizes), "bias")]

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """X above zero, ``alpha * x`` below."""
        x = inputs[0]
        return f.choose(f.split_at(x, 0.0), x, x * weights["alpha"])


@register("Softmax")
class Softmax(Elementwise):
    """keras.layers.Softmax."""

    def __init__(self, config: Config) -> None:
        """Args: axis, one or several. Of the call: mask."""
        axis = config.get("axis", -1)
        self.axes = [axis] if isinstance(axis, int) else list(axis)

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """The input's."""
        different_axes("Softmax", "axis", self.axes, len(shapes[0]))
        return super().output_shape(shapes)

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """``exp(x) / sum(exp(x))`` along the axes together, over what the mask lets through.

        Where it lets nothing through, zeros.
        """
        x = inputs[0]
        if context.mask is None:
            return f.softmax(x, self.axes)
        kept = _fitting(context.mask, x.shape)
        masked = f.choose(kept, x, _MASKED)
        return f.choose(kept, f.softmax(masked, self.axes), 0.0)


def _fitting(mask: NDArray[np.bool_], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """The mask by the input's shape; each of its axes must be 1 or the input's.

    Raises:
        Refused: At the build: it is not, or has more axes.
    """
    try:
        return np.broadcast_to(mask, shape)
    except ValueError:
        message = f"Softmax: a mask of shape {mask.shape} for an input of shape {shape}"
        raise Refused(message) from None
