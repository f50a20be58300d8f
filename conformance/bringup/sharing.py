"""Which functions the cases of a cause share, by a recording of what each case enters.

A function is suspicious when the cases that fail enter it and those that pass do not. Both are
weighed as Ochiai's coefficient does, a measure that is usual where faults are located by what
tests run: failing entries over the root of (all failing cases x all entries).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from conformance.bringup.model import Rested, Shared
from conformance.touched.map import MapError
from conformance.touched.maps import candidates, packages

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from conformance.bringup.model import Cause, Next
    from conformance.records import Run
    from conformance.touched.map import Map

NAMED: Final = 3
"""Functions that are named of a cause."""

NEAR: Final = 0.9
"""Of the suspicion of the first, what another must have to be named beside it."""


def maps_of(run: Run, adapter: str, given: Sequence[Map] = ()) -> list[Map]:
    """The recordings that speak of an adapter as it was in a run: for each package, the newest.

    Args:
        run: the run.
        adapter: one of its columns.
        given: recordings to look at in the place of what is kept.

    Raises:
        MapError: one that was given is of another adapter, or of other versions.
    """
    told = run.adapters.get(adapter)
    name = (told.known_as if told else "") or adapter
    versions = told.versions if told else {}
    if given:
        for one in given:
            if wrong := _differences(one.told, versions):
                raise MapError(
                    f"the recording of {one.context.adapter} was made with other versions than "
                    f"this run: {wrong}"
                )
        return list(given)
    found = (
        next((one for one in _kept(package, name) if not _differences(one.told, versions)), None)
        for package in packages(name)
    )
    return [one for one in found if one is not None]


def _kept(package: str, adapter: str) -> Iterator[Map]:
    """The kept recordings of a package, the newest first."""
    return iter(sorted(candidates(package, adapter, {}), key=lambda one: one.recorded)[::-1])


def _differences(recorded: Mapping[str, str], versions: Mapping[str, str]) -> str:
    return ", ".join(
        f"{name} {version}, not {versions.get(name, 'absent')}"
        for name, version in recorded.items()
        if versions.get(name) != version
    )


def with_functions(answer: Next, run: Run, maps: Sequence[Map], passing: Iterable[str]) -> Next:
    """Name in each cause the functions that its cases share.

    Args:
        answer: the causes.
        run: the run that they are of.
        maps: recordings of the adapter.
        passing: cases that pass on it.
    """
    if not maps:
        return answer
    passing = list(passing)
    causes = []
    for cause in answer.causes:
        scored = [one for made in maps for one in _scored(made, run, cause, passing)]
        scored.sort(key=lambda pair: -pair[0])
        near = [shared for one, shared in scored[:NAMED] if one >= NEAR * scored[0][0]]
        causes.append(replace(cause, shared=near))
    rested = [
        Rested(package=one.context.package, recorded=one.recorded, commit=one.commit)
        for one in maps
    ]
    return replace(answer, causes=causes, recordings=rested)


def _scored(
    made: Map, run: Run, cause: Cause, passing: Sequence[str]
) -> Iterator[tuple[float, Shared]]:
    """The functions that at least half of a cause's cases enter, each with its suspicion."""
    failing = list(_recorded(made, run, cause.cases))
    for function, (entered, passed) in made.counts(failing, _recorded(made, run, passing)):
        if entered and 2 * entered >= len(failing):
            suspicion = entered / math.sqrt(len(failing) * (entered + passed))
            named = f"{function.name} ({made.context.package}/{function.path})"
            yield suspicion, Shared(function=named, entered=entered, passing=passed)


def _recorded(made: Map, run: Run, cases: Iterable[str]) -> Iterator[str]:
    """Of some cases, those that were recorded, and are what they were."""
    for case in cases:
        line = run.cases.get(case)
        if line is not None and made.cases.get(case) == line.digest and case not in made.unknown:
            yield case
