"""Layers of Keras's `convolutional` folder."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.reference.engine.array import Array, reshape
from conformance.reference.engine.contraction import correlate
from conformance.reference.engine.structure import concatenate, pad, take, transpose
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

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.cases.model import Shape
    from conformance.reference.spec.config import Config


@dataclass(frozen=True)
class Sliding:
    """Windows along the spatial axes of an image or a sequence, as Keras pads and strides them.

    Shared by convolutions and poolings. ``valid``: only windows that lie inside; ``same``: as many
    windows as ``ceil(size / stride)``, padding split evenly and the odd one after; ``causal``:
    padding before only, so that no output sees a later input.
    """

    geometry: Windows
    padding: str
    channels_first: bool

    @property
    def axes(self) -> int:
        """Number of spatial axes."""
        return len(self.geometry.size)

    def split(self, shape: Shape) -> tuple[int | None, Shape, int | None]:
        """Batch, spatial sizes and channels of a symbolic shape."""
        if self.channels_first:
            return shape[0], shape[2:], shape[1]
        return shape[0], shape[1:-1], shape[-1]

    def join(self, batch: int | None, space: Shape, channels: int | None) -> Shape:
        """The symbolic shape in the layer's data format."""
        return [batch, channels, *space] if self.channels_first else [batch, *space, channels]

    def output_space(self, space: Shape, owner: str) -> Shape:
        """Symbolic spatial sizes of the output.

        Raises:
            Refused: A window is larger than the input.
        """
        result: Shape = []
        for i, n in enumerate(space):
            if n is None:
                result.append(None)
                continue
            if self.padding in {"same", "causal"}:
                result.append(-(-n // self.geometry.strides[i]))
                continue
            reach = (self.geometry.size[i] - 1) * self.geometry.dilation[i] + 1
            if reach > n:
                message = f"{owner}: a window of {reach} does not fit into {n}"
                raise Refused(message)
            result.append((n - reach) // self.geometry.strides[i] + 1)
        return result

    def amounts(self, space: Sequence[int], context: Context) -> list[tuple[int, int]]:
        """Padding before and after each spatial axis."""
        if self.padding == "valid":
            return [(0, 0)] * self.axes
        amounts = []
        for i, n in enumerate(space):
            reach = (self.geometry.size[i] - 1) * self.geometry.dilation[i] + 1
            stride = self.geometry.strides[i]
            if self.padding == "causal":
                amounts.append((reach - 1, 0))
            else:
                total = max((-(-n // stride) - 1) * stride + reach - n, 0)
                amounts.append(context.halves(total))
        return amounts

    def arranged(self, x: Array) -> Array:
        """The input with its channels last."""
        return transpose(x, (0, *range(2, x.ndim), 1)) if self.channels_first else x

    def restored(self, y: Array) -> Array:
        """A channels-last result in the layer's data format."""
        return transpose(y, (0, y.ndim - 1, *range(1, y.ndim - 1))) if self.channels_first else y

    def padded(self, x: Array, context: Context, fill: float = 0.0) -> Array:
        """A channels-last input with its padding."""
        return pad(x, [(0, 0), *self.amounts(x.shape[1:-1], context), (0, 0)], fill)


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
        kernel = weights["kernel"]
        inner, outer = kernel.shape[-2], self.filters // self.groups
        parts = [
            correlate(
                take(x, x.ndim - 1, g * inner, (g + 1) * inner) if self.groups > 1 else x,
                take(kernel, kernel.ndim - 1, g * outer, (g + 1) * outer)
                if self.groups > 1
                else kernel,
                self.sliding.geometry,
            )
            for g in range(self.groups)
        ]
        y = concatenate(parts, -1) if self.groups > 1 else parts[0]
        return self.activation(add_bias(self.sliding.restored(y), weights, self.sliding))
