"""The names that Keras gives to its symbols and to their arguments.

They find typing mistakes only. What a case may ask for is decided by the reference that has to
answer it, so a layer that is unlike every known one is let through.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from conformance.cases import dictionaries
from conformance.cases.problems import closest

Kind = Literal["layers", "optimizers", "losses", "metrics", "callbacks"]

EVERY_LAYER = ("name", "dtype", "trainable", "activity_regularizer", "autocast")
"""Arguments of the base layer."""
DECLARING = ("input_shape", "input_dim", "batch_shape", "batch_input_shape")
"""Arguments by which a first layer declares the model's input, in Keras 2's way."""
LEGACY = (*DECLARING, "batch_size")
"""Arguments that Keras 2 took on every layer."""
UNLISTED = {
    "Embedding": ("input_length",),
    "GRU": ("implementation",),
    "LSTM": ("implementation",),
    "LeakyReLU": ("alpha",),
}
"""Arguments that Keras still takes of a layer, and no longer lists."""

_NEARLY, _REMOTELY = 0.75, 0.5
"""Likeness from which a name counts as a mistyped other one; from which that one is suggested."""
_CAMEL_CASE = re.compile(r"[A-Z][A-Za-z0-9]*")
_SYMBOL = re.compile(r"[a-z][a-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)+")


Arguments = dict[str, Literal["required", "flag", ""]]
"""Names of arguments in order, each ``required``, a ``flag`` (true or false) or neither."""


class _Names(msgspec.Struct, frozen=True):
    """The data file, which tools/keras_names.py writes: argument names by symbol."""

    source: str
    layers: dict[str, Arguments]
    aliases: dict[str, str]
    optimizers: dict[str, Arguments]
    losses: dict[str, Arguments]
    functions: dict[str, Arguments]
    function_aliases: dict[str, str]
    made: dict[str, tuple[Arguments, Arguments]]
    objects: dict[str, Arguments]
    applications: dict[str, Arguments]
    callbacks: dict[str, Arguments]


class Signature(NamedTuple):
    """How a function is called; ``make`` is there where it has to be made first."""

    make: Arguments | None
    call: Arguments
    """A variadic parameter has a star: ``*operands``."""


@cache
def _names() -> _Names:
    content = Path(__file__).with_name("keras_names.json").read_bytes()
    return msgspec.json.decode(content, type=_Names)


def arguments(kind: Kind, symbol: str) -> Arguments | None:
    """Own arguments of a symbol: name to ``required``, ``flag`` (true or false) or nothing.

    None for a symbol that is not known; then nothing can be said about its arguments.
    """
    return _table(kind).get(symbol)


def known(kind: Kind) -> list[str]:
    """Every known name of a kind, sorted."""
    return sorted(_table(kind))


def _table(kind: Kind) -> dict[str, Arguments]:
    if kind == "metrics":
        return _metrics()
    found: dict[str, Arguments] = getattr(_names(), kind)
    return found


@cache
def _metrics() -> dict[str, Arguments]:
    """Metrics' classes, and the functions that Keras makes metrics of."""
    both = {**_names().functions, **_names().objects}
    return {
        symbol.removeprefix("metrics."): own
        for symbol, own in both.items()
        if symbol.startswith("metrics.")
    }


def unfit(kind: Kind, symbol: str) -> tuple[str, str] | None:
    """What is wrong with a name, and what to do about it; None if nothing is.

    An unknown optimizer or loss is wrong; a layer only if it isn't written as layers are, or is
    nearly a known one: other frameworks' and older Keras's layers have names of their own.
    """
    if arguments(kind, symbol) is not None:
        return None
    if kind == "layers" and symbol in _names().aliases:
        return f"{symbol!r} is another name of a layer", f"write {_names().aliases[symbol]!r}"
    nearly = _NEARLY if kind == "layers" else _REMOTELY
    meant = closest(symbol, _table(kind), cutoff=nearly)
    hint = f"did you mean {meant!r}?" if meant else ""
    if kind == "layers" and not _CAMEL_CASE.fullmatch(symbol):
        return f"{symbol!r} is no name of a layer, which is written like 'MaxPooling2D'", hint
    return (f"{symbol!r} is not in Keras", hint) if hint or kind != "layers" else None


IN_MODELS = ("ops.", "activations.", "applications.")
"""How the functions begin that Keras documents to take symbolic tensors, and so to be nodes."""


def signature(symbol: str) -> Signature | None:
    """How a function is called, ``ops.where`` or ``losses.Huber``; None if it is not known."""
    if symbol in _names().functions:
        return Signature(None, _names().functions[symbol])
    if dictionaries.takes(symbol):
        return _of_dictionaries(symbol.removeprefix(dictionaries.PREFIX))
    made = _names().made.get(symbol)
    return None if made is None else Signature(*made)


def _of_dictionaries(layer: str) -> Signature:
    """How a layer of images is made, and called on a dictionary."""
    base = dict.fromkeys((*EVERY_LAYER, *dictionaries.BASE_ARGUMENTS), "")
    return Signature({**base, **_names().layers.get(layer, {})}, {**dictionaries.CALL})  # type: ignore[dict-item] # its words are those of Arguments


def object_arguments(symbol: str) -> Arguments | None:
    """Constructor's arguments of what has a memory, ``metrics.Mean``; None if it is not known."""
    return _names().objects.get(symbol)


def application_arguments(name: str) -> Arguments | None:
    """Arguments of what puts a model together, ``ResNet50``; None if it is not known."""
    return _names().applications.get(name)


def applications() -> list[str]:
    """Every model of keras.applications, sorted."""
    return sorted(_names().applications)


def functions() -> list[str]:
    """Every known function, and what is made and then called, sorted."""
    return sorted([*_names().functions, *_names().made, *dictionaries.SYMBOLS])


def in_models() -> list[str]:
    """The known functions that can be nodes of a model, sorted."""
    return [name for name in functions() if name.startswith(IN_MODELS)]


def objects() -> list[str]:
    """Everything known that has a memory, sorted."""
    return sorted(_names().objects)


def unfit_symbol(symbol: str, table: Literal["function", "object"]) -> tuple[str, str] | None:
    """What is wrong with a function's or an object's name, and what to do; None if nothing is.

    A name that is unlike every known one is let through: a newer Keras may have it.
    """
    whole = symbol.removeprefix("keras.")
    if whole != symbol or not _SYMBOL.fullmatch(symbol):
        message = f"{symbol!r} is no public name without `keras.`, such as 'ops.where'"
        return message, f"write {whole!r}" if _SYMBOL.fullmatch(whole) else ""
    known = functions() if table == "function" else objects()
    if symbol in known:
        return None
    other = objects() if table == "function" else functions()
    if symbol in other:
        key = "object" if table == "function" else "function"
        return f"{symbol!r} is called otherwise", f"write it under `{key}`"
    if symbol.startswith(dictionaries.PREFIX):
        layer = symbol.removeprefix(dictionaries.PREFIX)
        return f"{symbol!r} takes no dictionary of images", f"write it as `layer: {layer}`"
    if symbol in _names().function_aliases:
        return f"{symbol!r} is another name", f"write {_names().function_aliases[symbol]!r}"
    meant = closest(symbol, known, cutoff=_NEARLY)
    return (f"{symbol!r} is not in Keras", f"did you mean {meant!r}?") if meant else None


def is_made(symbol: str) -> bool:
    """Whether a symbol is a class: its last part is written ``LikeThis``."""
    return symbol.rpartition(".")[2][:1].isupper()


def looks_like_layer(symbol: str) -> bool:
    """Whether this is a layer's name, or was meant to be one."""
    return _CAMEL_CASE.fullmatch(symbol) is not None and (
        arguments("layers", symbol) is not None or symbol in _names().aliases
    )
