"""Which modules of torch really ran in a node, with which arguments and how many parameters."""

from __future__ import annotations

import functools
import inspect
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from torch.nn.modules.module import register_module_forward_hook

from conformance.adapters.native.binding import Bound, Function
from conformance.adapters.native.model import Node
from conformance.adapters.native.spy import Call, Spy, readable, same
from conformance.adapters.native.telling import symbols, told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

    from conformance.adapters.native.model import Model

_JSON = (bool, int, float, str)


class Watch:
    """Notes the modules that run inside each node of one walk through a model."""

    def __init__(self, model: Model) -> None:
        """Start with nothing seen.

        Args:
            model: The model that is to be walked through.
        """
        # Modules are seen when they run, with the arguments that they keep.
        self._spy = Spy(symbols(model), classes=False)
        self.ran: dict[str, list[nn.Module]] = {}
        self._uncounted = {node.name for node in model.nodes if node.owner != node.name}
        self._uncounted |= {node.name for node in model.functions}
        self._node = ""

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch every module that runs in the meantime."""
        with ExitStack() as stack:
            stack.callback(register_module_forward_hook(self._note).remove)
            stack.enter_context(self._spy.watching())
            yield

    @contextmanager
    def node(self, name: str) -> Iterator[None]:
        """Attribute what runs in the meantime to this node."""
        self._node = name
        self.ran.setdefault(name, [])
        with self._spy.node(name):
            yield

    def _note(self, module: nn.Module, _inputs: Any, _output: Any) -> None:
        self.ran[self._node].append(module)

    def counts(self, weights: dict[str, Any], frozen: set[str]) -> dict[str, Any]:
        """Parameter counts, of the modules where there are any, else of what the node was given."""
        nodes = {}
        for node, modules in self.ran.items():
            if node in self._uncounted:
                continue
            own = [p for module in modules for p in module.parameters()]
            if not own or any(name.split("/", 1)[0] == node for name in frozen):
                own = [w for name, w in weights.items() if name.split("/", 1)[0] == node]
            nodes[node] = sum(w.numel() for w in own)
        total = sum(nodes.values())
        still = sum(weights[name].numel() for name in frozen if name in weights)
        return {
            "total": total,
            "trainable": total - still,
            "non_trainable": still,
            "nodes": nodes,
        }

    def native(self, model: Model, weights: dict[str, Any]) -> list[dict[str, Any]]:
        """How each node was done, as ``Native`` (``conformance/adapters/host/observation.py``)."""
        return [
            self._entry(node, weights) if isinstance(node, Node) else node.told(self._spy)
            for node in model.walk
            if node.name in self.ran
        ]

    def _entry(self, whole: Node, weights: dict[str, Any]) -> dict[str, Any]:
        node, bound = whole.name, whole.bound
        modules = self.ran[node]
        inner = bound.arguments.get("layer")
        layouts = inner.entry.weights if isinstance(inner, Bound) else bound.entry.weights
        arguments: dict[str, Any] = {}
        for module in modules:
            arguments.update(constructor_arguments(module))
        calls = self._spy.of(node)
        for call in calls:
            arguments.update(call.arguments)
        for key, value in bound.arguments.items():
            if isinstance(value, Function):
                arguments[key] = value.symbol
            elif not modules and not isinstance(value, Bound) and all(c.around for c in calls):
                arguments[key] = value
        own = [f"torch.nn.{type(module).__name__}" for module in modules]
        symbol = bound.entry.symbol
        return {
            "node": node,
            "symbol": ", ".join([symbol, *(n for n in dict.fromkeys(own) if n not in symbol)]),
            "arguments": arguments,
            "weights": {
                variable: layout
                for variable, layout in layouts.items()
                if f"{whole.owner}/{variable}" in weights
            },
            "composed": bound.entry.composed,
            **told(whole, [*map(_made, modules), *calls]),
        }


def _made(module: nn.Module) -> Call:
    """A module as a call of its class."""
    arguments = {
        key: value for key, value in constructor_arguments(module).items() if key != "mode"
    }
    named = _constructor(type(module))
    defaults = {
        key: readable(named[key].default)
        for key in arguments
        if named[key].default is not inspect.Parameter.empty
    }
    return Call(f"torch.nn.{type(module).__name__}", arguments, defaults)


def constructor_arguments(module: nn.Module) -> dict[str, Any]:
    """The arguments that a module was made with, as far as they differ from the defaults."""
    arguments: dict[str, Any] = {}
    for name, parameter in _constructor(type(module)).items():
        value = getattr(module, name, None)
        if name == "bias":
            value = value is not None and value is not False
        if isinstance(value, tuple):
            value = list(value)
        plain = value if isinstance(value, list) else [value]
        if all(isinstance(item, _JSON) for item in plain) and not same(
            value, readable(parameter.default), parameter.default
        ):
            arguments[name] = value
    return arguments


def _constructor(kind: type) -> dict[str, inspect.Parameter]:
    """The parameters of a module's class."""
    # nn.LSTM and its kin pass everything on to their base class, which has the names.
    return _named(next((k for k in kind.__mro__[:-1] if _named(k)), kind))


@functools.cache  # a signature takes longer to find out than a small layer to compute
def _named(kind: type) -> dict[str, inspect.Parameter]:
    """The named parameters of a class's constructor."""
    named = inspect.signature(kind).parameters
    return {k: v for k, v in named.items() if v.kind not in {v.VAR_POSITIONAL, v.VAR_KEYWORD}}
