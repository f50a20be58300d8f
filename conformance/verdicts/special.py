"""The incomplete gamma and beta functions, which the levels of draws are made of.

Sources: Abramowitz and Stegun, Handbook of Mathematical Functions, 6.5.29, 6.5.31 and 26.5.8; the
continued fractions are worked out from the front by Lentz's method.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

TERMS: Final = 500
"""Terms of a series or fraction at most; parameters up to 10^4 take fewer."""

_CLOSE: Final = 1e-14
_TINY: Final = 1e-300


def _log_gamma(values: Floats) -> Floats:
    return np.asarray(np.vectorize(math.lgamma, otypes=[float])(values))


def gamma_level(alpha: Floats, x: Floats) -> Floats:
    """The share of Gamma(alpha) draws up to ``x``: ``P(alpha, x)``, to 1e-12.

    Args:
        alpha: positive; broadcasts to ``x``.
        x: not negative; infinity counts as such.
    """
    alpha, x = np.broadcast_arrays(alpha, x)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        front = np.exp(alpha * np.log(x) - x - _log_gamma(alpha))
    found = np.where(x > 0, 1.0, 0.0)
    front = np.where(np.isfinite(x), front, 0.0)
    low = (x > 0) & (x < alpha + 1)
    high = (x >= alpha + 1) & np.isfinite(x)
    found[low] = front[low] * _series(alpha[low], x[low])
    found[high] = 1 - front[high] * _gamma_fraction(alpha[high], x[high])
    return np.clip(found, 0.0, 1.0)


def _series(alpha: Floats, x: Floats) -> Floats:
    """``sum x^n / (alpha (alpha + 1) … (alpha + n))``."""
    term = 1 / alpha
    total = term.copy()
    for n in range(1, TERMS):
        term = term * x / (alpha + n)
        total += term
        if not (term > _CLOSE * total).any():
            break
    return total


def _gamma_fraction(alpha: Floats, x: Floats) -> Floats:
    """``1/(x+1-a- 1(1-a)/(x+3-a- 2(2-a)/(x+5-a- …)))``."""
    return _lentz(x, lambda n: n * (alpha - n), lambda n: x + 2 * n + 1 - alpha)


def beta_level(alpha: Floats, beta: Floats, x: Floats) -> Floats:
    """The share of Beta(alpha, beta) draws up to ``x``: ``I_x(alpha, beta)``, to 1e-12.

    Args:
        alpha: positive; broadcasts to ``x``, as ``beta`` does.
        beta: positive.
        x: within [0, 1].
    """
    alpha, beta, x = np.broadcast_arrays(alpha, beta, x)
    # The fraction converges fast below the middle of the law; the rest is its mirror image.
    turned = x > (alpha + 1) / (alpha + beta + 2)
    a, b = np.where(turned, beta, alpha), np.where(turned, alpha, beta)
    y = np.where(turned, 1 - x, x)
    found = np.zeros(y.shape)
    inside = y > 0
    a, b, y = a[inside], b[inside], y[inside]
    logs = a * np.log(y) + b * np.log1p(-y)
    logs += _log_gamma(a + b) - _log_gamma(a) - _log_gamma(b)
    found[inside] = np.exp(logs) / a * _beta_fraction(a, b, y)
    return np.clip(np.where(turned, 1 - found, found), 0.0, 1.0)


def _beta_fraction(a: Floats, b: Floats, x: Floats) -> Floats:
    def over(n: int) -> Floats:
        m = n // 2
        if n % 2:
            return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))

    return _lentz(x, over, lambda _: np.ones_like(x))


def _lentz(like: Floats, over: Callable[[int], Any], under: Callable[[int], Floats]) -> Floats:
    """``1/(u(0) + o(1)/(u(1) + o(2)/(u(2) + …)))``."""
    below = under(0)
    d = 1 / np.where(below == 0, _TINY, below)
    c = np.full(like.shape, 1 / _TINY)
    value = d.copy()
    for n in range(1, TERMS):
        step = over(n)
        d = under(n) + step * d
        c = under(n) + step / c
        d = 1 / np.where(d == 0, _TINY, d)
        c = np.where(c == 0, _TINY, c)
        value *= c * d
        if not (np.abs(c * d - 1) > _CLOSE).any():
            break
    return value
