"""The entries of the ledger and how they are read from ``cases/divergences/*.yaml``.

The same strictness as for cases: an unknown key, a missing one or a wrong type is a problem with
file, line and column, and all problems of a file come in one go.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Final, Literal, TypeVar, cast, get_args

from msgspec import Struct
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from conformance.cases import fields
from conformance.cases.model import FACETS, Place
from conformance.cases.problems import Log, Problem, Where
from conformance.cases.reading import Map, Seq, read_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

Kind = Literal["bug", "by-design", "removed", "precision"]
End = Literal["error", "crash", "timeout"]

T = TypeVar("T")

_ID: Final = re.compile(r"[a-z0-9][a-z0-9._-]*")
_REQUIRED: Final = ("id", "adapter", "cases", "signature", "kind", "reason", "review_by")
_KEYS: Final = (
    "id",
    "adapter",
    "cases",
    "cap",
    "facets",
    "outcome",
    "signature",
    "when",
    "kind",
    "reason",
    "link",
    "since",
    "review_by",
)
_MOST_CASES: Final = 1_000_000


class Entry(Struct, frozen=True, kw_only=True):
    """One known divergence."""

    id: str
    adapters: list[str]
    """Names or patterns."""
    cases: list[str]
    """Ids or patterns."""
    facets: list[str]
    """Facets that fail, when the divergence is one of facets."""
    outcome: End | None
    """How the whole cell ends, when it is not."""
    signatures: list[str]
    when: dict[str, SpecifierSet]
    kind: Kind
    reason: str
    link: str
    since: str
    review_by: dt.date
    place: Place
    cap: int | None = None

    def holds(self, versions: Mapping[str, str]) -> bool:
        """Tell whether the entry is about an adapter of these versions.

        Args:
            versions: distribution name to version, as the adapter reported them.

        Returns:
            False also where a distribution is not among them, or its version is not one.
        """
        if not self.when:
            return True
        known = {canonicalize_name(name): version for name, version in versions.items()}
        return all(
            _within(known.get(canonicalize_name(name)), specifier)
            for name, specifier in self.when.items()
        )

    def signed(self, message: str) -> bool:
        """Tell whether a failing message is the one that was expected."""
        words = " ".join(message.split())
        return any(" ".join(signature.split()) in words for signature in self.signatures)


def _within(version: str | None, specifier: SpecifierSet) -> bool:
    if version is None:
        return False
    try:
        return specifier.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return False


def matches(pattern: str, name: str) -> bool:
    """Tell whether a name fits a pattern, in which ``*`` stands for any characters.

    Not :mod:`fnmatch`: case ids hold square brackets, which it takes for character classes.
    """
    first, *rest = pattern.split("*")
    if not rest:
        return name == pattern
    if not name.startswith(first):
        return False
    at = len(first)
    for part in rest[:-1]:
        at = name.find(part, at)
        if at < 0:
            return False
        at += len(part)
    # The last part must end the name, behind all that has been found.
    return name.endswith(rest[-1]) and at <= len(name) - len(rest[-1])


def read_entries(path: Path) -> tuple[list[Entry], list[Problem]]:
    """Read one file of the ledger.

    Args:
        path: a YAML file with a list of entries; an empty list is fine.

    Returns:
        The entries that are sound, and everything that is wrong with the file.
    """
    log = Log(str(path))
    document = read_file(path, log)
    entries: list[Entry] = []
    if document is not None:
        where = Where(log, "", (1, 1))
        if isinstance(document.value, Seq):
            for index, value in enumerate(document.value):
                entry = _entry(value, Where(log, "", document.value.at[index]))
                if entry is not None:
                    entries.append(entry)
        else:
            where.mistyped("a list of entries", document.value)
    return entries, log.sorted()


def _entry(value: object, where: Where) -> Entry | None:
    """Read one entry; None where anything is wrong with it."""
    before = where.log.noted
    written = fields.mapping(value, where, _KEYS, required=_REQUIRED, what="an entry")
    if written is None:
        return None

    def read(key: str, reader: Callable[[object, Where], T | None], default: T) -> T:
        if key not in written:
            return default
        return reader(written[key], where.value(written, key)) or default

    nothing: list[str] = []
    cases = read("cases", _texts("a case id or a pattern"), nothing)
    cap = read("cap", _cap, 0)
    if "cap" not in written and any("*" in case for case in cases):
        where.refuse(
            "has a pattern in cases and no cap",
            expected="cap: the largest number of cases that the patterns may match",
        )
    if ("facets" in written) == ("outcome" in written):
        where.refuse(
            "has both facets and outcome" if "facets" in written else "does not say what fails",
            expected="either facets (those that fail) or outcome (how the whole cell ends)",
        )
    entry = Entry(
        id=read("id", _identifier, ""),
        adapters=read("adapter", _texts("an adapter's name or a pattern"), nothing),
        cases=cases,
        cap=cap or None,
        facets=read("facets", _facets, nothing),
        outcome=cast("End | None", read("outcome", _one_of(get_args(End)), "") or None),
        signatures=read("signature", _texts("a text"), nothing),
        when=read("when", _when, {}),
        kind=cast("Kind", read("kind", _one_of(get_args(Kind)), "")),
        reason=read("reason", _reason, ""),
        link=read("link", _link, ""),
        since=read("since", _since, ""),
        review_by=read("review_by", _date, dt.date.max),
        place=Place(file=where.log.file, line=where.at[0], column=where.at[1]),
    )
    return entry if where.log.noted == before else None


def _texts(what: str) -> Callable[[object, Where], list[str] | None]:
    """Make a reader of one text or a list of them."""

    def read(value: object, where: Where) -> list[str] | None:
        if not isinstance(value, Seq):
            one = fields.text(value, where, what)
            return None if one is None else [one]
        found = fields.items(value, where, what)
        texts = [fields.text(v, where.item(value, i), what) for i, v in enumerate(found or [])]
        return [one for one in texts if one is not None]

    return read


def _one_of(known: tuple[str, ...]) -> Callable[[object, Where], str | None]:
    return lambda value, where: fields.choice(value, where, known)


def _identifier(value: object, where: Where) -> str | None:
    return fields.word(value, where, _ID, "lower case letters, digits, '-', '.' and '_'")


def _cap(value: object, where: Where) -> int | None:
    return fields.whole(value, where, least=1, most=_MOST_CASES, what="a number of cases")


def _facets(value: object, where: Where) -> list[str] | None:
    if not isinstance(value, Seq):
        where.mistyped("a list of facets", value)
        return None
    found = fields.items(value, where, "facets")
    names = [fields.choice(v, where.item(value, i), FACETS) for i, v in enumerate(found or [])]
    return [name for name in names if name is not None]


def _when(value: object, where: Where) -> dict[str, SpecifierSet] | None:
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


def _reason(value: object, where: Where) -> str | None:
    found = fields.text(value, where, "what it does instead, and why")
    return None if found is None else " ".join(found.split())


def _since(value: object, where: Where) -> str | None:
    return fields.line(value, where, "the first version known to behave so")


def _link(value: object, where: Where) -> str | None:
    found = fields.line(value, where, "an https address")
    # It becomes a link in the report: nothing but a web address may.
    if found is not None and not found.startswith(("https://", "http://")):
        where.mistyped("an https address", found)
        return None
    return found


def _date(value: object, where: Where) -> dt.date | None:
    found = fields.text(value, where, "a date, YYYY-MM-DD")
    try:
        return None if found is None else dt.date.fromisoformat(found)
    except ValueError:
        where.mistyped("a date, YYYY-MM-DD", found)
        return None
