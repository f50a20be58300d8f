"""Convolutions of Keras's `convolutional` folder that take every channel by itself."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from conformance.reference.engine.contraction import correlate
from conformance.reference.engine.structure import concatenate, take
from conformance.reference.engine.windows import Windows
from conformance.reference.spec.activations import activation
from conformance.reference.spec.layers.base import (
    Context,
    Layer,
    Variable,
    Weights,
    known,
    of_rank,
    register,
)
from conformance.reference.spec.layers.convolutional.conv import add_bias, without_strided_dilation
from conformance.reference.spec.layers.reshaping.reshape import FORMATS
from conformance.reference.spec.sliding import Sliding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.cases.model import Shape
    from conformance.reference.engine.array import Array
    from conformance.reference.spec.config import Config


class Depthwise(Layer):
    """The depthwise step: ``depth_multiplier`` kernels for each channel, channel by channel."""

    def __init__(self, config: Config) -> None:
        """Args: kernel_size, strides, padding, depth_multiplier, data_format, dilation_rate ..."""
        self.owner = config.owner
        axes = int(config.owner[-2])
        size = config.sizes("kernel_size", axes)
        strides = config.sizes("strides", axes, 1)
        dilation = config.sizes("dilation_rate", axes, 1)
        without_strided_dilation(self.owner, strides, dilation)
        padding = config.choice("padding", ("valid", "same"), "valid")
        first = config.choice("data_format", FORMATS, "channels_last") == "channels_first"
        self.sliding = Sliding(Windows(size, strides, dilation), padding, channels_first=first)
        self.multiplier = config.positive("depth_multiplier", 1)
        self.activation = activation(config)
        self.use_bias = config.flag("use_bias", default=True)

    def channels(self, shapes: Sequence[Shape]) -> int:
        """Channels of the input, which must be known."""
        shape = of_rank(shapes[0], self.sliding.axes + 2, self.owner)
        return known(self.sliding.split(shape)[2], f"the channels of {self.owner}'s input")

    def depthwise_kernel(self, name: str, channels: int) -> Variable:
        """(*size, channels, multiplier)."""
        size = self.sliding.geometry.size
        return Variable(name, (*size, channels, self.multiplier), fan_in=math.prod(size), gain=2.0)

    def shape_with(self, shapes: Sequence[Shape], filters: int) -> Shape:
        """Batch, windows along each axis, and so many filters."""
        shape = of_rank(shapes[0], self.sliding.axes + 2, self.owner)
        batch, space, _ = self.sliding.split(shape)
        return self.sliding.join(batch, self.sliding.output_space(space, self.owner), filters)

    def step(self, context: Context, x: Array, kernel: Array) -> Array:
        """Correlate each channel with its kernels; channels last, in and out."""
        x = self.sliding.padded(x, context)
        parts = [
            correlate(
                take(x, x.ndim - 1, c, c + 1),
                take(kernel, kernel.ndim - 2, c, c + 1),
                self.sliding.geometry,
            )
            for c in range(kernel.shape[-2])
        ]
        return concatenate(parts, -1)

    def finished(self, y: Array, weights: Weights) -> Array:
        """A channels-last result in the layer's data format, with bias and activation."""
        y = self.sliding.restored(y)
        return self.activation(add_bias(y, weights, self.sliding))


@register("DepthwiseConv1D", "DepthwiseConv2D")
class DepthwiseConv(Depthwise):
    """keras.layers.DepthwiseConv1D and DepthwiseConv2D."""

    def weights(self, shapes: Sequence[Shape]) -> list[Variable]:
        """Kernel (*size, channels, multiplier) and bias (channels * multiplier)."""
        channels = self.channels(shapes)
        kernel = self.depthwise_kernel("kernel", channels)
        bias = Variable("bias", (channels * self.multiplier,), "bias")
        return [kernel, bias] if self.use_bias else [kernel]

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """Batch, windows along each axis, channels * multiplier."""
        return self.shape_with(shapes, self.channels(shapes) * self.multiplier)

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:
        """Filter ``m`` of channel ``c`` answers as number ``c * multiplier + m``."""
        y = self.step(context, self.sliding.arranged(inputs[0]), weights["kernel"])
        return self.finished(y, weights)


@register("SeparableConv1D", "SeparableConv2D")
class SeparableConv(Depthwise):
    """keras.layers.SeparableConv1D and SeparableConv2D: a depthwise step, then a mixing one."""

    def __init__(self, config: Config) -> None:
        """Args: those of the depthwise step, and filters."""
        super().__init__(config)
        self.filters = config.positive("filters")

    def weights(self, shapes: Sequence[Shape]) -> list[Variable]:
        """Both kernels, and a bias (filters)."""
        channels = self.channels(shapes)
        mixed = channels * self.multiplier
        ones = (1,) * self.sliding.axes
        kernels = [
            self.depthwise_kernel("depthwise_kernel", channels),
            Variable("pointwise_kernel", (*ones, mixed, self.filters), fan_in=mixed),
        ]
        bias = Variable("bias", (self.filters,), "bias")
        return [*kernels, bias] if self.use_bias else kernels

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """Batch, windows along each axis, filters."""
        self.channels(shapes)
        return self.shape_with(shapes, self.filters)

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:
        """Neither bias nor activation lies between the two steps."""
        y = self.step(context, self.sliding.arranged(inputs[0]), weights["depthwise_kernel"])
        ones = (1,) * self.sliding.axes
        y = correlate(y, weights["pointwise_kernel"], Windows(ones, ones, ones))
        return self.finished(y, weights)
