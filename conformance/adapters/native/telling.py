"""What an adapter tells of how it did a layer, for the porting guide, besides its answer."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any

from conformance.adapters.native.binding import Bound, Function
from conformance.adapters.native.spy import names, readable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from conformance.adapters.native.model import Model, Node
    from conformance.adapters.native.spy import Call

_OWN = frozenset({"call", "seed"})
"""Parameters of our functions that say nothing of a layer."""


def symbols(model: Model) -> list[str]:
    """Every name of the framework that the tables give for a model's layers and functions."""
    return [
        *(symbol for node in model.nodes for symbol in _of(node.bound)),
        *(name for one in model.functions for name in names(one.operation.row.symbol)),
    ]


def _of(bound: Bound) -> Iterator[str]:
    yield from names(bound.entry.symbol)
    for value in bound.arguments.values():
        for one in value.values() if isinstance(value, dict) else [value]:
            if isinstance(one, Function):
                yield from names(one.symbol)
            elif isinstance(one, Bound):
                yield from _of(one)


def told(node: Node, calls: Iterable[Call]) -> dict[str, Any]:
    """The keys ``calls``, ``keras`` and ``note`` of ``Native`` (``adapters/host/observation.py``).

    Args:
        node: The layer.
        calls: What of the framework really ran.
    """
    function = node.step.func  # type: ignore[attr-defined] # a partial, as _step makes it
    return {
        "calls": [call.plain() for call in calls],
        "keras": {**_in_effect(function, node.bound.arguments), **_arrays(node)},
        "note": _sentence(function),
    }


def _in_effect(function: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """Keras's arguments: those given, and our function's defaults, which are Keras's."""
    shown = {name: _shown(value) for name, value in {**_defaults(function), **given}.items()}
    return {
        name: value
        for name, value in shown.items()
        if name not in _OWN and value != [] and not (value is None and name == "mask")
    }


@functools.cache  # a signature takes longer to find out than a small layer to compute
def _defaults(function: Any) -> dict[str, Any]:
    return {
        name: parameter.default
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.default is not parameter.empty
    }


def _shown(value: Any) -> Any:
    if isinstance(value, Function):
        return value.name
    if isinstance(value, Bound):
        return value.layer
    if isinstance(value, dict):
        return [_shown(one) for one in value.values()]
    return readable(value)


def _arrays(node: Node) -> dict[str, str]:
    return dict.fromkeys([*node.tensors, *(["mask"] if node.heeds else [])], "array")


@functools.cache
def _sentence(function: Any) -> str:
    """The first paragraph of a function's docstring, on one line."""
    return " ".join((inspect.getdoc(function) or "").partition("\n\n")[0].split())
