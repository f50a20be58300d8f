"""What a failure behaves like: the named fault whose truth the answer agrees with.

A mismatch says that something is wrong; "behaves like: kernel transposed" says what. The reference
computes the case once for each of its named faults, and the answer is judged against each by the
ordinary rule. Nothing is guessed: an answer that agrees with no fault stays unexplained.

Called for failures only, where the reference can be evaluated; it does no computing of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec.structs import replace

from conformance.facets import NUMERIC
from conformance.verdicts.facets import judge

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from conformance.adapters.host.observation import Observation
    from conformance.cases.model import Twin
    from conformance.reference.answer.expectation import Expectation
    from conformance.verdicts.model import CellVerdict, FacetVerdict


class Suspect(NamedTuple):
    """A named fault, and what the case would give under it."""

    name: str
    expectation: Expectation
    truth: Mapping[str, NDArray[Any]]


def explain(
    failing: Iterable[str],
    suspects: Iterable[Suspect],
    observation: Observation,
    tensors: Mapping[str, NDArray[Any]],
    *,
    twin: Twin | None = None,
) -> dict[str, str]:
    """Find for each failing numeric facet the first fault that it behaves like.

    Args:
        failing: facets that failed; those that don't compare numbers are left out.
        suspects: the named faults, likeliest first; taken one at a time and only as long as
            something is unexplained, so they may be computed as they are asked for.
        observation: the adapter's answer.
        tensors: its arrays by name.
        twin: the program's twin.

    Returns:
        Facet to the fault's name. A facet that agrees with no fault is not in it.
    """
    open_facets = [facet for facet in failing if facet in NUMERIC]
    found: dict[str, str] = {}
    if not open_facets:
        return found
    for suspect in suspects:
        verdicts = judge(
            open_facets,
            suspect.expectation,
            suspect.truth,
            observation,
            tensors,
            twin=twin,
        )
        for verdict in verdicts:
            if verdict.outcome == "pass" and verdict.comparisons:
                found[verdict.facet] = suspect.name
        open_facets = [facet for facet in open_facets if facet not in found]
        if not open_facets:
            break
    return found


def explained(cell: CellVerdict, names: Mapping[str, str]) -> CellVerdict:
    """Return a cell whose failing facets say what they behave like.

    Args:
        cell: the verdict.
        names: what :func:`explain` has found.
    """
    facets = [_named(verdict, names.get(verdict.facet, "")) for verdict in cell.facets]
    return replace(cell, facets=facets)


def failing(facets: Sequence[FacetVerdict]) -> list[str]:
    """List the facets that :func:`explain` could explain."""
    return [v.facet for v in facets if v.outcome == "fail" and v.facet in NUMERIC]


def _named(verdict: FacetVerdict, fault: str) -> FacetVerdict:
    return replace(verdict, behaves_like=fault) if fault else verdict
