"""The Keras model as the reference sees it: its layers in order, and the truth of every tensor."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.reference.engine.arithmetic import THIRD, Variance
from conformance.reference.engine.array import Array
from conformance.reference.errors import NoAnswer
from conformance.twomodels.layers import nodes_of
from conformance.twomodels.replay import LOOKS_UP, Layer, integers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.reference.engine.array import Values
    from conformance.twomodels.told import Call, Told

OWN_ROUNDINGS = 16.0
"""Of a layer that the reference does not know: the variance of what it may round by itself, as a
multiple of its mean square. Sixteen is a sum of some fifty terms."""


@dataclass
class Graph:
    """One answer of a Keras model in inference, layer by layer.

    Attributes:
        layers: In the order in which they were called.
        values: What Keras answered, by the numbers of the tensors.
        fed: The arrays that the model was fed.
        outputs: The numbers of its outputs.
    """

    layers: list[Layer]
    values: dict[int, Values]
    fed: list[Values]
    outputs: list[int]
    producers: dict[int, int] = field(default_factory=dict)
    """By tensor, the place of the layer that answered it."""
    reads: dict[int, list[int]] = field(default_factory=dict)
    """By tensor, the places of the layers that take it."""

    def __post_init__(self) -> None:
        """Note who makes and who takes each tensor."""
        for place, layer in enumerate(self.layers):
            for number in layer.taken:
                self.reads.setdefault(number, []).append(place)
            for number in layer.outputs:
                # A layer that hands its input on has not made it.
                if number not in layer.taken:
                    self.producers.setdefault(number, place)

    def counts(self, number: int) -> Values | None:
        """Which entries of a tensor any reader looks at; None: all, or nobody knows.

        What stands at masked steps is nobody's business where every reader heeds the mask.
        """
        masks = []
        for place in self.reads.get(number, []):
            reader = self.layers[place]
            told = reader.tensors.get("mask")
            if not reader.inputs or reader.inputs[0] != number:
                return None
            if isinstance(told, int):
                masks.append(self.values[told])
            elif number in reader.masks:
                masks.append(reader.masks[number])
            else:
                return None
        if not masks or number in self.outputs or masks[0].dtype.kind != "b":
            return None
        mask, rank = np.logical_or.reduce(masks), self.values[number].ndim
        return np.asarray(mask.reshape(*mask.shape, *[1] * (rank - mask.ndim)))

    def starts(self) -> dict[int, Array]:
        """The tensors that no layer has made: what was fed, and what code between layers made."""
        arithmetic = Variance()
        known: dict[int, Array] = {}
        between = []
        for number in sorted({*self.reads, *self.outputs} - self.producers.keys()):
            values = self.values[number]
            if any(_same(values, one) for one in self.fed):
                readers = {self.layers[place].kind for place in self.reads.get(number, [])}
                if readers and readers <= LOOKS_UP:
                    values = integers(values)
                known[number] = arithmetic.fed(values)
            else:
                between.append(number)
        # Code between layers may have rounded as a layer may.
        for number in between:
            known[number] = estimated(self.values[number], list(known.values()))
        return known


def graph_of(told: Told, fed: Sequence[Values]) -> Graph:
    """Read what the process of a Keras model noted of one answer.

    Raises:
        KeyError: An array was not sent that is needed: the model is too large for one frame.
    """
    arrays = told.arrays
    values = {
        number: arrays[f"value/{number}"]
        for number in _numbers(told.answer.calls, told.answer.outputs)
    }
    layers = _read([_layer(call, arrays) for call in told.answer.calls], told.answer.outputs)
    return Graph(layers, values, list(fed), [int(one) for one in told.answer.outputs])


def _read(layers: Sequence[Layer], outputs: Sequence[Any]) -> list[Layer]:
    """Without the functions whose answers nothing reads: what makes masks beside the layers."""
    kept: list[Layer] = []
    wanted = {int(one) for one in outputs}
    for layer in reversed(layers):
        if layer.owner or not wanted.isdisjoint(layer.outputs):
            kept.append(layer)
            wanted |= {*layer.taken}
    return kept[::-1]


def _numbers(calls: Sequence[Call], outputs: Sequence[Any]) -> set[int]:
    found = {int(one) for one in outputs}
    for call in calls:
        found |= {*call.inputs, *call.outputs}
        for value in call.tensors.values():
            found |= {*value} if isinstance(value, list) else {value}
    return found


def _taken(call: Call) -> list[int]:
    found = list(call.inputs)
    for value in call.tensors.values():
        found += value if isinstance(value, list) else [value]
    return found


def _layer(call: Call, arrays: Mapping[str, Any]) -> Layer:
    unknown, nodes = "", []
    try:
        nodes = nodes_of(call, [arrays[f"value/{number}"].shape for number in _taken(call)])
    except NoAnswer as error:
        unknown = str(error)
    made = Layer(
        name=call.name,
        kind=call.layer,
        nodes=nodes,
        inputs=call.inputs,
        tensors=call.tensors,
        outputs=call.outputs,
        weights=[arrays[f"weight/{call.owner}/{i}"] for i in range(len(call.weights))],
        variables=[(one.name, one.trainable) for one in call.weights],
        owner=call.owner,
        unknown=unknown,
    )
    masks = {number: arrays.get(f"mask/{number}") for number in made.taken}
    made.masks = {number: mask for number, mask in masks.items() if mask is not None}
    return made


def estimated(values: Values, sources: Sequence[Array]) -> Array:
    """Numbers of Keras as the truth, where the reference has none of its own.

    Their error is guessed: the largest relative error among what they were made of, and a sum's
    roundings.
    """
    arithmetic = Variance()
    if values.dtype.kind != "f":
        return arithmetic.fed(values)
    numbers = values.astype(np.float64)
    square = np.square(np.where(np.isfinite(numbers), numbers, 0.0))
    typical = float(square.mean()) if square.size else 0.0
    share = max((_relative(one) for one in sources if one.integers is None), default=0.0)
    variance = (share + OWN_ROUNDINGS) * typical + (share + THIRD) * square
    return Array(arithmetic, numbers, variance=variance)


def _relative(array: Array) -> float:
    """The mean variance over the mean square."""
    square = float(np.square(np.where(np.isfinite(array.value), array.value, 0.0)).mean() or 0.0)
    return float(array.variance.mean()) / square if array.value.size and square else 0.0


def _same(one: Values, other: Values) -> bool:
    return one.shape == other.shape and bool(np.array_equal(one, other.astype(one.dtype)))
