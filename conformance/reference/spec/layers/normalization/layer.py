"""Layers of Keras's `normalization` folder, all but the wrapper ``SpectralNormalization``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from conformance.reference.engine import functions as f
from conformance.reference.engine.array import Array, reshape
from conformance.reference.errors import Refused, Unsupported
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

    from conformance.cases.model import Shape
    from conformance.reference.spec.config import Config

_SMALLEST_NORM = 1e-12
"""Lower bound of the norm that UnitNormalization divides by (``keras.ops.normalize``)."""


def axes_of(config: Config, default: int = -1) -> tuple[int, ...]:
    """The argument ``axis``: an integer, or several."""
    value = config.get("axis", default)
    several = value if isinstance(value, list | tuple) else [value]
    if not several or any(isinstance(i, bool) or not isinstance(i, int) for i in several):
        message = f"{config.owner}: axis must be an integer or a list of them, not {value!r}"
        raise Refused(message)
    return tuple(several)


def within(axes: Sequence[int], shape: Shape, owner: str) -> tuple[int, ...]:
    """Axes counted from 0, in ascending order.

    Raises:
        Refused: The shape doesn't have such an axis, or one is named twice.
    """
    rank = len(shape)
    different_axes(owner, "axis", axes, rank)
    return tuple(sorted(axis % rank for axis in axes))


def spread_over(a: Array, axes: Sequence[int], rank: int) -> Array:
    """A weight whose axes are ``axes`` of the input, with axes of size 1 for all the others."""
    shape = [1] * rank
    for axis, size in zip(axes, a.shape, strict=True):
        shape[axis] = size
    return reshape(a, shape)


def moments(x: Array, axes: Sequence[int]) -> tuple[Array, Array]:
    """Mean and population variance over axes, which are kept with size 1."""
    mean = x.mean(axes, keepdims=True)
    return mean, f.square(x - mean).mean(axes, keepdims=True)


class Normalizing(Elementwise):
    """What normalizing layers share: an axis or several, epsilon, and up to two weights."""

    supports_masking: ClassVar[bool] = True

    def __init__(self, config: Config, *, epsilon: float = 1e-3) -> None:
        """Args: axis, epsilon, center, scale."""
        self.owner = config.owner
        self.axes = axes_of(config)
        self.epsilon = config.number("epsilon", epsilon)
        self.center = config.flag("center", default=True)
        self.scale = config.flag("scale", default=True)

    def sizes(self, shape: Shape) -> tuple[int, ...]:
        """Sizes of the normalized axes, which must be known."""
        axes = within(self.axes, shape, self.owner)
        return tuple(known(shape[i], f"axis {i} of {self.owner}'s input") for i in axes)

    def weights(self, shapes: Sequence[Shape]) -> list[Variable]:
        """``gamma`` if it scales and ``beta`` if it centers, both of the normalized sizes."""
        sizes = self.sizes(shapes[0])
        made = [Variable("gamma", sizes)] if self.scale else []
        return [*made, Variable("beta", sizes, "bias")] if self.center else made

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """The input's."""
        self.sizes(shapes[0])
        return shapes[0]

    def normalized(
        self, x: Array, mean: Array, variance: Array, weights: Weights, axes: Sequence[int]
    ) -> Array:
        """``gamma * (x - mean) / sqrt(variance + epsilon) + beta``; weights lie along ``axes``."""
        return self.affine((x - mean) / f.sqrt(variance + self.epsilon), weights, axes)

    def affine(self, y: Array, weights: Weights, axes: Sequence[int]) -> Array:
        """``gamma * y + beta``, each where it is wanted."""
        if self.scale:
            y = y * spread_over(weights["gamma"], axes, y.ndim)
        return y + spread_over(weights["beta"], axes, y.ndim) if self.center else y


@register("LayerNormalization")
class LayerNormalization(Normalizing):
    """keras.layers.LayerNormalization: mean and variance of each sample, over ``axis``."""

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """``gamma * (x - mean) / sqrt(variance + epsilon) + beta``."""
        x = inputs[0]
        axes = within(self.axes, list(x.shape), self.owner)
        return self.normalized(x, *moments(x, axes), weights, axes)


@register("GroupNormalization")
class GroupNormalization(Normalizing):
    """keras.layers.GroupNormalization: mean and variance of a sample's groups of channels."""

    def __init__(self, config: Config) -> None:
        """Args: groups, axis (one), epsilon, center, scale."""
        super().__init__(config)
        if len(self.axes) != 1:
            message = f"GroupNormalization: axis={list(self.axes)}: only one is in the reference"
            raise Unsupported(message)
        self.groups = config.integer("groups", 32)
        if self.groups < 1 and self.groups != -1:
            message = f"GroupNormalization: groups must be positive or -1, not {self.groups}"
            raise Refused(message)

    def sizes(self, shape: Shape) -> tuple[int, ...]:
        """Number of channels, which the groups must divide."""
        (channels,) = super().sizes(shape)
        if channels % self._groups(channels):
            message = f"GroupNormalization: {self.groups} groups don't divide {channels} channels"
            raise Refused(message)
        return (channels,)

    def _groups(self, channels: int) -> int:
        return channels if self.groups == -1 else self.groups

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """Moments over all axes but the batch's and the groups'."""
        x = inputs[0]
        (axis,) = within(self.axes, list(x.shape), self.owner)
        groups = self._groups(x.shape[axis])
        parted = (*x.shape[:axis], groups, x.shape[axis] // groups, *x.shape[axis + 1 :])
        grouped = reshape(x, parted)
        mean, variance = moments(grouped, [i for i in range(1, grouped.ndim) if i != axis])
        y = (grouped - mean) / f.sqrt(variance + self.epsilon)
        return self.affine(reshape(y, x.shape), weights, (axis,))


@register("RMSNormalization")
class RMSNormalization(Elementwise):
    """keras.layers.RMSNormalization: divided by the root of the mean square over ``axis``."""

    def __init__(self, config: Config) -> None:
        """Args: axis, epsilon."""
        self.axes = axes_of(config)
        self.epsilon = config.number("epsilon", 1e-6)

    def weights(self, shapes: Sequence[Shape]) -> list[Variable]:
        """``scale``, of the normalized sizes."""
        axes = within(self.axes, shapes[0], "RMSNormalization")
        sizes = [known(shapes[0][i], f"axis {i} of RMSNormalization's input") for i in axes]
        return [Variable("scale", tuple(sizes))]

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """The input's."""
        within(self.axes, shapes[0], "RMSNormalization")
        return shapes[0]

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """``x / sqrt(mean(x ** 2) + epsilon) * scale``."""
        x = inputs[0]
        axes = within(self.axes, list(x.shape), "RMSNormalization")
        y = x / f.sqrt(f.square(x).mean(axes, keepdims=True) + self.epsilon)
        return y * spread_over(weights["scale"], axes, x.ndim)


@register("UnitNormalization")
class UnitNormalization(Elementwise):
    """keras.layers.UnitNormalization: divided by the Euclidean norm over ``axis``."""

    supports_masking: ClassVar[bool] = True

    def __init__(self, config: Config) -> None:
        """Args: axis."""
        self.axes = axes_of(config)

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """The input's."""
        within(self.axes, shapes[0], "UnitNormalization")
        return shapes[0]

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """``x / max(norm(x), 1e-12)``: a vector of zeros stays one, with the slope 1e12."""
        x = inputs[0]
        axes = within(self.axes, list(x.shape), "UnitNormalization")
        total = f.square(x).sum(axes, keepdims=True)
        long = total.value.real > _SMALLEST_NORM**2
        # The root is taken of 1 where it is not used: its slope at 0 is infinite.
        return f.choose(long, x / f.sqrt(f.choose(long, total, 1.0)), x / _SMALLEST_NORM)
