"""A program's model as native functions, and one walk through it.

The walk is the same for every framework: arrays are passed from function to function and only
their ``shape`` is looked at.
"""

from __future__ import annotations

import functools
import importlib
import inspect
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from conformance.adapters.native.binding import Bound, Entry, Function, Table, bind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Array = Any
Step = Callable[..., Array]
Around = Callable[[str], AbstractContextManager[Any]]


class Answer(NamedTuple):
    """What one walk gave."""

    outputs: list[Array]
    nodes: dict[str, list[int]]
    """Actual output shape by node."""
    probes: dict[str, list[int]]
    """Shape that each probing Lambda saw."""


class _Node(NamedTuple):
    name: str
    inputs: Sequence[str]
    bound: Bound
    step: Step


def _alone(_node: str) -> AbstractContextManager[Any]:
    return nullcontext()


class Model:
    """A model bound to one framework's functions. It holds no weights: each walk is given them."""

    def __init__(self, table: Table, model: Mapping[str, Any]) -> None:
        """Bind every node.

        Args:
            table: What the adapter can do.
            model: A ``Model`` of ``conformance/cases/model.py`` as a plain dict.

        Raises:
            Unsupported: A layer or one of its arguments has no native counterpart.
        """
        self.inputs: list[str] = [entry["name"] for entry in model["inputs"]]
        self.outputs: list[str] = list(model["outputs"])
        self.nodes: list[_Node] = []
        for node in model["nodes"]:
            bound = bind(table, node["layer"], node["config"], _parameters(table))
            step = _step(table, bound)
            self.nodes.append(_Node(node["name"], node["inputs"], bound, step))
        self.frozen = {
            f"{node.name}/{variable}" for node in self.nodes for variable in node.bound.entry.frozen
        }
        """Variables that training does not differentiate, as ``<node>/<variable>``."""

    def __call__(
        self,
        inputs: Mapping[str, Array],
        weights: Mapping[str, Array],
        around: Around = _alone,
    ) -> Answer:
        """Walk through the nodes in order.

        Args:
            inputs: Arrays by the name of their input, batch axis first.
            weights: Arrays by ``<node>/<variable>``, in Keras's layout.
            around: Context in which each node runs, given its name.

        Returns:
            Outputs in the model's order, and the shapes seen on the way.
        """
        values: dict[str, Array] = {name: inputs[name] for name in self.inputs}
        shapes: dict[str, list[int]] = {}
        probes: dict[str, list[int]] = {}
        own = _by_node(weights)
        for node in self.nodes:
            fed = [values[name] for name in node.inputs]
            if node.bound.layer == "Lambda":
                probes[node.name] = list(fed[0].shape)
            with around(node.name):
                values[node.name] = node.step(
                    fed[0] if len(fed) == 1 else fed, own.get(node.name, {})
                )
            shapes[node.name] = list(values[node.name].shape)
        return Answer([values[name] for name in self.outputs], shapes, probes)


def _by_node(weights: Mapping[str, Array]) -> dict[str, dict[str, Array]]:
    """``{"dense/kernel": k}`` as ``{"dense": {"kernel": k}}``."""
    nodes: dict[str, dict[str, Array]] = {}
    for name, array in weights.items():
        node, variable = name.split("/", 1)  # a variable may be called query/kernel
        nodes.setdefault(node, {})[variable] = array
    return nodes


def _function(table: Table, module: str, name: str) -> Step:
    found: Step = getattr(importlib.import_module(f"{table.package}.{module}"), name)
    return found


def _parameters(table: Table) -> Callable[[Entry], tuple[Sequence[str], Sequence[str]]]:
    def look(entry: Entry) -> tuple[Sequence[str], Sequence[str]]:
        signature = inspect.signature(_function(table, entry.module, entry.function))
        named = [p for p in signature.parameters.values() if p.kind is p.KEYWORD_ONLY]
        return [p.name for p in named], [p.name for p in named if p.default is p.empty]

    return look


def _step(table: Table, bound: Bound) -> Step:
    """The bound function as a callable of (inputs, weights)."""
    arguments: dict[str, Any] = {}
    for key, value in bound.arguments.items():
        if isinstance(value, Function):
            arguments[key] = _function(table, "activation", value.name)
        elif isinstance(value, Bound):
            arguments[key] = _step(table, value)
        else:
            arguments[key] = value
    return functools.partial(
        _function(table, bound.entry.module, bound.entry.function), **arguments
    )
