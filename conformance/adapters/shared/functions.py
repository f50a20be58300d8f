"""How a program's functions are called: which arrays a node takes, and under which names."""

from __future__ import annotations

import functools
import inspect
import math
from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def is_made(symbol: str) -> bool:
    """Whether a symbol is a class, whose instance is what is called: ``losses.Huber``."""
    return symbol.rpartition(".")[2][:1].isupper()


def is_function(symbol: str) -> bool:
    """Whether a node's symbol is a function's public name, ``ops.add``, and no layer's."""
    return "." in symbol


def is_layer(symbol: str) -> bool:
    """Whether a symbol is a layer that is called on a dictionary, outside of any model."""
    return symbol.startswith("layers.")


def walked(
    nodes: Sequence[Mapping[str, Any]],
    inputs: Mapping[str, Any],
    call: Callable[[Mapping[str, Any], list[Any], dict[str, Any]], Any],
) -> dict[str, list[Any]]:
    """What every node of a program answers.

    Args:
        nodes: In order.
        inputs: Arrays by name.
        call: Calls one node: the node, its arrays by position, and all that goes by keyword, in
            the order of its signature: arrays first, then literals.

    Returns:
        The answers of every input and node, each a list.
    """
    values: dict[str, list[Any]] = {name: [array] for name, array in inputs.items()}
    for node in nodes:
        values[node["name"]] = answered(node, values, call)
    return values


def answered(
    node: Mapping[str, Any],
    values: Mapping[str, Sequence[Any]],
    call: Callable[[Mapping[str, Any], list[Any], dict[str, Any]], Any],
) -> list[Any]:
    """What one node answers, as a list.

    Args:
        node: A function.
        values: What every input and every earlier node has answered.
        call: As of :func:`walked`.
    """
    place = [_one(name, values) for name in node["inputs"]]
    keywords = {key: operand(names, values) for key, names in node.get("tensors", {}).items()}
    answer = call(node, place, keywords)
    return list(answer) if isinstance(answer, (list, tuple)) else [answer]


def outputs_of(names: Sequence[str], values: Mapping[str, Sequence[Any]]) -> list[Any]:
    """The program's outputs: a node with several answers stands for all of them."""
    return [one for name in names for one in values[name]]


def variadic(function: Callable[..., Any]) -> list[str]:
    """The parameters before a variadic one, which can't go by keyword; none without one."""
    try:
        return _variadic(function)
    except TypeError:  # an instance that can't be a key
        return _variadic.__wrapped__(function)


@functools.lru_cache(maxsize=512)  # a signature takes longer to find out than to call
def _variadic(function: Callable[..., Any]) -> list[str]:
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return []
    before: list[str] = []
    for name, parameter in parameters.items():
        if parameter.kind is parameter.VAR_POSITIONAL:
            return before
        before.append(name)
    return []


def flat(operands: Iterable[Any]) -> list[str]:
    """Every name among names, lists of names and dictionaries of them."""
    found: list[str] = []
    for one in operands:
        if isinstance(one, str):
            found.append(one)
        else:
            found += flat(one.values() if isinstance(one, dict) else one)
    return found


def operand(
    names: Any,
    values: Mapping[str, Sequence[Any]],
    one: Callable[[str, Mapping[str, Sequence[Any]]], Any] | None = None,
) -> Any:
    """An array by its name, or several: a list of them, or a dictionary.

    Args:
        names: One name, a list of them, or a dictionary.
        values: What every input and node answers.
        one: Finds an array by its name; by default as a program's names are read.
    """
    if isinstance(names, dict):
        return {key: operand(inner, values, one) for key, inner in names.items()}
    if isinstance(names, str):
        return (one or _one)(names, values)
    return [operand(name, values, one) for name in names]


def _one(name: str, values: Mapping[str, Sequence[Any]]) -> Any:
    if name in values:
        return values[name][0]
    node, _, number = name.rpartition(".")
    return values[node][int(number)]


_SPELLED = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}


def literal(value: Any) -> Any:
    """A literal of a program as Python has it: JSON spells NaN and infinities."""
    if isinstance(value, str):
        return _SPELLED.get(value, value)
    if isinstance(value, list):
        return [literal(one) for one in value]
    if isinstance(value, dict):
        return {key: literal(one) for key, one in value.items()}
    return value


def spelled(value: Any) -> Any:
    """What ``literal`` has read, as JSON has it again."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, (list, tuple)):
        return [spelled(one) for one in value]
    if isinstance(value, dict):
        return {key: spelled(one) for key, one in value.items()}
    return value


def argument(value: Any) -> Any:
    """A literal that a function is called with: a case's list is the tuple that Keras documents."""
    if isinstance(value, list):
        return tuple(argument(one) for one in value)
    return literal(value)
