"""Readers of what ledgers and capability files have in common.

As in :mod:`conformance.cases.fields`, a reader returns None when it has refused the value; the
reason is in the log then.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from conformance.cases import fields
from conformance.cases.reading import Map, Seq
from conformance.facets import FACETS

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.cases.problems import Where

_ID: Final = re.compile(r"[a-z0-9][a-z0-9._-]*")
_MOST_CASES: Final = 1_000_000


def texts(what: str) -> Callable[[object, Where], list[str] | None]:
    """Make a reader of one text or a list of them."""

    def read(value: object, where: Where) -> list[str] | None:
        if not isinstance(value, Seq):
            one = fields.text(value, where, what)
            return None if one is None else [one]
        found = fields.items(value, where, what)
        texts = [fields.text(v, where.item(value, i), what) for i, v in enumerate(found or [])]
        return [one for one in texts if one is not None]

    return read


def one_of(known: tuple[str, ...]) -> Callable[[object, Where], str | None]:
    """Make a reader of one of some words."""
    return lambda value, where: fields.choice(value, where, known)


def identifier(value: object, where: Where) -> str | None:
    """Read an id."""
    return fields.word(value, where, _ID, "lower case letters, digits, '-', '.' and '_'")


def cap(value: object, where: Where) -> int | None:
    """Read the largest admissible number of cases."""
    return fields.whole(value, where, least=1, most=_MOST_CASES, what="a number of cases")


def facets(value: object, where: Where) -> list[str] | None:
    """Read a list of facets."""
    if not isinstance(value, Seq):
        where.mistyped("a list of facets", value)
        return None
    found = fields.items(value, where, "facets")
    names = [fields.choice(v, where.item(value, i), [*FACETS]) for i, v in enumerate(found or [])]
    return [name for name in names if name is not None]


def when(value: object, where: Where) -> dict[str, SpecifierSet] | None:
    """Read conditions on versions, by distribution."""
    if not isinstance(value, Map) or not value:
        where.mistyped('a mapping such as {keras: ">=3.0"}', value)
        return None
    found = {}
    for name, written in value.items():
        at = where.value(value, name)
        specifier = fields.text(written, at, 'versions such as ">=3.0,<3.16"')
        try:
            found[name] = SpecifierSet(specifier or "")
        except InvalidSpecifier:
            at.refuse("is no version specifier", expected='versions such as ">=3.0,<3.16"')
    return found


def reason(value: object, where: Where) -> str | None:
    """Read a reason, its lines joined."""
    found = fields.text(value, where, "what it does instead, and why")
    return None if found is None else " ".join(found.split())
