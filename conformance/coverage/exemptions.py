"""What need not be exercised, each with its reason: ``exempt.yaml``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from conformance.cases import fields
from conformance.cases.model import Place
from conformance.cases.problems import Log, Problem, Where
from conformance.cases.reading import Seq, read_file
from conformance.globs import matches

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = Path(__file__).with_name("exempt.yaml")


class Exemption(Struct, frozen=True, kw_only=True):
    """Layers or other symbols, or arguments of them, that no case has to exercise.

    In patterns ``*`` stands for any characters. An argument of a call is written ``call.mask``;
    a pattern without the prefix is about the constructor.
    """

    layers: list[str]
    arguments: list[str] | None
    """None: the layers or symbols as a whole."""
    reason: str
    place: Place
    symbols: list[str] = []
    """Patterns of functions and objects: ``ops.while_loop``."""

    def covers(self, layer: str, argument: str | None) -> bool:
        """Whether it is about this layer (``argument=None``) or this argument of it."""
        if not any(matches(pattern, layer) for pattern in self.layers):
            return False
        if self.arguments is None:
            return True
        return argument is not None and any(
            matches(pattern, argument)
            and pattern.startswith("call.") == argument.startswith("call.")
            for pattern in self.arguments
        )

    def covers_symbol(self, symbol: str, argument: str | None) -> bool:
        """Whether it is about this function or object (``argument=None``), or this argument."""
        if not any(matches(pattern, symbol) for pattern in self.symbols):
            return False
        if self.arguments is None or argument is None:
            return self.arguments is None and argument is None
        return any(matches(pattern, argument) for pattern in self.arguments)


def read_exemptions(path: Path = FILE) -> tuple[list[Exemption], list[Problem]]:
    """The exemptions of a file that are sound, and everything that is wrong with it."""
    log = Log(path.name)
    document = read_file(path, log)
    if document is None:
        return [], log.sorted()
    if not isinstance(document.value, Seq):
        Where(log, "", (1, 1)).mistyped("a list of exemptions", document.value)
        return [], log.sorted()
    return list(_entries(document.value, log)), log.sorted()


def _entries(written: Seq, log: Log) -> Iterator[Exemption]:
    for index, value in enumerate(written):
        where = Where(log, "", written.at[index])
        before = log.noted
        given = fields.mapping(
            value, where, ("layers", "symbols", "arguments", "reason"), required=("reason",)
        )
        if given is None:
            continue
        about = [key for key in ("layers", "symbols") if key in given]
        if len(about) != 1:
            where.refuse("is about nothing in particular", expected="`layers` or `symbols`")
            continue
        names = _names(given.get(about[0]), where, about[0])
        arguments = None
        if "arguments" in given:
            arguments = _names(given["arguments"], where.value(given, "arguments"), "arguments")
        reason = fields.text(given.get("reason"), where, "the reason")
        if log.noted == before and reason is not None:
            place = Place(file=log.file, line=where.at[0], column=where.at[1])
            yield Exemption(
                layers=names if about[0] == "layers" else [],
                symbols=names if about[0] == "symbols" else [],
                arguments=arguments,
                reason=reason.strip(),
                place=place,
            )


def _names(value: object, where: Where, what: str) -> list[str]:
    if isinstance(value, str):
        return [value]
    listed = fields.items(value, where, what) or ()
    for name in listed:
        if not isinstance(name, str):
            where.mistyped(f"names of {what}", name)
    return [name for name in listed if isinstance(name, str)]
