"""Finds the first release that changed the verdict on a case, and the first that has it at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from conformance.environments import PreparationError
from conformance.versions.likeness import alike, conforms
from conformance.versions.searching import search

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from conformance.environments.releases import Release
    from conformance.verdicts.model import CellVerdict
    from conformance.versions.probing import Probe, Prober

What = Literal["came", "went", "broke", "mended", "changed"]
Like = Literal["first", "last", "neither", "absent", "untold"]


class Step(NamedTuple):
    """One release that was tried."""

    release: Release
    probe: Probe
    like: Like
    """Which end of the row its verdict is like. ``absent``: the release lacks what the case is
    about; ``untold``: it could not be tried."""


class Found(NamedTuple):
    """The border between two releases."""

    before: Release
    """The last that is as the first of the row."""
    after: Release
    """The first that is not, as far as can be told."""
    between: list[Release]
    """Releases between the two that tell nothing: it may have been one of them."""
    what: What


class Bisection:
    """One search over a row of releases, oldest first.

    Where one end of the row lacks what the case is about, it is searched twice: for the release
    from which on it is there (or no longer), and for a change of the verdict among those that have
    it.
    """

    def __init__(
        self,
        prober: Prober,
        row: Sequence[Release],
        *,
        width: int = 1,
        tell: Callable[[Step], None] = lambda _: None,
    ) -> None:
        """Prepare.

        Args:
            prober: Tries releases.
            row: The releases in question; its ends are tried first.
            width: How many to try at once.
            tell: Is told of each release as it was tried.
        """
        self._prober = prober
        self._row = row
        self._width = width
        self._tell = tell
        self._probes: dict[int, Probe] = {}
        self.steps: list[Step] = []
        """What was tried, in the order in which it was."""

    def run(self) -> list[Found]:
        """Search.

        Returns:
            The borders, oldest first: at most one between having and lacking what the case is
            about, and at most one between verdicts. None where both ends make the same of the case.

        Raises:
            PreparationError: An end of the row cannot be tried, or nothing can.
            RegistryError: There is no such adapter.
        """
        low, high = 0, len(self._row) - 1
        self._try([low, high])
        for end in (low, high):
            if self._probes[end].untold:
                version, why = self._row[end].version, self._probes[end].untold
                raise PreparationError(f"{version} cannot be tried: {why}")
        lacking = [end for end in (low, high) if self._probes[end].lacks]
        if len(lacking) > 1:
            return []
        found = []
        if lacking == [low]:
            found.append(self._search(low, high, _is_there, "came"))
            low = self._row.index(found[0].after)
        elif lacking:
            found.append(self._search(low, high, _is_not_there, "went"))
            high = self._row.index(found[0].before)
        change = self._change(low, high)
        # What changed after it came is later than its coming, and earlier than its going.
        return [*change, *found] if lacking == [len(self._row) - 1] else [*found, *change]

    def _change(self, low: int, high: int) -> list[Found]:
        """The change of the verdict between two places that have one, if there is any."""
        first, last = self._probes[low].verdict, self._probes[high].verdict
        if first is None or last is None or _same(first, last, (first, last)):
            return []

        def changed(probe: Probe) -> bool | None:
            verdict = probe.verdict
            return None if verdict is None else not _same(verdict, first, (first, last))

        found = self._search(low, high, changed, "changed")
        ends = (self._probes[self._row.index(end)].verdict for end in (found.before, found.after))
        return [found._replace(what=_what(*ends))]

    def _search(
        self, low: int, high: int, changed: Callable[[Probe], bool | None], what: What
    ) -> Found:
        """A border within a part of the row, which ends at ``high``."""

        def attempt(places: Sequence[int]) -> dict[int, bool | None]:
            self._try([low + place for place in places])
            return {place: changed(self._probes[low + place]) for place in places}

        known = {
            place - low: changed(probe)
            for place, probe in self._probes.items()
            if low <= place <= high
        }
        border = search(high - low + 1, attempt, self._width, known)
        before, after = low + border.before, low + border.after
        return Found(
            before=self._row[before],
            after=self._row[after],
            between=list(self._row[before + 1 : after]),
            what=what,
        )

    def _try(self, places: Iterable[int]) -> None:
        """Try the releases at these places, and tell of each."""
        asked = list(places)
        probes = self._prober.probe([self._row[place].version for place in asked])
        self._probes.update(zip(asked, probes, strict=True))
        for place, probe in zip(asked, probes, strict=True):
            step = Step(self._row[place], probe, self._like(place, probe))
            self.steps.append(step)
            self._tell(step)

    def _like(self, place: int, probe: Probe) -> Like:
        if probe.lacks or probe.verdict is None:
            return "absent" if probe.lacks else "untold"
        end = len(self._row) - 1
        if place in {0, end}:
            return "last" if place else "first"
        first, last = self._probes[0].verdict, self._probes[end].verdict
        if first and _same(probe.verdict, first, (first, last)):
            return "first"
        return "last" if last and _same(probe.verdict, last, (first, last)) else "neither"


def _is_there(probe: Probe) -> bool | None:
    return None if probe.untold else not probe.lacks


def _is_not_there(probe: Probe) -> bool | None:
    return None if probe.untold else bool(probe.lacks)


def _same(
    one: CellVerdict, other: CellVerdict, ends: tuple[CellVerdict | None, CellVerdict | None]
) -> bool:
    """Where one end of the row passes and the other does not, that alone counts."""
    first, last = ends
    if first and last and conforms(first) != conforms(last):
        return conforms(one) == conforms(other)
    return alike(one, other)


def _what(before: CellVerdict | None, after: CellVerdict | None) -> What:
    passed = [verdict is not None and conforms(verdict) for verdict in (before, after)]
    if passed == [True, False]:
        return "broke"
    return "mended" if passed == [False, True] else "changed"
