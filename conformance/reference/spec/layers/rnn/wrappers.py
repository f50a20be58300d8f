"""Wrappers of Keras's `rnn` folder: TimeDistributed and Bidirectional."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from conformance.adapters.shared.layer_names import automatic_name
from conformance.reference.engine.structure import concatenate, flip, stack
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.layers.base import (
    Context,
    Layer,
    Mask,
    Variable,
    Weights,
    make_nested,
    register,
)
from conformance.reference.spec.layers.rnn.layers import Recurrent, at_time, initial_states, renamed
from conformance.reference.spec.naming import shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.cases.model import Shape
    from conformance.reference.engine.array import Array
    from conformance.reference.spec.config import Config

MERGE_MODES = ("concat", "sum", "mul", "ave")


def paths_of(layer: Layer, shapes: Sequence[Shape]) -> list[str]:
    """Keras's paths of the variables below a layer, in order."""
    if isinstance(layer, Recurrent | TimeDistributed | Bidirectional):
        return layer.paths(shapes)
    return [variable.name for variable in layer.weights(shapes)]


def named(config: Config, argument: str) -> tuple[Layer, str, str | None]:
    """The layer that an argument holds, its class, and the name that it was given."""
    layer, kind = make_nested(config, argument)
    value: Any = config.get(argument)
    arguments = value.get(kind) if isinstance(value, dict) else None
    return layer, kind, (arguments or {}).get("name")


@register("TimeDistributed")
class TimeDistributed(Layer):
    """keras.layers.TimeDistributed: one layer, the same weights, on every time step."""

    def __init__(self, config: Config) -> None:
        """Args: layer."""
        self.inner, kind, name = named(config, "layer")
        self.name = name or automatic_name(kind)

    @staticmethod
    def _step_shape(shape: Shape) -> Shape:
        if len(shape) < 3:  # noqa: PLR2004 (batch, time, something)
            message = f"TimeDistributed takes inputs of three axes or more, not {shape}"
            raise Refused(message)
        return [shape[0], *shape[2:]]

    def paths(self, shapes: Sequence[Shape]) -> list[str]:
        """Keras's paths of the variables below this layer, in order."""
        inner = paths_of(self.inner, [self._step_shape(shapes[0])])
        return [f"{self.name}/{path}" for path in inner]

    def weights(self, shapes: Sequence[Shape]) -> list[Variable]:
        """The inner layer's."""
        inner = self.inner.variables([self._step_shape(shapes[0])])
        return renamed(inner, shortened(self.paths(shapes)))

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """The inner layer's, with time as second axis."""
        inner = self.inner.output_shape([self._step_shape(shapes[0])])
        return [inner[0], shapes[0][1], *inner[1:]]

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:
        """The inner layer on every step."""
        x, mask = inputs[0], context.mask
        variables = self.inner.weights([self._step_shape([*x.shape])])
        own = dict(zip((v.name for v in variables), weights.values(), strict=True))
        outer = context.masks, context.tensors
        made = []
        for t in range(x.shape[1]):
            # A mask of (batch, time) says nothing within a step; one of more axes does.
            within = None if mask is None or mask.ndim < 3 else mask[:, t]  # noqa: PLR2004
            context.masks, context.tensors = [within], {}
            made.append(self.inner.forward(context, [at_time(x, t)], own))
            if t and any(name.startswith(f"{context.node}/") for name in context.updates):
                message = "TimeDistributed: a layer that changes its variables in several steps"
                raise Unsupported(f"{message} is not in the reference")
        context.masks, context.tensors = outer
        return stack(made, 1)


@register("Bidirectional")
class Bidirectional(Layer):
    """keras.layers.Bidirectional: one layer forwards, another backwards, their outputs merged.

    The backward layer's sequence is turned round before it is merged, so that both stand in the
    order of the input.
    """

    keywords: ClassVar[frozenset[str]] = frozenset({"initial_state"})

    def __init__(self, config: Config) -> None:
        """Args: layer, merge_mode, backward_layer."""
        ahead, kind, name = named(config, "layer")
        name = name or automatic_name(kind)
        self.names = [f"forward_{name}", f"backward_{name}"]
        if config.get("backward_layer") is None:
            back, _, _ = named(config, "layer")
            if isinstance(back, Recurrent):
                back.go_backwards = True
        else:
            back, other, given = named(config, "backward_layer")
            automatic = automatic_name(other)
            self.names[1] = given or (f"{automatic}_1" if automatic == name else automatic)
        self.merge_mode = config.get("merge_mode", "concat")
        if self.merge_mode is not None and self.merge_mode not in MERGE_MODES:
            message = (
                f"Bidirectional: merge_mode must be null or one of {', '.join(MERGE_MODES)}, "
                f"not {self.merge_mode!r}"
            )
            raise Refused(message)
        if not isinstance(ahead, Recurrent) or not isinstance(back, Recurrent):
            message = "Bidirectional: only of recurrent layers is in the reference"
            raise Unsupported(message)
        self.ahead, self.back = ahead, back
        self._check()
        for layer in (ahead, back):
            layer.zero_output_for_mask = True  # documented, whatever the layers say

    def _check(self) -> None:
        """What Keras documents to refuse."""
        if self.ahead.go_backwards == self.back.go_backwards:
            message = "Bidirectional: layer and backward_layer must differ in go_backwards"
            raise Refused(message)
        for flag in ("stateful", "return_sequences", "return_state"):
            if getattr(self.ahead, flag) != getattr(self.back, flag):
                message = f"Bidirectional: layer and backward_layer must agree in {flag}"
                raise Refused(message)

    def paths(self, shapes: Sequence[Shape]) -> list[str]:
        """Keras's paths of the variables below this layer, in order."""
        return [
            f"{name}/{path}"
            for name, layer in zip(self.names, (self.ahead, self.back), strict=True)
            for path in layer.paths(shapes)
        ]

    def weights(self, shapes: Sequence[Shape]) -> list[Variable]:
        """The forward layer's, then the backward layer's."""
        inner = [*self.ahead.variables(shapes), *self.back.variables(shapes)]
        return renamed(inner, shortened(self.paths(shapes)))

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """The forward layer's; concatenated, the last sizes are added."""
        ahead, back = self.ahead.output_shape(shapes), self.back.output_shape(shapes)
        if self.merge_mode != "concat":
            return ahead
        last = (ahead[-1], back[-1])
        return [*ahead[:-1], None if None in last else sum(n for n in last if n is not None)]

    def output_shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        """One output, or both; under return_state the states of both."""
        first = self.output_shape(shapes)
        outputs = [first] if self.merge_mode else [first, self.back.output_shape(shapes)]
        if self.ahead.return_state:
            outputs += self.ahead.state_shapes(shapes[0]) + self.back.state_shapes(shapes[0])
        return outputs

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:
        """The first output."""
        return self.forward_all(context, inputs, weights)[0]

    def forward_all(
        self, context: Context, inputs: Sequence[Array], weights: Weights
    ) -> list[Array]:
        """Both layers on the whole sequence, merged step by step.

        The first half of the call's ``initial_state`` is the forward layer's.
        """
        x = inputs[0]
        own = list(weights.values())
        some = len(self.ahead.weights([[*x.shape]]))
        states = initial_states(context)
        if self.ahead.stateful and not states:
            states = context.recalled("states")
        half = len(states) // 2
        mask = context.mask
        y, of_ahead = self.ahead.sweep(context, x, own[:some], states=states[:half], mask=mask)
        z, of_back = self.back.sweep(context, x, own[some:], states=states[half:], mask=mask)
        after = [*of_ahead, *of_back]
        if self.ahead.stateful:
            context.remember("states", after)
        if self.ahead.return_sequences:
            z = flip(z, 1)
        outputs = [self._merged(y, z)] if self.merge_mode else [y, z]
        return [*outputs, *after] if self.ahead.return_state else outputs

    def output_mask(self, context: Context, inputs: Sequence[Array]) -> Mask | list[Mask]:  # noqa: ARG002
        """The input's with return_sequences, for both outputs where they are not merged."""
        mask = context.mask if self.ahead.return_sequences else None
        return mask if self.merge_mode else [mask, mask]

    def _merged(self, y: Array, z: Array) -> Array:
        if self.merge_mode == "concat":
            return concatenate([y, z], -1)
        if self.merge_mode == "mul":
            return y * z
        return y + z if self.merge_mode == "sum" else (y + z) / 2.0
