"""Numbers as a script writes them: no longer than need be, and never stricter than the rule.

A number that must come out is cut to the digits that its tolerance can tell apart, and what was cut
off is added to the tolerance, which is only ever rounded up.
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.verdicts.comparison import upward

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SHARE = 1000
"""What is cut off a number is at most this part of its tolerance."""
_DIGITS = 3
"""Significant digits of a tolerance."""


def written(number: float, within: float) -> tuple[float, float]:
    """A number and its tolerance with few digits.

    Args:
        number: What must come out; it may be NaN or infinite.
        within: How far rounding may move it; 0 where it must be equal.

    Returns:
        Both, such that whatever is within the exact tolerance of the exact number is within the
        returned one of the returned number.
    """
    if not within or not math.isfinite(number):
        return number, 0.0
    for digits in range(2, 18):  # with 17 digits it is the number itself
        short = float(f"{number:.{digits}g}")
        if abs(short - number) <= within / _SHARE:
            break
    # Their sum may be rounded down; the next number up is not below it.
    whole = math.nextafter(within + abs(short - number), math.inf)
    return short, min(upward(whole, _DIGITS), sys.float_info.max)


def written_all(
    numbers: NDArray[Any], within: NDArray[Any] | None
) -> tuple[NDArray[Any], NDArray[np.float64] | None]:
    """An array and its tolerances, each number as by :func:`written`."""
    if within is None:
        return numbers, None
    pairs = [
        written(float(number), float(distance))
        for number, distance in zip(numbers.flat, within.flat, strict=True)
    ]
    shape = numbers.shape
    return (
        np.array([number for number, _ in pairs], np.float64).reshape(shape),
        np.array([distance for _, distance in pairs], np.float64).reshape(shape),
    )


def as_fed(values: NDArray[Any]) -> Any:
    """Nested lists of the numbers of an array that is fed, with the digits that its type needs."""
    if values.dtype != np.float32:
        return values.tolist()
    return np.array([float(str(number)) for number in values.flat]).reshape(values.shape).tolist()
