"""When two verdicts on one case are alike, so that a release is put to one side or the other."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.verdicts.model import CellVerdict, FacetVerdict, Outcome

SHARE: Final = 1e-3
"""Numbers are alike up to this share of the largest of their array: rounding moves them by less,
and what moves them by less is not what anybody looks for."""

_FAILS: Final = frozenset({"fail", "error"})
_RAISED: Final = re.compile(r"[^:]*: (raised|the adapter itself failed): [\w.]+")


def conforms(verdict: CellVerdict) -> bool:
    """Whether the case passes, whatever a ledger expected."""
    return bool(passes(verdict.outcome))


def alike(one: CellVerdict, other: CellVerdict) -> bool:
    """Whether two verdicts that do not conform are so in the same way.

    The same outcome and failing facets, and in these the same numbers, as far as a verdict keeps
    them, up to :data:`SHARE`.
    """
    if (one.outcome, conforms(one)) != (other.outcome, conforms(other)):
        return False
    if conforms(one):
        return True
    first, second = _failing(one), _failing(other)
    if first.keys() != second.keys():
        return False
    return all(_same_numbers(first[facet], second[facet]) for facet in first)


def _failing(verdict: CellVerdict) -> dict[tuple[str, str], FacetVerdict]:
    """The facets that fail, by name and, where an exception was raised, where and of what type."""
    return {
        (facet.facet, _exception(facet.message) if facet.outcome == "error" else ""): facet
        for facet in verdict.facets
        if facet.outcome in _FAILS
    }


def _exception(message: str) -> str:
    """``call 0: raised: ValueError``; of an error that was not raised, its first words."""
    raised = _RAISED.match(message)
    return raised[0] if raised else message.partition(":")[0]


def _same_numbers(one: FacetVerdict, other: FacetVerdict) -> bool:
    if one.outcome != other.outcome:
        return False
    first, second = dict(_samples(one)), dict(_samples(other))
    return first.keys() == second.keys() and all(
        _close(first[what], second[what]) for what in first
    )


def _samples(facet: FacetVerdict) -> Iterator[tuple[str, Any]]:
    """What was observed, array by array: its shape, and the numbers that the verdict keeps."""
    for comparison in facet.comparisons:
        kept = comparison.observed
        if isinstance(kept, dict) and kept.get("numbers"):
            yield comparison.what, (tuple(kept.get("shape") or ()), kept["numbers"])
        else:
            yield comparison.what, ((), [worst.observed for worst in comparison.worst[:1]])
    if not facet.comparisons:
        yield "", ((), [str(facet.observed)])


def _close(one: tuple[Any, list[Any]], other: tuple[Any, list[Any]]) -> bool:
    (shape, numbers), (other_shape, others) = one, other
    if shape != other_shape or len(numbers) != len(others):
        return False
    try:
        first, second = np.asarray(numbers, float), np.asarray(others, float)
    except (TypeError, ValueError):
        return numbers == others
    size = np.max(np.abs(first[np.isfinite(first)]), initial=0.0)
    return bool(np.allclose(first, second, rtol=0.0, atol=SHARE * size, equal_nan=True))


def passes(outcome: Outcome) -> bool | None:
    """Whether an outcome is a pass, whatever a ledger expected; None where nothing was judged."""
    if outcome in {"unsupported", "unspecified", "not-installed", "not-run"}:
        return None
    return outcome in {"pass", "xpass"}
