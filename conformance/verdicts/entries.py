"""The entries of the ledger and how they are read from ``cases/divergences/*.yaml``.

The same strictness as for cases: an unknown key, a missing one or a wrong type is a problem with
file, line and column, and all problems of a file come in one go.
"""

from __future__ import annotations

import datetime as dt
import functools
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeVar, cast, get_args

from msgspec import Struct, field
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from conformance.cases import fields
from conformance.cases.model import Place
from conformance.cases.problems import Log, Problem, Where
from conformance.cases.reading import Map, Seq, content_of, read_bytes
from conformance.globs import matches
from conformance.verdicts import reading
from conformance.verdicts.releases import holds, is_development

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

Kind = Literal["bug", "by-design", "removed", "precision"]
End = Literal["error", "crash", "timeout"]

T = TypeVar("T")

_REQUIRED: Final = ("id", "adapter", "cases", "signature", "kind", "reason", "review_by")
_KEYS: Final = (
    "id",
    "adapter",
    "cases",
    "cap",
    "facets",
    "written_by",
    "written_with",
    "outcome",
    "signature",
    "when",
    "except",
    "sometimes",
    "kind",
    "reason",
    "link",
    "since",
    "review_by",
)


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
    written_by: list[str] = field(default_factory=list)
    """Names or patterns of adapters: of the facet ``exchange``, only what they wrote is meant."""
    written_with: dict[str, SpecifierSet] = field(default_factory=dict)
    """Versions: of that facet, only what was written with them is meant."""
    exceptions: dict[str, dict[str, SpecifierSet]] = field(default_factory=dict)
    """By adapter or pattern, versions in which that one does not deviate although others do."""
    sometimes: str = ""
    """When it shows, where no version tells: a machine, a draw. A pass contradicts nothing."""

    def holds(self, versions: Mapping[str, str], *names: str) -> bool:
        """Tell whether the entry is about an adapter of these versions.

        Args:
            versions: distribution name to version, as the adapter reported them.
            names: the adapter's name, and others under which ledgers speak of it.

        Returns:
            False also where a distribution is not among them, or its version is not one.
        """
        excepted = any(self.excepts(name, versions) for name in names)
        return holds(self.when, versions) and not excepted

    def excepts(self, adapter: str, versions: Mapping[str, str]) -> bool:
        """Tell whether the entry leaves out an adapter of these versions."""
        return any(
            matches(pattern, adapter) and holds(when, versions)
            for pattern, when in self.exceptions.items()
        )

    def in_development(self, versions: Mapping[str, str]) -> bool:
        """Tell whether what the entry is about is a development release on this adapter.

        Args:
            versions: as for :meth:`holds`; where the entry has no conditions, the first counts.
        """
        known = {canonicalize_name(name): version for name, version in versions.items()}
        names = [canonicalize_name(name) for name in self.when] or list(known)[:1]
        return any(is_development(known.get(name)) for name in names)

    @property
    def of_files(self) -> bool:
        """Whether only the files of some are meant."""
        return bool(self.written_by or self.written_with)

    def wrote(self, adapter: str, versions: Mapping[str, str]) -> bool:
        """Tell whether a file by this adapter is meant; any is where nothing is said of files.

        Args:
            adapter: who wrote it.
            versions: what it was written with.
        """
        named = not self.written_by or any(matches(one, adapter) for one in self.written_by)
        return named and holds(self.written_with, versions)

    def signed(self, message: str) -> bool:
        """Tell whether a failing message is the one that was expected."""
        words = " ".join(message.split())
        return any(" ".join(signature.split()) in words for signature in self.signatures)


class Entries(NamedTuple):
    """What one file of the ledger holds."""

    sound: tuple[Entry, ...]
    problems: tuple[Problem, ...]
    """Everything that is wrong with the file."""
    unreadable: bool
    """Whether the file is no YAML, or no list, so that its entries are not known."""


def read_entries(path: Path) -> tuple[list[Entry], list[Problem]]:
    """Read one file of the ledger.

    Args:
        path: a YAML file with a list of entries; an empty list is fine.

    Returns:
        The entries that are sound, and everything that is wrong with the file.
    """
    read = entries_of(path)
    return list(read.sound), list(read.problems)


def entries_of(path: Path) -> Entries:
    """Read one file of the ledger. See :func:`read_entries`."""
    log = Log(str(path))
    content = content_of(path, log)
    if content is None:
        return Entries((), tuple(log.sorted()), unreadable=True)
    return _entries_of(log.file, content)


@functools.lru_cache(maxsize=256)  # a run asks first whether all files can be read
def _entries_of(file: str, content: bytes) -> Entries:
    log = Log(file)
    document = read_bytes(content, log)
    unreadable = bool(log.noted)
    sound: list[Entry] = []
    if document is not None:
        where = Where(log, "", (1, 1))
        if isinstance(document.value, Seq):
            for index, value in enumerate(document.value):
                entry = _entry(value, Where(log, "", document.value.at[index]))
                if entry is not None:
                    sound.append(entry)
        else:
            where.mistyped("a list of entries", document.value)
            unreadable = True
    return Entries(tuple(sound), tuple(log.sorted()), unreadable)


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
    cases = read("cases", reading.texts("a case id or a pattern"), nothing)
    cap = read("cap", reading.cap, 0)
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
    for key in ("written_by", "written_with"):
        if key in written and written.get("facets") != ["exchange"]:
            where.key(written, key).refuse(
                "is about files that are exchanged", expected="facets: [exchange]"
            )
    entry = Entry(
        id=read("id", reading.identifier, ""),
        adapters=read("adapter", reading.texts("an adapter's name or a pattern"), nothing),
        cases=cases,
        cap=cap or None,
        facets=read("facets", reading.facets, nothing),
        written_by=read("written_by", reading.texts("an adapter's name or a pattern"), nothing),
        written_with=read("written_with", reading.when, {}),
        outcome=cast("End | None", read("outcome", reading.one_of(get_args(End)), "") or None),
        signatures=read("signature", reading.texts("a text"), nothing),
        when=read("when", reading.when, {}),
        exceptions=read("except", _exceptions, {}),
        sometimes=read("sometimes", _sometimes, ""),
        kind=cast("Kind", read("kind", reading.one_of(get_args(Kind)), "")),
        reason=read("reason", reading.reason, ""),
        link=read("link", _link, ""),
        since=read("since", _since, ""),
        review_by=read("review_by", _date, dt.date.max),
        place=Place(file=where.log.file, line=where.at[0], column=where.at[1]),
    )
    return entry if where.log.noted == before else None


def _exceptions(value: object, where: Where) -> dict[str, dict[str, SpecifierSet]] | None:
    if not isinstance(value, Map) or not value:
        where.mistyped('a mapping such as {keras-torch: {keras: ">=3.16"}}', value)
        return None
    found = {
        adapter: reading.when(when, where.value(value, adapter)) for adapter, when in value.items()
    }
    return {adapter: when for adapter, when in found.items() if when is not None}


def _since(value: object, where: Where) -> str | None:
    return fields.line(value, where, "the first version known to behave so")


def _sometimes(value: object, where: Where) -> str | None:
    return fields.line(value, where, "when it shows, in one line")


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
