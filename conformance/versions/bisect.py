"""Finds the first release that changed the verdict on a case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from conformance.environments import PreparationError
from conformance.versions.likeness import alike, conforms
from conformance.versions.searching import search

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.environments.releases import Release
    from conformance.verdicts.model import CellVerdict
    from conformance.versions.probing import Probe, Prober

What = Literal["broke", "mended", "changed"]
Like = Literal["first", "last", "neither", "untold"]


class Step(NamedTuple):
    """One release that was tried."""

    release: Release
    probe: Probe
    like: Like
    """Which end of the row it is like."""


class Found(NamedTuple):
    """The border between two releases."""

    before: Release
    """The last that is as the first of the row."""
    after: Release
    """The first that is not, as far as can be told."""
    untold: list[Release]
    """Releases between the two, which could not be tried: it may have been one of them."""
    what: What


class Unchanged(Exception):  # noqa: N818 - an answer
    """Both ends of the row make the same of the case."""


class Bisection:
    """One search over a row of releases, oldest first."""

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
        self.steps: list[Step] = []

    def run(self) -> Found:
        """Search.

        Raises:
            Unchanged: There is nothing to find.
            PreparationError: An end of the row cannot be tried, or nothing can.
            RegistryError: There is no such adapter.
        """
        first, last = self._ends()

        def attempt(places: Sequence[int]) -> dict[int, bool | None]:
            probes = self._prober.probe([self._row[place].version for place in places])
            return {
                place: self._weigh(self._row[place], probe, first, last)
                for place, probe in zip(places, probes, strict=True)
            }

        border = search(len(self._row), attempt, self._width)
        verdicts = {step.release: step.probe.verdict for step in self.steps}
        before, after = self._row[border.before], self._row[border.after]
        return Found(
            before=before,
            after=after,
            untold=list(self._row[border.before + 1 : border.after]),
            what=_what(verdicts[before], verdicts[after]),
        )

    def _ends(self) -> tuple[CellVerdict, CellVerdict]:
        ends = [self._row[0], self._row[-1]]
        probes = self._prober.probe([release.version for release in ends])
        likes: tuple[Like, Like] = ("first", "last")
        verdicts = []
        for release, probe, like in zip(ends, probes, likes, strict=True):
            self._note(Step(release, probe, like if probe.verdict else "untold"))
            if probe.verdict is None:
                raise PreparationError(f"{release.version} cannot be tried: {probe.untold}")
            verdicts.append(probe.verdict)
        first, last = verdicts
        if _same(first, last, first, last):
            raise Unchanged
        return first, last

    def _weigh(
        self, release: Release, probe: Probe, first: CellVerdict, last: CellVerdict
    ) -> bool | None:
        verdict = probe.verdict
        if verdict is None:
            self._note(Step(release, probe, "untold"))
            return None
        same = _same(verdict, first, first, last)
        as_last = _same(verdict, last, first, last)
        self._note(Step(release, probe, "first" if same else "last" if as_last else "neither"))
        return not same

    def _note(self, step: Step) -> None:
        self.steps.append(step)
        self._tell(step)


def _same(one: CellVerdict, other: CellVerdict, first: CellVerdict, last: CellVerdict) -> bool:
    """Where one end of the row passes and the other does not, that alone counts."""
    if conforms(first) != conforms(last):
        return conforms(one) == conforms(other)
    return alike(one, other)


def _what(before: CellVerdict | None, after: CellVerdict | None) -> What:
    passed = [verdict is not None and conforms(verdict) for verdict in (before, after)]
    if passed == [True, False]:
        return "broke"
    return "mended" if passed == [False, True] else "changed"
