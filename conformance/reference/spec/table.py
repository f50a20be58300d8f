"""The one table of definitions: which symbol of Keras is defined by what, and in which module.

A definition is entered by a decorator that names its symbol, ``@defines("ops.sum")``; a layer's by
``@register("Dense")``, which is ``layers.Dense``. Modules are found by these words in their source
and imported when a symbol of theirs is asked for, so a new definition is written in one place.
"""

from __future__ import annotations

import functools
import importlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from conformance.adapters.shared.layer_names import automatic_name
from conformance.reference.errors import Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable

D = TypeVar("D")

_PACKAGE = __name__.rpartition(".")[0]
_ENTRY = re.compile(r"^@(defines|register)\(([^)]*)\)", re.MULTILINE)
_NAME = re.compile(r'"([A-Za-z0-9_.]+)"')

_definitions: dict[str, Any] = {}


def defines(*symbols: str, differentiable: bool = True) -> Callable[[D], D]:  # noqa: ARG001 (read from the source)
    """Enter a definition under the symbols that a user writes, without ``keras.``.

    Args:
        symbols: Such as ``ops.sum``.
        differentiable: Whether its answer has a gradient; see :func:`differentiable`.
    """

    def enter(definition: D) -> D:
        for symbol in symbols:
            _definitions[symbol] = definition
        return definition

    return enter


class _Entered(NamedTuple):
    """What a decorator says: the module that it stands in, and whether there are gradients."""

    home: str
    differentiable: bool


@functools.cache
def _entries() -> dict[str, _Entered]:
    folder = Path(__file__).parent
    found: dict[str, _Entered] = {}
    for path in sorted(folder.rglob("*.py")):
        within = path.relative_to(folder).with_suffix("").parts
        module = ".".join([_PACKAGE, *within]).removesuffix(".__init__")
        for kind, names in _ENTRY.findall(path.read_text("utf-8")):
            prefix = "layers." if kind == "register" else ""
            entered = _Entered(module, "differentiable=False" not in names)
            found |= dict.fromkeys((prefix + name for name in _NAME.findall(names)), entered)
    return found


@functools.cache
def homes() -> dict[str, str]:
    """The module of every symbol, by the symbol."""
    return {symbol: entered.home for symbol, entered in _entries().items()}


def differentiable(symbol: str) -> bool:
    """Whether a symbol's answer has a gradient; known without importing its definition.

    Integers and booleans never have one, and a decomposition that is not unique has none that
    could be stated. A symbol that is not in the table counts as differentiable.
    """
    entered = _entries().get(symbol)
    return entered is None or entered.differentiable


def known(namespace: str) -> list[str]:
    """The symbols of a namespace, ``layers`` or ``ops``, without it, sorted."""
    return sorted(
        symbol.removeprefix(f"{namespace}.")
        for symbol in homes()
        if symbol.startswith(f"{namespace}.")
    )


def named(namespace: str, name: str) -> str:
    """The symbol of a class by its name, ``Huber``, or by that of its function: ``huber``.

    A name of neither is taken for a class's, which :func:`find` then refuses.
    """
    classes = {automatic_name(one): one for one in known(namespace) if one[:1].isupper()}
    return f"{namespace}.{classes.get(name, name)}"


def find(symbol: str) -> Any:
    """The definition of a symbol.

    Raises:
        Unsupported: The reference has none.
    """
    if symbol not in _definitions:
        home = homes().get(symbol)
        if home is None:
            namespace = symbol.partition(".")[0]
            message = f"{symbol} is not in the reference (it has {', '.join(known(namespace))})"
            raise Unsupported(message)
        importlib.import_module(home)
    return _definitions[symbol]
