"""Which functions and modules of a framework a layer really came down to, with which arguments.

A table says that ``LayerNormalization`` is ``jax.nn.standardize``. While a walk through a model is
watched, the functions and classes that the table names are wrapped where they live, so that what is
noted is a call that happened, its arguments, and what the framework's own signature says of them.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import math
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_SYMBOL = re.compile(r"[a-z]\w*(?:\.\w+)+")
AROUND = (
    "torch.movedim",
    "torch.flip",
    "torch.nn.functional.pad",
    "jax.numpy.moveaxis",
    "jax.numpy.flip",
    "jax.numpy.pad",
)
"""Functions that stand around a module: which ones is of interest, their arguments are not."""

_INITIAL = re.compile(r"\w+_init|device|rngs")
"""Arguments that choose initial weights and where they lie: every weight is set by the case."""

_PLAIN = (bool, int, float, str, type(None))


class Call(NamedTuple):
    """One call of a function, or one module that was made."""

    symbol: str
    """The framework's own name: ``jax.nn.standardize``, ``flax.nnx.Linear``."""
    arguments: dict[str, Any]
    """What it was given besides arrays, as far as that differs from its defaults, as JSON."""
    defaults: dict[str, Any]
    """Its own defaults of these arguments, where it has any, from its signature."""
    around: bool = False
    """Whether it only brings arrays into the module's shape, and back."""

    def plain(self) -> dict[str, Any]:
        """The call as ``NativeCall`` (``conformance/adapters/host/observation.py``)."""
        return self._asdict()


class Spy:
    """Notes calls, node by node."""

    def __init__(self, symbols: Iterable[str], *, classes: bool = True) -> None:
        """Begin with nothing seen.

        Args:
            symbols: Dotted names of functions and classes; what can't be found is left out.
            classes: Whether to watch what is made of the classes among them.
        """
        self._classes = classes
        self.calls: dict[str, list[Call]] = {}
        wanted = list(dict.fromkeys(symbols))
        frameworks = {symbol.partition(".")[0] for symbol in wanted}
        lent = {"jax"} if "flax" in frameworks else set()
        self._symbols = wanted
        self._around = [
            symbol
            for symbol in AROUND
            if symbol.partition(".")[0] in frameworks | lent and symbol not in wanted
        ]
        self._node = ""
        self.inside = False
        """Whether a call is underway that is noted: what it calls itself is not."""

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch in the meantime."""
        # Without a context manager each: a small function takes no longer than entering three.
        replaced: list[tuple[Any, str, bool, Any]] = []
        _watching.append(self)
        try:
            for symbol in [*self._symbols, *self._around]:
                for owner, name, value in _places(symbol):
                    if isinstance(value, type):
                        if self._classes:
                            self._replace(symbol, value, "__init__", value, replaced)
                    else:
                        self._replace(symbol, owner, name, value, replaced)
            yield
        finally:
            _watching.remove(self)
            while replaced:
                owner, name, own, before = replaced.pop()
                if own:
                    setattr(owner, name, before)
                else:
                    delattr(owner, name)

    def _replace(
        self,
        symbol: str,
        owner: Any,
        name: str,
        value: Any,
        replaced: list[tuple[Any, str, bool, Any]],
    ) -> None:
        """Put what notes calls in an attribute's place, and what was there on a list."""
        before = getattr(owner, name)
        noting = _noting(symbol, before, value, symbol in self._around)
        own = name in vars(owner)  # else a base class has it, and is left alone
        try:
            setattr(owner, name, noting)
        except (AttributeError, TypeError):  # NumPy's own types and ufuncs can't be changed
            return
        replaced.append((owner, name, own, before))

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

    def noted(self, call: Call) -> None:
        """Take down a call, for the node that is at work."""
        self.calls.setdefault(self._node, []).append(call)


_watching: list[Spy] = []
"""The spies that watch, the innermost last."""


@functools.cache  # wrapping a function takes longer than many a function does
def _noting(symbol: str, original: Callable[..., Any], value: Any, around: bool) -> Any:  # noqa: FBT001
    """A function as it was, that tells the spy of its calls."""
    made = isinstance(value, type)

    @functools.wraps(original, updated=())
    def noting(*args: Any, **kwargs: Any) -> Any:
        spy = _watching[-1] if _watching else None
        if spy is None or spy.inside:  # the framework's own affair
            return original(*args, **kwargs)
        spy.inside = True
        try:
            if around:
                call = Call(symbol, {}, {}, around=True)
            else:
                call = Call(symbol, *_given(value, args[1:] if made else args, kwargs))
            spy.noted(call)
            return original(*args, **kwargs)
        finally:
            spy.inside = False

    return noting


def names(symbol: str) -> list[str]:
    """The dotted names in a table's text: ``torch.nn.ReLU, torch.nn.ReLU6``."""
    return _SYMBOL.findall(symbol)


@functools.cache
def _places(symbol: str) -> list[tuple[Any, str, Any]]:
    """Where a function or class is found by those who call it."""
    module, _, name = symbol.rpartition(".")
    places = [_found(symbol)]
    if module == "flax.nnx":  # which hands on functions of jax.nn
        other = _found(f"jax.nn.{name}")
        if places[0] and other and other[2] is places[0][2]:
            places.append(other)
    return [place for place in places if place is not None]


def _found(symbol: str) -> tuple[Any, str, Any] | None:
    """(owner, attribute, value) of a function or class by its dotted name."""
    module, _, name = symbol.rpartition(".")
    above, _, kind = module.rpartition(".")
    # ``torch.Tensor.expand`` is found in a class, which is found in a module.
    owner = _module(module) or getattr(_module(above), kind, None)
    value = getattr(owner, name, None)
    return (owner, name, value) if callable(value) else None


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name) if name else None
    except ImportError:
        return None


def _given(
    value: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The plain arguments that differ from the defaults, and the defaults of these."""
    parameters = _parameters(value)
    given = {**dict(zip(parameters, args)), **kwargs}
    arguments: dict[str, Any] = {}
    defaults: dict[str, Any] = {}
    for key, argument in given.items():
        if _INITIAL.fullmatch(key):
            continue
        default = parameters.get(key, inspect.Parameter.empty)
        shown = readable(argument)
        if shown is None and argument is not None:
            continue
        known = None if default is inspect.Parameter.empty else readable(default)
        if default is not inspect.Parameter.empty and same(shown, known, default):
            continue
        arguments[key] = shown
        if default is not inspect.Parameter.empty and (known is not None or default is None):
            defaults[key] = known
    return arguments, defaults


def same(shown: Any, known: Any, default: Any) -> bool:
    """Whether an argument is the default, if only written out: ``[1, 1]`` for ``1``."""
    if shown is None:
        return default is None
    if isinstance(shown, list) and shown and not isinstance(known, list):
        return all(type(one) is type(known) and one == known for one in shown)
    return bool(shown == known)


def readable(value: Any) -> Any:
    """A value as JSON, a function by its name; None for what has no short form, as arrays."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON has no infinity
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
    if not isinstance(value, type):
        return _named(value)
    # A class by its constructor, or by a base's: nn.LSTM and its kin pass everything on to theirs.
    constructors = [
        vars(kind)["__init__"] for kind in value.__mro__[:-1] if "__init__" in vars(kind)
    ]
    named = [_named(constructor) for constructor in constructors]
    found = next((names for names in named if len(names) > 1), {})
    return dict(list(found.items())[1:])  # without self


def _named(function: Any) -> dict[str, Any]:
    try:
        found = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return {}
    return {p.name: p.default for p in found if p.kind not in {p.VAR_POSITIONAL, p.VAR_KEYWORD}}
