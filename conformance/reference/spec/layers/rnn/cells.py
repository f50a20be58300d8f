"""Cells of Keras's `rnn` folder: what one step of a recurrent layer does."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from conformance.adapters.shared.layer_names import automatic_name
from conformance.reference.engine.array import Array, reshape
from conformance.reference.engine.contraction import matmul
from conformance.reference.engine.structure import take
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.activations import activation
from conformance.reference.spec.layers.base import (
    Context,
    Layer,
    Variable,
    Weights,
    known,
    make,
    of_rank,
    register,
)

if TYPE_CHECKING:
    from conformance.cases.model import Shape
    from conformance.reference.spec.config import Config


class Cell(Layer):
    """One step: an input without a time axis, and the states that the step before left.

    The part that does not depend on the states is kept apart (:meth:`enter`), so that a layer can
    compute it for all steps at once. Gates stand side by side along the last axis of every
    variable, in Keras's order.
    """

    owner: str
    keywords: ClassVar[frozenset[str]] = frozenset({"states"})
    states_its_shape: ClassVar[bool] = False
    gates: ClassVar[int]
    dropout: float = 0.0
    recurrent_dropout: float = 0.0

    @abstractmethod
    def state_shapes(self, step: Shape) -> list[Shape]:
        """Symbolic shapes of the states, flattened, for an input of this shape."""

    @abstractmethod
    def enter(self, context: Context, x: Array, weights: Weights) -> Array:
        """What the input alone contributes to a step, batch axis first."""

    @abstractmethod
    def step(
        self, context: Context, entering: Array, states: list[Array], weights: Weights
    ) -> tuple[Array, list[Array]]:
        """The step's output and the new states.

        Args:
            context: Of the run.
            entering: What :meth:`enter` gave.
            states: Of the step before, flattened.
            weights: By the names of :meth:`weights`.
        """

    def paths(self, shapes: Sequence[Shape]) -> list[str]:
        """Keras's paths of the variables below this cell, in order."""
        return [variable.name for variable in self.weights(shapes)]

    def read_dropout(self, config: Config) -> None:
        """Read ``dropout`` and ``recurrent_dropout``, which act in training alone."""
        rates = [config.number(name, 0.0) for name in ("dropout", "recurrent_dropout")]
        if not all(0 <= rate < 1 for rate in rates):
            message = f"{self.owner}: dropout of {rates} is not in the reference, only 0 up to 1"
            raise Unsupported(message)
        self.dropout, self.recurrent_dropout = rates

    def refuse_random(self, context: Context) -> None:
        """Dropout is no function of the inputs.

        Raises:
            Unsupported: The cell drops in training: only the facet ``random`` can judge it.
        """
        if context.training and (self.dropout or self.recurrent_dropout):
            message = f"{self.owner} drops in training: say `random:` instead"
            raise Unsupported(message)

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """Symbolic shape of a step's output."""
        return self.state_shapes(shapes[0])[0]

    def output_shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        """The output's and the states'."""
        return [self.output_shape(shapes), *self.state_shapes(shapes[0])]

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:
        """The output alone."""
        return self.forward_all(context, inputs, weights)[0]

    def forward_all(
        self, context: Context, inputs: Sequence[Array], weights: Weights
    ) -> list[Array]:
        """One step from the call's ``states``: its output and the new states."""
        given = context.tensors.get("states", [])
        states = [given] if isinstance(given, Array) else given
        wanted = len(self.state_shapes([*inputs[0].shape]))
        if len(states) != wanted:
            message = f"{self.owner}: the call needs {wanted} states, not {len(states)}"
            raise Unsupported(message)
        entering = self.enter(context, inputs[0], weights)
        output, after = self.step(context, entering, list(states), weights)
        return [output, *after]


class DenseCell(Cell):
    """What the cells on vectors share: a kernel, a recurrent kernel, a bias."""

    states: ClassVar[int] = 1

    def __init__(self, config: Config) -> None:
        """Args: those of Keras."""
        self.owner = config.owner
        self.units = config.positive("units")
        self.activation = activation(config, "activation", "tanh")
        self.use_bias = config.flag("use_bias", default=True)
        self.read_dropout(config)

    def weights(self, shapes: Sequence[Shape]) -> list[Variable]:
        """Kernel (features, gates * units), recurrent kernel (units, …), bias."""
        features = known(
            of_rank(shapes[0], 2, self.owner)[1], f"the features of {self.owner}'s input"
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

    def state_shapes(self, step: Shape) -> list[Shape]:
        """(batch, units), as many as the cell has states."""
        return [[step[0], self.units] for _ in range(self.states)]

    def enter(self, context: Context, x: Array, weights: Weights) -> Array:
        """``x @ kernel + bias``."""
        self.refuse_random(context)
        entering = matmul(x, weights["kernel"])
        return entering + self.input_bias(weights["bias"]) if self.use_bias else entering

    def input_bias(self, bias: Array) -> Array:
        """The bias that belongs to the product with the input."""
        return bias

    def gate(self, a: Array, index: int) -> Array:
        """One gate's share of the last axis."""
        return gate(a, self.units, index)


def gate(a: Array, size: int, index: int) -> Array:
    """One gate's share of the last axis, where each has ``size`` numbers."""
    return take(a, a.ndim - 1, index * size, (index + 1) * size)


@register("SimpleRNNCell")
class SimpleRNNCell(DenseCell):
    """keras.layers.SimpleRNNCell: ``h = activation(x @ kernel + bias + h @ recurrent_kernel)``."""

    gates: ClassVar[int] = 1

    def step(
        self,
        context: Context,  # noqa: ARG002
        entering: Array,
        states: list[Array],
        weights: Weights,
    ) -> tuple[Array, list[Array]]:
        """See the class."""
        h = self.activation(entering + matmul(states[0], weights["recurrent_kernel"]))
        return h, [h]


@register("LSTMCell")
class LSTMCell(DenseCell):
    """keras.layers.LSTMCell: gates in the order input, forget, cell, output."""

    gates: ClassVar[int] = 4
    states: ClassVar[int] = 2

    def __init__(self, config: Config) -> None:
        """Args: also recurrent_activation."""
        super().__init__(config)
        self.recurrent_activation = activation(config, "recurrent_activation", "sigmoid")

    def step(
        self,
        context: Context,  # noqa: ARG002
        entering: Array,
        states: list[Array],
        weights: Weights,
    ) -> tuple[Array, list[Array]]:
        """``c = f * c + i * activation(…)``, ``h = o * activation(c)``."""
        h, c = states
        total = entering + matmul(h, weights["recurrent_kernel"])
        enter = self.recurrent_activation(self.gate(total, 0))
        forget = self.recurrent_activation(self.gate(total, 1))
        candidate = self.activation(self.gate(total, 2))
        leave = self.recurrent_activation(self.gate(total, 3))
        c = forget * c + enter * candidate
        h = leave * self.activation(c)
        return h, [h, c]


@register("GRUCell")
class GRUCell(DenseCell):
    """keras.layers.GRUCell: gates in the order update, reset, candidate."""

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

    def step(
        self,
        context: Context,  # noqa: ARG002
        entering: Array,
        states: list[Array],
        weights: Weights,
    ) -> tuple[Array, list[Array]]:
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
        h = update * h + (1.0 - update) * candidate
        return h, [h]

    def input_bias(self, bias: Array) -> Array:
        """The first row, where there are two."""
        return self._row(bias, 0) if self.reset_after else bias

    def _row(self, bias: Array, index: int) -> Array:
        return reshape(take(bias, 0, index, index + 1), (self.gates * self.units,))


class _Named(NamedTuple):
    name: str
    cell: Cell


@register("StackedRNNCells")
class StackedRNNCells(Cell):
    """keras.layers.StackedRNNCells: in one step, each cell's output is the next one's input."""

    def __init__(self, config: Config) -> None:
        """Args: cells."""
        self.owner = config.owner
        self.cells = _cells(config.owner, config.required("cells"))

    def _steps(self, step: Shape) -> list[Shape]:
        """Every cell's input shape."""
        shapes = [step]
        for _, cell in self.cells:
            shapes.append(cell.output_shape([shapes[-1]]))
        return shapes

    def weights(self, shapes: Sequence[Shape]) -> list[Variable]:
        """The cells' variables, cell by cell."""
        return [
            replace(variable, name=f"{name}/{variable.name}")
            for (name, cell), shape in zip(self.cells, self._steps(shapes[0]), strict=False)
            for variable in cell.variables([shape])
        ]

    def state_shapes(self, step: Shape) -> list[Shape]:
        """The cells' states, cell by cell."""
        return [
            shape
            for (_, cell), given in zip(self.cells, self._steps(step), strict=False)
            for shape in cell.state_shapes(given)
        ]

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """The last cell's."""
        return self._steps(shapes[0])[-1]

    def enter(self, context: Context, x: Array, weights: Weights) -> Array:  # noqa: ARG002
        """The input itself: only the first cell sees it."""
        return x

    def step(
        self, context: Context, entering: Array, states: list[Array], weights: Weights
    ) -> tuple[Array, list[Array]]:
        """Cell by cell."""
        x, after = entering, []
        for name, cell in self.cells:
            count = len(cell.state_shapes([*x.shape]))
            own = below(name, weights)
            x, made = cell.step(context, cell.enter(context, x, own), states[:count], own)
            states = states[count:]
            after += made
        return x, after


def below(name: str, weights: Weights) -> dict[str, Array]:
    """The variables of what is called ``name``, by their names inside it."""
    start = f"{name}/"
    return {key.removeprefix(start): a for key, a in weights.items() if key.startswith(start)}


def make_cell(owner: str, value: object) -> _Named:
    """The cell that an argument holds, or the stack that a list of them stands for.

    Raises:
        Refused: It is no cell.
        Unsupported: A cell that does not train, or that the reference lacks.
    """
    if isinstance(value, list):
        return make_cell(owner, {"StackedRNNCells": {"cells": value}})
    return _cells(owner, [value])[0]


def _cells(owner: str, values: object) -> list[_Named]:
    """Cells under their own names, or the automatic ones, counted among these."""
    if not isinstance(values, list) or not values:
        message = f"{owner}: cells must be a list of cells, such as LSTMCell: {{units: 4}}"
        raise Refused(message)
    counts: Counter[str] = Counter()
    found = []
    for value in values:
        entry = {value: {}} if isinstance(value, str) else value
        if not isinstance(entry, Mapping) or len(entry) != 1:
            message = f"{owner}: a cell is one layer, such as LSTMCell: {{units: 4}}"
            raise Refused(message)
        ((kind, arguments),) = entry.items()
        arguments = arguments or {}
        if not arguments.get("trainable", True):
            message = f"{owner}: trainable=false on the inner {kind} is not in the reference"
            raise Unsupported(message)
        cell = make(kind, arguments)
        if not isinstance(cell, Cell):
            message = f"{owner}: {kind} is no cell"
            raise Refused(message)
        name = arguments.get("name")
        if name is None:
            base = automatic_name(kind)
            name = f"{base}_{counts[base]}" if counts[base] else base
            counts[base] += 1
        found.append(_Named(name, cell))
    return found
