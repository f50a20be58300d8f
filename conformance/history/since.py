"""Since when a case is as it is: the points of one adapter, joined to stretches."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.history.model import Point
    from conformance.verdicts.model import Outcome

_SILENT = frozenset({"not-run", "not-installed"})
"""Outcomes that say nothing of the framework, and interrupt no stretch."""


@dataclass(slots=True)
class Stretch:
    """Runs one after the other in which a case ended alike on one adapter."""

    outcome: Outcome
    digest: str
    points: list[Point] = field(default_factory=list)

    @property
    def first(self) -> Point:
        """The run that it began with."""
        return self.points[0]

    @property
    def last(self) -> Point:
        """The last run of it that is known."""
        return self.points[-1]


def stretches(points: Iterable[Point]) -> dict[str, list[Stretch]]:
    """Join the points of each adapter, the oldest first.

    A stretch ends where the outcome changes or the case does. A run without the framework, or
    without a verdict, ends none.

    Args:
        points: of one case, in the order of the runs.
    """
    found: dict[str, list[Stretch]] = {}
    for point in points:
        mine = found.setdefault(point.adapter, [])
        if point.outcome in _SILENT:
            continue
        if not mine or (mine[-1].outcome, mine[-1].digest) != (point.outcome, point.digest):
            mine.append(Stretch(point.outcome, point.digest))
        mine[-1].points.append(point)
    return found


def changes_between(old: Point, new: Point) -> list[str]:
    """Say which versions changed between two points: ``keras 3.14.1 → 3.15.1``."""
    names = dict.fromkeys([*new.versions, *old.versions])
    return [
        f"{name} {old.versions.get(name, 'absent')} → {new.versions.get(name, 'absent')}"
        for name in names
        if old.versions.get(name) != new.versions.get(name)
    ]
