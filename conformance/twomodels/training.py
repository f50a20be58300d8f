"""Both models trained alike: the losses, the variables and the answers after so many steps."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec.structs import replace

from conformance.acceptance import TRAINING
from conformance.cases.model import (
    Call,
    Case,
    Expect,
    InputSpec,
    Model,
    Named,
    Node,
    Place,
    Source,
    Train,
)
from conformance.cases.model import (
    Graph as Program,
)
from conformance.reference.engine.arithmetic import Variance
from conformance.reference.engine.dtypes import DIGITS
from conformance.reference.engine.structure import stack
from conformance.reference.errors import NoAnswer, Unsupported
from conformance.reference.faults.applicable import explanations
from conformance.reference.faults.fault import HONEST, Fault
from conformance.reference.faults.port_training import of_training
from conformance.reference.model.batches import fed_to
from conformance.reference.model.network import Network
from conformance.reference.model.updating import Steps
from conformance.twomodels.closeness import Nearness, nearness

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.reference.engine.array import Array, Values
    from conformance.twomodels.graph import Graph
    from conformance.twomodels.told import Told

CLEAR = 64.0
"""How far every number must be from where a gradient jumps, as a multiple of its rounding error."""
_BIASES = "trained two biases that add up where Keras has one, so that it moves twice as far"


@dataclass(frozen=True)
class Settings:
    """How both are trained.

    Attributes:
        steps: Updates on the same rows.
        optimizer: ``sgd`` or ``adam``.
        learning_rate: Of it.
        momentum: Of SGD.
    """

    steps: int
    optimizer: str = "sgd"
    learning_rate: float = 0.01
    momentum: float = 0.0

    def told(self) -> dict[str, Any]:
        """For the processes."""
        return {
            "steps": self.steps,
            "optimizer": self.optimizer,
            "learning_rate": self.learning_rate,
            "momentum": self.momentum,
        }

    def train(self) -> Train:
        """For the reference, by Keras's names."""
        rate = {"learning_rate": self.learning_rate}
        optimizer = (
            Named(name="Adam", config=rate)
            if self.optimizer == "adam"
            else Named(name="SGD", config={**rate, "momentum": self.momentum})
        )
        return Train(optimizer=optimizer, loss=Named(name="MeanSquaredError"), steps=self.steps)


@dataclass(frozen=True)
class Trained:
    """What training comes to.

    Attributes:
        losses: One a step.
        weights: By layer (its place) and number of the variable.
        outputs: What the model answers afterwards, in inference.
        clearance: How near any number came to where a gradient jumps.
    """

    losses: Array
    weights: dict[tuple[int, int], Array]
    outputs: list[Array]
    clearance: float


@dataclass
class Whole:
    """The whole Keras model as one program of the reference.

    Attributes:
        program: The model and its training.
        feeds: What it is fed.
        variables: By layer (its place) and number, the reference's name of a variable.
        owners: By layer, the name of its node.
    """

    program: Program
    feeds: dict[str, Values]
    variables: dict[tuple[int, int], str]
    owners: dict[int, str] = field(default_factory=dict)

    @property
    def case(self) -> Case:
        """By which the faults that fit it are found."""
        return Case(
            id="training", digest="", title="", source=Source(), yaml="",
            place=Place(file="", line=1, column=1), program=self.program, expect=Expect(),
        )  # fmt: skip


def whole(graph: Graph, targets: Sequence[Values], settings: Settings) -> Whole:
    """The Keras model as one program.

    Raises:
        NoAnswer: A layer is not in the reference, or the model does something between layers.
    """
    inputs, names, feeds = _inputs(graph)
    nodes: list[Node] = []
    owners: dict[str, str] = {}
    by_layer: dict[int, str] = {}
    for place, layer in enumerate(graph.layers):
        if layer.unknown:
            raise Unsupported(layer.unknown)
        made = _renamed(layer.nodes, f"n{place}", layer.names(), names)
        if layer.owner in owners:
            made[0] = replace(made[0], shares=owners[layer.owner])
        elif layer.owner:
            owners[layer.owner] = made[0].name
        nodes += made
        by_layer[place] = made[0].name
        several = len(layer.outputs) > 1
        for at, number in enumerate(layer.outputs):
            names.setdefault(number, f"{made[-1].name}.{at}" if several else made[-1].name)
    outputs = [names[number] for number in graph.outputs]
    model = Model(form="functional", inputs=inputs, nodes=nodes, outputs=outputs)
    variables = _variables(graph, model, by_layer)
    for (place, at), name in variables.items():
        feeds[f"weight/{name}"] = graph.layers[place].weights[at]
    feeds |= {f"target/{j}": target for j, target in enumerate(targets)}
    frozen = [
        by_layer[place]
        for place, layer in enumerate(graph.layers)
        if layer.variables and not any(trainable for _, trainable in layer.variables)
    ]
    program = Program(
        case="training",
        model=model,
        calls=[Call(batch=len(graph.fed[0]))],
        facets=["losses", "state"],
        train=replace(settings.train(), freeze=frozen),
    )
    return Whole(program, feeds, variables, by_layer)


def _inputs(graph: Graph) -> tuple[list[InputSpec], dict[int, str], dict[str, Values]]:
    """What the model takes, the names of those tensors, and their arrays.

    Raises:
        Unsupported: The model does something between its layers.
    """
    inputs: list[InputSpec] = []
    names: dict[int, str] = {}
    feeds: dict[str, Values] = {}
    for number, array in graph.starts().items():
        values = graph.values[number]
        if not any(values.shape == one.shape and np.array_equal(values, one) for one in graph.fed):
            message = "the model computes between its layers what the reference does not see"
            raise Unsupported(message)
        name = f"x{len(inputs)}"
        inputs.append(InputSpec(name=name, shape=[*array.shape[1:]], dtype=array.dtype))
        names[number] = name
        feeds[f"call/0/{name}"] = values if array.integers is None else array.integers
    return inputs, names, feeds


def _variables(
    graph: Graph, model: Model, by_layer: Mapping[int, str]
) -> dict[tuple[int, int], str]:
    """The reference's names of the variables, by layer and number; of shared layers once.

    Raises:
        Unsupported: A layer has others there.
    """
    network = Network.build(model)
    found: dict[tuple[int, int], str] = {}
    for place, layer in enumerate(graph.layers):
        own = [name for name in network.variables if name.split("/", 1)[0] == by_layer[place]]
        if own and len(own) != len(layer.weights):
            what = f"{len(layer.weights)} variables, in the reference {len(own)}"
            message = f"{layer.name} has {what}"
            raise Unsupported(message)
        found |= {(place, at): name for at, name in enumerate(own)}
    return found


def _renamed(
    nodes: Sequence[Node], prefix: str, own: Mapping[str, int], names: Mapping[int, str]
) -> list[Node]:
    """A layer's nodes under names of their own, fed by those of the layers before."""
    inner = {node.name: f"{prefix}_{i}" if i else prefix for i, node in enumerate(nodes)}

    def told(name: str) -> str:
        return inner[name] if name in inner else names[own[name]]

    made = []
    for node in nodes:
        tensors: dict[str, Any] = {
            key: [told(one) for one in value] if isinstance(value, list) else told(str(value))
            for key, value in node.tensors.items()
        }
        inputs = [told(one) for one in node.inputs]
        made.append(replace(node, name=inner[node.name], inputs=inputs, tensors=tensors))
    return made


def trained(model: Whole, fault: Fault = HONEST, doubled: frozenset[str] = frozenset()) -> Trained:
    """What training the model comes to.

    Args:
        model: And its training.
        fault: What is wrong with it.
        doubled: Variables that each update moves twice as far.

    Raises:
        NoAnswer: The reference has none: a layer draws in training.
    """
    arithmetic = Variance(operands=fault.operands, results=fault.results)
    arithmetic.first_of_ties = True
    context = fault.context(arithmetic)
    program = fault.program(model.program)
    network = Network.build(program.model, find=fault.find)
    spec = program.train
    if spec is None:
        message = "there is no training"
        raise Unsupported(message)
    feeds = fault.feeds(model.feeds)
    weights = {
        name: (arithmetic.at(variable.dtype) if variable.dtype in DIGITS else arithmetic).leaf(
            feeds[f"weight/{name}"]
        )
        for name, variable in network.variables.items()
    }
    with np.errstate(all="ignore"):
        data = fed_to(network, spec, feeds, arithmetic)
        steps = Steps(network, spec, weights, context)
        context.flag, context.frozen_nodes = True, frozenset(spec.freeze)
        losses = []
        for _ in range(spec.steps):
            before = steps.weights
            losses.append(steps.update(data.training[0])[0])
            moved = {name: steps.weights[name] for name in doubled}
            if moved:
                # Twice the way; the optimizer's memory is that of the way itself.
                steps.put({n: (a + (a - before[n])).detached() for n, a in moved.items()})
        context.flag = False
        trace = network.run(data.training[0].inputs, steps.weights, context)
    named = {key: steps.weights[name] for key, name in model.variables.items()}
    return Trained(stack(losses, 0), named, trace.outputs, arithmetic.clearance)


@dataclass(frozen=True)
class Tracked:
    """One of Keras's variables, found in the other model by its numbers."""

    layer: int
    place: int
    name: str
    values: Values
    """What they are there after training, in Keras's order."""


def tracked(graph: Graph, told: Told) -> list[Tracked]:
    """Find Keras's variables among the other model's, whatever their layout.

    A port's weights are Keras's numbers to the bit: where all numbers of a variable differ from
    each other and from all else, each is found by itself. Zeros and ones are not.
    """
    names = told.answer.variables
    if not names:
        return []
    before = np.concatenate(
        [np.asarray(told.array(f"variable/before/{name}"), np.float32).ravel() for name in names]
    )
    after = np.concatenate(
        [np.asarray(told.array(f"variable/after/{name}"), np.float32).ravel() for name in names]
    )
    order = np.argsort(before, kind="stable")
    sorted_ = before[order]
    found = []
    seen: set[str] = set()
    for place, layer in enumerate(graph.layers):
        if layer.owner in seen:
            continue
        seen.add(layer.owner)
        for at, values in enumerate(layer.weights):
            flat = np.asarray(values, np.float32).ravel()
            left = np.searchsorted(sorted_, flat, "left")
            right = np.searchsorted(sorted_, flat, "right")
            if flat.size and np.all(right - left == 1):
                theirs = after[order[left]].reshape(values.shape)
                name = layer.variables[at][0].rpartition("/")[2]
                found.append(Tracked(place, at, name, theirs))
    return found


@dataclass(frozen=True)
class Compared:
    """Both trainings held against the truth.

    Attributes:
        losses: Of the other model; None: they are of another number.
        outputs: Of the other model, after training.
        variables: Those that could be found, each with how near it is.
        keras: Whether Keras's own losses and answers are the reference's.
        clearance: How near any number came to where a gradient jumps.
    """

    losses: Nearness | None
    outputs: list[Nearness | None]
    variables: list[tuple[Tracked, Nearness | None]]
    keras: bool
    clearance: float

    @property
    def agrees(self) -> bool:
        """Whether rounding explains every difference."""
        shown = [self.losses, *self.outputs]
        return all(near is not None and near.agrees for near in shown)


def compared(truth: Trained, ours: Told, theirs: Told, found: Sequence[Tracked]) -> Compared:
    """Hold what both told against the truth."""
    outputs = [
        nearness(np.asarray(values), wanted, TRAINING)
        for values, wanted in zip(theirs.outputs(), truth.outputs, strict=False)
    ]
    keras = [
        nearness(_losses(ours), truth.losses, TRAINING),
        *(
            nearness(np.asarray(values), wanted, TRAINING)
            for values, wanted in zip(ours.outputs(), truth.outputs, strict=False)
        ),
    ]
    return Compared(
        losses=nearness(_losses(theirs), truth.losses, TRAINING),
        outputs=outputs,
        variables=[
            (one, nearness(one.values, truth.weights[one.layer, one.place], TRAINING))
            for one in found
            if (one.layer, one.place) in truth.weights
        ],
        keras=all(near is not None and near.agrees for near in keras),
        clearance=truth.clearance,
    )


def _losses(told: Told) -> Values:
    return np.asarray([math.nan if one is None else one for one in told.answer.losses])


@dataclass(frozen=True)
class Reason:
    """A mistake that gives the other model's training."""

    name: str
    says: str
    layer: int = -1
    """The layer that it is about; -1: the training as a whole."""


def reason(
    model: Whole, graph: Graph, theirs: Told, found: Sequence[Tracked], seconds: float
) -> tuple[Reason | None, bool]:
    """The mistake that gives the other model's losses, outputs and variables.

    Returns:
        It, if any known one does, and whether time ran out before all were tried.
    """
    deadline = time.monotonic() + seconds
    for fault, doubled, layer in _mistakes(model, graph):
        if time.monotonic() > deadline:
            return None, True
        try:
            made = trained(model, fault, doubled)
        except (NoAnswer, ValueError, KeyError, IndexError):
            continue
        # The other model has such a bias in two parts: neither is where the sum is.
        parts = {key for key, name in model.variables.items() if name in doubled}
        own = [one for one in found if (one.layer, one.place) not in parts]
        judged = compared(made, theirs, theirs, own)
        wrong = [near for _, near in judged.variables if near is None or not near.agrees]
        if judged.agrees and not wrong:
            name = fault.name
            if layer >= 0 and name.endswith(f":{model.owners[layer]}"):  # the reference's own name
                name = f"{name.partition(':')[0]}:{graph.layers[layer].name}"
            return Reason(name, fault.says, layer), False
    return None, False


def _mistakes(model: Whole, graph: Graph) -> Iterator[tuple[Fault, frozenset[str], int]]:
    network = Network.build(model.program.model)
    named = {name: place for place, name in model.owners.items()}
    none = frozenset[str]()
    seen: set[str] = set()
    for fault, node in of_training(network, model.program, model.feeds):
        seen.add(fault.name)
        yield fault, none, named.get(node, -1)
    for place, layer in enumerate(graph.layers):
        if layer.kind not in {"LSTM", "SimpleRNN", "Bidirectional"}:
            continue
        biases = frozenset(
            name for (at, _), name in model.variables.items() if at == place and "bias" in name
        )
        if biases:
            yield Fault(name=f"two-biases:{layer.name}", says=_BIASES), biases, place
    for fault in explanations(model.case):
        if fault.name not in seen and fault.train is not None:
            yield fault, none, -1
