"""Adaptive poolings of Keras's `pooling` folder: as many windows as are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference.engine.functions import largest
from conformance.reference.engine.structure import concatenate, take
from conformance.reference.spec.layers.base import Context, Layer, Weights, of_rank, register
from conformance.reference.spec.layers.reshaping.reshape import FORMATS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.cases.model import Shape
    from conformance.reference.engine.array import Array
    from conformance.reference.spec.config import Config


@register("AdaptiveMaxPooling1D", "AdaptiveMaxPooling2D", "AdaptiveMaxPooling3D")
@register("AdaptiveAveragePooling1D", "AdaptiveAveragePooling2D", "AdaptiveAveragePooling3D")
class AdaptivePooling(Layer):
    """keras.layers.AdaptiveMaxPooling and AdaptiveAveragePooling, one to three spatial axes.

    Window ``i`` of ``m`` along an axis of ``n`` goes from ``floor(i * n / m)`` up to
    ``ceil((i + 1) * n / m)``, which is not in it. Keras's documentation leaves the windows open
    ("computed automatically"); this is the rule of all its backends, and of torch's layers.
    """

    def __init__(self, config: Config) -> None:
        """Args: output_size, data_format."""
        self.owner = config.owner
        self.axes = int(config.owner[-2])
        self.size = config.sizes("output_size", self.axes)
        self.maximum = config.owner.startswith("AdaptiveMax")
        first = config.choice("data_format", FORMATS, "channels_last") == "channels_first"
        self.spatial = tuple(range(2, 2 + self.axes) if first else range(1, 1 + self.axes))

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """The sizes asked for, in place of the spatial ones."""
        shape = list(of_rank(shapes[0], self.axes + 2, self.owner))
        for axis, n in zip(self.spatial, self.size, strict=True):
            shape[axis] = n
        return shape

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """Maxima or means, one axis after the other."""
        y = inputs[0]
        for axis, count in zip(self.spatial, self.size, strict=True):
            y = self._along(y, axis, count)
        return y

    def _along(self, x: Array, axis: int, count: int) -> Array:
        n = x.shape[axis]
        windows = [take(x, axis, i * n // count, -(-(i + 1) * n // count)) for i in range(count)]
        pool = largest if self.maximum else _mean
        return concatenate([pool(window, axis, keepdims=True) for window in windows], axis)


def _mean(x: Array, axis: int, *, keepdims: bool) -> Array:
    return x.mean(axis, keepdims=keepdims)
