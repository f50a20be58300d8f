"""Layers of Keras's `rnn` folder."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from conformance.reference.activation import activation
from conformance.reference.array import Array, reshape
from conformance.reference.contraction import matmul
from conformance.reference.errors import Refused
from conformance.reference.layer import (
    Context,
    Layer,
    Variable,
    Weights,
    known,
    make_nested,
    of_rank,
    register,
)
from conformance.reference.structure import stack, take

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.cases.model import Shape
    from conformance.reference.config import Config


class Recurrent(Layer):
    """What recurrent layers share: steps along the second axis, states that start at zero.

    Subclasses say how many gates they have and what one step does. Gates stand side by side along
    the last axis of every variable, in Keras's order.
    """

    gates: ClassVar[int]
    states: ClassVar[int] = 1

    def __init__(self, config: Config) -> None:
        """Args: those of Keras, without drop-out, state passing and masking."""
        self.owner = config.owner
        self.units = config.positive("units")
        self.activation = activation(config, "activation", "tanh")
        self.use_bias = config.flag("use_bias", default=True)
        self.return_sequences = config.flag("return_sequences", default=False)
        self.go_backwards = config.flag("go_backwards", default=False)
        config.only("return_state", value=False)
        config.only("stateful", value=False)
        config.only("dropout", 0.0)
        config.only("recurrent_dropout", 0.0)

    def weights(self, shapes: Sequence[Shape]) -> list[Variable]:
        """Kernel (features, gates * units), recurrent kernel (units, …), bias."""
        features = known(
            of_rank(shapes[0], 3, self.owner)[2], f"the features of {self.owner}'s input"
        )
        columns = self.gates * self.units
        made = [
            Variable("kernel", (features, columns), fan_in=features),
            Variable("recurrent_kernel", (self.units, columns), fan_in=self.units),
        ]
        return [*made, Variable("bias", self.bias_shape, "bias")] if self.use_bias else made

    @property
    def bias_shape(self) -> tuple[int, ...]:
        """One number for each gate and unit."""
        return (self.gates * self.units,)

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """(batch, units), or (batch, time, units) with return_sequences."""
        batch, time, _ = of_rank(shapes[0], 3, self.owner)
        return [batch, time, self.units] if self.return_sequences else [batch, self.units]

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:
        """Step after step; backwards, the outputs stand in the order in which they were made."""
        batch, time, _ = inputs[0].shape
        entering = matmul(inputs[0], weights["kernel"])
        if self.use_bias:
            entering = entering + self.input_bias(weights["bias"])
        states = [context.arithmetic.constant(0.0, (batch, self.units))] * self.states
        order = range(time - 1, -1, -1) if self.go_backwards else range(time)
        made: list[Array] = []
        for t in order:
            states = self.step(at_time(entering, t), states, weights)
            made.append(states[0])
        return stack(made, 1) if self.return_sequences else made[-1]

    def input_bias(self, bias: Array) -> Array:
        """The bias that belongs to the product with the input."""
        return bias

    @abstractmethod
    def step(self, entering: Array, states: list[Array], weights: Weights) -> list[Array]:
        """One time step.

        Args:
            entering: ``x @ kernel + bias`` at this step, ``(batch, gates * units)``.
            states: Of the step before, the output first.
            weights: For the recurrent product.

        Returns:
            The new states.
        """

    def gate(self, a: Array, index: int) -> Array:
        """One gate's share of the last axis."""
        return take(a, a.ndim - 1, index * self.units, (index + 1) * self.units)


def at_time(x: Array, t: int) -> Array:
    """One step of ``(batch, time, ...)``."""
    return reshape(take(x, 1, t, t + 1), (x.shape[0], *x.shape[2:]))


@register("SimpleRNN")
class SimpleRNN(Recurrent):
    """keras.layers.SimpleRNN: ``h = activation(x @ kernel + bias + h @ recurrent_kernel)``."""

    gates: ClassVar[int] = 1

    def step(self, entering: Array, states: list[Array], weights: Weights) -> list[Array]:
        """See the class."""
        recurrent = matmul(states[0], weights["recurrent_kernel"])
        return [self.activation(entering + recurrent)]


@register("LSTM")
class LSTM(Recurrent):
    """keras.layers.LSTM: gates in the order input, forget, cell, output."""

    gates: ClassVar[int] = 4
    states: ClassVar[int] = 2

    def __init__(self, config: Config) -> None:
        """Args: also recurrent_activation."""
        super().__init__(config)
        self.recurrent_activation = activation(config, "recurrent_activation", "sigmoid")

    def step(self, entering: Array, states: list[Array], weights: Weights) -> list[Array]:
        """``c = f * c + i * activation(…)``, ``h = o * activation(c)``."""
        h, c = states
        total = entering + matmul(h, weights["recurrent_kernel"])
        enter = self.recurrent_activation(self.gate(total, 0))
        forget = self.recurrent_activation(self.gate(total, 1))
        candidate = self.activation(self.gate(total, 2))
        leave = self.recurrent_activation(self.gate(total, 3))
        c = forget * c + enter * candidate
        return [leave * self.activation(c), c]


@register("GRU")
class GRU(Recurrent):
    """keras.layers.GRU: gates in the order update, reset, candidate."""

    gates: ClassVar[int] = 3

    def __init__(self, config: Config) -> None:
        """Args: also recurrent_activation and reset_after."""
        super().__init__(config)
        self.recurrent_activation = activation(config, "recurrent_activation", "sigmoid")
        self.reset_after = config.flag("reset_after", default=True)

    @property
    def bias_shape(self) -> tuple[int, ...]:
        """With reset_after one bias for the input and one for the recurrent product."""
        columns = self.gates * self.units
        return (2, columns) if self.reset_after else (columns,)

    def step(self, entering: Array, states: list[Array], weights: Weights) -> list[Array]:
        """``h = z * h + (1 - z) * candidate``; the reset gate acts after or before the product."""
        h = states[0]
        recurrent = weights["recurrent_kernel"]
        if self.reset_after:
            inner = matmul(h, recurrent)
            if self.use_bias:
                inner = inner + self._row(weights["bias"], 1)
            update = self.recurrent_activation(self.gate(entering, 0) + self.gate(inner, 0))
            reset = self.recurrent_activation(self.gate(entering, 1) + self.gate(inner, 1))
            candidate = self.activation(self.gate(entering, 2) + reset * self.gate(inner, 2))
        else:
            update = self.recurrent_activation(
                self.gate(entering, 0) + matmul(h, self.gate(recurrent, 0))
            )
            reset = self.recurrent_activation(
                self.gate(entering, 1) + matmul(h, self.gate(recurrent, 1))
            )
            candidate = self.activation(
                self.gate(entering, 2) + matmul(reset * h, self.gate(recurrent, 2))
            )
        return [update * h + (1.0 - update) * candidate]

    def input_bias(self, bias: Array) -> Array:
        """The first row, where there are two."""
        return self._row(bias, 0) if self.reset_after else bias

    @staticmethod
    def _row(bias: Array, index: int) -> Array:
        return take(bias, 0, index, index + 1)


@register("TimeDistributed")
class TimeDistributed(Layer):
    """keras.layers.TimeDistributed: one layer, the same weights, on every time step."""

    def __init__(self, config: Config) -> None:
        """Args: layer."""
        self.inner, _ = make_nested(config, "layer")

    @staticmethod
    def _step_shape(shape: Shape) -> Shape:
        if len(shape) < 3:  # noqa: PLR2004 (batch, time, something)
            message = f"TimeDistributed takes inputs of three axes or more, not {shape}"
            raise Refused(message)
        return [shape[0], *shape[2:]]

    def weights(self, shapes: Sequence[Shape]) -> list[Variable]:
        """The inner layer's."""
        return self.inner.weights([self._step_shape(shapes[0])])

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """The inner layer's, with time as second axis."""
        inner = self.inner.output_shape([self._step_shape(shapes[0])])
        return [inner[0], shapes[0][1], *inner[1:]]

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:
        """The inner layer on every step."""
        x = inputs[0]
        return stack(
            [self.inner.forward(context, [at_time(x, t)], weights) for t in range(x.shape[1])],
            1,
        )
