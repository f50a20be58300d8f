"""One layer of the Keras model, run by the reference on given arrays, honestly or with a fault."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec.structs import replace

from conformance.cases.model import (
    Call,
    Case,
    Expect,
    Graph,
    InputSpec,
    Model,
    Node,
    Place,
    Source,
)
from conformance.reference.engine.arithmetic import Variance
from conformance.reference.engine.array import Array
from conformance.reference.engine.dtypes import DIGITS
from conformance.reference.errors import NoAnswer
from conformance.reference.faults.fault import HONEST, Fault
from conformance.reference.model.network import Network

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.reference.engine.array import Values

LOOKS_UP = frozenset({"Embedding", "ReversibleEmbedding"})
"""Layers that read whole numbers, also where Keras hands them over as floats."""
_BROADCASTS = frozenset(
    f"ops.{name}"
    for name in ("add", "subtract", "multiply", "divide", "true_divide", "maximum", "minimum")
)


@dataclass(frozen=True)
class Stage:
    """One answer that a layer has on its way: its output, or what it is before the activation.

    Attributes:
        what: For the reader; empty for the layer's own outputs.
        place: Which of the nodes' answers it is.
        where: In which part of it the models agree, where not in all.
    """

    what: str = ""
    place: int = 0
    where: str = ""

    @property
    def is_output(self) -> bool:
        """Whether it is what the layer answers."""
        return not self.what


@dataclass
class Layer:
    """One call of a layer, ready for the reference.

    Attributes:
        name: Keras's name of it.
        kind: Its class.
        nodes: By which the reference knows it; empty where it does not.
        inputs: The numbers of the tensors that it takes by place.
        tensors: Those that it takes by keyword.
        outputs: The numbers of what it answers.
        weights: Its variables' values, in Keras's order.
        variables: Keras's names of them, and which are trainable.
        unknown: Why the reference has no answer; empty where it has one.
    """

    name: str
    kind: str
    nodes: list[Node]
    inputs: list[int]
    tensors: Mapping[str, int | list[int]]
    outputs: list[int]
    weights: list[Values]
    variables: list[tuple[str, bool]]
    owner: str = ""
    masks: Mapping[int, Values] = field(default_factory=dict)
    unknown: str = ""

    @property
    def taken(self) -> list[int]:
        """Every tensor that it takes."""
        found = list(self.inputs)
        for value in self.tensors.values():
            found += value if isinstance(value, list) else [value]
        return found

    def names(self) -> dict[str, int]:
        """The inputs of its model, with the tensors that they are."""
        found = {f"in{place}": number for place, number in enumerate(self.inputs)}
        for key, value in self.tensors.items():
            if isinstance(value, list):
                found |= {f"{key}{place}": number for place, number in enumerate(value)}
            else:
                found[key] = value
        return found

    def model(self, given: Mapping[int, Array]) -> Model:
        """The layer as a model of its own, for arrays of these shapes."""
        inputs = [
            InputSpec(name=name, shape=[*given[number].shape[1:]], dtype=given[number].dtype)
            for name, number in self.names().items()
        ]
        return Model(
            form="functional", inputs=inputs, nodes=self.nodes, outputs=[self.nodes[-1].name]
        )

    def _raised(self, given: Mapping[int, Array]) -> Mapping[int, Array]:
        """The tensors of a function that broadcasts, with axes of 1 in front: all of one rank.

        A constant has no axis of the batch, which the reference takes every first one for.
        """
        if not self.nodes or self.nodes[0].layer not in _BROADCASTS:
            return given
        rank = max((given[number].ndim for number in self.taken), default=0)
        low = {number for number in self.taken if 0 < given[number].ndim < rank}
        if not low:
            return given
        return {number: _of_rank(given[number], rank) if number in low else given[number]
                for number in self.taken}  # fmt: skip

    def case(self, given: Mapping[int, Array]) -> Case:
        """The layer as a case, by which the faults that fit it are found."""
        given = self._raised(given)
        rows = next((given[number].shape[0] for number in self.taken if given[number].ndim), 1)
        program = Graph(
            case=self.name, model=self.model(given), calls=[Call(batch=rows)], facets=["values"]
        )
        return Case(
            id=self.name, digest="", title="", source=Source(), yaml="",
            place=Place(file="", line=1, column=1), program=program, expect=Expect(),
        )  # fmt: skip

    def run(
        self,
        given: Mapping[int, Array],
        fault: Fault = HONEST,
        *,
        nodes: Sequence[Node] | None = None,
        weights: Sequence[Array] | None = None,
    ) -> list[Array]:
        """What the layer answers.

        Args:
            given: The tensors that it takes, by their numbers.
            fault: What is wrong with it.
            nodes: Others in place of its own.
            weights: Others in place of its own, in Keras's order.

        Raises:
            NoAnswer: The reference has none.
        """
        arithmetic = fault.arithmetic(Variance)
        given = self._raised(given)
        model = self.model(given)
        if nodes is not None:
            model = replace(model, nodes=[*nodes], outputs=[nodes[-1].name])
        honest = Network.build(model)
        network = honest
        if fault is not HONEST:
            changed = fault.model(model) if fault.model is not None else model
            network = Network.build(changed, find=fault.find)
        own = weights or [arithmetic.leaf(one) for one in self.weights]
        if len(honest.variables) != len(own):
            message = (
                f"{self.kind} has {len(own)} variables, in the reference {len(honest.variables)}"
            )
            raise NoAnswer(message)
        named = {}
        for (name, variable), array in zip(honest.variables.items(), own, strict=True):
            if variable.shape != array.shape:
                message = f"{self.kind}: {name} is {array.shape}, in the reference {variable.shape}"
                raise NoAnswer(message)
            named[name] = _weight(fault, name, _lifted(array, arithmetic))
        inputs, masks = {}, {}
        for name, number in self.names().items():
            array = _lifted(given[number], arithmetic)
            looked_up = self.kind in LOOKS_UP and array.integers is None
            inputs[name] = arithmetic.whole(integers(array.value)) if looked_up else array
            if number in self.masks:
                masks[name] = self.masks[number]
        context = fault.context(arithmetic)
        context.flag = False
        with np.errstate(all="ignore"):
            return network.run(inputs, named, context, masks).outputs

    def activated(self, answer: Array) -> Array:
        """What the layer's activation makes of its answer before it.

        Raises:
            NoAnswer: The reference has none.
        """
        behind = self.nodes[1:]
        if not behind:
            config = {"activation": self.nodes[0].config.get("activation", "linear")}
            behind = [Node(name="behind", layer="Activation", config=config, inputs=["layer"])]
        shape, dtype = [*answer.shape[1:]], answer.dtype
        model = Model(
            form="functional",
            inputs=[InputSpec(name="layer", shape=shape, dtype=dtype)],
            nodes=behind,
            outputs=[behind[-1].name],
        )
        network = Network.build(model)
        if network.variables:
            message = "its activation has weights"
            raise NoAnswer(message)
        context = HONEST.context(answer.arithmetic)
        context.flag = False
        with np.errstate(all="ignore"):
            return network.run({"layer": answer}, {}, context, {}).outputs[0]

    @cached_property
    def stages(self) -> list[tuple[Stage, list[Node]]]:
        """Its outputs, and the answers on the way that a port may have a module for."""
        found = [(Stage(place=place), self.nodes) for place in range(len(self.outputs))]
        if not self.nodes:
            return found
        first = self.nodes[0]
        config = first.config
        recurrent = "return_sequences" in config
        if first.is_function:
            return found
        if len(self.nodes) > 1:
            found.append((Stage("before its activation"), self.nodes[:1]))
        elif "activation" in config and not recurrent and first.layer != "Activation":
            plain = replace(first, config={**config, "activation": "linear"})
            if config["activation"] != "linear":
                found.append((Stage("before its activation"), [plain]))
        if recurrent:
            told = {**config, "return_sequences": True, "return_state": True}
            every = replace(first, config=told)
            states = 2 if first.layer in {"LSTM", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"} else 1
            steps = [every]
            found.append((Stage("every step", 0), steps))
            found += [(Stage(f"state {place}", place + 1), steps) for place in range(states)]
        return found


def integers(values: Values) -> Values:
    """Whole numbers that Keras may hand over as floats."""
    return values if values.dtype.kind in "iu" else np.rint(values).astype(np.int32)


def _of_rank(array: Array, rank: int) -> Array:
    """The same numbers with axes of 1 in front."""
    shape = (*[1] * (rank - array.ndim), *array.shape)
    whole = array.integers
    return Array(
        array.arithmetic,
        array.value.reshape(shape),
        variance=np.broadcast_to(array.variance, array.shape).reshape(shape),
        integers=None if whole is None else whole.reshape(shape),
    )


def _weight(fault: Fault, name: str, array: Array) -> Array:
    if fault.weights is None:
        return array
    changed = fault.weights(name, array.value)
    return array if changed is array.value else array.arithmetic.leaf(changed)


def _lifted(array: Array, arithmetic: Any) -> Array:
    """The same numbers, with their error, in another arithmetic of the same kind."""
    home = arithmetic.at(array.arithmetic.precision) if array.dtype in DIGITS else arithmetic
    if array.arithmetic is home:
        return array
    return Array(
        home,
        array.value,
        variance=array._variance,  # noqa: SLF001 - worked out on first use, where it is a ratio
        ratio=array.ratio,
        quantum=array.quantum,
        integers=array.integers,
    )
