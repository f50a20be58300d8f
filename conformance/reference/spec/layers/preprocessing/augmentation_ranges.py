"""Keras's image layers that draw, of which the documentation promises little: a range, and rest.

At strength nought they change nothing; otherwise no pixel leaves the range of what was fed, or of
what the layer was told that pixels are.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from conformance.reference.engine.functions import absolute, largest
from conformance.reference.engine.laws import Bounds, Choice
from conformance.reference.engine.structure import concatenate, flip, take, transpose
from conformance.reference.errors import Refused
from conformance.reference.spec.layers.base import Context, register
from conformance.reference.spec.layers.preprocessing.augmentation import (
    Images,
    extremes,
    from_zero,
    pair,
    value_range,
)

if TYPE_CHECKING:
    from conformance.reference.engine.array import Array
    from conformance.reference.engine.laws import Drawn
    from conformance.reference.spec.config import Config


Pair = tuple[float, float] | float
"""A factor: its least and its largest number, or one."""


class Range(Images):
    """A layer that keeps to a range, and still where ``still`` says so."""

    still = False
    """Whether the arguments leave every image as it is."""

    def drawn(self, context: Context, x: Array) -> Drawn:  # noqa: ARG002
        """The image itself, up to rounding, or anything within the range."""
        if self.still:
            return self.by_image(x, Choice([about(x)], [1.0]))
        return self.by_image(x, self.bounds(x))

    @abstractmethod
    def bounds(self, x: Array) -> Bounds:
        """Least and largest pixel."""


def about(x: Array) -> Array:
    """The image with the rounding of a way there and back.

    Each pixel's error is one of the image's largest number: that is what colours computed from
    hue, saturation and value, and weighted means of neighbours, are built up from.
    """
    peak = largest(absolute(x), (1, 2, 3), keepdims=True)
    return (x + peak * 2) - peak * 2


class Told(Range):
    """Bounded by the value range that the layer was told."""

    def bounds(self, x: Array) -> Bounds:  # noqa: ARG002
        """The value range."""
        return Bounds(*self.limits)

    limits: tuple[float, float]


class Fed(Range):
    """Bounded by what was fed, and by what fills the space beyond its edges."""

    fill: float | None = None
    mode = "reflect"
    """How the space beyond the edges is filled."""

    def bounds(self, x: Array) -> Bounds:
        """Means of pixels lie between them."""
        low, high = extremes(x)
        if self.fill is None:
            return Bounds(low, high)
        return Bounds(min(low, self.fill), max(high, self.fill))

    def filled(self, config: Config) -> None:
        """Read how pixels from beyond the edges are made."""
        modes = ("reflect", "constant", "wrap", "nearest")
        mode = config.choice("fill_mode", modes, "reflect")
        value = config.number("fill_value", 0.0)
        self.fill = value if mode == "constant" else None
        self.mode = mode
        config.choice("interpolation", ("bilinear", "nearest"), "bilinear")


def steps_of(factor: Pair, size: int) -> int | None:
    """How many steps a factor is, where both of its bounds are one; else None."""
    low, high = factor if isinstance(factor, tuple) else (-factor, factor)
    return round(low * size) if low == high and (low * size).is_integer() else None


def source_of(place: int, size: int, mode: str) -> int:
    """The entry that a place beyond an axis of so many entries is filled with.

    ``reflect``: ``(d c b a | a b c d | d c b a)``; ``wrap``: ``(a b c d | a b c d | a b c d)``;
    ``nearest``: ``(a a a a | a b c d | d d d d)``.
    """
    if mode == "nearest":
        return min(max(place, 0), size - 1)
    if mode == "wrap":
        return place % size
    place %= 2 * size
    return place if place < size else 2 * size - 1 - place


def within(config: Config, name: str, found: Pair, least: float, most: float = math.inf) -> None:
    """See that what :func:`pair` has read lies within a range.

    Raises:
        Refused: It doesn't.
    """
    if not all(least <= one <= most for one in ends(found)):
        message = f"{config.owner}: {name} must be within {least:g} and {most:g}, not {found!r}"
        raise Refused(message)


def ends(found: Pair) -> tuple[float, float]:
    """Both bounds of what :func:`pair` has read; of one number itself, twice."""
    return found if isinstance(found, tuple) else (found, found)


class Moved(Fed):
    """A layer that moves pixels about, by how much its factors say."""

    factors: ClassVar[dict[str, float | None]]
    """By name; a default, or None where there is none."""
    least: ClassVar[float] = -math.inf
    """Below which no factor may be."""

    def __init__(self, config: Config) -> None:
        """Args: the factors, fill_mode, interpolation, fill_value, data_format, seed."""
        self.formatted(config)
        self.filled(config)
        self.strengths = [pair(config, name, default) for name, default in self.factors.items()]
        for name, value in zip(self.factors, self.strengths, strict=True):
            within(config, name, value, self.least)
        self.still = all(ends(value) == (0, 0) for value in self.strengths)


@register("RandomRotation")
class RandomRotation(Moved):
    """keras.layers.RandomRotation: by a fraction of the whole circle, against the clock.

    Where both bounds are one number of right angles, each pixel goes to the place of another.
    """

    factors: ClassVar = {"factor": None}

    def drawn(self, context: Context, x: Array) -> Drawn:
        """The turned image, or anything within the range."""
        height, width = (x.shape[axis] for axis in self.space)
        turns = steps_of(self.strengths[0], 4)
        if self.still or turns is None or (turns % 2 and height != width):
            return super().drawn(context, x)
        for _ in range(turns % 4):
            axes = list(range(x.ndim))
            axes[self.space[0]], axes[self.space[1]] = self.space[1], self.space[0]
            x = flip(transpose(x, axes), self.space[0])
        return self.by_image(x, Choice([about(x)], [1.0]))


@register("RandomTranslation")
class RandomTranslation(Moved):
    """keras.layers.RandomTranslation: down and to the right, by fractions of height and width.

    Where the bounds are one number of whole pixels, each pixel goes to the place of another.
    """

    factors: ClassVar = {"height_factor": None, "width_factor": None}

    def drawn(self, context: Context, x: Array) -> Drawn:
        """The moved image, or anything within the range."""
        steps = [
            steps_of(factor, x.shape[axis])
            for factor, axis in zip(self.strengths, self.space, strict=True)
        ]
        if self.still or None in steps:
            return super().drawn(context, x)
        for axis, step in zip(self.space, steps, strict=True):
            x = self._moved(x, axis, step or 0)
        return self.by_image(x, Choice([about(x)], [1.0]))

    def _moved(self, x: Array, axis: int, step: int) -> Array:
        """``y[i] = x[i - step]`` along an axis, and what the mode says beyond its ends."""
        size = x.shape[axis]
        parts = []
        for place in range(-step, size - step):
            if self.fill is not None and not 0 <= place < size:
                parts.append(take(x, axis, 0, 1) * 0.0 + self.fill)
                continue
            at = source_of(place, size, self.mode)
            parts.append(take(x, axis, at, at + 1))
        return concatenate(parts, axis)


@register("RandomShear")
class RandomShear(Moved):
    """keras.layers.RandomShear."""

    factors: ClassVar = {"x_factor": 0.0, "y_factor": 0.0}
    least = 0.0


@register("RandomZoom")
class RandomZoom(Fed):
    """keras.layers.RandomZoom; without a width factor the image keeps its proportions."""

    def __init__(self, config: Config) -> None:
        """Args: height_factor, width_factor, fill_mode, interpolation, fill_value, data_format."""
        self.formatted(config)
        self.filled(config)
        self.strengths = [pair(config, "height_factor")]
        if config.get("width_factor") is not None:
            self.strengths.append(pair(config, "width_factor"))
        self.still = all(ends(value) == (0, 0) for value in self.strengths)


@register("RandomPerspective")
class RandomPerspective(Fed):
    """keras.layers.RandomPerspective: ``factor`` is how likely an image is distorted."""

    def __init__(self, config: Config) -> None:
        """Args: factor, scale, interpolation, fill_value, seed, data_format."""
        self.formatted(config)
        self.chance = from_zero(config, default=1.0)
        self.scale = config.number("scale", 1.0)
        self.fill = config.number("fill_value", 0.0)
        config.choice("interpolation", ("bilinear", "nearest"), "bilinear")
        self.still = self.chance == (0, 0)


@register("RandomElasticTransform")
class RandomElasticTransform(Fed):
    """keras.layers.RandomElasticTransform: ``factor`` is how likely an image is distorted."""

    def __init__(self, config: Config) -> None:
        """Args: factor, scale, interpolation, fill_mode, fill_value, value_range, data_format."""
        self.formatted(config)
        self.filled(config)
        self.chance = from_zero(config, default=1.0)
        self.scale = pair(config, "scale", 1.0)
        value_range(config)
        self.still = self.chance == (0, 0)


@register("RandomErasing")
class RandomErasing(Range):
    """keras.layers.RandomErasing: a patch filled with a number, or with normal noise."""

    def __init__(self, config: Config) -> None:
        """Args: factor, scale, fill_value, value_range, seed, data_format."""
        self.formatted(config)
        self.chance = from_zero(config, default=1.0)
        self.scale = pair(config, "scale", [0.02, 0.33])
        value_range(config)
        self.fill = None if config.get("fill_value") is None else config.number("fill_value", 0.0)
        self.still = self.chance == (0, 0)

    def bounds(self, x: Array) -> Bounds:
        """The fed range and the constant; noise has no bounds."""
        low, high = extremes(x)
        if self.fill is None:
            return Bounds()
        return Bounds(min(low, self.fill), max(high, self.fill))


@register("RandomHue")
class RandomHue(Told):
    """keras.layers.RandomHue."""

    def __init__(self, config: Config) -> None:
        """Args: factor, value_range, data_format, seed."""
        self.formatted(config)
        self.strengths = from_zero(config)
        self.limits = value_range(config)
        self.still = self.strengths == (0, 0)


class _HalfWay(Told):
    """A layer that does nothing at one half."""

    def __init__(self, config: Config) -> None:
        """Args: factor, value_range, data_format, seed."""
        self.formatted(config)
        self.strengths = from_zero(config)
        self.limits = value_range(config)
        self.still = self.strengths == (0.5, 0.5)


@register("RandomSaturation")
class RandomSaturation(_HalfWay):
    """keras.layers.RandomSaturation."""


@register("RandomSharpness")
class RandomSharpness(_HalfWay):
    """keras.layers.RandomSharpness."""


@register("RandomGaussianBlur")
class RandomGaussianBlur(Told):
    """keras.layers.RandomGaussianBlur."""

    def __init__(self, config: Config) -> None:
        """Args: factor, kernel_size, sigma, value_range, data_format, seed."""
        self.formatted(config)
        self.strengths = from_zero(config, default=1.0)
        self.size = config.get("kernel_size", 3)
        sizes = self.size if isinstance(self.size, list | tuple) else [self.size]
        if not all(isinstance(one, int) for one in sizes):
            message = f"{config.owner}: kernel_size must be whole, not {self.size!r}"
            raise Refused(message)
        self.sigma = pair(config, "sigma", 1.0)
        self.limits = value_range(config)
        self.still = self.strengths == (0, 0)


@register("RandomPosterization")
class RandomPosterization(Told):
    """keras.layers.RandomPosterization: with all eight bits, whole numbers stay what they are."""

    def __init__(self, config: Config) -> None:
        """Args: factor, value_range, data_format, seed."""
        self.formatted(config)
        self.bits = pair(config, "factor")
        within(config, "factor", self.bits, 1, 8)
        self.limits = value_range(config)
        self.still = self.bits in (8, (8, 8))


@register("RandomColorJitter")
class RandomColorJitter(Told):
    """keras.layers.RandomColorJitter: brightness, contrast, saturation and hue, each if asked."""

    def __init__(self, config: Config) -> None:
        """Args: value_range, the four factors, seed, data_format."""
        self.formatted(config)
        self.limits = value_range(config)
        parts = ("brightness_factor", "contrast_factor", "saturation_factor", "hue_factor")
        self.strengths = [config.get(name) for name in parts]
        self.still = all(value is None for value in self.strengths)


@register("AugMix")
class AugMix(Told):
    """keras.layers.AugMix."""

    def __init__(self, config: Config) -> None:
        """Args: value_range, num_chains, chain_depth, factor, alpha, all_ops, interpolation."""
        self.formatted(config)
        self.limits = value_range(config)
        self.chains = config.positive("num_chains", 3), config.positive("chain_depth", 3)
        self.strengths = config.get("factor", 0.3), config.number("alpha", 1.0)
        self.all_ops = config.flag("all_ops", default=True)
        config.choice("interpolation", ("bilinear", "nearest"), "bilinear")


@register("RandAugment")
class RandAugment(Told):
    """keras.layers.RandAugment."""

    def __init__(self, config: Config) -> None:
        """Args: value_range, num_ops, factor, interpolation, seed, data_format."""
        self.formatted(config)
        self.limits = value_range(config)
        self.strengths = config.get("num_ops", 2), config.get("factor", 0.5)
        config.choice("interpolation", ("bilinear", "nearest"), "bilinear")


@register("MixUp")
class MixUp(Fed):
    """keras.layers.MixUp: means of pairs of images."""

    def __init__(self, config: Config) -> None:
        """Args: alpha, data_format, seed."""
        self.formatted(config)
        self.alpha = config.number("alpha", 0.2)


@register("CutMix")
class CutMix(Fed):
    """keras.layers.CutMix: patches of other images."""

    def __init__(self, config: Config) -> None:
        """Args: factor, data_format, seed."""
        self.formatted(config)
        self.strengths = pair(config, "factor", 1.0)
