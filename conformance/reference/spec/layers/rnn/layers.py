"""Recurrent layers of Keras's `rnn` folder: a cell that is taken along the second axis."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from conformance.reference.engine import functions as f
from conformance.reference.engine.array import Array, Values, reshape
from conformance.reference.engine.structure import stack, take
from conformance.reference.errors import Refused
from conformance.reference.spec.layers.base import (
    Context,
    Layer,
    Mask,
    Variable,
    Weights,
    of_rank,
    register,
)
from conformance.reference.spec.layers.rnn.cells import (
    Cell,
    GRUCell,
    LSTMCell,
    SimpleRNNCell,
    make_cell,
)
from conformance.reference.spec.layers.rnn.dropout import dropped
from conformance.reference.spec.naming import shortened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.cases.model import Shape
    from conformance.reference.engine.laws import Drawn
    from conformance.reference.spec.config import Config


@dataclass(frozen=True)
class Swept:
    """What a cell answered along a sequence.

    Attributes:
        outputs: One a step, in the order in which they were made.
        states: After the last step, flattened.
    """

    outputs: list[Array]
    states: list[Array]


def at_time(x: Array, t: int) -> Array:
    """One step of ``(batch, time, ...)``."""
    return reshape(take(x, 1, t, t + 1), (x.shape[0], *x.shape[2:]))


def folded(x: Array) -> Array:
    """Samples and steps as one axis."""
    return reshape(x, (x.shape[0] * x.shape[1], *x.shape[2:]))


def sweep(
    cell: Cell,
    context: Context,
    x: Array,
    *,
    weights: Weights,
    states: Sequence[Array],
    go_backwards: bool = False,
    mask: Values | None = None,
    zero_output_for_mask: bool = False,
) -> Swept:
    """Take a cell along a sequence.

    A masked step leaves the states as they were. Its output is that of the step before, zeros
    where there is none, or zeros throughout with ``zero_output_for_mask``.

    Args:
        cell: What one step does.
        context: Of the run.
        x: ``(batch, time, ...)``.
        weights: The cell's.
        states: Before the first step.
        go_backwards: From the last step to the first.
        mask: ``(batch, time)``, true where a step counts.
        zero_output_for_mask: See above.
    """
    batch, time = x.shape[:2]
    entering = cell.enter(context, folded(x), weights)
    entering = reshape(entering, (batch, time, *entering.shape[1:]))
    now, outputs = list(states), list[Array]()
    for t in range(time - 1, -1, -1) if go_backwards else range(time):
        made, after = cell.step(context, at_time(entering, t), now, weights)
        if mask is not None:
            counts = mask[:, t].reshape(batch, *[1] * (made.ndim - 1))
            zeros = context.arithmetic.constant(0.0, made.shape)
            before = outputs[-1] if outputs and not zero_output_for_mask else zeros
            made = f.choose(counts, made, before)
            after = [f.choose(counts, new, old) for new, old in zip(after, now, strict=True)]
        outputs.append(made)
        now = after
    return Swept(outputs, now)


class Recurrent(Layer):
    """What recurrent layers share: they take a cell along the second axis.

    Subclasses make the cell.
    """

    keywords: ClassVar[frozenset[str]] = frozenset({"initial_state"})

    def __init__(self, config: Config, cell: Cell, cell_name: str) -> None:
        """Args: those of keras.layers.RNN that are none of the cell's."""
        self.owner = config.owner
        self.cell = cell
        self.cell_name = cell_name
        self.return_sequences = config.flag("return_sequences", default=False)
        self.return_state = config.flag("return_state", default=False)
        self.go_backwards = config.flag("go_backwards", default=False)
        self.stateful = config.flag("stateful", default=False)
        self.zero_output_for_mask = config.flag("zero_output_for_mask", default=False)

    @staticmethod
    def step_shape(shape: Shape) -> Shape:
        """The input's shape without its time axis."""
        return [shape[0], *shape[2:]]

    def paths(self, shapes: Sequence[Shape]) -> list[str]:
        """Keras's paths of the variables below this layer, in order."""
        inner = self.cell.paths([self.step_shape(shapes[0])])
        return [f"{self.cell_name}/{path}" for path in inner]

    def weights(self, shapes: Sequence[Shape]) -> list[Variable]:
        """The cell's."""
        self._checked(shapes[0])
        inner = self.cell.variables([self.step_shape(shapes[0])])
        return renamed(inner, shortened(self.paths(shapes)))

    def _checked(self, shape: Shape) -> Shape:
        if len(shape) < 3:  # noqa: PLR2004 (batch, time, something)
            message = f"{self.owner} takes inputs of three axes or more, not {shape}"
            raise Refused(message)
        return shape

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """The cell's, with the time as second axis under return_sequences."""
        shape = self._checked(shapes[0])
        if self.stateful and shape[0] is None:
            message = f"{self.owner}: stateful=true needs a fixed batch size"
            raise Refused(message)
        made = self.cell.output_shape([self.step_shape(shape)])
        return [made[0], shape[1], *made[1:]] if self.return_sequences else made

    def output_shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        """The output's, and under return_state those of the states."""
        first = self.output_shape(shapes)
        return [first, *self.state_shapes(shapes[0])] if self.return_state else [first]

    def dropped(self, context: Context, x: Array, weights: Mapping[str, Array]) -> Drawn:
        """The law of the answer to ``x`` in training, with these variables by name."""
        return dropped(self.owner, self.cell, lambda w: self.forward(context, [x], w), x, weights)

    def state_shapes(self, shape: Shape) -> list[Shape]:
        """Those of the states, flattened."""
        return self.cell.state_shapes(self.step_shape(shape))

    def sweep(
        self,
        context: Context,
        x: Array,
        weights: Sequence[Array],
        *,
        states: Sequence[Array] = (),
        mask: Values | None = None,
    ) -> tuple[Array, list[Array]]:
        """The layer's output and the states after the last step.

        Args:
            context: Of the run.
            x: ``(batch, time, ...)``.
            weights: In the order of :meth:`weights`.
            states: Before the first step; none: zeros.
            mask: ``(batch, time)``, true where a step counts.
        """
        step = self.step_shape([*x.shape])
        named = dict(zip((v.name for v in self.cell.weights([step])), weights, strict=True))
        swept = sweep(
            self.cell,
            context,
            x,
            weights=named,
            states=states or zeros(context, self.cell.state_shapes(step)),
            go_backwards=self.go_backwards,
            mask=mask,
            # Documented: only used when return_sequences is true.
            zero_output_for_mask=self.return_sequences and self.zero_output_for_mask,
        )
        output = stack(swept.outputs, 1) if self.return_sequences else swept.outputs[-1]
        return output, swept.states

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:
        """The output alone."""
        return self.forward_all(context, inputs, weights)[0]

    def forward_all(
        self, context: Context, inputs: Sequence[Array], weights: Weights
    ) -> list[Array]:
        """Step after step; backwards, the outputs stand in the order in which they were made.

        The first states are those of the call's ``initial_state``, else those that the call before
        left to a stateful layer, else zeros.
        """
        states = initial_states(context)
        if self.stateful and not states:
            states = context.recalled("states")
        output, states = self.sweep(
            context, inputs[0], list(weights.values()), states=states, mask=context.mask
        )
        if self.stateful:
            context.remember("states", states)
        return [output, *states] if self.return_state else [output]

    def output_mask(self, context: Context, inputs: Sequence[Array]) -> Mask | list[Mask]:  # noqa: ARG002
        """The input's with return_sequences; the last output and the states have none."""
        return context.mask if self.return_sequences else None


def initial_states(context: Context) -> list[Array]:
    """What the call gives as ``initial_state``; empty where it gives none."""
    given = context.tensors.get("initial_state", [])
    return [given] if isinstance(given, Array) else given


def zeros(context: Context, shapes: Sequence[Shape]) -> list[Array]:
    """Arrays of zeros; all sizes must be known."""
    return [
        context.arithmetic.constant(0.0, tuple(n for n in shape if n is not None))
        for shape in shapes
    ]


def renamed(variables: Sequence[Variable], names: Sequence[str]) -> list[Variable]:
    """The same variables under other names."""
    return [replace(v, name=name) for v, name in zip(variables, names, strict=True)]


@register("RNN")
class RNN(Recurrent):
    """keras.layers.RNN: any cell, or a list of them, one upon the other."""

    def __init__(self, config: Config) -> None:
        """Args: cell, and those of every recurrent layer."""
        name, cell = make_cell(config.owner, config.required("cell"))
        super().__init__(config, cell, name)


class OfVectors(Recurrent):
    """A recurrent layer with a cell of its own, on (batch, time, features)."""

    def _checked(self, shape: Shape) -> Shape:
        return of_rank(shape, 3, self.owner)


@register("SimpleRNN")
class SimpleRNN(OfVectors):
    """keras.layers.SimpleRNN."""

    def __init__(self, config: Config) -> None:
        """Args: those of SimpleRNNCell and of RNN."""
        super().__init__(config, SimpleRNNCell(config), "simple_rnn_cell")


@register("LSTM")
class LSTM(OfVectors):
    """keras.layers.LSTM."""

    def __init__(self, config: Config) -> None:
        """Args: those of LSTMCell and of RNN."""
        super().__init__(config, LSTMCell(config), "lstm_cell")


@register("GRU")
class GRU(OfVectors):
    """keras.layers.GRU."""

    def __init__(self, config: Config) -> None:
        """Args: those of GRUCell and of RNN."""
        super().__init__(config, GRUCell(config), "gru_cell")
