"""Layers of Keras's `regularization` folder: what drops, what adds noise, what adds to the loss."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from conformance.reference.engine.functions import absolute, square
from conformance.reference.engine.laws import Affine, Choice, Drawn
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.layers.base import (
    Context,
    Drawing,
    Elementwise,
    Weights,
    of_rank,
    register,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.cases.model import Shape
    from conformance.reference.engine.array import Array
    from conformance.reference.spec.config import Config

_ALPHA = -1.6732632423543772 * 1.0507009873554805
"""What selu answers to minus infinity: a dropped number of alpha dropout."""


class Inactive(Drawing):
    """A layer of this family that draws: without training the identity, masks included."""

    supports_masking = True


def fraction(config: Config, name: str) -> float:
    """An argument that Keras documents as a number between 0 and 1."""
    value = config.required(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        message = f"{config.owner}: {name} must be a number, not {value!r}"
        raise Unsupported(message)
    if not 0 <= value <= 1:
        message = f"{config.owner}: {name} must be between 0 and 1, not {value!r}"
        raise Refused(message)
    return float(value)


def shared(config: Config) -> list[int | None] | None:
    """``noise_shape``: the mask's sizes, 1 where it is shared, ``None`` where it is the input's."""
    value: Any = config.get("noise_shape")
    if value is None:
        return None
    if not isinstance(value, list) or not all(
        n is None or (isinstance(n, int) and not isinstance(n, bool) and n > 0) for n in value
    ):
        message = f"{config.owner}: noise_shape must be positive whole numbers, not {value!r}"
        raise Refused(message)
    return value


def mask_shape(noise: Sequence[int | None] | None, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Shape of the mask for an input of this shape."""
    if noise is None:
        return shape
    sizes = tuple(size if n is None else n for n, size in zip(noise, shape, strict=True))
    if any(n not in (1, size) for n, size in zip(sizes, shape, strict=True)):
        message = f"a mask of shape {sizes} does not broadcast to {shape}"
        raise Refused(message, at="call")
    return sizes


@register("Dropout")
class Dropout(Inactive):
    """keras.layers.Dropout: zero with probability ``rate``, else ``x / (1 - rate)``."""

    def __init__(self, config: Config) -> None:
        """Args: rate, noise_shape, seed."""
        self.rate = fraction(config, "rate")
        self.noise = shared(config)

    def drawn(self, context: Context, x: Array) -> Drawn:
        """Zero or the scaled input."""
        draws = self.draws(x.shape)
        zero = context.arithmetic.constant(0.0, (1,) * x.ndim)
        if self.rate in (0, 1):
            return Drawn(x.shape, draws, Choice([zero if self.rate else x], [1.0]))
        kept = x / (1 - self.rate)
        return Drawn(x.shape, draws, Choice([kept, zero], [1 - self.rate, self.rate]))

    def draws(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Shape of the mask."""
        return mask_shape(self.noise, shape)


class _Spatial(Dropout):
    """Dropout of whole feature maps: the mask is shared along the axes of space."""

    axes: int
    formats = True

    def __init__(self, config: Config) -> None:
        """Args: rate, seed, and data_format from two axes of space on."""
        self.rate = fraction(config, "rate")
        self.noise = None
        self.first = False
        if self.formats:
            chosen = config.choice(
                "data_format", ("channels_last", "channels_first"), "channels_last"
            )
            self.first = chosen == "channels_first"

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """The input's."""
        return of_rank(shapes[0], self.axes + 2, type(self).__name__)

    def draws(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """One draw for each sample and channel."""
        space = (1,) * self.axes
        return (*shape[:2], *space) if self.first else (shape[0], *space, shape[-1])


@register("SpatialDropout1D")
class SpatialDropout1D(_Spatial):
    """keras.layers.SpatialDropout1D."""

    axes = 1
    formats = False


@register("SpatialDropout2D")
class SpatialDropout2D(_Spatial):
    """keras.layers.SpatialDropout2D."""

    axes = 2


@register("SpatialDropout3D")
class SpatialDropout3D(_Spatial):
    """keras.layers.SpatialDropout3D."""

    axes = 3


@register("AlphaDropout")
class AlphaDropout(Inactive):
    """keras.layers.AlphaDropout: to selu's lower end, then brought back to mean 0, variance 1.

    Source of the formula: Klambauer et al., Self-Normalizing Neural Networks (2017), which the
    documentation's promise to keep mean and variance leads to.
    """

    def __init__(self, config: Config) -> None:
        """Args: rate, noise_shape, seed."""
        self.rate = fraction(config, "rate")
        self.noise = shared(config)

    def drawn(self, context: Context, x: Array) -> Drawn:
        """``slope · x + shift``, x put to selu's lower end where it is dropped."""
        draws = mask_shape(self.noise, x.shape)
        if self.rate == 0:
            return Drawn(x.shape, draws, Choice([x], [1.0]))
        if self.rate == 1:
            message = "AlphaDropout with rate=1 keeps nothing whose variance it could preserve"
            raise Unsupported(message)
        slope = ((1 - self.rate) * (1 + self.rate * _ALPHA**2)) ** -0.5
        shift = -slope * _ALPHA * self.rate
        kept = x * slope + shift
        dropped = context.arithmetic.constant(_ALPHA, (1,) * x.ndim) * slope + shift
        return Drawn(x.shape, draws, Choice([kept, dropped], [1 - self.rate, self.rate]))


@register("GaussianDropout")
class GaussianDropout(Inactive):
    """keras.layers.GaussianDropout: times a normal number about 1."""

    def __init__(self, config: Config) -> None:
        """Args: rate, seed."""
        self.rate = fraction(config, "rate")

    def drawn(self, context: Context, x: Array) -> Drawn:  # noqa: ARG002
        """``x + x · sqrt(rate / (1 - rate)) · θ``."""
        if self.rate == 0:
            return Drawn(x.shape, x.shape, Choice([x], [1.0]))
        if self.rate == 1:
            message = "GaussianDropout with rate=1 has noise of infinite deviation"
            raise Unsupported(message)
        deviation = math.sqrt(self.rate / (1 - self.rate))
        return Drawn(x.shape, x.shape, Affine(x, x * deviation, "normal"))


@register("GaussianNoise")
class GaussianNoise(Inactive):
    """keras.layers.GaussianNoise: plus a normal number about 0."""

    def __init__(self, config: Config) -> None:
        """Args: stddev, seed."""
        self.stddev = config.number("stddev", 0.0)
        if self.stddev < 0:
            message = f"GaussianNoise: stddev must not be negative, not {self.stddev!r}"
            raise Refused(message)

    def drawn(self, context: Context, x: Array) -> Drawn:
        """``x + stddev · θ``."""
        if self.stddev == 0:
            return Drawn(x.shape, x.shape, Choice([x], [1.0]))
        scale = context.arithmetic.constant(self.stddev, (1,) * x.ndim)
        return Drawn(x.shape, x.shape, Affine(x, scale, "normal"))


@register("ActivityRegularization")
class ActivityRegularization(Elementwise):
    """keras.layers.ActivityRegularization: the identity, and a penalty on the loss.

    The penalty is divided by the batch size, as Keras's documentation of regularizers says of every
    penalty on activity.
    """

    supports_masking = True

    def __init__(self, config: Config) -> None:
        """Args: l1, l2."""
        self.l1 = config.number("l1", 0.0)
        self.l2 = config.number("l2", 0.0)

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """The input; ``(l1 Σ|x| + l2 Σx²) / batch`` goes to the loss."""
        x = inputs[0]
        axes = tuple(range(x.ndim))
        rows = max(x.shape[0], 1)
        if self.l1:
            context.penalties.append(absolute(x).sum(axes) * self.l1 / rows)
        if self.l2:
            context.penalties.append(square(x).sum(axes) * self.l2 / rows)
        return x
