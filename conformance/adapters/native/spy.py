"""Which functions and modules of a framework a layer really came down to, with which arguments.

A table says that ``LayerNormalization`` is ``jax.nn.standardize``. While a walk through a model is
watched, the functions and classes that the table names are wrapped where they live, so that what is
noted is a call that happened, its arguments, and what the framework's own signature says of them.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import re
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Callable, NamedTuple
from unittest import mock

from conformance.adapters.native.binding import Bound, Function

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from conformance.adapters.native.model import Model

_SYMBOL = re.compile(r"[a-z]\w*(?:\.\w+)+")
_PLAIN = (bool, int, float, str, type(None))


class Call(NamedTuple):
    """One call of a function, or one module that was made."""

    symbol: str
    """The framework's own name: ``jax.nn.standardize``, ``flax.nnx.Linear``."""
    arguments: dict[str, Any]
    """What it was given besides arrays, as far as that differs from its defaults, as JSON."""
    defaults: dict[str, Any]
    """Its own defaults of these arguments, where it has any, from its signature."""

    def plain(self) -> dict[str, Any]:
        """The call as ``NativeCall`` (``conformance/adapters/observation.py``)."""
        return self._asdict()


class Spy:
    """Notes calls, node by node."""

    def __init__(self, symbols: Iterable[str]) -> None:
        """Begin with nothing seen.

        Args:
            symbols: Dotted names of functions and classes; what can't be found is left out.
        """
        self.calls: dict[str, list[Call]] = {}
        self._symbols = list(dict.fromkeys(symbols))
        self._node = ""
        self._inside = False

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch in the meantime."""
        with ExitStack() as stack:
            for symbol in self._symbols:
                found = _found(symbol)
                if found is None:
                    continue
                owner, name, value = found
                if isinstance(value, type):
                    owner, name = value, "__init__"
                original = getattr(owner, name)
                noting = self._noting(symbol, original, value)
                stack.enter_context(mock.patch.object(owner, name, noting))
            yield

    @contextmanager
    def node(self, name: str) -> Iterator[None]:
        """Attribute what is called in the meantime to this node."""
        self._node = name
        yield

    def of(self, node: str) -> list[Call]:
        """The calls within a node, each that differs once, in the order of their first time."""
        seen: list[Call] = []
        for call in self.calls.get(node, []):
            if call not in seen:
                seen.append(call)
        return seen

    def _noting(self, symbol: str, original: Callable[..., Any], value: Any) -> Callable[..., Any]:
        made = isinstance(value, type)

        @functools.wraps(original, updated=())
        def noting(*args: Any, **kwargs: Any) -> Any:
            if self._inside:  # the framework's own affair
                return original(*args, **kwargs)
            self._inside = True
            try:
                given = _given(value, args[1:] if made else args, kwargs)
                self.calls.setdefault(self._node, []).append(Call(symbol, *given))
                return original(*args, **kwargs)
            finally:
                self._inside = False

        return noting


def symbols(model: Model) -> list[str]:
    """Every name of the framework that the tables give for a model's layers and activations."""
    return [symbol for node in model.nodes for symbol in _of(node.bound)]


def _of(bound: Bound) -> Iterator[str]:
    yield from names(bound.entry.symbol)
    for value in bound.arguments.values():
        for one in value.values() if isinstance(value, dict) else [value]:
            if isinstance(one, Function):
                yield from names(one.symbol)
            elif isinstance(one, Bound):
                yield from _of(one)


def names(symbol: str) -> list[str]:
    """The dotted names in a table's text: ``torch.nn.ReLU, torch.nn.ReLU6``."""
    return _SYMBOL.findall(symbol)


@functools.cache
def _found(symbol: str) -> tuple[Any, str, Any] | None:
    """(owner, attribute, value) of a function or class by its dotted name."""
    module, _, name = symbol.rpartition(".")
    try:
        owner: Any = importlib.import_module(module)
    except ImportError:
        above, _, kind = module.rpartition(".")
        owner = getattr(importlib.import_module(above), kind, None) if above else None
    value = getattr(owner, name, None)
    return (owner, name, value) if callable(value) and owner is not None else None


def _given(
    value: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The plain arguments that differ from the defaults, and the defaults of these."""
    parameters = _parameters(value)
    given = {**dict(zip(parameters, args)), **kwargs}
    arguments: dict[str, Any] = {}
    defaults: dict[str, Any] = {}
    for key, argument in given.items():
        default = parameters.get(key, inspect.Parameter.empty)
        shown = readable(argument)
        if shown is None and argument is not None:
            continue
        known = None if default is inspect.Parameter.empty else readable(default)
        if default is not inspect.Parameter.empty and (shown == known and argument is not None):
            continue
        if argument is None and default is None:
            continue
        arguments[key] = shown
        if default is not inspect.Parameter.empty and (known is not None or default is None):
            defaults[key] = known
    return arguments, defaults


def readable(value: Any) -> Any:
    """A value as JSON, a function by its name; None for what has no short form, as arrays."""
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, (list, tuple)):
        items = [readable(item) for item in value]
        return None if any(item is None for item in items) else items
    name = getattr(value, "__name__", None)
    if callable(value) and isinstance(name, str) and not isinstance(value, type):
        return name
    return None


@functools.cache  # a signature takes longer to find out than a small layer to compute
def _parameters(value: Any) -> dict[str, Any]:
    """Parameters by name, with their defaults; of C functions nothing is known."""
    try:
        found = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):
        return {}
    return {p.name: p.default for p in found if p.kind not in {p.VAR_POSITIONAL, p.VAR_KEYWORD}}
