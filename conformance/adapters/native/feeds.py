"""The arrays that come with a program, taken apart by what they are for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Feeds(NamedTuple):
    """What one model is fed."""

    calls: list[dict[str, Any]]
    """Inputs by name, one dict a call."""
    weights: dict[str, Any]
    """By ``<node>/<variable>``, in Keras's layout and order."""
    cotangents: list[Any]
    """One an output; empty where no gradients are asked."""
    targets: list[Any]
    """One an output; empty where nothing is trained."""


def split(tensors: Mapping[str, Any], convert: Callable[[Any], Any], *, prefix: str = "") -> Feeds:
    """Sort a message's arrays by the names of docs/architecture.md.

    Args:
        tensors: All arrays of the message.
        convert: Turns a NumPy array into the framework's.
        prefix: ``twin/`` for the arrays of the twin model.

    Returns:
        The arrays of that model.
    """
    calls: dict[int, dict[str, Any]] = {}
    weights: dict[str, Any] = {}
    numbered: dict[str, dict[int, Any]] = {"cotangent": {}, "target": {}}
    for name, array in tensors.items():
        if not name.startswith(prefix):
            continue
        kind, _, rest = name[len(prefix) :].partition("/")
        if kind == "call":
            index, _, entry = rest.partition("/")
            calls.setdefault(int(index), {})[entry] = convert(array)
        elif kind == "weight":
            weights[rest] = convert(array)
        elif kind in numbered:
            numbered[kind][int(rest)] = convert(array)
    return Feeds(
        [calls[index] for index in sorted(calls)],
        weights,
        [numbered["cotangent"][index] for index in sorted(numbered["cotangent"])],
        [numbered["target"][index] for index in sorted(numbered["target"])],
    )
