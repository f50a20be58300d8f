"""Layers of Keras's `core` folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference.engine.contraction import matmul
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.activations import activation
from conformance.reference.spec.layers.base import (
    Context,
    Elementwise,
    Layer,
    Variable,
    Weights,
    known,
    register,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.cases.model import Shape
    from conformance.reference.engine.array import Array
    from conformance.reference.spec.config import Config


@register("Dense")
class Dense(Layer):
    """keras.layers.Dense: the last axis of the input against the first of the kernel."""

    def __init__(self, config: Config) -> None:
        """Args: units, activation, use_bias."""
        self.units = config.positive("units")
        self.activation = activation(config)
        self.use_bias = config.flag("use_bias", default=True)

    def weights(self, shapes: Sequence[Shape]) -> list[Variable]:
        """Kernel (inputs, units) and bias (units)."""
        features = known(self._checked(shapes[0])[-1], "the last axis of Dense's input")
        made = [Variable("kernel", (features, self.units), fan_in=features)]
        return [*made, Variable("bias", (self.units,), "bias")] if self.use_bias else made

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """The input's, with ``units`` as its last size."""
        return [*self._checked(shapes[0])[:-1], self.units]

    @staticmethod
    def _checked(shape: Shape) -> Shape:
        if len(shape) < 2:  # noqa: PLR2004 (batch axis and features)
            message = f"Dense takes inputs of two axes or more, batch axis included, not {shape}"
            raise Refused(message)
        return shape

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """``activation(x @ kernel + bias)``."""
        y = matmul(inputs[0], weights["kernel"])
        return self.activation(y + weights["bias"] if self.use_bias else y)


@register("Identity")
class Identity(Elementwise):
    """keras.layers.Identity."""

    def __init__(self, config: Config) -> None:
        """No arguments."""

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """The input."""
        return inputs[0]


@register("Lambda")
class Lambda(Elementwise):
    """keras.layers.Lambda with the one function that cases may name: ``probe``."""

    def __init__(self, config: Config) -> None:
        """Args: function, which must be ``probe``."""
        if config.required("function") != "probe":
            message = f"Lambda: function={config.get('function')!r} is not in the reference"
            raise Unsupported(message)

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """The input; its shape is noted."""
        context.probes[context.node] = list(inputs[0].shape)
        return inputs[0]
