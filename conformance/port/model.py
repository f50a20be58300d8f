"""A Keras model as a list of calls, whatever it is written down in afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Union

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Json = Any
MERGES = frozenset({"Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract"})
"""Layers that join inputs number by number: an entry counts if it counts in any of them."""


class PortError(ValueError):
    """A model that can't be ported: what, why, and what would help."""


class Ref(NamedTuple):
    """One tensor of the model: an answer of a call, or an input."""

    call: int
    """Place among the calls; inputs count from -1 downwards."""
    output: int = 0


Operand = Union[Ref, "Sequence[Operand]", Json]
"""What stands in a call: a tensor, a list of operands, or a literal."""


class Input(NamedTuple):
    """An input of the model."""

    name: str
    shape: Sequence[int | None]
    """Batch axis first; ``None`` is an open size."""
    dtype: str


class Call(NamedTuple):
    """A layer or a function of Keras, called once."""

    path: str
    """The layer's name, below those of the models that it is in: ``encoder/dense``."""
    symbol: str
    """``Dense`` for a layer, ``ops.add`` for a function; of a hole, its class."""
    config: Mapping[str, Json]
    """Keras's arguments that differ from their defaults, without name and dtype."""
    inputs: Sequence[Operand]
    """Positional tensors: of most layers one, of merging layers and attention several."""
    keywords: Mapping[str, Operand] = {}
    """What the call is given by keyword, tensors and literals."""
    hole: bool = False
    """A class that is not Keras's: whoever ports it fills it in."""
    trainable: bool = True
    dtypes: Sequence[str] = ()
    """Dtypes of the positional tensors, as far as the file tells them."""


class Graph(NamedTuple):
    """A model."""

    name: str
    inputs: Sequence[Input]
    calls: Sequence[Call]
    """In an order in which they can be made."""
    outputs: Sequence[Ref]
    notes: Sequence[str] = ()
    """What Keras does in training that the port does not, by layer."""
    compiled: Json = None
    """What the model was compiled with, as its file holds it."""


class Variable(NamedTuple):
    """A variable of a layer."""

    name: str
    """Below its layer, as the functions call it: ``kernel``, ``forward_lstm/bias``."""
    shape: Sequence[int]
    dtype: str
    place: str
    """The dataset of ``model.weights.h5`` in the ``.keras`` file."""
    trainable: bool = True


def recorded_name(path: str, call: int, output: int = 0) -> str:
    """Under what an answer is recorded.

    ``dense``; ``dense#2`` in the layer's second call; ``lstm.1`` for its second output.
    """
    return f"{path}{f'#{call + 1}' if call else ''}{f'.{output}' if output else ''}"


def refs(operand: Operand) -> list[Ref]:
    """Every tensor in an operand, in order."""
    if isinstance(operand, Ref):
        return [operand]
    if isinstance(operand, (list, tuple)):
        return [ref for part in operand for ref in refs(part)]
    if isinstance(operand, dict):
        return [ref for part in operand.values() for ref in refs(part)]
    return []
