"""Makes a failing case smaller while it fails in the same way."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from conformance.cases.building import digest
from conformance.cases.model import Expect
from conformance.reducing.smaller import smaller

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.cases.model import Case, Program
    from conformance.reducing.bench import Trial
    from conformance.verdicts.model import CellVerdict, FacetVerdict

_FAILS = frozenset({"fail", "error"})
_BELOW = ("shape", "dtype", "values")
"""Facets that others are judged by; they are asked for as well."""


class Reduced(NamedTuple):
    """What is left of a case."""

    case: Case
    trial: Trial
    facet: str
    """The facet that fails; empty where none does, and nothing was reduced."""
    tried: int


def reduce(
    case: Case, judge: Callable[[Case], Trial | None], seconds: float, facet: str | None = None
) -> Reduced | None:
    """Reduce a case.

    Args:
        case: What somebody wrote.
        judge: Judges a case on the adapter in question.
        seconds: No new attempt is begun after so long.
        facet: The facet whose failure to keep; by default the first that fails.

    Returns:
        The smallest case found; None where the case itself has no verdict by its facets.
    """
    trial = judge(case)
    if trial is None:
        return None
    failing = _failing(trial.verdict)
    if not failing or (facet and facet not in failing):
        return Reduced(case, trial, "", 0)
    facet = facet or next(iter(failing))
    deadline = time.monotonic() + seconds
    tried = 0
    # What the source states literally holds for the case as written; the reference says the rest.
    facets = [name for name in case.program.facets if name == facet or name in _BELOW]
    for program in (replace(case.program, facets=facets), case.program):
        found = _as_case(case, program)
        again = judge(found)
        if again is not None and _same(again.verdict, trial.verdict, facet):
            break
    else:
        return Reduced(case, trial, facet, tried)
    best, trial = found, again
    progress = True
    while progress and time.monotonic() < deadline:
        progress = False
        for program in smaller(best.program):
            if time.monotonic() > deadline:
                break
            tried += 1
            candidate = _as_case(case, program)
            again = judge(candidate)
            if again is not None and _same(again.verdict, trial.verdict, facet):
                best, trial, progress = candidate, again, True
                break
    return Reduced(best, trial, facet, tried)


def _as_case(case: Case, program: Program) -> Case:
    """The case with another program, and nothing stated of it."""
    expect = Expect()
    known = digest(program, expect, case.raises)
    return replace(case, program=program, expect=expect, digest=known)


def _same(new: CellVerdict, old: CellVerdict, facet: str) -> bool:
    """Whether it is the same failure: of this facet, in this way, and of no facet more."""
    was, now = _failing(old), _failing(new)
    return facet in now and now.keys() <= was.keys() and _sign(now[facet]) == _sign(was[facet])


def _sign(judged: FacetVerdict) -> tuple[str, str]:
    """How a facet fails: an exception by its words without numbers. Wrong numbers look alike."""
    words = re.sub(r"[^A-Za-z ]+", "", judged.message)[:60] if judged.outcome == "error" else ""
    return judged.outcome, words


def _failing(verdict: CellVerdict) -> dict[str, FacetVerdict]:
    return {
        judged.facet: judged
        for judged in verdict.facets
        if judged.outcome in _FAILS and judged.broken != "reference"
    }
