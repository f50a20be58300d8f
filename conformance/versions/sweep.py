"""What a run over many releases says: since when each case passes."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field
from packaging.version import InvalidVersion, Version

from conformance.adapters.shared.naming import SEPARATOR
from conformance.verdicts.model import Outcome
from conformance.versions.likeness import passes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.records import Run

Course = Literal["always", "never", "changed", "absent", "untold"]
"""How a case fares over the releases that have what it is about; ``absent``: none has."""


class Row(Struct, frozen=True, kw_only=True):
    """One case on one adapter, release by release."""

    case: str
    adapter: str
    outcomes: list[Outcome | None]
    """In the order of the releases; None where it was not tried."""
    course: Course
    said: str
    """In words: ``there since 3.9.0, passes since 3.15.0``."""
    absent: list[str] = field(default_factory=list)
    """Releases that do not have what the case is about: the case is not there."""


class Skipped(Struct, frozen=True, kw_only=True):
    """A release that could not be tried on an adapter."""

    version: str
    adapter: str
    reason: str


class Sweep(Struct, frozen=True, kw_only=True):
    """Cases over releases. Its JSON is what ``sweep --json`` writes."""

    package: str
    releases: list[str]
    """Those that were tried, oldest first."""
    rows: list[Row]
    skipped: list[Skipped]


def sweep_of(run: Run, package: str, skipped: Sequence[Skipped] = ()) -> Sweep:
    """Read it out of a record.

    Args:
        run: A run whose columns are releases: ``keras-torch@keras==3.14.1``.
        package: Whose.
        skipped: Releases that did not come so far as to have a column.
    """
    columns: dict[tuple[str, Version], str] = {}
    left = list(skipped)
    for name in run.header.plan:
        found = _column(name, package)
        if found is None:
            continue
        line = run.adapters.get(name)
        if line is not None and line.status != "ready":
            left.append(Skipped(version=str(found[1]), adapter=found[0], reason=line.reason))
        else:
            columns[found] = name
    versions = sorted({version for _, version in columns})
    rows = [
        _row(run, case, adapter, versions, columns)
        for adapter in dict.fromkeys(adapter for adapter, _ in columns)
        for case in run.header.cases
    ]
    return Sweep(package=package, releases=list(map(str, versions)), rows=rows, skipped=left)


def _column(name: str, package: str) -> tuple[str, Version] | None:
    """A column's adapter, with whatever else is special about it, and its release."""
    base, _, variant = name.partition(SEPARATOR)
    version, others = None, []
    for part in variant.split(","):
        if part.startswith(f"{package}=="):
            try:
                version = Version(part.removeprefix(f"{package}=="))
            except InvalidVersion:
                return None
        else:
            others.append(part)
    if version is None:
        return None
    return (f"{base}{SEPARATOR}{','.join(others)}" if others else base), version


def _row(
    run: Run,
    case: str,
    adapter: str,
    versions: Sequence[Version],
    columns: dict[tuple[str, Version], str],
) -> Row:
    names = [columns.get((adapter, version), "") for version in versions]
    outcomes = [run.cells.outcome(case, name) for name in names]
    absent = [
        str(version)
        for version, name in zip(versions, names, strict=True)
        if run.cells.absent(case, name)
    ]
    judged = [
        (str(version), passed)
        for version, outcome in zip(versions, outcomes, strict=True)
        if outcome is not None and (passed := passes(outcome)) is not None
    ]
    course = _course({passed for _, passed in judged}, absent=bool(absent))
    said = {
        "always": "passes in all",
        "never": "passes in none",
        "absent": "not there in any",
        "untold": "could not be tried",
        "changed": f"passes {_when(judged)}",
    }[course]
    if judged and absent:
        having = {version for version, _ in judged}
        there = [(v, v in having) for v in map(str, versions) if v in having or v in absent]
        said = f"there {_when(there)}, {said}"
    return Row(
        case=case, adapter=adapter, outcomes=outcomes, course=course, said=said, absent=absent
    )


def _course(found: set[bool], *, absent: bool) -> Course:
    if not found:
        return "absent" if absent else "untold"
    if len(found) > 1:
        return "changed"
    return "always" if True in found else "never"


def _when(told: Sequence[tuple[str, bool]]) -> str:
    """Where something is so, in words: ``up to 3.4.1 and since 3.15.0``.

    Args:
        told: Of each release, oldest first, whether it is so there.
    """
    stretches = [
        (so, [version for version, _ in group])
        for so, group in groupby(told, key=lambda pair: pair[1])
    ]
    parts = []
    for place, (so, among) in enumerate(stretches):
        if not so:
            continue
        if place == len(stretches) - 1:
            parts.append(f"since {among[0]}")
        elif place == 0:
            parts.append(f"up to {among[-1]}")
        else:
            parts.append(f"from {among[0]} to {among[-1]}" if among[1:] else f"in {among[0]}")
    return " and ".join(parts)
