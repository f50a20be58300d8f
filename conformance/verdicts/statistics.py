"""The statistics by which draws are judged, each with its false-alarm rate (docs/numerics.md).

An honest layer exceeds one of these limits less than once in 10**9 judged draws; as every seed is
fixed, a run that passes once passes always, until the framework's generator changes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LIMIT: Final = 6.5
"""Largest admissible ``|z|``: a normal number exceeds it with probability 8e-11."""

COINCIDENCE: Final = 1e-9
"""Two draws must differ where an honest generator repeats itself less often than this."""

LEAST: Final = 4096
"""Draws from which on the normal law is near enough for sums at :data:`LIMIT`."""

LEAST_PICKED: Final = 1024
"""Expected number of draws of the rarer kind from which on that holds for a fraction."""


def fraction(count: int, total: int, probability: float) -> float:
    """Return z of a number of successes: ``(n - Np) / sqrt(Np(1 - p))``."""
    return (count - total * probability) / math.sqrt(total * probability * (1 - probability))


def mean(scores: Floats) -> float:
    """Return z of the mean of scores of mean 0 and variance 1."""
    return float(scores.sum() / math.sqrt(scores.size))


def variance(scores: Floats, kurtosis: float) -> float:
    """Return z of the variance of scores of variance 1 and this fourth moment."""
    squares = float(np.square(scores).sum())
    return (squares - scores.size) / math.sqrt(scores.size * (kurtosis - 1))


def correlation(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Return z of the correlation of independent scores of mean 0 and variance 1; 0 is no score."""
    pairs = int(np.count_nonzero((first != 0) & (second != 0)))
    return float((first * second).sum() / math.sqrt(pairs)) if pairs else 0.0


def neighbours(scores: NDArray[Any], axis: int) -> float:
    """Return z of the correlation of each score with the next one along an axis."""
    before = np.take(scores, range(scores.shape[axis] - 1), axis)
    after = np.take(scores, range(1, scores.shape[axis]), axis)
    return correlation(before, after)


def distance(sorted_levels: Floats) -> float:
    """Return the Kolmogorov-Smirnov distance of levels from the even law over [0, 1].

    Args:
        sorted_levels: the law's distribution function at each draw, ascending.
    """
    count = sorted_levels.size
    steps = np.arange(count + 1) / count
    return float(max((steps[1:] - sorted_levels).max(), (sorted_levels - steps[:-1]).max()))


def farthest(count: int) -> float:
    """Return the largest admissible distance of so many draws.

    By Massart's inequality ``P(D > d) <= 2 exp(-2Nd²)``, for every N: here 1e-9.
    """
    return math.sqrt(math.log(2 / COINCIDENCE) / (2 * count))


def normal_levels(scores: Floats) -> Floats:
    """Return the distribution function of the normal law, to 1e-7, which is plenty for a distance.

    Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26.
    """
    x = np.abs(scores) / math.sqrt(2)
    t = 1 / (1 + 0.3275911 * x)
    tail = t * (
        0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))
    )
    upper = 1 - tail * np.exp(-np.square(x)) / 2
    return np.asarray(np.where(scores < 0, 1 - upper, upper))
