"""From the releases in which an entry shows to what it should say of versions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from packaging.specifiers import SpecifierSet

from conformance.globs import matches
from conformance.verdicts.releases import holds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.upkeep.measuring import Measured
    from conformance.verdicts.entries import Entry


SHOWS: Final = frozenset("x%")
"""Marks of releases that show an entry, in all of its cases or in some."""

_SHOWS_NOT: Final = frozenset(".~=")
"""Marks of releases in which what an entry is about is otherwise."""

_SILENT: Final = frozenset("o-")
"""Marks of releases that say nothing about an entry."""


@dataclass(frozen=True)
class Range:
    """What an entry should say of the releases of one package."""

    first: str
    """The first release that shows it."""
    last: str
    """The last one that does."""
    before: str = ""
    """The last one before those that doesn't, or doesn't have what it is about; empty if none."""
    after: str = ""
    """The first one after those that doesn't; empty if none."""
    exceptions: dict[str, str] = field(default_factory=dict)
    """By adapter, the releases in which that one does not show it, although others do."""
    vague: str = ""
    """Why no range can be stated: it comes and goes."""


def range_of(releases: Sequence[str], marks: Mapping[str, str]) -> Range | None:
    """Find the releases in which an entry shows.

    Args:
        releases: oldest first.
        marks: by adapter, a mark for each release (:mod:`.measuring`).

    Returns:
        None where no release shows it.
    """
    row = list(releases)
    shown = [at for told in marks.values() for at, mark in enumerate(told) if mark in SHOWS]
    if not shown:
        return None
    first, last = min(shown), max(shown)
    not_yet = [
        at for told in marks.values() for at in range(first) if told[at] in _SHOWS_NOT | {"o"}
    ]
    gone = [
        at for told in marks.values() for at in range(last + 1, len(row)) if told[at] in _SHOWS_NOT
    ]
    before = row[max(not_yet)] if not_yet else ""
    after = row[min(gone)] if gone else ""
    exceptions: dict[str, str] = {}
    vague = []
    for adapter, told in marks.items():
        outside = [at for at in range(first, last + 1) if told[at] in _SHOWS_NOT]
        if not outside:
            continue
        condition = _outside(row, told, outside, first, last)
        if condition:
            exceptions[adapter] = condition
        else:
            vague.append(f"on {adapter} it comes and goes: {told}")
    return Range(row[first], row[last], before, after, exceptions, "; ".join(vague))


def _outside(row: Sequence[str], told: str, outside: list[int], first: int, last: int) -> str:
    """The condition that holds in the releases of one adapter that don't show it; empty if none."""
    mine = [at for at, mark in enumerate(told) if mark in SHOWS]
    if not mine:
        return f">={row[0]}"
    if all(at > mine[-1] for at in outside):
        return f">={row[outside[0]]}"
    if all(at < mine[0] for at in outside):
        return f"<{row[mine[0]]}"
    inside = [at for at in range(first, last + 1) if mine[0] <= at <= mine[-1]]
    if all(told[at] not in SHOWS for at in range(outside[0], outside[-1] + 1)) and inside:
        return f">={row[outside[0]]},<{row[outside[-1] + 1]}"
    return ""


def exceptions_of(
    entry: Entry, found: Range, measured: Measured
) -> dict[str, dict[str, SpecifierSet]]:
    """The exceptions that an entry should state, by adapter.

    What is written stays where nothing that was measured speaks against it: somebody may have found
    it more finely than a sweep, or on an adapter that the sweep hadn't got.

    Args:
        entry: the entry.
        found: in which releases it shows.
        measured: what its releases show.
    """
    kept = {
        name: when
        for name, when in entry.exceptions.items()
        if not any(
            _disagrees(entry, adapter, told, found, measured)
            for adapter, told in measured.entries.get(entry.id, {}).items()
            if matches(name, adapter)
        )
    }
    found_so = {**_outside_of(entry, found, measured), **found.exceptions}
    for adapter, condition in found_so.items():
        if not any(matches(name, adapter) for name in kept):
            kept[adapter] = {measured.package: SpecifierSet(condition)}
    return kept


def _outside_of(entry: Entry, found: Range, measured: Measured) -> dict[str, str]:
    """The range as exceptions, where it can't be a condition of all of an entry's adapters."""
    if bool(found.before) == bool(found.after) or not states_exceptions(entry, measured):
        return {}
    condition = f"<{found.first}" if found.before else f">={found.after}"
    return dict.fromkeys(measured.entries[entry.id], condition)


def states_exceptions(entry: Entry, measured: Measured) -> bool:
    """Whether an entry has to state its range as exceptions of the adapters that were measured.

    A condition on the package would rule out the others that it is about, such as tf-keras, which
    haven't got that package.
    """
    swept = measured.entries[entry.id]
    return measured.package not in entry.when and any(
        not any(matches(name, adapter) for adapter in swept) for name in entry.adapters
    )


def _disagrees(entry: Entry, adapter: str, told: str, found: Range, measured: Measured) -> bool:
    """Whether a release within the range shows otherwise than the written exceptions say."""
    within = False
    for release, mark in zip(measured.releases, told, strict=True):
        within = within or release == found.first
        excepted = entry.excepts(adapter, {measured.package: release})
        if within and mark not in _SILENT and excepted == (mark in SHOWS):
            return True
        if release == found.last:
            break
    return False


def contradictions(entry: Entry, measured: Measured) -> list[str]:
    """List where an entry says of a release what was not measured, or leaves out what was.

    Args:
        entry: the entry.
        measured: what its releases show.
    """
    found = []
    for adapter, told in measured.entries.get(entry.id, {}).items():
        wrong: dict[bool, list[str]] = {True: [], False: []}
        for release, mark in zip(measured.releases, told, strict=True):
            said = _says(entry, adapter, measured.package, release)
            shows = mark in SHOWS
            if said is not None and mark not in _SILENT and shows != said:
                wrong[shows].append(release)
        found += [
            f"{entry.id}: {adapter} with {measured.package} {', '.join(those)} "
            f"{'shows it and is not said to' if shows else 'is said to show it and does not'}"
            for shows, those in wrong.items()
            if those
        ]
    return found


def _says(entry: Entry, adapter: str, package: str, release: str) -> bool | None:
    """Whether an entry speaks of a release; None where that hangs on other packages as well."""
    if {*entry.when} - {package} or any({*when} - {package} for when in entry.exceptions.values()):
        return None
    versions = {package: release}
    return holds(entry.when, versions) and not entry.excepts(adapter, versions)
