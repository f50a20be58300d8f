"""The end of a script: what came out is held against what must come out, number by number."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.repro.text import literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.acceptance import Limits
    from conformance.repro.truth import Numbers

DEVIATING = '''
def deviating(observed, expected, within):
    """Tell which numbers are further off than rounding can move them. NaN is equal to NaN."""
    observed, expected = np.asarray(observed, np.float64), np.asarray(expected, np.float64)
    assert observed.shape == expected.shape, f"{observed.shape} is not {expected.shape}"
    with np.errstate(invalid="ignore"):
        near = np.abs(observed - expected) <= within
    near |= np.isnan(observed) & np.isnan(expected)
    return ~(near | (observed == expected))
'''

_OVERFLOWS = """    # Where rounding may leave the dtype's range, infinity is right as well.
    near |= np.isinf(observed) & (np.sign(observed) == np.sign(expected)) & (
        np.abs(expected) + within >= {largest!r}
    )
    return"""

_COMPARED = """
wrong = []
for what, where, numbers, within in expected:
    seen = observed[what][where]
    for at in np.argwhere(deviating(seen, numbers, within)):
        place = tuple(at.tolist()) if where is ... else where
        number = np.asarray(numbers)[tuple(at)]
        wrong.append(f"{what} at {place}: expected {number}, observed {seen[tuple(at)]}")
print("\\n".join(wrong[:10]))
assert not wrong, f"{len(wrong)} of these numbers deviate, first {wrong[0]}"
"""

_TOGETHER = """
# No number need be out by itself: all together may not be, either.
for what, where, numbers, within in expected:
    if what in together:
        with np.errstate(invalid="ignore", divide="ignore"):
            z = np.nan_to_num((observed[what][where] - np.array(numbers)) / within * {peak!r})
        rms = np.sqrt(np.mean(z**2)) / {rms!r}
        print(what, "is off by", rms, "times its tolerance (rms)")
        assert rms <= 1, f"{{what}} is off by {{rms}} times its tolerance (rms)"
"""


_SIGNED = """
# A zero has a sign.
for what, where, numbers, _ in expected:
    if what in signed:
        numbers, seen = np.asarray(numbers), np.asarray(observed[what][where])
        turned = (numbers == 0) & (np.signbit(numbers) != np.signbit(seen))
        assert not turned.any(), f"{what}: zeros have the wrong sign: {seen[turned]}"
"""


def function(numbers: Sequence[Numbers]) -> str:
    """The function that :func:`number_lines` calls."""
    overflows = [one.largest for one in numbers if _overflows(one)]
    if not overflows:
        return DEVIATING
    return DEVIATING.replace("    return", _OVERFLOWS.format(largest=max(overflows)), 1)


def number_lines(numbers: Sequence[Numbers], limits: Limits) -> list[str]:
    """Statements that compare ``observed``, arrays by name."""
    lines = [
        "# Array, place (all of it: ...), what must come out, how far rounding may move it.",
        "expected = [",
        *(f"    {entry}," for one in numbers for entry in _entries(one)),
        "]",
        _COMPARED.strip("\n"),
    ]
    together = [one.what for one in numbers if one.together]
    if together:
        asked = _TOGETHER.format(peak=limits.peak, rms=limits.rms)
        lines += [f"together = {literal(together)}", asked.strip("\n")]
    signed = [one.what for one in numbers if one.signed]
    if signed:
        lines += [f"signed = {literal(signed)}", _SIGNED.strip("\n")]
    return lines


def shape_lines(shapes: Sequence[Sequence[int]]) -> list[str]:
    """Statements that compare the shapes of ``observed``."""
    expected = literal([tuple(shape) for shape in shapes])
    return [
        "shapes = [tuple(array.shape) for array in observed.values()]",
        f'assert shapes == {expected}, f"the shapes are {{shapes}}"',
    ]


def equal_lines(expected: str, found: str) -> list[str]:
    """Statements that demand that two expressions are equal."""
    return [
        f"expected = {expected}",
        f"found = {found}",
        'print("expected", expected)',
        'print("observed", found)',
        'assert found == expected, f"{found} is not {expected}"',
    ]


def _entries(one: Numbers) -> list[str]:
    """The lines of ``expected`` about one array."""
    if one.places is None:
        within = "0.0" if one.within is None else literal(one.within.tolist())
        return [f"({literal(one.what)}, ..., {literal(_plain(one.expected))}, {within})"]
    distances: Any = [0.0] * len(one.places) if one.within is None else one.within.tolist()
    return [
        f"({literal(one.what)}, {literal(place)}, {literal(number)}, {literal(distance)})"
        for place, number, distance in zip(one.places, _plain(one.expected), distances, strict=True)
    ]


def _plain(values: Any) -> Any:
    return np.asarray(values).tolist()


def _overflows(one: Numbers) -> bool:
    if one.within is None or not math.isfinite(one.largest):
        return False
    with np.errstate(invalid="ignore", over="ignore"):
        return bool((np.abs(one.expected) + one.within >= one.largest).any())
