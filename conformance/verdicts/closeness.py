"""How close an answer came to the truth, number by number: what a report shows of it.

The verdict needs no more than the worst element. A reader of the report wants to see *where* an
answer is off, how far two frameworks are from each other, and how many digits are right. For that
an array keeps, beside a sample of its numbers, its relative error and a small picture of ``z``:
one signed byte a number, in eighths of τ.
"""

from __future__ import annotations

import base64
import math
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from conformance.verdicts.comparison import compare, sample

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from conformance.acceptance import Limits
    from conformance.verdicts.comparison import Target
    from conformance.verdicts.model import Comparison

    Array = NDArray[Any]

STEPS: Final = 8
"""Steps of a byte of the picture in one τ; it holds up to 127 / 8, just under the limit."""
NO_SIZE: Final = -128
"""Byte of a number whose distance has no size: a NaN or infinity on one side only."""

PICTURE_PASSING: Final = 192
PICTURE_FAILING: Final = 1024
"""Bytes of the picture at most, of an array that passes and of one that doesn't."""
NUMBERS_PASSING: Final = 6
NUMBERS_FAILING: Final = 1024
"""Numbers kept, likewise."""


def compare_closely(what: str, target: Target, observed: Array, limits: Limits) -> Comparison:
    """Judge an array as :func:`conformance.verdicts.comparison.compare` does, and keep more of it.

    Args:
        what: the array's name for the reader.
        target: what it should be.
        observed: what the framework answered.
        limits: how many τ are admissible.

    Returns:
        The comparison, with the first numbers of both sides, how far rounding may move them (unless
        some are out by themselves: of those ``worst`` tells), the relative error and the picture
        of the differences; of arrays of different shapes, the numbers alone.
    """
    found = compare(what, target, observed, limits)
    passes = not found.message
    numbers = NUMBERS_PASSING if passes else NUMBERS_FAILING
    more: dict[str, Any] = {
        "expected": sample(target.values, numbers),
        "observed": sample(observed, numbers),
    }
    if passes or found.within is not None:
        more["within"] = target.within(limits, numbers)
    if observed.shape == target.values.shape and observed.size:
        more["error"] = relative_error(target.values, observed)
        more["picture"] = picture(target, observed, PICTURE_PASSING if passes else PICTURE_FAILING)
    return msgspec.structs.replace(found, **more)


def relative_error(expected: Array, observed: Array) -> float | None:
    """Return the largest difference over the largest number expected, among finite ones.

    Args:
        expected: the truth.
        observed: an answer of the same shape.

    Returns:
        None where nothing is finite on both sides, or the truth is zero throughout.
    """
    if expected.dtype.kind != "f":
        return None
    with np.errstate(all="ignore"):
        difference = np.abs(np.subtract(observed, expected, dtype=np.float64))
        largest = float(np.abs(expected).max())
        error = float(difference.max()) / largest if largest else None
        if error is not None and math.isfinite(error):
            return error
        finite = np.isfinite(difference)
        if not finite.any():
            return None
        largest = float(np.abs(expected[finite]).max())
        error = float(difference[finite].max()) / largest if largest else None
    return error if error is not None and np.isfinite(error) else None


def picture(target: Target, observed: Array, limit: int) -> str:
    """Return ``z`` of the first numbers in C order, as bytes in base64.

    Args:
        target: what they should be; where equality is demanded there is no τ and the
            picture is empty.
        observed: the answer.
        limit: numbers at most.

    Returns:
        One signed byte a number: eighths of τ, held at ±127; :data:`NO_SIZE` where a
        NaN or infinity stands on one side only.
    """
    if target.spread is None or target.scale is None:
        return ""
    expected = target.values.reshape(-1)[:limit]
    seen = observed.reshape(-1)[:limit].astype(np.float64)
    spread = target.spread.reshape(-1)[:limit]
    with np.errstate(all="ignore"):
        z = (seen - expected) / (spread * target.scale.unit + target.scale.floor)
        if math.isfinite(z.dot(z)):  # no NaN or infinity on either side: the usual picture
            steps = np.clip(np.rint(z * STEPS), -127, 127)
            return base64.b64encode(steps.astype(np.int8).tobytes()).decode("ascii")
    right = (seen == expected) | (np.isnan(seen) & np.isnan(expected))
    z[right] = 0.0
    steps = np.where(np.isfinite(z), np.clip(np.rint(z * STEPS), -127, 127), NO_SIZE)
    return base64.b64encode(steps.astype(np.int8).tobytes()).decode("ascii")
