"""ConvLSTM1D to ConvLSTM3D: an LSTM whose products are convolutions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from conformance.reference.engine.array import Array, reshape
from conformance.reference.engine.contraction import correlate
from conformance.reference.engine.structure import take
from conformance.reference.engine.windows import Windows
from conformance.reference.errors import Refused
from conformance.reference.spec.activations import activation
from conformance.reference.spec.layers.base import (
    Context,
    Variable,
    Weights,
    known,
    of_rank,
    register,
)
from conformance.reference.spec.layers.reshaping.reshape import FORMATS
from conformance.reference.spec.layers.rnn.cells import Cell
from conformance.reference.spec.layers.rnn.layers import Recurrent
from conformance.reference.spec.sliding import Sliding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.cases.model import Shape
    from conformance.reference.spec.config import Config


class ConvLSTMCell(Cell):
    """The cell of the ConvLSTM layers: gates in the order input, forget, cell, output.

    The input's convolution is padded, strided and dilated as the arguments say; the states'
    is always padded to the same size, with strides and dilation of 1.
    """

    gates: ClassVar[int] = 4

    def __init__(self, config: Config, axes: int) -> None:
        """Args: those of Keras's ConvLSTM2D; ``axes`` are the spatial ones."""
        self.owner = config.owner
        self.filters = config.positive("filters")
        size = config.sizes("kernel_size", axes)
        strides = config.sizes("strides", axes, 1)
        dilation = config.sizes("dilation_rate", axes, 1)
        if max(strides) > 1 and max(dilation) > 1:
            message = f"{self.owner}: strides > 1 is incompatible with dilation_rate > 1"
            raise Refused(message)
        padding = config.choice("padding", ("valid", "same"), "valid")
        first = config.choice("data_format", FORMATS, "channels_last") == "channels_first"
        ones = (1,) * axes
        self.sliding = Sliding(Windows(size, strides, dilation), padding, channels_first=first)
        self.recurrent = Sliding(Windows(size, ones, ones), "same", channels_first=first)
        self.activation = activation(config, "activation", "tanh")
        self.recurrent_activation = activation(config, "recurrent_activation", "sigmoid")
        self.use_bias = config.flag("use_bias", default=True)
        self.read_dropout(config)

    def weights(self, shapes: Sequence[Shape]) -> list[Variable]:
        """Kernel (*size, channels, 4 filters), recurrent kernel (*size, filters, …), bias."""
        _, _, found = self.sliding.split(shapes[0])
        channels = known(found, f"the channels of {self.owner}'s input")
        size, columns = self.sliding.geometry.size, 4 * self.filters
        reach = math.prod(size)
        made = [
            Variable("kernel", (*size, channels, columns), fan_in=reach * channels),
            Variable(
                "recurrent_kernel", (*size, self.filters, columns), fan_in=reach * self.filters
            ),
        ]
        return [*made, Variable("bias", (columns,), "bias")] if self.use_bias else made

    def state_shapes(self, step: Shape) -> list[Shape]:
        """Twice the shape of the input's convolution."""
        batch, space, _ = self.sliding.split(step)
        if None in space:
            message = f"{self.owner}: the spatial sizes must be known, not {space}"
            raise Refused(message)
        made = self.sliding.output_space(space, self.owner)
        return [self.sliding.join(batch, made, self.filters) for _ in range(2)]

    def enter(self, context: Context, x: Array, weights: Weights) -> Array:
        """The input's convolution and the bias."""
        self.refuse_random(context)
        y = self._convolved(context, self.sliding, x, weights["kernel"])
        if not self.use_bias:
            return y
        bias = weights["bias"]
        if self.sliding.channels_first:
            bias = reshape(bias, (4 * self.filters, *[1] * self.sliding.axes))
        return y + bias

    def step(
        self, context: Context, entering: Array, states: list[Array], weights: Weights
    ) -> tuple[Array, list[Array]]:
        """``c = f * c + i * activation(…)``, ``h = o * activation(c)``."""
        h, c = states
        recurrent = weights["recurrent_kernel"]
        total = entering + self._convolved(context, self.recurrent, h, recurrent)
        enter = self.recurrent_activation(self._gate(total, 0))
        forget = self.recurrent_activation(self._gate(total, 1))
        candidate = self.activation(self._gate(total, 2))
        leave = self.recurrent_activation(self._gate(total, 3))
        c = forget * c + enter * candidate
        h = leave * self.activation(c)
        return h, [h, c]

    @staticmethod
    def _convolved(context: Context, sliding: Sliding, x: Array, kernel: Array) -> Array:
        padded = sliding.padded(sliding.arranged(x), context)
        return sliding.restored(correlate(padded, kernel, sliding.geometry))

    def _gate(self, a: Array, index: int) -> Array:
        axis = 1 if self.sliding.channels_first else a.ndim - 1
        return take(a, axis, index * self.filters, (index + 1) * self.filters)


@register("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
class ConvLSTM(Recurrent):
    """keras.layers.ConvLSTM1D, ConvLSTM2D, ConvLSTM3D."""

    def __init__(self, config: Config) -> None:
        """Args: those of the cell and of every recurrent layer."""
        self.axes = int(config.owner[-2])
        super().__init__(config, ConvLSTMCell(config, self.axes), "conv_lstm_cell")

    def _checked(self, shape: Shape) -> Shape:
        return of_rank(shape, self.axes + 3, self.owner)
