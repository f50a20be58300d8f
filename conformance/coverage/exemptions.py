"""What need not be exercised, each with its reason: ``exempt.yaml``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from conformance.cases import fields
from conformance.cases.model import Place
from conformance.cases.problems import Log, Problem, Where
from conformance.cases.reading import Seq, read_file
from conformance.facets import FACETS
from conformance.globs import matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.cases.reading import Map

FILE = Path(__file__).with_name("exempt.yaml")
_ABOUT = ("layers", "symbols", "namespaces")
_PARTS = ("arguments", "facets")


class Exemption(Struct, frozen=True, kw_only=True):
    """Layers or other symbols, arguments or facets of them, or namespaces, that need no case.

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
    namespaces: list[str] = []
    """Patterns of namespaces that are left out as a whole: ``datasets.*``."""
    facets: list[str] | None = None
    """It is about these facets of the layers or symbols, and about nothing else of them."""
    lacking: str | None = None
    """With ``facets``: only of what takes no argument that this pattern matches."""

    def covers(self, layer: str, argument: str | None) -> bool:
        """Whether it is about this layer (``argument=None``) or this argument of it."""
        if self.facets is not None or not any(matches(pattern, layer) for pattern in self.layers):
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
        if self.facets is not None or not any(matches(pattern, symbol) for pattern in self.symbols):
            return False
        if self.arguments is None or argument is None:
            return self.arguments is None and argument is None
        return any(matches(pattern, argument) for pattern in self.arguments)

    def covers_facet(self, subject: str, facet: str, arguments: Iterable[str]) -> bool:
        """Whether it is about a facet of a layer, or of a symbol.

        Args:
            subject: ``Dense``, or ``ops.sum``.
            facet: its name.
            arguments: what the layer or symbol takes.
        """
        patterns = self.symbols if "." in subject else self.layers
        return (
            facet in (self.facets or ())
            and any(matches(pattern, subject) for pattern in patterns)
            and not (self.lacking and any(matches(self.lacking, one) for one in arguments))
        )

    def covers_namespace(self, namespace: str) -> bool:
        """Whether it leaves this namespace out as a whole."""
        return any(matches(pattern, namespace) for pattern in self.namespaces)


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
        known = (*_ABOUT, "arguments", "facets", "lacking", "reason")
        given = fields.mapping(value, where, known, required=("reason",))
        if given is None:
            continue
        about = [key for key in _ABOUT if key in given]
        if len(about) != 1:
            where.refuse(
                "is about nothing in particular", expected="`layers`, `symbols` or `namespaces`"
            )
            continue
        names = {key: _names(given[key], where, key) for key in (*about, *_PARTS) if key in given}
        _refuse_parts(given, about[0], where)
        unknown = [one for one in names.get("facets", ()) if one not in FACETS]
        if unknown:
            where.value(given, "facets").refuse(f"names no facet: {unknown[0]}")
        lacking = fields.text(given["lacking"], where, "lacking") if "lacking" in given else None
        reason = fields.text(given.get("reason"), where, "the reason")
        if log.noted == before and reason is not None:
            place = Place(file=log.file, line=where.at[0], column=where.at[1])
            yield Exemption(
                layers=names.get("layers", []),
                symbols=names.get("symbols", []),
                namespaces=names.get("namespaces", []),
                arguments=names.get("arguments"),
                facets=names.get("facets"),
                lacking=lacking,
                reason=reason.strip(),
                place=place,
            )


def _refuse_parts(given: Map, about: str, where: Where) -> None:
    """An entry is about arguments or about facets, and about neither of a namespace."""
    parts = [key for key in _PARTS if key in given]
    if parts and about == "namespaces":
        where.key(given, parts[0]).refuse("says nothing beside `namespaces`")
    elif len(parts) > 1:
        where.key(given, parts[1]).refuse(f"is beside `{parts[0]}`", hint="write two entries")
    elif "lacking" in given and "facets" not in given:
        where.key(given, "lacking").refuse("is here without `facets`")


def _names(value: object, where: Where, what: str) -> list[str]:
    if isinstance(value, str):
        return [value]
    listed = fields.items(value, where, what) or ()
    for name in listed:
        if not isinstance(name, str):
            where.mistyped(f"names of {what}", name)
    return [name for name in listed if isinstance(name, str)]
