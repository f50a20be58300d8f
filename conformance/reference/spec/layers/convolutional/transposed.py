"""Transposed convolutions of Keras's `convolutional` folder."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from conformance.reference.engine.array import Array, reshape
from conformance.reference.engine.contraction import matmul
from conformance.reference.engine.structure import fold, pad, take, transpose
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
from conformance.reference.spec.layers.convolutional.conv import add_bias, without_strided_dilation
from conformance.reference.spec.layers.reshaping.reshape import FORMATS
from conformance.reference.spec.sliding import Sliding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.cases.model import Shape
    from conformance.reference.spec.config import Config


@register("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")
class ConvTranspose(Layer):
    """keras.layers.Conv1DTranspose, Conv2DTranspose, Conv3DTranspose.

    The way back of a convolution: every input number spreads the kernel over the output,
    ``strides`` apart, and what falls on one place is added up. Of that, ``padding`` says how much
    is answered:

    * ``valid``: all of it, and zeros up to the stride where that is longer than the window;
    * ``same``: ``size * strides`` numbers, those that a convolution with ``same`` padding would
      have read, so that the odd number cut off is the last one;
    * with ``output_padding``, ``(size - 1) * strides + window + output_padding`` numbers for
      ``valid``, and ``2 * (window // 2)`` less for ``same``.
    """

    def __init__(self, config: Config) -> None:
        """Args: see Keras; strides and dilation exclude each other."""
        self.owner = config.owner
        axes = int(config.owner[-len("1DTranspose")])
        self.filters = config.positive("filters")
        size = config.sizes("kernel_size", axes)
        strides = config.sizes("strides", axes, 1)
        dilation = config.sizes("dilation_rate", axes, 1)
        without_strided_dilation(self.owner, strides, dilation)
        padding = config.choice("padding", ("valid", "same"), "valid")
        first = config.choice("data_format", FORMATS, "channels_last") == "channels_first"
        self.sliding = Sliding(Windows(size, strides, dilation), padding, channels_first=first)
        self.output_padding = self._output_padding(config, axes)
        self.activation = activation(config)
        self.use_bias = config.flag("use_bias", default=True)

    def _output_padding(self, config: Config, axes: int) -> Sequence[int | None]:
        value = config.get("output_padding")
        if value is None:
            return [None] * axes
        values = [value] * axes if isinstance(value, int) else list(value)
        good = all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in values)
        if not good or len(values) != axes:
            message = f"{self.owner}: output_padding must be sizes for {axes} axes, not {value!r}"
            raise Refused(message)
        for n, stride in zip(values, self.sliding.geometry.strides, strict=True):
            if n >= stride:
                message = f"{self.owner}: output_padding {n} must be less than the stride {stride}"
                raise Refused(message)
        return values

    def weights(self, shapes: Sequence[Shape]) -> list[Variable]:
        """Kernel (*size, filters, channels) and bias (filters)."""
        _, _, found = self.sliding.split(of_rank(shapes[0], self.sliding.axes + 2, self.owner))
        channels = known(found, f"the channels of {self.owner}'s input")
        size = self.sliding.geometry.size
        fan_in = max(math.prod(size) * channels // math.prod(self.sliding.geometry.strides), 1)
        kernel = Variable("kernel", (*size, self.filters, channels), fan_in=fan_in, gain=2.0)
        return [kernel, Variable("bias", (self.filters,), "bias")] if self.use_bias else [kernel]

    def _reach(self, axis: int) -> int:
        geometry = self.sliding.geometry
        return (geometry.size[axis] - 1) * geometry.dilation[axis] + 1

    def _length(self, axis: int, n: int) -> int:
        """Numbers answered along an axis of ``n``."""
        reach, stride = self._reach(axis), self.sliding.geometry.strides[axis]
        extra = self.output_padding[axis]
        if self.sliding.padding == "valid":
            return (n - 1) * stride + (max(reach, stride) if extra is None else reach + extra)
        return n * stride if extra is None else (n - 1) * stride + reach % 2 + extra

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """Batch, length along each axis, filters.

        Raises:
            Refused: Nothing would be left of an axis.
        """
        batch, space, _ = self.sliding.split(of_rank(shapes[0], self.sliding.axes + 2, self.owner))
        lengths: Shape = [None if n is None else self._length(i, n) for i, n in enumerate(space)]
        if any(n is not None and n < 1 for n in lengths):
            message = f"{self.owner}: sizes of {lengths} would be left of {space}"
            raise Refused(message)
        return self.sliding.join(batch, lengths, self.filters)

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:
        """``activation(spread(x, kernel) + bias)``."""
        x, kernel = self.sliding.arranged(inputs[0]), weights["kernel"]
        geometry = self.sliding.geometry
        matrix = reshape(kernel, (-1, kernel.shape[-1]))
        with x.arithmetic.convolution():
            columns = matmul(x, transpose(matrix, (1, 0)))
        spread = reshape(columns, (*x.shape[:-1], *kernel.shape[:-1]))
        counts = x.shape[1:-1]
        whole = [
            (n - 1) * stride + self._reach(i)
            for i, (n, stride) in enumerate(zip(counts, geometry.strides, strict=True))
        ]
        y = fold(spread, whole, geometry)
        for axis, n in enumerate(counts):
            y = self._cut(context, y, axis, self._length(axis, n))
        return self.activation(add_bias(self.sliding.restored(y), weights, self.sliding))

    def _cut(self, context: Context, y: Array, axis: int, length: int) -> Array:
        """The answered part of what was spread, or with zeros after it."""
        whole = y.shape[axis + 1]
        before = 0
        if self.sliding.padding == "same":
            before = context.halves(max(whole - length, 0))[0]
        if before + length > whole:
            amounts = [(0, 0)] * y.ndim
            amounts[axis + 1] = (0, before + length - whole)
            y = pad(y, amounts)
        return take(y, axis + 1, before, before + length)
