"""Numbers in another order along an axis: keras.random.shuffle.

Each line along the axis must hold the numbers that it held. Whether lines move together is not
documented: the odds hold for each line, and are multiplied by how many there are.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from conformance.verdicts import statistics, text
from conformance.verdicts.distributions import ALARM
from conformance.verdicts.drawn import LEAST_PAIRS, checked, independence
from conformance.verdicts.model import Comparison
from conformance.verdicts.tolerance import ReferenceFaultError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from conformance.reference.answer.expectation import ExpectedPermutation, ExpectedRandom
    from conformance.verdicts.evidence import Evidence

    Array = NDArray[Any]

_SHARE: Final = 0.8
"""Of the numbers of a line that must be there once, so that it shows where they went."""


def permutations(
    evidence: Evidence,
    expected: ExpectedRandom,
    law: ExpectedPermutation,
    arrays: Mapping[str, Array],
) -> Iterator[Comparison]:
    """Judge that each line holds its numbers, and that their order is none of its own.

    Args:
        evidence: for the array that is shuffled.
        expected: shape of the answer.
        law: the array and the axis.
        arrays: the answers by the names of :class:`Draws`.
    """
    before = _lines(evidence.target(law.array).values, law.axis)
    if before.shape[1] < LEAST_PAIRS:
        raise ReferenceFaultError(f"only {before.shape[1]} numbers along the axis are shuffled")
    scores: dict[str, Array] = {}
    for name in ("first", "other") if expected.repeats else ("first", "second", "other"):
        after = _lines(arrays[name], law.axis)
        kept = _kept(before, after, law.axis, name)
        yield kept
        if kept.message:
            return
        came = np.stack([_came_from(*pair) for pair in zip(before, after, strict=True)])
        yield from _orders(came, name)
        count = before.shape[1]
        places = (came[0] - (count - 1) / 2) / math.sqrt((count**2 - 1) / 12)
        scores[name] = np.where(came[0] < 0, 0.0, places)
        yield _places(scores[name], name)
    yield from independence(scores)


def _lines(values: Array, axis: int) -> Array:
    moved = np.moveaxis(np.asarray(values), axis, -1)
    return moved.reshape(-1, moved.shape[-1])


def _kept(before: Array, after: Array, axis: int, name: str) -> Comparison:
    """Compare what each line holds with what it held: the same numbers, to the last bit."""
    what = f"lines of the {name} answer"
    wrong = (np.sort(before, 1) != np.sort(after.astype(before.dtype), 1)).any(1)
    if not wrong.any():
        return Comparison(what=what, margin=0.0)
    return Comparison(
        what=what,
        message=f"{what}: {int(wrong.sum()):,} of {wrong.size:,} lines along axis {axis} "
        f"{text.are(wrong.sum())} not made of the numbers that they had before",
    )


def _came_from(before: Array, after: Array) -> Array:
    """Where each number of a line was before; -1 where another is equal to it."""
    values, first, times = np.unique(before, return_index=True, return_counts=True)
    if (times == 1).sum() < _SHARE * before.size:
        raise ReferenceFaultError("too many numbers of a line are equal to show where each went")
    found = np.searchsorted(values, after)
    return np.where(times[found] == 1, first[found], -1)


def _orders(came: Array, name: str) -> Iterator[Comparison]:
    """Count what stayed where it was, and who still has the neighbour that it had.

    By chance k or more do with a probability below 1/k!, whatever the length of a line.
    """
    here = np.arange(came.shape[1])
    both = (came[:, 1:] >= 0) & (came[:, :-1] >= 0)
    steps = came[:, 1:] - came[:, :-1]
    for what, stayed in (
        ("in their place", came == here),
        ("behind the one before them", both & (steps == 1)),
        ("before the one before them", both & (steps == -1)),
    ):
        most = int(stayed.sum(1).max())
        odds = math.log(came.shape[0]) - math.lgamma(most + 1)
        margin = min(odds, 0.0) / math.log(ALARM)
        yield Comparison(
            what=f"{what}: {name}",
            margin=margin,
            message=f"order of the {name} answer: {most:,} of {came.shape[1]:,} numbers of a line "
            f"are still {what}"
            if margin > 1
            else "",
        )


def _places(scores: Array, name: str) -> Comparison:
    """Correlate where numbers are with where they were."""
    count = scores.size
    here = (np.arange(count) - (count - 1) / 2) / math.sqrt((count**2 - 1) / 12)
    z = statistics.correlation(np.where(scores == 0, 0.0, here), scores)
    said = f"correlated with the order before by {z / math.sqrt(count):.4f}, expected 0"
    return checked(f"places of the {name} answer", z, said)
