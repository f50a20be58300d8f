"""Keras's image layers that draw, where their documentation says what each draw does.

Every image of a batch has a draw of its own, but for RandomCrop. Without training they are the
identity. The layers of which only a range is promised are in ``augmentation_ranges``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.reference.engine.laws import Affine, Bounds, Choice, Drawn
from conformance.reference.engine.structure import concatenate, flip, take
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.config import Config
from conformance.reference.spec.layers.base import Context, Drawing, of_rank, register
from conformance.reference.spec.layers.preprocessing.images import Resizing
from conformance.reference.spec.ops.image import luminance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.cases.model import Shape
    from conformance.reference.engine.array import Array
    from conformance.reference.spec.layers.base import Weights


class Images(Drawing):
    """A layer of images: (batch, height, width, channels), or with the channels first."""

    trains_by_default = True
    first = False
    """Whether the channels are axis 1."""

    def formatted(self, config: Config) -> None:
        """Read ``data_format``."""
        formats = ("channels_last", "channels_first")
        self.first = config.choice("data_format", formats, formats[0]) == formats[1]

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """The input's."""
        return of_rank(shapes[0], 4, type(self).__name__)

    @property
    def space(self) -> tuple[int, int]:
        """The axes of height and width."""
        return (2, 3) if self.first else (1, 2)

    @property
    def channels(self) -> int:
        """The axis of channels."""
        return 1 if self.first else 3

    def by_image(self, x: Array, law: Choice | Affine | Bounds) -> Drawn:
        """One draw for each image."""
        return Drawn(x.shape, (x.shape[0], 1, 1, 1), law)


def pair(config: Config, name: str, default: Any = None) -> tuple[float, float] | float:
    """An argument that is a number, or a least and a largest one."""
    value = config.required(name) if default is None else config.get(name, default)
    listed = value if isinstance(value, list | tuple) else [value]
    if not all(isinstance(n, int | float) and not isinstance(n, bool) for n in listed):
        message = f"{config.owner}: {name} must be a number or two of them, not {value!r}"
        raise Refused(message)
    if not isinstance(value, list | tuple):
        return float(value)
    if len(value) != 2:  # noqa: PLR2004 - least and largest
        message = f"{config.owner}: {name} must be a number or two of them, not {value!r}"
        raise Refused(message)
    return float(value[0]), float(value[1])


def from_zero(config: Config, name: str = "factor", default: Any = None) -> tuple[float, float]:
    """Ends of the range that a strength is drawn from: a single number is the upper one."""
    value = pair(config, name, default)
    low, high = value if isinstance(value, tuple) else (0.0, value)
    if not 0 <= low <= high <= 1:
        message = f"{config.owner}: {name} must be within 0 and 1, not {value!r}"
        raise Refused(message)
    return low, high


def value_range(config: Config) -> tuple[float, float]:
    """``value_range``: the least and the largest number that a pixel may be."""
    found = pair(config, "value_range", [0, 255])
    if not isinstance(found, tuple) or found[0] >= found[1]:
        message = f"{config.owner}: value_range must be two numbers, not {found!r}"
        raise Refused(message)
    return found


def extremes(x: Array) -> tuple[float, float]:
    """The least and the largest number fed."""
    return (float(x.value.min()), float(x.value.max())) if x.value.size else (0.0, 0.0)


def shifted(
    location: Array, scale: Array, strengths: tuple[float, float], limits: tuple[float, float]
) -> Affine | Choice | Bounds:
    """``location + scale · θ``, θ even over the strengths; a range where it may be cut off."""
    low, high = strengths
    ends = [location.value + scale.value * end for end in strengths]
    if min(end.min() for end in ends) < limits[0] or max(end.max() for end in ends) > limits[1]:
        return Bounds(*limits)
    if low == high:
        return Choice([location + scale * low], [1.0])
    return Affine(location, scale, "uniform", low, high)


@register("RandomBrightness")
class RandomBrightness(Images):
    """keras.layers.RandomBrightness: plus a share of the value range, the same for all pixels."""

    def __init__(self, config: Config) -> None:
        """Args: factor, value_range, seed, data_format."""
        self.formatted(config)
        found = pair(config, "factor")
        low, high = found if isinstance(found, tuple) else (-abs(found), abs(found))
        if not -1 <= low <= high <= 1:
            message = f"RandomBrightness: factor must be within -1 and 1, not {found!r}"
            raise Refused(message)
        self.strengths = low, high
        self.limits = value_range(config)

    def drawn(self, context: Context, x: Array) -> Drawn:
        """``x + (high - low of the value range) · θ``."""
        width = context.arithmetic.constant(self.limits[1] - self.limits[0], (1, 1, 1, 1))
        return self.by_image(x, shifted(x, width, self.strengths, self.limits))


@register("RandomContrast")
class RandomContrast(Images):
    """keras.layers.RandomContrast: each channel's distance from its mean times a factor."""

    def __init__(self, config: Config) -> None:
        """Args: factor, value_range, seed, data_format."""
        self.formatted(config)
        found = pair(config, "factor")
        lower, upper = found if isinstance(found, tuple) else (found, found)
        if lower < 0 or upper < 0:
            message = f"RandomContrast: factor must be positive, not {found!r}"
            raise Refused(message)
        self.strengths = 1 - lower, 1 + upper
        self.limits = value_range(config)

    def drawn(self, context: Context, x: Array) -> Drawn:  # noqa: ARG002
        """``mean + (x - mean) · θ``."""
        pixels = int(np.prod([x.shape[axis] for axis in self.space]))
        mean = x.sum(self.space, keepdims=True) / pixels
        away = x - mean
        return self.by_image(x, shifted(x - away, away, self.strengths, self.limits))


@register("RandomColorDegeneration")
class RandomColorDegeneration(Images):
    """keras.layers.RandomColorDegeneration: a weighted mean of the image and its gray."""

    def __init__(self, config: Config) -> None:
        """Args: factor, value_range, data_format, seed."""
        self.formatted(config)
        self.strengths = from_zero(config)
        self.limits = value_range(config)

    def drawn(self, context: Context, x: Array) -> Drawn:  # noqa: ARG002
        """``x + (gray - x) · θ``."""
        away = gray(x, self.channels) - x
        return self.by_image(x, shifted(x, away, self.strengths, self.limits))


def gray(x: Array, axis: int) -> Array:
    """The luminance, in every channel."""
    light = luminance(x, axis)
    return concatenate([light, light, light], axis)


@register("RandomInvert")
class RandomInvert(Images):
    """keras.layers.RandomInvert: the complement within the value range, with some probability.

    The probability is drawn evenly from ``factor``, so that on the whole it is the middle of that.
    """

    def __init__(self, config: Config) -> None:
        """Args: factor, value_range, seed, data_format."""
        self.formatted(config)
        self.strengths = from_zero(config, default=1.0)
        self.limits = value_range(config)

    def drawn(self, context: Context, x: Array) -> Drawn:  # noqa: ARG002
        """The image, or ``low + high - x``."""
        chance = sum(self.strengths) / 2
        return self.by_image(x, either(x, -x + sum(self.limits), chance))


def either(x: Array, changed: Array, chance: float) -> Choice:
    """The image as it is, or changed with this probability."""
    if chance in (0, 1):
        return Choice([changed if chance else x], [1.0])
    return Choice([x, changed], [1 - chance, chance])


@register("RandomGrayscale")
class RandomGrayscale(Images):
    """keras.layers.RandomGrayscale: the luminance in all channels, with some probability."""

    def __init__(self, config: Config) -> None:
        """Args: factor, data_format, seed."""
        self.formatted(config)
        self.chance = config.number("factor", 0.5)
        if not 0 <= self.chance <= 1:
            message = f"RandomGrayscale: factor must be within 0 and 1, not {self.chance!r}"
            raise Refused(message)

    def drawn(self, context: Context, x: Array) -> Drawn:  # noqa: ARG002
        """The image or its gray."""
        return self.by_image(x, either(x, gray(x, self.channels), self.chance))


@register("RandomFlip")
class RandomFlip(Images):
    """keras.layers.RandomFlip: left to right, top to bottom, or both.

    For both it is documented that images are flipped "horizontally and or vertically", not how
    often which: then each of the four is right.
    """

    def __init__(self, config: Config) -> None:
        """Args: mode, seed, data_format."""
        self.formatted(config)
        modes = ("horizontal", "vertical", "horizontal_and_vertical")
        self.mode = config.choice("mode", modes, modes[2])

    def drawn(self, context: Context, x: Array) -> Drawn:  # noqa: ARG002
        """The image or one of its mirror images."""
        upright, level = (flip(x, axis) for axis in self.space)
        if self.mode == "horizontal":
            return self.by_image(x, either(x, level, 0.5))
        if self.mode == "vertical":
            return self.by_image(x, either(x, upright, 0.5))
        both = flip(level, self.space[0])
        return self.by_image(x, Choice([x, level, upright, both]))


@register("RandomCrop")
class RandomCrop(Images):
    """keras.layers.RandomCrop: a window at a place that the whole batch shares."""

    def __init__(self, config: Config) -> None:
        """Args: height, width, seed, data_format."""
        self.formatted(config)
        self.sizes = config.positive("height"), config.positive("width")
        arguments = {
            "height": self.sizes[0],
            "width": self.sizes[1],
            "crop_to_aspect_ratio": True,
            "data_format": "channels_first" if self.first else "channels_last",
        }
        self.resting = Resizing(Config("RandomCrop", arguments))

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """With the target's height and width."""
        shape = list(super().output_shape(shapes))
        for axis, size in zip(self.space, self.sizes, strict=True):
            shape[axis] = size
        return shape

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:
        """Without training, the largest window of the target's proportions, resized to it."""
        if context.training:
            return super().forward(context, inputs, weights)
        if tuple(inputs[0].shape[axis] for axis in self.space) == self.sizes:
            return inputs[0]
        return self.resting.forward(context, inputs, weights)

    def drawn(self, context: Context, x: Array) -> Drawn:  # noqa: ARG002
        """Any of the windows."""
        (tall, wide), (height, width) = (x.shape[axis] for axis in self.space), self.sizes
        if height > tall or width > wide:
            message = "RandomCrop to more than the image has resizes it"
            raise Unsupported(message)
        rows, columns = self.space
        options = [
            take(take(x, rows, top, top + height), columns, left, left + width)
            for top in range(tall - height + 1)
            for left in range(wide - width + 1)
        ]
        return Drawn(options[0].shape, (1, 1, 1, 1), Choice(options))
