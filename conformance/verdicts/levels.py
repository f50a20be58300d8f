"""Where draws lie in the distribution that they should follow: the share of draws below each.

Levels of a continuous law are spread evenly over [0, 1], whatever the law and its parameters, and
so one set of statistics judges them all (:mod:`conformance.verdicts.distributions`). A number that
is rounded has a level between two; so has each of the numbers of a law of whole numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from conformance.acceptance import FLOORS, UNITS
from conformance.verdicts.special import beta_level, gamma_level
from conformance.verdicts.statistics import normal_levels

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    Array = NDArray[Any]
    Parameters = Mapping[str, Array]

CUT: Final = 2.0
"""Deviations within which truncated normal numbers lie."""
FARTHEST: Final = 10.0
"""Deviations beyond which a normal number is no accident: 1.5e-23."""
ROUNDINGS: Final = 4.0
"""Rounding units by which a draw may be off: of the number itself, and of what it is made of."""
MOST_OPTIONS: Final = 4096
"""Whole numbers of a law that are counted one by one; of more, the levels alone are judged."""


@dataclass(frozen=True)
class Law:
    """A distribution with its parameters, each of the shape ``[cells, 1]``; odds have more columns.

    Attributes:
        low: Least number.
        high: Largest number, or the bound below which all are (``open``).
        open: Whether the upper bound is no possible number.
        whole: Whether all numbers are whole.
        level: The share of draws up to a number.
        odds: Of ``low``, ``low + 1``, …, where these are whole numbers and few enough.
        scale: What a draw's rounding goes with, beside its own size.
    """

    low: Array
    high: Array
    level: Callable[[Array], Array]
    scale: Array
    open: bool = False
    whole: bool = False
    odds: Array | None = None

    def outside(self, values: Array, dtype: str) -> Array:
        """Numbers that the law can't give."""
        exact = self.open or self.whole
        blur = np.zeros(self.low.shape) if exact else self._blur(self.scale, dtype)
        above = values >= self.high if self.open else values > self.high + blur
        return np.asarray((values < self.low - blur) | above)

    def levels(self, values: Array, dtype: str) -> tuple[Array, Array]:
        """Between which two levels each draw lies."""
        if self.whole:
            return self.level(values - 1), self.level(values)
        blur = self._blur(np.abs(values) + self.scale, dtype)
        low, high = (np.clip(values + side * blur, self.low, self.high) for side in (-1, 1))
        return self.level(low), self.level(high)

    def room(self, dtype: str) -> float:
        """How far beyond a bound rounding may put a number at most."""
        return float(self._blur(self.scale, dtype).max())

    @staticmethod
    def _blur(size: Array, dtype: str) -> Array:
        return np.asarray(ROUNDINGS * UNITS[dtype] * size + FLOORS[dtype])


def law_of(name: str, given: Parameters) -> Law:
    """The law that has this name, as ``Distribution`` of ``reference/engine/laws.py`` has them."""
    return _LAWS[name](given)


def _normal(given: Parameters) -> Law:
    mean, deviation = given["mean"], given["deviation"]
    reach = FARTHEST * deviation
    return Law(
        low=mean - reach,
        high=mean + reach,
        level=lambda x: normal_levels((x - mean) / deviation),
        scale=deviation + np.abs(mean),
    )


def _truncated(given: Parameters) -> Law:
    mean, deviation = given["mean"], given["deviation"]
    below, above = normal_levels(np.array([-CUT, CUT]))
    return Law(
        low=mean - CUT * deviation,
        high=mean + CUT * deviation,
        level=lambda x: (normal_levels((x - mean) / deviation) - below) / (above - below),
        scale=deviation + np.abs(mean),
    )


def _uniform(given: Parameters) -> Law:
    low, high = given["low"], given["high"]
    return Law(
        low=low,
        high=high,
        level=lambda x: (x - low) / (high - low),
        scale=np.maximum(np.abs(low), np.abs(high)),
        open=True,
    )


def _gamma(given: Parameters) -> Law:
    alpha = given["alpha"]
    nought = np.zeros(alpha.shape)
    return Law(
        low=nought, high=nought + np.inf, level=lambda x: gamma_level(alpha, x), scale=nought
    )


def _beta(given: Parameters) -> Law:
    alpha, beta = np.broadcast_arrays(given["alpha"], given["beta"])
    nought = np.zeros(alpha.shape)
    return Law(
        low=nought, high=nought + 1, level=lambda x: beta_level(alpha, beta, x), scale=nought
    )


def _integers(given: Parameters) -> Law:
    low, high = given["low"], given["high"]
    count = int((high - low).max())
    even = bool((high - low == count).all())
    odds = np.full((*low.shape[:-1], count), 1 / count) if even and count <= MOST_OPTIONS else None
    return Law(
        low=low,
        high=high,
        level=lambda x: np.clip((x - low + 1) / (high - low), 0.0, 1.0),
        scale=np.zeros(low.shape),
        open=True,
        whole=True,
        odds=odds,
    )


def _binomial(given: Parameters) -> Law:
    counts, probabilities = np.broadcast_arrays(given["counts"], given["probabilities"])
    most = int(counts.max())
    k = np.arange(most + 1.0)
    ways = [
        [math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) if i <= n else -math.inf]
        for n in counts[:, 0].tolist()
        for i in k.tolist()
    ]
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(k == 0, 0.0, k * np.log(probabilities))
        rest = counts - k
        logs += np.where(rest == 0, 0.0, rest * np.log1p(-probabilities))
        odds = np.exp(np.reshape(ways, logs.shape) + logs)
    return _counted(np.where(k <= counts, odds, 0.0), counts)


def _categories(given: Parameters) -> Law:
    odds = given["odds"]
    return _counted(odds, np.full((odds.shape[0], 1), odds.shape[1] - 1.0))


def _counted(odds: Array, high: Array) -> Law:
    """A law of the whole numbers from nought on, by how likely each is."""
    ends = np.concatenate([np.zeros((odds.shape[0], 1)), np.cumsum(odds, 1)], 1)
    cells = np.arange(odds.shape[0])[:, None]

    def level(x: Array) -> Array:
        places = np.clip(x + 1, 0, odds.shape[1]).astype(np.int64)
        return np.asarray(np.minimum(ends[cells, places], 1.0))

    nought = np.zeros(high.shape)
    return Law(low=nought, high=high, level=level, scale=nought, whole=True, odds=odds)


_LAWS: Final = {
    "normal": _normal,
    "truncated": _truncated,
    "uniform": _uniform,
    "gamma": _gamma,
    "beta": _beta,
    "integers": _integers,
    "binomial": _binomial,
    "categories": _categories,
}
