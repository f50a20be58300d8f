"""A model of the reference: its layers, shapes and variables, and how it is run."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from conformance.adapters.shared.policies import quantized_policy
from conformance.cases.model import STRING, Model, Node, Params, Shape
from conformance.reference.engine.array import cast
from conformance.reference.engine.dtypes import DEFAULT, DIGITS, POLICIES, Policy, promoted
from conformance.reference.errors import NoAnswer, Refused, Unsupported
from conformance.reference.model import function_nodes, quantizing
from conformance.reference.model.applications import written_out
from conformance.reference.model.settings import settled
from conformance.reference.spec import table
from conformance.reference.spec.config import ADAPT
from conformance.reference.spec.layers.base import (
    ANY,
    Context,
    Layer,
    Mask,
    Quantized,
    Variable,
    make,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.cases.model import Quantize
    from conformance.reference.engine.array import Array, Values
    from conformance.reference.model.functions import Find

T = TypeVar("T")


@dataclass(frozen=True)
class Trace:
    """One forward call: outputs, and the shapes seen on the way."""

    outputs: list[Array]
    nodes: dict[str, list[int]]
    """Of the nodes with one output."""
    probes: dict[str, list[int]]
    masks: list[Mask] = field(default_factory=list)
    """The mask of each output."""
    dtypes: dict[str, list[str]] = field(default_factory=dict)
    """Of every node's outputs."""
    updates: dict[str, Array] = field(default_factory=dict)
    """New values of variables, which hold from the next call on."""


@dataclass
class Network:
    """A model whose layers have been made and whose shapes have been worked out.

    Attributes:
        model: As the case gives it, with what its settings make of arguments that are left out.
        layers: The layer of every node that is one.
        inputs: Symbolic shape of every input, batch axis included.
        shapes: Symbolic shape of every input's and node's first output.
        answers: Symbolic shapes of all outputs of every input and node.
        variables: Every variable as ``<node>/<variable>``, in Keras's order.
        drawn: Those that the case gives numbers to: of a model that is quantized, those from
            before.
        counts: Number of parameters of every layer, by the node that it is written in.
        policies: In what every node computes and keeps its variables.
        quantized_as: The dtype policy of every node whose layer keeps quantized weights.
        strings: Inputs and nodes that are strings.
        as_given: The nodes with ``autocast=False``, which take floats in the dtype that they have.
        dtypes: Of all outputs of every input and node; whole numbers of a layer, which says
            nothing of them before it is called, count as floats.
        find: The definition of a function; one of its own where a fault is in it.
    """

    model: Model
    layers: dict[str, Layer] = field(default_factory=dict)
    inputs: list[Shape] = field(default_factory=list)
    shapes: dict[str, Shape] = field(default_factory=dict)
    answers: dict[str, list[Shape]] = field(default_factory=dict)
    variables: dict[str, Variable] = field(default_factory=dict)
    drawn: dict[str, Variable] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=dict)
    quantized_as: dict[str, str] = field(default_factory=dict)
    strings: set[str] = field(default_factory=set)
    as_given: set[str] = field(default_factory=set)
    dtypes: dict[str, list[str]] = field(default_factory=dict)
    find: Find = table.find

    @classmethod
    def build(cls, model: Model, *, as_fed: bool = False, find: Find = table.find) -> Network:
        """Make all layers.

        Args:
            model: What the case builds.
            as_fed: Take every size from what is fed, where the framework isn't told.
            find: The definition of a function.

        Raises:
            Unsupported: A layer or argument is not in the reference.
            Refused: Keras documents that it refuses this model.
        """
        model = written_out(settled(model))
        network = cls(model, find=find)
        for spec in model.inputs:
            sizes = spec.shape if spec.declared is None or as_fed else spec.declared
            shape: Shape = [spec.batch_size, *sizes]
            network.inputs.append(shape)
            network.shapes[spec.name] = shape
            network.answers[spec.name] = [shape]
            network.dtypes[spec.name] = [spec.dtype]
            if spec.dtype == STRING:
                network.strings.add(spec.name)
        for node in model.nodes:
            try:
                if node.is_function:
                    network._enter_function(node)
                else:
                    network._enter(node)
            except NoAnswer as error:
                error.args = (f"node {node.name}: {error}",)
                raise
        network.drawn = dict(network.variables)
        if model.quantize is not None:
            network._quantize(model.quantize)
        return network

    def _quantize(self, asked: Quantize) -> None:
        """Put layers with quantized weights in the place of those that have such a form.

        Raises:
            Refused: Keras documents that it refuses this.
            Unsupported: A layer inside another one would be quantized as well.
        """
        for node in self.model.nodes:
            if node.is_function or not quantizing.means(asked, node.owner):
                continue
            quantizing.refuse_inside(node)
            layer = quantizing.after(
                self.layers[node.name], asked, self.policies[node.name].compute
            )
            if layer is not None:
                self._put(node, layer)
                self.quantized_as[node.name] = layer.scheme.policy(
                    node.config.get("dtype") or "float32"
                )
        # Each layer's stay where they were.
        order = {node.name: i for i, node in enumerate(self.model.nodes)}
        listed = sorted(self.variables.items(), key=lambda one: order[one[0].split("/", 1)[0]])
        self.variables = dict(listed)

    def _put(self, node: Node, layer: Quantized) -> None:
        """A quantized layer in the place of a node's own, with its variables."""
        layer.called, layer.strings = node.arguments, self.layers[node.name].strings
        self.layers[node.name] = layer
        made = layer.variables(self._taken(node.inputs, self.answers))
        if node.shares is not None:
            return
        before = [name for name in self.variables if name.startswith(f"{node.name}/")]
        for name in before:
            del self.variables[name]
        self._enter_variables(node, made)

    def begun(self, weights: Mapping[str, Array]) -> dict[str, Array]:
        """What the variables hold as the first call finds them, made of what the case gives."""
        found = dict(weights)
        for node in self.model.layers:
            layer = self.layers[node.name]
            if isinstance(layer, Quantized) and layer.afterwards:
                ahead = f"{node.name}/"
                own = {name: found.pop(name) for name in weights if name.startswith(ahead)}
                made = layer.begun({name.removeprefix(ahead): one for name, one in own.items()})
                found |= {ahead + name: one for name, one in made.items()}
        return {name: found[name] for name in self.variables}

    def _enter_function(self, node: Node) -> None:
        shapes, dtypes = function_nodes.symbolic(node, self.answers, self.dtypes, self.find)
        self.answers[node.name], self.dtypes[node.name] = shapes, dtypes
        self.shapes[node.name] = shapes[0]

    def _enter(self, node: Node) -> None:
        config = dict(node.config)
        policy = DEFAULT
        if quantized_policy(config.get("dtype")) is not None:
            self.quantized_as[node.name] = config["dtype"]
        config, made_of = quantizing.source(config)
        if config.get("dtype") in POLICIES:
            dtype = config.pop("dtype")
            policy = POLICIES[dtype]
            config = {key: _of_one_dtype(value, dtype) for key, value in config.items()}
        self.policies[node.name] = policy
        if config.pop("autocast", True) is not True:
            self.as_given.add(node.name)
        if node.adapt is not None:
            config[ADAPT] = node.adapt
        layer = made_of(make(node.layer, config))
        layer.called = node.arguments
        self._tell_strings(layer, node)
        passed = {*node.arguments, *node.tensors} - {"training", "mask"} - layer.keywords
        if passed:
            message = (
                f"{node.layer}: the call's argument {', '.join(sorted(passed))} is not in the "
                "reference"
            )
            raise Unsupported(message)
        shapes = self._taken(node.inputs, self.answers)
        if layer.arity == ANY:
            pass
        elif layer.arity is not None and len(shapes) != layer.arity:
            message = f"{node.layer} takes {layer.arity} input, not {len(shapes)}"
            raise Refused(message)
        elif layer.arity is None and len(shapes) < 2:  # noqa: PLR2004 (merging one thing is no merging)
            message = f"{node.layer} takes two or more inputs, not {len(shapes)}"
            raise Refused(message)
        self.layers[node.name] = layer
        self.answers[node.name] = layer.output_shapes(shapes)
        self.dtypes[node.name] = [policy.compute] * len(self.answers[node.name])
        self.shapes[node.name] = self.answers[node.name][0]
        if node.shares is not None:
            self._check_shared(node, layer.weights(shapes))
            return
        self._enter_variables(node, layer.variables(shapes))

    def _enter_variables(self, node: Node, made: Sequence[Variable]) -> None:
        trainable = bool(node.config.get("trainable", True))
        policy = self.policies[node.name]
        own = [variable if trainable else _frozen(variable) for variable in made]
        self.variables |= {
            f"{node.name}/{variable.name}": replace(variable, dtype=policy.variable)
            if variable.dtype == "float32"
            else variable
            for variable in own
        }
        self.counts[node.name] = sum(_size(variable) for variable in own)

    def _check_shared(self, node: Node, weights: Sequence[Variable]) -> None:
        """See that the layer, made for its first call, can be called as this node says."""
        for variable in weights:
            made = self.variables.get(f"{node.owner}/{variable.name}")
            if made is None or made.shape != variable.shape:
                message = (
                    f"{node.layer}: {node.owner} has been made for another input, its "
                    f"{variable.name} is {None if made is None else made.shape}, not "
                    f"{variable.shape}"
                )
                raise Refused(message)

    def stated(self, node: Node, arguments: Mapping[str, Any]) -> list[Shape]:
        """Symbolic shapes of a node's outputs, were its layer called with these flags."""
        layer = self.layers[node.name]
        if arguments == node.arguments:
            return self.answers[node.name]
        layer.called = arguments
        try:
            return layer.output_shapes(self._taken(node.inputs, self.answers))
        finally:
            layer.called = node.arguments

    def _tell_strings(self, layer: Layer, node: Node) -> None:
        """Tell a layer whether it is given strings; most can't be."""
        layer.strings = [name in self.strings for name in node.inputs]
        if any(layer.strings) and not layer.reads_strings:
            message = f"{node.layer}: strings among its inputs are not in the reference"
            raise Unsupported(message)
        if layer.answers_strings:
            self.strings.add(node.name)

    @property
    def learned(self) -> dict[str, Values]:
        """What adapted layers have learned, by ``<node>/<variable>``."""
        return {
            f"{node.name}/{name}": values
            for node in self.model.layers
            for name, values in self.layers[node.name].learned.items()
        }

    @property
    def held(self) -> dict[str, Values]:
        """What variables of layers with quantized weights hold that nobody need draw."""
        return {
            f"{node.name}/{name}": values
            for node in self.model.layers
            if isinstance(layer := self.layers[node.name], Quantized)
            for name, values in layer.held.items()
        }

    @property
    def outputs(self) -> list[Shape]:
        """Symbolic output shapes."""
        return self._taken(self.model.outputs, self.answers)

    def single(self) -> list[str]:
        """The nodes that have one output, and whose layer is called but once.

        What is the shape of a layer's output, where it is called twice, no framework says.
        """
        shared = self.model.shared
        return [
            node.name
            for node in self.model.nodes
            if len(self.answers[node.name]) == 1 and node.name not in shared
        ]

    def fed_outputs(self, batch: int) -> list[tuple[int, ...]]:
        """Shapes of what is answered to a call of so many rows."""
        if self.model.functions:  # which may leave no batch axis in front
            inputs = [msgspec.structs.replace(one, batch_size=batch) for one in self.model.inputs]
            fed = msgspec.structs.replace(self.model, inputs=inputs)
            shapes = Network.build(fed, as_fed=True, find=self.find).outputs
            return [tuple(n or 0 for n in shape) for shape in shapes]
        told = all(spec.declared is None for spec in self.model.inputs)
        shapes = self.outputs if told else Network.build(self.model, as_fed=True).outputs
        return [(batch, *(n or 0 for n in shape[1:])) for shape in shapes]

    def _computes_in(self, node: Node, values: Mapping[str, list[Array]]) -> str:
        """The dtype of a node's arithmetic: its policy's, or what its floats promote to."""
        compute = self.policies[node.name].compute
        if node.name not in self.as_given:
            return compute
        floats = [a.dtype for a in self._taken(node.inputs, values) if a.dtype in DIGITS]
        if any(name.startswith(f"{node.owner}/") for name in self.variables):
            floats.append(compute)
        return promoted(floats) if floats else compute

    def _taken(self, names: Sequence[str], known: Mapping[str, list[T]]) -> list[T]:
        """What references stand for: ``lstm.1`` for one output, ``lstm`` for all."""
        found: list[T] = []
        for name in names:
            if name in known:
                found += known[name]
                continue
            node, _, number = name.rpartition(".")
            if int(number) >= len(known[node]):
                message = f"{name}: {node} has {len(known[node])} outputs, counted from 0"
                raise Unsupported(message)
            found.append(known[node][int(number)])
        return found

    @property
    def params(self) -> Params:
        """Parameter counts of the whole model."""
        trainable = sum(_size(v) for v in self.variables.values() if v.trainable)
        total = sum(self.counts.values())
        return Params(total=total, trainable=trainable, non_trainable=total - trainable)

    def run(
        self,
        inputs: Mapping[str, Array],
        weights: Mapping[str, Array],
        context: Context,
        fed_masks: Mapping[str, Mask] | None = None,
    ) -> Trace:
        """One forward call.

        Args:
            inputs: By the input's name, batch axis included.
            weights: By ``<node>/<variable>``.
            context: Carries the arithmetic.
            fed_masks: The masks that come with inputs, by name: where the model is a part of one.

        Raises:
            Refused: At the call: the model is built for another batch size.
        """
        for spec in self.model.inputs:
            rows = inputs[spec.name].shape[0]
            if spec.batch_size is not None and rows != spec.batch_size:
                message = f"the input is declared for batches of {spec.batch_size}, not of {rows}"
                raise Refused(message, at="call")
        whole, context.probes, context.updates = context.arithmetic, {}, {}
        context.penalties, frozen = [], context.frozen_nodes
        values = {name: [array] for name, array in inputs.items()}
        masks: dict[str, list[Mask]] = {name: [(fed_masks or {}).get(name)] for name in inputs}
        for node in self.model.nodes:
            if node.is_function:
                values[node.name] = function_nodes.answered(node, values, whole, self.find)
                masks[node.name] = [None] * len(values[node.name])
                continue
            context.node = node.owner
            compute = self._computes_in(node, values)
            context.arithmetic = whole.at(compute)
            context.arguments = node.arguments
            context.default = self.layers[node.name].trains_by_default
            context.frozen = node.owner in frozen
            context.tensors = {
                key: cast(self._taken([name], values)[0], compute)
                if isinstance(name, str)
                else [cast(a, compute) for a in self._taken([*name], values)]
                for key, name in node.tensors.items()
            }
            context.masks = self._taken(node.inputs, masks)
            own = {
                name.split("/", 1)[1]: cast(self._now(name, weights, context), compute)
                for name in self.variables
                if name.split("/", 1)[0] == node.owner
            }
            layer = self.layers[node.name]
            given = [_taken_in(a, context) for a in self._taken(node.inputs, values)]
            values[node.name] = made = layer.forward_all(context, given, own)
            if layer.activity is not None:
                context.penalties += [layer.activity(a) / max(a.shape[0], 1) for a in made]
            mask = layer.output_mask(context, given)
            listed = mask if isinstance(mask, list) else [mask]
            masks[node.name] = [*listed, *[None] * (len(made) - len(listed))]
        context.arithmetic = whole
        kept = {
            name: cast(array, self.variables[name].dtype) for name, array in context.updates.items()
        }
        return Trace(
            outputs=self._taken(self.model.outputs, values),
            nodes={
                # Strings have an axis more than the array that they are.
                name: list(values[name][0].shape)[: -1 if name in self.strings else None]
                for name in self.single()
            },
            probes=dict(context.probes),
            masks=self._taken(self.model.outputs, masks),
            dtypes={
                node.name: [array.dtype for array in values[node.name]] for node in self.model.nodes
            },
            updates=kept,
        )

    def _now(self, name: str, weights: Mapping[str, Array], context: Context) -> Array:
        """A variable's numbers: a layer that is called twice finds what its first call has left."""
        if name not in context.updates:
            return weights[name]
        return cast(context.updates[name], self.variables[name].dtype)


def _taken_in(a: Array, context: Context) -> Array:
    """What a layer is given, in what it computes in; whole numbers stay whole by themselves."""
    if a.integers is None:
        return cast(a, context.arithmetic.precision)
    same = a.arithmetic.precision == context.arithmetic.precision
    return a if same else context.arithmetic.whole(a.integers)


def _of_one_dtype(value: Any, dtype: str) -> Any:
    """An argument, in which layers are left without the dtype that they share with their owner.

    Raises:
        Unsupported: One of them has another dtype.
    """
    if isinstance(value, list):
        return [_of_one_dtype(one, dtype) for one in value]
    if not (isinstance(value, dict) and len(value) == 1):
        return value
    ((name, config),) = value.items()
    if not (name[:1].isupper() and isinstance(config, dict)):
        return value
    if config.get("dtype", "float32") != dtype:
        message = (
            f"{name} inside a layer of {dtype} has another dtype, which is not in the reference"
        )
        raise Unsupported(message)
    kept = {key: _of_one_dtype(one, dtype) for key, one in config.items() if key != "dtype"}
    return {name: kept}


def _frozen(variable: Variable) -> Variable:
    return replace(variable, trainable=False)


def _size(variable: Variable) -> int:
    return math.prod(variable.shape)
