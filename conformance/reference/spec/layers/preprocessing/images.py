"""Layers of Keras's `preprocessing/image_preprocessing` folder that draw nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.reference.engine.functions import choose, clip, largest, split_at
from conformance.reference.engine.resampling import KINDS
from conformance.reference.engine.structure import take
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.layers.base import Context, Layer, Weights, of_rank, register
from conformance.reference.spec.layers.reshaping.reshape import FORMATS
from conformance.reference.spec.ops.image import cropped, padded, resampled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.cases.model import Shape
    from conformance.reference.engine.array import Array
    from conformance.reference.spec.config import Config

BYTE = 255.0
"""The upper end of the range in which Keras computes with colours."""


class Images(Layer):
    """What layers share that take ``(batch, height, width, channels)`` or channels-first images."""

    def __init__(self, config: Config) -> None:
        """Args: data_format."""
        self.owner = config.owner
        first = config.choice("data_format", FORMATS, "channels_last") == "channels_first"
        self.space = (2, 3) if first else (1, 2)

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """The input's."""
        return of_rank(shapes[0], 4, self.owner)


class Sized(Images):
    """Images that come out with a height and a width of their own."""

    def __init__(self, config: Config) -> None:
        """Args: height, width, data_format."""
        super().__init__(config)
        self.size = (config.positive("height"), config.positive("width"))

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """The input's, with the sizes asked for."""
        shape = list(super().output_shape(shapes))
        for axis, size in zip(self.space, self.size, strict=True):
            shape[axis] = size
        return shape

    def cropped(self, x: Array) -> Array:
        """The largest window in the middle with the target's aspect ratio."""
        return cropped(x, self.space, self.size)


@register("Resizing")
class Resizing(Sized):
    """keras.layers.Resizing."""

    def __init__(self, config: Config) -> None:
        """Args: those of Sized; interpolation, antialias, aspect ratios, fill_mode, fill_value."""
        super().__init__(config)
        self.kind = config.get("interpolation", "bilinear")
        self.antialias = config.flag("antialias", default=False)
        self.crop = config.flag("crop_to_aspect_ratio", default=False)
        self.pad = config.flag("pad_to_aspect_ratio", default=False)
        self.fill_mode = config.get("fill_mode", "constant")
        self.fill = config.number("fill_value", 0.0)

    def _check(self) -> None:
        """What Keras finds only when it resizes.

        Raises:
            Refused: At the call: an argument is unknown, or two exclude each other.
        """
        wrong = ""
        if self.kind not in KINDS:
            wrong = f"interpolation={self.kind!r} is none of {', '.join(KINDS)}"
        elif self.fill_mode != "constant":
            wrong = f"fill_mode={self.fill_mode!r} is not constant"
        elif self.crop and self.pad:
            wrong = "only one of crop_to_aspect_ratio and pad_to_aspect_ratio may be true"
        if wrong:
            message = f"Resizing: {wrong}"
            raise Refused(message, at="call")

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """Crop or pad to the target's aspect ratio where asked, then sample."""
        self._check()
        x = inputs[0]
        if self.crop:
            x = self.cropped(x)
        if self.pad:
            x = padded(x, self.space, self.size, self.fill)
        return resampled(x, self.space, self.size, self.kind, antialias=self.antialias)


@register("CenterCrop")
class CenterCrop(Sized):
    """keras.layers.CenterCrop."""

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """The middle; a smaller image is cropped to the target's aspect ratio and resized."""
        x = inputs[0]
        if any(x.shape[axis] < size for axis, size in zip(self.space, self.size, strict=True)):
            return resampled(self.cropped(x), self.space, self.size, "bilinear", antialias=False)
        for axis, size in zip(self.space, self.size, strict=True):
            start = (x.shape[axis] - size) // 2
            x = take(x, axis, start, start + size)
        return x


class Coloured(Images):
    """Images whose colours lie in a range that is told."""

    def __init__(self, config: Config) -> None:
        """Args: value_range, data_format."""
        super().__init__(config)
        given = config.get("value_range", [0, 255])
        if not isinstance(given, list | tuple) or len(given) != 2:  # noqa: PLR2004 (low, high)
            message = f"{self.owner}: value_range must be two numbers, not {given!r}"
            raise Refused(message)
        self.low, self.high = sorted(float(n) for n in given)

    @property
    def bytes(self) -> bool:
        """Whether colours already lie in the range that Keras computes in."""
        return (self.low, self.high) == (0.0, BYTE)

    def to_bytes(self, x: Array) -> Array:
        """From the range that is told to 0..255."""
        if self.bytes:
            return x
        return (x - self.low) / (self.high - self.low) * BYTE

    def from_bytes(self, x: Array) -> Array:
        """From 0..255 to the range that is told."""
        if self.bytes:
            return x
        return x / BYTE * (self.high - self.low) + self.low


@register("AutoContrast")
class AutoContrast(Coloured):
    """keras.layers.AutoContrast: every channel of every image is stretched over the whole range."""

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """``(x - lowest) / (highest - lowest)`` of the range; an even channel stays as it is."""
        images = inputs[0]
        if images.integers is not None:  # some have no negative ones
            images = context.arithmetic.exact(images.value.real)
        x = self.to_bytes(images)
        low = -largest(-x, self.space, keepdims=True)
        high = largest(x, self.space, keepdims=True)
        even = np.broadcast_to(high.value == low.value, x.shape)
        span = choose(high.value == low.value, context.arithmetic.constant(1.0), high - low)
        scale = context.arithmetic.constant(BYTE) / span
        # Keras multiplies out: x·scale - low·scale, which cancels more than (x - low)·scale.
        stretched = x * scale + (-low) * scale
        # What comes out is clipped to 0..255, where the extremes lie by construction. Rounding
        # decides on which side: no number is moved by it, but gradients may stop there.
        split_at(stretched, 0.0)
        split_at(stretched, BYTE)
        return choose(even, images, self.from_bytes(stretched))


@register("Solarization")
class Solarization(Coloured):
    """keras.layers.Solarization, with factors that leave nothing to chance."""

    def __init__(self, config: Config) -> None:
        """Args: those of Coloured; addition_factor, threshold_factor, seed."""
        super().__init__(config)
        self.addition = _single(config, "addition_factor") * BYTE
        self.threshold = _single(config, "threshold_factor") * BYTE

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """What is not below the threshold, after the addition, is subtracted from 255."""
        x = self.to_bytes(inputs[0])
        if self.addition:
            x = clip(x + self.addition, 0.0, BYTE)
        elif not self._inside(x.value):
            x = clip(x, 0.0, BYTE)
        above = split_at(x, self.threshold) if self.threshold else np.ones(x.shape, bool)
        return self.from_bytes(choose(above, BYTE - x, x))

    @staticmethod
    def _inside(values: Any) -> bool:
        return bool(((values.real >= 0) & (values.real <= BYTE)).all())


def _single(config: Config, name: str) -> float:
    """A factor from which always the same number is drawn."""
    given = config.get(name, 0.0)
    ends = list(given) if isinstance(given, list | tuple) else [0.0, given]
    if len(ends) != 2 or not all(  # noqa: PLR2004 (lower, upper)
        isinstance(n, int | float) and not isinstance(n, bool) and 0 <= n <= 1 for n in ends
    ):
        message = f"{config.owner}: {name} must be a number or two, within 0..1, not {given!r}"
        raise Refused(message)
    if ends[0] != ends[1]:
        message = f"{config.owner}: {name}={given!r} is drawn, and has no answer of its own"
        raise Unsupported(message)
    return float(ends[0])


@register("Equalization")
class Equalization(Coloured):
    """keras.layers.Equalization: every channel of every image gets an even histogram."""

    def __init__(self, config: Config) -> None:
        """Args: those of Coloured; bins."""
        super().__init__(config)
        self.bins = config.positive("bins", 256)

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """The share of pixels that are no brighter, of those brighter than the darkest bin."""
        x = self.to_bytes(inputs[0])
        values = np.moveaxis(x.value.real, self.space, (-2, -1))
        images = values.reshape(-1, *values.shape[-2:])
        made, same = np.zeros(images.shape), np.zeros(len(images), bool)
        for i, image in enumerate(images):
            levels = self._levels(image)
            same[i] = levels is None
            made[i] = image if levels is None else levels
        even = np.moveaxis(made.reshape(values.shape), (-2, -1), self.space)
        kept = np.moveaxis(
            np.broadcast_to(same.reshape(*values.shape[:2], 1, 1), values.shape),
            (-2, -1),
            self.space,
        )
        return choose(kept, inputs[0], self.from_bytes(context.arithmetic.exact(even)))

    def _levels(self, image: Any) -> Any:
        """The new colours of one channel of one image; ``None`` where it has only one colour."""
        scaled = np.clip(image / BYTE * (self.bins - 1), 0, self.bins - 1)
        place = scaled.astype(np.int64)
        counts = np.bincount(place.reshape(-1), minlength=self.bins)
        if np.count_nonzero(counts) <= 1:
            return None
        total = counts.cumsum()
        darkest = total[total > 0][0]
        table = np.round((total - darkest) * BYTE / (total[-1] - darkest))
        return np.clip(table, 0.0, BYTE)[place]
