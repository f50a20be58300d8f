"""Layers of Keras's `convolutional` folder."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from conformance.reference.engine.array import Array, reshape
from conformance.reference.engine.windows import Windows
from conformance.reference.errors import Refused
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
from conformance.reference.spec.layers.reshaping.reshape import FORMATS
from conformance.reference.spec.sliding import Sliding, grouped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.cases.model import Shape
    from conformance.reference.spec.config import Config


def without_strided_dilation(owner: str, strides: Sequence[int], dilation: Sequence[int]) -> None:
    """Keras documents that strides and dilation exclude each other.

    Raises:
        Refused: Both are larger than 1 on some axis.
    """
    if max(strides) > 1 and max(dilation) > 1:
        message = f"{owner}: strides > 1 is incompatible with dilation_rate > 1"
        raise Refused(message)


def add_bias(y: Array, weights: Weights, sliding: Sliding) -> Array:
    """A result in the layer's data format with the bias, if there is one, on its channels."""
    if "bias" not in weights:
        return y
    bias = weights["bias"]
    if sliding.channels_first:
        bias = reshape(bias, (bias.shape[0], *[1] * sliding.axes))
    return y + bias


@register("Conv1D", "Conv2D", "Conv3D", "Convolution1D", "Convolution2D", "Convolution3D")
class Conv(Layer):
    """keras.layers.Conv1D, Conv2D, Conv3D."""

    def __init__(self, config: Config) -> None:
        """Args: see Keras; strides and dilation exclude each other, groups divide filters."""
        self.owner = config.owner
        axes = int(config.owner[-2])
        self.filters = config.positive("filters")
        size = config.sizes("kernel_size", axes)
        strides = config.sizes("strides", axes, 1)
        dilation = config.sizes("dilation_rate", axes, 1)
        without_strided_dilation(self.owner, strides, dilation)
        paddings = ("valid", "same", "causal") if axes == 1 else ("valid", "same")
        padding = config.choice("padding", paddings, "valid")
        first = config.choice("data_format", FORMATS, "channels_last") == "channels_first"
        self.sliding = Sliding(Windows(size, strides, dilation), padding, channels_first=first)
        self.groups = config.positive("groups", 1)
        if self.filters % self.groups:
            message = (
                f"{self.owner}: {self.filters} filters can't be split into {self.groups} groups"
            )
            raise Refused(message)
        self.activation = activation(config)
        self.use_bias = config.flag("use_bias", default=True)

    def weights(self, shapes: Sequence[Shape]) -> list[Variable]:
        """Kernel (*size, channels of one group, filters) and bias (filters)."""
        _, _, found = self.sliding.split(of_rank(shapes[0], self.sliding.axes + 2, self.owner))
        channels = known(found, f"the channels of {self.owner}'s input")
        if channels % self.groups:
            message = f"{self.owner}: {channels} channels can't be split into {self.groups} groups"
            raise Refused(message)
        size = self.sliding.geometry.size
        inner = channels // self.groups
        kernel = Variable(
            "kernel", (*size, inner, self.filters), fan_in=math.prod(size) * inner, gain=2.0
        )
        return [kernel, Variable("bias", (self.filters,), "bias")] if self.use_bias else [kernel]

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """Batch, windows along each axis, filters."""
        batch, space, _ = self.sliding.split(of_rank(shapes[0], self.sliding.axes + 2, self.owner))
        return self.sliding.join(batch, self.sliding.output_space(space, self.owner), self.filters)

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:
        """``activation(correlate(x, kernel) + bias)``; groups side by side."""
        x = self.sliding.padded(self.sliding.arranged(inputs[0]), context)
        y = grouped(x, weights["kernel"], self.sliding.geometry, self.groups)
        return self.activation(add_bias(self.sliding.restored(y), weights, self.sliding))
