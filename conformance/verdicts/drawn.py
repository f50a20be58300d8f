"""What the laws of draws have in common: a check of one statistic, and independence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.verdicts import statistics
from conformance.verdicts.model import Comparison

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

LEAST_PAIRS = 1000
"""Pairs of neighbours from which on their correlation is judged."""


def checked(what: str, z: float, said: str) -> Comparison:
    """Compare a statistic with its limit.

    Args:
        what: its name.
        z: its value; under the law a standard normal number.
        said: what was seen and expected, for the message.
    """
    margin = abs(z) / statistics.LIMIT
    message = "" if margin <= 1 else f"{what}: {said} (z = {z:.1f}, limit {statistics.LIMIT})"
    return Comparison(what=what, margin=margin, message=message)


def independence(scores: Mapping[str, NDArray[Any]]) -> Iterator[Comparison]:
    """Judge neighbours along every axis, and the same place in different calls.

    Args:
        scores: for each answer its draws, standardized; 0 where a draw isn't known.
    """
    first = scores["first"]
    for axis, size in enumerate(first.shape):
        if size > 1 and first.size - first.size // size >= LEAST_PAIRS:
            z = statistics.neighbours(first, axis)
            count = first.size - first.size // size
            yield checked(
                f"neighbours along axis {axis}",
                z,
                f"correlated by {z / np.sqrt(count):.4f}, expected 0",
            )
    for before, name in (("first", "second"), ("first", "other"), ("second", "other")):
        if not {before, name} <= scores.keys():
            continue
        z = statistics.correlation(scores[before], scores[name])
        if first.size >= LEAST_PAIRS:
            yield checked(
                f"{before} and {name}",
                z,
                f"correlated by {z / np.sqrt(first.size):.4f}, expected 0",
            )
