"""In which releases each entry of the ledger shows, by what was recorded.

A sweep runs the ledger's cases over releases; here its cells are held against each entry without
the entry's own conditions. What comes of it is kept beside the ledger, so that whoever doubts a
range can see what it rests on, and a test can hold the two together.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, Literal

import msgspec
from packaging.version import Version

from conformance.adapters.shared.naming import base_of
from conformance.records.input import read_bytes
from conformance.records.wire import RecordsError
from conformance.verdicts.ledger import hold_alone
from conformance.verdicts.releases import parsed
from conformance.wording.text import escaped_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from conformance.upkeep.evidence import Judged
    from conformance.verdicts.entries import Entry
    from conformance.verdicts.ledger import Ledger

Mark = Literal["x", "%", ".", "~", "=", "o", "-"]
"""What a release shows of an entry: it deviates as the entry says · some of its cases do, others
pass · none does · it deviates otherwise · it deviates so, and another entry says so of that
release · what it is about isn't there · nothing could be told."""

_UNJUDGED: Final = frozenset({"unsupported", "unspecified", "not-installed", "not-run"})
_LARGEST: Final = 16 * 2**20
"""Bytes of a file of measurements that are read."""


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """In which releases of a package the entries of a ledger show."""

    package: str
    releases: list[str]
    """Oldest first."""
    entries: dict[str, dict[str, str]]
    """Entry, adapter, and a mark for each release."""

    def with_more(self, other: Measured) -> Measured:
        """Return both together; where both have something to tell, the other's."""
        releases = sorted({*self.releases, *other.releases}, key=Version)
        marks: dict[str, dict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
        for one in (self, other):
            for entry, adapter, release, mark in one.marks():
                if mark != "-" or release not in marks[entry][adapter]:
                    marks[entry][adapter][release] = mark
        return Measured(
            package=self.package,
            releases=releases,
            entries={
                entry: {
                    adapter: "".join(told.get(release, "-") for release in releases)
                    for adapter, told in adapters.items()
                }
                for entry, adapters in marks.items()
            },
        )

    def marks(self) -> Iterator[tuple[str, str, str, str]]:
        """Yield entry, adapter, release and mark, one by one."""
        for entry, adapters in self.entries.items():
            for adapter, told in adapters.items():
                for release, mark in zip(self.releases, told, strict=True):
                    yield entry, adapter, release, mark


def measure(ledger: Ledger, recorded: Iterable[Judged], package: str) -> Measured:
    """Hold recorded cells against the entries, whatever their conditions.

    Args:
        ledger: the ledger.
        recorded: what was judged, with the versions of each adapter.
        package: whose releases; a cell whose adapter doesn't name it says nothing.
    """
    found: dict[str, dict[str, dict[Version, Mark]]] = defaultdict(lambda: defaultdict(dict))
    releases: set[Version] = set()
    for one in recorded:
        version = parsed(one.versions.get(package))
        if version is None:
            continue
        adapter = base_of(one.verdict.adapter)
        for entry in ledger.about(one.verdict.case, one.verdict.adapter):
            releases.add(version)
            # Files hang on who wrote them, and what shows sometimes on what no release tells: of
            # these a sweep's columns are chance.
            if entry.of_files or entry.sometimes:
                continue
            told = found[entry.id][adapter]
            told[version] = _both(told.get(version, "-"), _mark(entry, one, ledger))
    row = sorted(releases)
    return Measured(
        package=package,
        releases=list(map(str, row)),
        entries={
            entry.id: {
                adapter: "".join(told.get(release, "-") for release in row)
                for adapter, told in sorted(found[entry.id].items())
            }
            for entry in ledger.entries
            if entry.id in found
        },
    )


def _mark(entry: Entry, one: Judged, ledger: Ledger) -> Mark:
    cell = one.verdict
    if cell.absent:
        return "o"
    if cell.outcome in _UNJUDGED or cell.broken:
        return "-"
    held = hold_alone(cell, entry, one.versions)
    if held.covering:
        return "=" if _is_anothers(entry, one, ledger) else "x"
    if any(objection.key for objection in held.objections):
        return "~"
    return "." if held.passing else "-"


def _is_anothers(entry: Entry, one: Judged, ledger: Ledger) -> bool:
    """Whether an entry is not about these versions, and another one says of them what it says.

    One symptom may have one cause in old releases and another in new ones.
    """
    cell = one.verdict

    def holds(which: Entry) -> bool:
        return which.holds(one.versions, cell.adapter, base_of(cell.adapter))

    return not holds(entry) and any(
        other.id != entry.id
        and holds(other)
        and ({*entry.facets} & {*other.facets} or entry.outcome == other.outcome is not None)
        and hold_alone(cell, other, one.versions).covering
        for other in ledger.about(cell.case, cell.adapter)
    )


def _both(one: Mark, other: Mark) -> Mark:
    """The mark of several cases together."""
    if other in {one, "-"} or (other == "o" and one != "-"):
        return one
    if one in {"o", "-"}:
        return other
    if {one, other} <= {"=", "."}:
        return "="
    if {one, other} <= {"x", ".", "%", "="}:
        return "%"
    return "~" if {one, other} <= {".", "~"} else "%"


def read_measured(path: Path) -> Measured:
    """Read a file of measurements.

    Raises:
        RecordsError: it can't be read, or is none.
    """
    try:
        found = msgspec.json.decode(read_bytes(path, _LARGEST), type=Measured)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise RecordsError(f"{path} holds no measurements: {error}") from error
    rows = {len(told) for adapters in found.entries.values() for told in adapters.values()}
    if rows - {len(found.releases)} or any(parsed(one) is None for one in found.releases):
        raise RecordsError(f"{path} holds no measurements: its rows are not of its releases")
    return found


def written(measured: Measured) -> bytes:
    """A file of measurements: an adapter a line, so that differences can be read."""
    return escaped_json(msgspec.json.format(msgspec.json.encode(measured), indent=1) + b"\n")
