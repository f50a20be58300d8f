"""A model of the reference: its layers, shapes and variables, and how it is run."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from conformance.cases.model import Model, Node, Params, Shape
from conformance.reference import families  # noqa: F401 (registers every layer)
from conformance.reference.errors import NoAnswer, Refused
from conformance.reference.layer import Context, Layer, Variable, make

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.reference.array import Array


@dataclass(frozen=True)
class Trace:
    """One forward call: outputs, and the shapes seen on the way."""

    outputs: list[Array]
    nodes: dict[str, list[int]]
    probes: dict[str, list[int]]


@dataclass
class Network:
    """A model whose layers have been made and whose shapes have been worked out.

    Attributes:
        model: As the case gives it.
        layers: Every node's layer.
        inputs: Symbolic shape of every input, batch axis included.
        shapes: Symbolic shape of every input's and node's output.
        variables: Every variable as ``<node>/<variable>``, in Keras's order.
        counts: Number of parameters of every node.
    """

    model: Model
    layers: dict[str, Layer] = field(default_factory=dict)
    inputs: list[Shape] = field(default_factory=list)
    shapes: dict[str, Shape] = field(default_factory=dict)
    variables: dict[str, Variable] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    @classmethod
    def build(cls, model: Model) -> Network:
        """Make all layers.

        Raises:
            Unsupported: A layer or argument is not in the reference.
            Refused: Keras documents that it refuses this model.
        """
        network = cls(model)
        for spec in model.inputs:
            shape: Shape = [spec.batch_size, *spec.shape]
            network.inputs.append(shape)
            network.shapes[spec.name] = shape
        for node in model.nodes:
            try:
                network._enter(node)
            except NoAnswer as error:
                error.args = (f"node {node.name}: {error}",)
                raise
        return network

    def _enter(self, node: Node) -> None:
        layer = make(node.layer, node.config)
        shapes = [self.shapes[name] for name in node.inputs]
        if layer.arity is not None and len(shapes) != layer.arity:
            message = f"{node.layer} takes {layer.arity} input, not {len(shapes)}"
            raise Refused(message)
        if layer.arity is None and len(shapes) < 2:  # noqa: PLR2004 (merging one thing is no merging)
            message = f"{node.layer} takes two or more inputs, not {len(shapes)}"
            raise Refused(message)
        self.layers[node.name] = layer
        self.shapes[node.name] = layer.output_shape(shapes)
        trainable = bool(node.config.get("trainable", True))
        own = [variable if trainable else _frozen(variable) for variable in layer.weights(shapes)]
        self.variables |= {f"{node.name}/{variable.name}": variable for variable in own}
        self.counts[node.name] = sum(_size(variable) for variable in own)

    @property
    def outputs(self) -> list[Shape]:
        """Symbolic output shapes."""
        return [self.shapes[name] for name in self.model.outputs]

    @property
    def params(self) -> Params:
        """Parameter counts of the whole model."""
        trainable = sum(_size(v) for v in self.variables.values() if v.trainable)
        total = sum(self.counts.values())
        return Params(total=total, trainable=trainable, non_trainable=total - trainable)

    def run(
        self, inputs: Mapping[str, Array], weights: Mapping[str, Array], context: Context
    ) -> Trace:
        """One forward call.

        Args:
            inputs: By the input's name, batch axis included.
            weights: By ``<node>/<variable>``.
            context: Carries the arithmetic.

        Raises:
            Refused: At the call: the model is built for another batch size.
        """
        for spec in self.model.inputs:
            rows = inputs[spec.name].shape[0]
            if spec.batch_size is not None and rows != spec.batch_size:
                message = f"the model is built for batches of {spec.batch_size}, not of {rows}"
                raise Refused(message, at="call")
        context.probes.clear()
        values = dict(inputs)
        for node in self.model.nodes:
            context.node = node.name
            own = {
                name.split("/", 1)[1]: weights[name]
                for name in self.variables
                if name.split("/", 1)[0] == node.name
            }
            values[node.name] = self.layers[node.name].forward(
                context, [values[name] for name in node.inputs], own
            )
        return Trace(
            outputs=[values[name] for name in self.model.outputs],
            nodes={node.name: list(values[node.name].shape) for node in self.model.nodes},
            probes=dict(context.probes),
        )


def _frozen(variable: Variable) -> Variable:
    return replace(variable, trainable=False)


def _size(variable: Variable) -> int:
    return math.prod(variable.shape)
