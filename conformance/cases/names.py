"""The names that Keras gives to layers, losses and optimizers, and to their arguments.

They find typing mistakes only. What a case may ask for is decided by the reference that has to
answer it, so a layer that is unlike every known one is let through.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec

from conformance.cases.problems import closest

Kind = Literal["layers", "optimizers", "losses"]

EVERY_LAYER = ("name", "dtype", "trainable", "activity_regularizer", "autocast")
"""Arguments of the base layer."""
DECLARING = ("input_shape", "input_dim", "batch_shape", "batch_input_shape")
"""Arguments by which a first layer declares the model's input, in Keras 2's way."""
LEGACY = (*DECLARING, "batch_size")
"""Arguments that Keras 2 took on every layer."""

_NEARLY, _REMOTELY = 0.75, 0.5
"""Likeness from which a name counts as a mistyped other one; from which that one is suggested."""
_CAMEL_CASE = re.compile(r"[A-Z][A-Za-z0-9]*")


class _Names(msgspec.Struct, frozen=True):
    """The data file: argument names by symbol, each ``required``, a ``flag`` or neither."""

    source: str
    layers: dict[str, dict[str, Literal["required", "flag", ""]]]
    aliases: dict[str, str]
    optimizers: dict[str, dict[str, Literal["required", "flag", ""]]]
    losses: dict[str, dict[str, Literal["required", "flag", ""]]]


@cache
def _names() -> _Names:
    content = Path(__file__).with_name("keras_names.json").read_bytes()
    return msgspec.json.decode(content, type=_Names)


def arguments(kind: Kind, symbol: str) -> dict[str, Literal["required", "flag", ""]] | None:
    """Own arguments of a symbol: name to ``required``, ``flag`` (true or false) or nothing.

    None for a symbol that is not known; then nothing can be said about its arguments.
    """
    table: dict[str, Any] = getattr(_names(), kind)
    return table.get(symbol)


def known(kind: Kind) -> list[str]:
    """Every known name of a kind, sorted."""
    return sorted(getattr(_names(), kind))


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
    meant = closest(symbol, getattr(_names(), kind), cutoff=nearly)
    hint = f"did you mean {meant!r}?" if meant else ""
    if kind == "layers" and not _CAMEL_CASE.fullmatch(symbol):
        return f"{symbol!r} is no name of a layer, which is written like 'MaxPooling2D'", hint
    return (f"{symbol!r} is not in Keras", hint) if hint or kind != "layers" else None


def looks_like_layer(symbol: str) -> bool:
    """Whether this is a layer's name, or was meant to be one."""
    return _CAMEL_CASE.fullmatch(symbol) is not None and (
        arguments("layers", symbol) is not None or symbol in _names().aliases
    )
