"""Layers of Keras's `pooling` folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine.functions import choose, largest
from conformance.reference.engine.structure import unfold
from conformance.reference.engine.windows import Windows
from conformance.reference.spec.layers.base import Context, Layer, Weights, of_rank, register
from conformance.reference.spec.layers.reshaping.reshape import FORMATS
from conformance.reference.spec.sliding import Sliding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.cases.model import Shape
    from conformance.reference.engine.array import Array, Values
    from conformance.reference.spec.config import Config


class Pooling(Layer):
    """What poolings share: windows, by default as far apart as they are large."""

    def __init__(self, config: Config) -> None:
        """Args: pool_size, strides (default: pool_size), padding, data_format."""
        self.owner = config.owner
        axes = int(config.owner[-2])
        size = config.sizes("pool_size", axes, 2)
        strides = size if config.get("strides") is None else config.sizes("strides", axes)
        padding = config.choice("padding", ("valid", "same"), "valid")
        first = config.choice("data_format", FORMATS, "channels_last") == "channels_first"
        self.sliding = Sliding(Windows(size, strides, (1,) * axes), padding, channels_first=first)

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """Batch, windows along each axis, channels."""
        batch, space, channels = self.sliding.split(
            of_rank(shapes[0], self.sliding.axes + 2, self.owner)
        )
        return self.sliding.join(batch, self.sliding.output_space(space, self.owner), channels)

    def cut(self, context: Context, x: Array, fill: float) -> Array:
        """All windows of the padded input, channels last."""
        return unfold(self.sliding.padded(x, context, fill), self.sliding.geometry)

    @property
    def inside(self) -> tuple[int, ...]:
        """Axes of the cut-out windows that lie inside a window."""
        axes = self.sliding.axes
        return tuple(range(1 + axes, 1 + 2 * axes))


@register("MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "MaxPool1D", "MaxPool2D", "MaxPool3D")
class MaxPooling(Pooling):
    """keras.layers.MaxPooling1D, MaxPooling2D, MaxPooling3D."""

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """The largest number of every window; padding never wins."""
        x = self.sliding.arranged(inputs[0])
        return self.sliding.restored(largest(self.cut(context, x, -np.inf), self.inside))


@register(
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "AvgPool1D",
    "AvgPool2D",
    "AvgPool3D",
)
class AveragePooling(Pooling):
    """keras.layers.AveragePooling1D, AveragePooling2D, AveragePooling3D."""

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """The mean of the numbers of every window that are not padding."""
        x = self.sliding.arranged(inputs[0])
        windows = self.cut(context, x, 0.0)
        total = windows.sum(self.inside)
        if self.sliding.padding == "valid":
            return self.sliding.restored(total / float(np.prod(self.sliding.geometry.size)))
        ones = context.arithmetic.exact(np.ones((1, *x.shape[1:-1], 1)))
        counted = self.cut(context, ones, 0.0).sum(self.inside)
        return self.sliding.restored(total / context.arithmetic.exact(counted.value))


@register("GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D")
@register("GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D")
class GlobalPooling(Layer):
    """keras.layers.GlobalMaxPooling and GlobalAveragePooling, one to three spatial axes."""

    def __init__(self, config: Config) -> None:
        """Args: data_format, keepdims."""
        self.owner = config.owner
        self.axes = int(config.owner[-2])
        self.maximum = config.owner.startswith("GlobalMax")
        first = config.choice("data_format", FORMATS, "channels_last") == "channels_first"
        self.spatial = tuple(range(2, 2 + self.axes) if first else range(1, 1 + self.axes))
        self.keepdims = config.flag("keepdims", default=False)
        self.takes_mask = config.owner == "GlobalAveragePooling1D"

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """(batch, channels), or with keepdims 1 for every spatial axis."""
        shape = of_rank(shapes[0], self.axes + 2, self.owner)
        if self.keepdims:
            return [1 if i in self.spatial else n for i, n in enumerate(shape)]
        return [n for i, n in enumerate(shape) if i not in self.spatial]

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """Maximum or mean over all spatial axes."""
        if self.maximum:
            return largest(inputs[0], self.spatial, keepdims=self.keepdims)
        if self.takes_mask and context.mask is not None:
            return self._mean_of_steps(context, inputs[0], context.mask)
        return inputs[0].mean(self.spatial, keepdims=self.keepdims)

    def _mean_of_steps(self, context: Context, x: Array, mask: Values) -> Array:
        """The mean over the steps that ``(batch, steps)`` holds to be there."""
        (steps,) = self.spatial
        there = np.expand_dims(mask, 3 - steps)
        total = choose(there, x, 0.0).sum(steps, keepdims=self.keepdims)
        counted = there.sum(steps, keepdims=self.keepdims).astype(np.float64)
        return total / context.arithmetic.exact(counted)
