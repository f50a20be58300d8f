"""How unlikely draws are under a law, bounded from above for any number of them.

No bound here leans on a central limit: the probabilities hold for a handful of draws as for a
million, so a false-alarm rate can be promised for the smallest variable (docs/numerics.md).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import numpy as np

from conformance.verdicts.statistics import normal_levels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

ALARM: Final = 1e-15
"""Probability below which something is no accident. A run on ten adapters judges fewer than
2 · 10^5 statistics of initial values: it fails an honest framework less than twice in 10^10 times.
"""

GRID: Final = 2.0**-20
"""Share of its range by which a draw may be nearer to nought than a real number would be: uniform
numbers are made of 23 random bits or more."""


class Law(NamedTuple):
    """A symmetric law of draws θ around nought.

    Attributes:
        name: Of it.
        edge: Largest draw; infinite where there is none.
        deviation: Standard deviation.
        fourth: Fourth moment.
    """

    name: Literal["normal", "uniform", "truncated"]
    edge: float
    deviation: float
    fourth: float


_CUT = 2.0


def _truncated() -> Law:
    """The normal law on [-2, 2], by partial integration."""
    density = math.exp(-(_CUT**2) / 2) / math.sqrt(2 * math.pi)
    inside = math.erf(_CUT / math.sqrt(2))
    square = 1 - 2 * _CUT * density / inside
    fourth = 3 * square - 2 * _CUT**3 * density / inside
    return Law("truncated", _CUT, math.sqrt(square), fourth)


LAWS: Final[dict[str, Law]] = {
    "normal": Law("normal", math.inf, 1.0, 3.0),
    "uniform": Law("uniform", 1.0, math.sqrt(1 / 3), 1 / 5),
    "truncated": _truncated(),
}
"""The laws by name, each of the scale 1: uniform over [-1, 1], normal numbers within [-2, 2]."""


def share(log_odds: float) -> float:
    """How near a probability, given by its logarithm, is to an alarm: from 1 on it is one."""
    return max(log_odds, -1e300) / math.log(ALARM) if log_odds < 0 else 0.0


def all_within(law: Law, largest: float, count: int) -> float:
    """The logarithm of the probability that no draw is further from nought than ``largest``."""
    if largest >= law.edge:
        return 0.0
    one = largest if law.name == "uniform" else math.erf(largest / math.sqrt(2))
    if law.name == "truncated":
        one /= math.erf(law.edge / math.sqrt(2))
    return count * math.log(one) if one > 0 else -math.inf


def mean_tail(law: Law, mean: float, count: int) -> float:
    """The logarithm of a bound of the probability of a mean this far from nought, or further.

    All three laws are strictly sub-Gaussian, ``E exp(tθ) <= exp(t² σ² / 2)``: the uniform one as
    ``sinh(t)/t <= exp(t²/6)``, the truncated one by Barreto, Marchal and Arbel, "Optimal
    sub-Gaussian variance proxy for truncated Gaussian and exponential random variables" (2024).
    """
    return math.log(2) - count * (mean / law.deviation) ** 2 / 2


def square_tail(law: Law, off: float, count: int) -> float:
    """The logarithm of a bound of the probability of a mean square ``off`` by this or more.

    By Laurent and Massart, "Adaptive estimation of a quadratic functional by model selection"
    (2000), for normal draws; by Bernstein's inequality for bounded ones.
    """
    if law.name == "normal":
        # Above by 2 sqrt(x / n) + 2 x / n, or below by 2 sqrt(x / n), with probability exp(-x).
        root = off / 2 if off < 0 else (math.sqrt(1 + 2 * off) - 1) / 2
        return math.log(2) - count * root**2
    spread = law.fourth - law.deviation**4
    most = max(law.edge**2 - law.deviation**2, law.deviation**2)
    return math.log(2) - count * off**2 / 2 / (spread + most * abs(off) / 3)


def distance(law: Law, theta: Array) -> float:
    """Kolmogorov and Smirnov's distance of draws from the law."""
    ordered = np.sort(theta, axis=None)
    if law.name == "uniform":
        levels = (ordered + 1) / 2
    else:
        levels = normal_levels(ordered)
        if law.name == "truncated":
            below, above = normal_levels(np.array([-law.edge, law.edge]))
            levels = (levels - below) / (above - below)
    steps = np.arange(ordered.size + 1) / ordered.size
    return float(max((steps[1:] - levels).max(), (levels - steps[:-1]).max()))


def distance_tail(apart: float, count: int) -> float:
    """The logarithm of the probability of such a distance, or a larger one: Massart's bound."""
    return math.log(2) - 2 * count * apart**2
