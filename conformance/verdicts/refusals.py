"""What counts as a documented refusal: an argument's exception, in words about an argument.

Keras documents of what it refuses that it raises a ``ValueError``, or a ``TypeError``. An
``IndexError`` or an ``AttributeError`` out of the depths says nothing to a user, and shows that
nobody looked at the argument: next to it the same mistake is taken in silence.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from conformance.adapters.shared.policies import quantized_policy
from conformance.cases.dictionaries import BASE_ARGUMENTS, KEYS, OF_BOXES, PREFIX, takes
from conformance.cases.model import Graph
from conformance.cases.names import arguments

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.adapters.host.observation import Failure
    from conformance.cases.model import Node, Program

KINDS = frozenset({"ValueError", "TypeError"})

_KERNELS = "InvalidArgumentError"
"""TensorFlow's ValueError of a kernel: all that a graph can raise of the numbers it is fed."""

_INPUTS = frozenset({"input", "inputs", "shape", "rank", "ndim", "dim", "dimension", "batch size"})
"""How an input is spoken of: it has no other name."""

_NO_SUBJECT = frozenset({"name", "dtype", "trainable", "autocast", "inputs"})
"""Arguments of every layer, whose names stand in any message."""


_QUANTIZING = frozenset({"mode", "config", "output_dtype", "quantizers", "value_range"})
"""How what ``model.quantize`` is given is spoken of."""


def subjects(program: Program) -> frozenset[str]:
    """What a refusal may be about: the arguments of the program's layers, and its inputs.

    Empty for a program without layers: of functions Keras documents neither the kind of an error
    nor its words. A layer that is called on a dictionary is a layer.
    """
    if not isinstance(program, Graph):
        return frozenset()
    if program.model.form == "function":
        called = [node for node in program.model.nodes if takes(node.layer)]
        return _of_dictionaries(called) if called else frozenset()
    # An input that is called as an argument of the layer's call is: query, value, mask.
    found = {spec.name for spec in program.model.inputs if len(spec.name) > 1}
    for node in program.model.nodes:
        found |= {*(arguments("layers", node.layer) or ()), *node.arguments, *node.tensors}
        found |= set(_everywhere(node.config))
        if quantized_policy(node.config.get("dtype")) is not None:
            found |= _QUANTIZING
    asked = program.model.quantize
    if asked is not None:
        found |= _QUANTIZING | set(_everywhere(asked.config))
    return frozenset(found - _NO_SUBJECT) | _INPUTS


def _of_dictionaries(called: Sequence[Node]) -> frozenset[str]:
    # "format" is how bounding_box_format is spoken of.
    found: set[str] = {*KEYS, *OF_BOXES, *BASE_ARGUMENTS, "format"}
    for node in called:
        found |= {*(arguments("layers", node.layer.removeprefix(PREFIX)) or ())}
    return frozenset(found - _NO_SUBJECT) | _INPUTS


def what_is_wrong(failure: Failure, names: frozenset[str]) -> str:
    """Why an exception is no documented refusal; empty where it is one."""
    if not names:
        return ""
    kind = failure.type.rpartition(".")[2]
    kernels = kind == _KERNELS and failure.stage == "call"
    if not kernels and failure.kind not in KINDS and kind not in KINDS:
        return f"refused by {kind}, not by a ValueError or TypeError"
    if not any(_says(failure.message, name) for name in names):
        return "refused in words that name no argument and no input"
    return ""


def _says(message: str, name: str) -> bool:
    word = re.escape(name).replace("_", "[_ ]")
    return (
        re.search(rf"(?<![A-Za-z]){word}(?:s|es)?(?![A-Za-z])", message, re.IGNORECASE) is not None
    )


def _everywhere(value: object) -> Iterator[str]:
    """Every key of a layer's arguments, and the arguments of the layers inside it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from arguments("layers", key) or ()
            yield from _everywhere(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _everywhere(inner)
