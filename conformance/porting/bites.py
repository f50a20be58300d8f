"""What a port by hand stumbles over: defaults that differ, arguments that mean something else."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from conformance.porting.rules import AT_STEP
from conformance.porting.text import literal, short

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conformance.porting.model import Argument, Row, Way

Kind = Literal["default", "meaning", "wordless"]


class Bite(Struct, frozen=True, kw_only=True):
    """One such thing, of all layers that share it. Values are as Python writes them."""

    kind: Kind
    """``default``: left out on both sides, two layers differ; ``meaning``: the argument is another
    one than Keras's; ``wordless``: Keras has no word for what must be passed."""
    layers: list[str]
    keras: str
    """Keras's default: ``momentum=0.99``."""
    native: str
    """The framework's: ``momentum=0.1``."""
    wanted: str
    """What to pass: ``momentum=0.01``, or in Keras's words ``momentum = 1 - momentum``."""
    call: str
    """To what: ``F.batch_norm``."""
    proof: str
    """A case."""


def bites(rows: Sequence[Row]) -> list[Bite]:
    """All of a framework's, those of one kind together, in the order of the rows."""
    kinds: dict[Kind, dict[tuple[str, str, str, str], list[tuple[Row, Argument]]]] = {
        "default": defaultdict(list),
        "meaning": defaultdict(list),
        "wordless": defaultdict(list),
    }
    for row, argument in _arguments(rows):
        for kind in _kinds(argument):
            kinds[kind][_key(kind, argument)].append((row, argument))
    return [
        Bite(
            kind=kind,
            layers=list(dict.fromkeys(row.layer.removeprefix("activation: ") for row, _ in some)),
            keras=keras,
            native=native,
            wanted=wanted,
            call=call,
            proof=next(iter(some[0][1].proofs), ""),
        )
        for kind, found in kinds.items()
        for (keras, native, wanted, call), some in found.items()
    ]


def own(way: Way) -> list[Argument]:
    """Arguments of what the way is called by: an activation within a layer is a row of its own."""
    named = set(re.findall(r"[a-z]\w*(?:\.\w+)+", way.symbol))
    return [argument for argument in way.arguments if argument.call.partition(" ")[0] in named]


def _arguments(rows: Sequence[Row]) -> Iterable[tuple[Row, Argument]]:
    """Every argument of the first way of each layer, and of the first of two like calls."""
    for row in rows:
        for argument in own(row.ways[0]) if row.ways else ():
            if " " not in argument.call:
                yield row, argument


def _kinds(argument: Argument) -> Iterable[Kind]:
    if argument.differs and argument.kind in {"same", "converted"} and not is_size(argument):
        yield "default"
    if argument.kind == "converted":
        yield "meaning"
    if argument.kind == "fixed" and argument.known:
        yield "wordless"


def is_size(argument: Argument) -> bool:
    """Whether the default is None, which stands for a size that is made of others."""
    return argument.native_default is None and not isinstance(argument.equivalent, float)


def _key(kind: Kind, argument: Argument) -> tuple[str, str, str, str]:
    call, native = short(argument.call), f"{argument.native}={literal(argument.native_default)}"
    if kind == "default":
        keras = f"{argument.keras}={literal(argument.keras_default)}"
        wanted = f"{argument.native}={literal(argument.equivalent)}"
        if AT_STEP in argument.rule:
            wanted = f"{argument.native} = {argument.rule}"
        return keras, native, wanted, call
    if kind == "meaning":
        return "", "", f"{argument.native} = {argument.rule}", call
    return "", native, f"{argument.native}={argument.rule}", call
