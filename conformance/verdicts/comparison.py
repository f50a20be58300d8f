"""One array against its expectation.

Most arrays pass, and most are small: the fast way takes a dozen NumPy calls and no copy that isn't
needed. Only an array that it can't pass, because it is out or holds NaN or infinity, is looked at
element by element. Both ways go through big arrays in pieces, so that fourteen million numbers cost
a few pieces of memory and not eight copies.
"""

from __future__ import annotations

import decimal
import functools
import math
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from conformance.acceptance import VALUES, Limits
from conformance.verdicts import text
from conformance.verdicts.model import Comparison, Worst
from conformance.verdicts.tolerance import ReferenceFaultError, Scale

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Array = NDArray[Any]
    Floats = NDArray[np.float64]

PIECE: Final = 1 << 13
"""Numbers looked at together. Five arrays of this length stay in a core's cache; and from 10,000
numbers on OpenBLAS would start threads for a dot product, which wait for cores that the adapters
keep busy: that took milliseconds where the sum takes microseconds."""

WORST: Final = 5
"""Elements reported of an array that is out."""

SAMPLE_FAILING: Final = 64
"""Numbers kept for the report, of an array that is out."""

SAMPLE_TOGETHER: Final = 1024
"""Numbers kept of an array in which none is out by itself, but all together are."""

DIGITS: Final = 4
"""Significant digits of the admissible distances that are kept."""

NUMERIC_KINDS: Final = frozenset("biuf")
"""NumPy's kinds of dtypes that hold numbers to compare."""


@dataclass(frozen=True, slots=True)
class Target:
    """What an array should be, and how near it has to come."""

    values: Array
    """The truth: float64, or int64 or bool."""
    spread: Array | None = None
    """``sqrt(s² + ref²/3)`` in units of u, of the same shape; None demands equality."""
    scale: Scale | None = None
    """Turns the spread into a tolerance; None demands equality."""

    def transposed(self, axes: Sequence[int]) -> Target:
        """Return the target of the array with its axes permuted."""
        spread = None if self.spread is None else self.spread.transpose(axes)
        return Target(self.values.transpose(axes), spread, self.scale)

    def first_row(self) -> Target:
        """Return the target of the first row alone."""
        return Target(self.values[:1], None if self.spread is None else self.spread[:1], self.scale)

    def within(self, limits: Limits, count: int) -> list[float]:
        """Tell how far rounding may move each of the first numbers, in C order.

        Args:
            limits: how many τ are admissible.
            count: numbers at most.

        Returns:
            Distances of a few digits, never rounded down; 0 where only the truth itself will do, as
            for NaN and infinities. Empty where equality is demanded of all numbers.
        """
        if self.spread is None or self.scale is None:
            return []
        first = self.spread.flat[:count].astype(np.float64)
        distances = limits.peak * (first * self.scale.unit + self.scale.floor)
        special = ~np.isfinite(self.values.flat[:count])
        return [0.0 if s else upward(d) for d, s in zip(distances.tolist(), special, strict=True)]


def compare(what: str, target: Target, observed: Array, limits: Limits = VALUES) -> Comparison:
    """Judge an observed array by the rule of :mod:`conformance.verdicts.tolerance`.

    Args:
        what: the array's name for the reader: ``output 0``.
        target: what it should be.
        observed: what the framework answered, in its own dtype.
        limits: how many τ are admissible.

    Returns:
        The comparison. Its ``message`` is empty exactly when the array passes.

    Raises:
        ReferenceFaultError: when the spread is none: of another shape, or NaN or infinite where
            the truth is finite.
    """
    expected, spread, scale = target.values, target.spread, target.scale
    if observed.shape != expected.shape:
        return Comparison(
            what=what,
            message=f"{what}: expected shape {text.shape(expected.shape)}, "
            f"observed {text.shape(observed.shape)}",
        )
    if observed.dtype.kind not in NUMERIC_KINDS:
        message = f"{what}: an array of {dtype_name(observed.dtype)} holds no numbers"
        return Comparison(what=what, message=message)
    with np.errstate(all="ignore"):
        if spread is None or scale is None:
            return _compare_exactly(what, expected, observed)
        if spread.shape != expected.shape:
            raise ReferenceFaultError(
                f"the spread of {what} has shape {spread.shape}, its truth {expected.shape}"
            )
        tally = _Tally(limits)
        for piece in _pieces(observed, expected, spread):
            z = _differences(piece, scale)
            # An infinite spread would pass everything; squares find it in one call.
            flat_spread = piece[2]
            if not (math.isfinite(flat_spread.dot(flat_spread)) and tally.add_passing(z)):
                break
        else:
            return tally.passed(what)
        return _look_closely(what, target, observed, limits)


def compare_observed(
    what: str,
    observed: tuple[Array, Array],
    targets: tuple[Target, Target],
    limits: Limits = VALUES,
) -> Comparison:
    """Judge two observations of one truth: ``|first - second| <= 16 (τ₁ + τ₂)``.

    Args:
        what: the array's name for the reader.
        observed: the two, of one shape; the first takes the expectation's part in the message.
        targets: what each should be, of that shape and one dtype. Only how near they had to come
            counts here.
        limits: how many τ are admissible.

    Returns:
        The comparison, as from :func:`compare`.
    """
    first, second = observed
    joint, scale = _joint(targets)
    return compare(what, Target(first, joint, scale), second, limits)


def moved(before: Array, after: Array, targets: tuple[Target, Target]) -> NDArray[np.bool_]:
    """Tell which entries changed by more than rounding can change them.

    Args:
        before: an observed output.
        after: the same output after an input was changed.
        targets: what the two should be.

    Returns:
        A boolean array; an entry whose NaN or infinity came, went or changed sign has moved.
    """
    joint, scale = _joint(targets)
    with np.errstate(all="ignore"):
        same = (before == after) | ((before != before) & (after != after))  # noqa: PLR0124 - NaN
        if joint is None or scale is None:
            return np.asarray(~same)
        tolerance = joint * scale.unit + scale.floor
        wide = np.complex128 if "c" in {after.dtype.kind, before.dtype.kind} else np.float64
        near = np.abs(np.subtract(after, before, dtype=wide)) <= VALUES.peak * tolerance
        return np.asarray(~(same | near))


def sample(array: Array, limit: int) -> dict[str, Any]:
    """Keep an array's shape, dtype and first numbers, in C order, as JSON can carry them."""
    numbers = array.flat[:limit].tolist()
    if array.dtype.kind == "f":  # most are, and most of these are finite
        numbers = [value if math.isfinite(value) else str(value) for value in numbers]
    else:
        numbers = [plain(value) for value in numbers]
    return {"shape": list(array.shape), "dtype": dtype_name(array.dtype), "numbers": numbers}


@functools.cache
def dtype_name(dtype: np.dtype[Any]) -> str:
    """Give NumPy's name of a dtype; it takes NumPy longer to say than to subtract two arrays."""
    return str(dtype)


def plain(value: float) -> float | str:
    """Give a number as JSON can carry it; NaN, infinities and booleans by their names."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        # Beyond 2**53 a reader in JavaScript would round it.
        return value if abs(value) < 1 << 53 else str(value)
    return value if math.isfinite(value) else str(value)


def upward(distance: float, digits: int = DIGITS) -> float:
    """Round a distance to a few significant digits, and never down; JSON has no infinity."""
    return _finite(float(_ceiling(digits).create_decimal_from_float(_finite(distance))))


@functools.cache
def _ceiling(digits: int) -> decimal.Context:
    return decimal.Context(prec=digits, rounding=decimal.ROUND_CEILING)


def _joint(targets: tuple[Target, Target]) -> tuple[Array | None, Scale | None]:
    """Return the spread and scale of the difference of two observations."""
    present = [target.spread for target in targets if target.spread is not None]
    scale = targets[0].scale
    if not present or scale is None:
        return None, None
    joint = present[0] if len(present) == 1 else np.add(*present, dtype=np.float64)
    if not np.isfinite(joint).all():
        # Where the truth itself is NaN or infinite there is no spread: the two must be equal.
        joint = np.nan_to_num(joint, nan=0.0, posinf=0.0)
    return joint, scale.doubled()


def _pieces(*arrays: Array) -> Iterable[tuple[Array, ...]]:
    """Cut arrays of one shape into flat pieces, in C order; always at least one."""
    flat = tuple([array.reshape(-1) for array in arrays])
    size = flat[0].size
    if size <= PIECE:
        return (flat,)
    return (
        tuple([array[start : start + PIECE] for array in flat]) for start in range(0, size, PIECE)
    )


def _differences(piece: tuple[Array, ...], scale: Scale) -> Floats:
    """Return z of a piece (observed, expected, spread)."""
    observed, expected, spread = piece
    tolerance: Floats = np.multiply(spread, scale.unit, dtype=np.float64)
    tolerance += scale.floor
    z: Floats = np.subtract(observed, expected, dtype=np.float64)
    z /= tolerance
    return z


@dataclass(slots=True)
class _Tally:
    """What the pieces of an array have shown so far."""

    limits: Limits
    count: int = 0
    peak: float = 0.0
    squares: float = 0.0
    out: int = 0
    worst: list[tuple[float, int]] = field(default_factory=list)
    """``|z|`` and flat index of the worst elements."""

    def add_passing(self, z: Floats) -> bool:
        """Add a piece; False if it can't be passed without a closer look."""
        if z.size:
            squares = float(z.dot(z))
            # Finite squares mean finite z: neither NaN nor infinity on either side.
            if not math.isfinite(squares):
                return False
            peak = max(float(np.maximum.reduce(z)), -float(np.minimum.reduce(z)))
            self.count += z.size
            self.squares += squares
            self.peak = max(self.peak, peak)
        return self.peak <= self.limits.peak and (
            self.squares <= self.limits.rms**2 * max(self.count, 1)
        )

    def add(self, start: int, z: Floats) -> None:
        """Add a piece of ``|z|`` in which an inadmissible NaN or infinity is infinite."""
        finite = z[np.isfinite(z)]
        self.count += finite.size
        self.squares += float(finite.dot(finite))
        self.out += int(np.count_nonzero(z > self.limits.peak))
        if z.size:
            self.peak = max(self.peak, float(z.max()))
            found = [(float(z[index]), start + int(index)) for index in _largest(z)]
            self.worst = sorted(self.worst + found, key=lambda item: (-item[0], item[1]))[:WORST]

    def passed(self, what: str) -> Comparison:
        return Comparison(what=what, margin=self.peak / self.limits.peak, rms=self.share_of_rms())

    def share_of_rms(self) -> float:
        return _finite(math.sqrt(self.squares / max(self.count, 1)) / self.limits.rms)


def _largest(z: Floats) -> NDArray[np.intp]:
    """Find the few largest; of equal ones those that come first."""
    few = min(WORST, z.size)
    least = np.partition(z, z.size - few)[z.size - few]
    above = np.flatnonzero(z > least)
    return np.concatenate([above, np.flatnonzero(z == least)[: few - above.size]])


def _finite(value: float) -> float:
    """JSON has no infinity: give the largest number in its place."""
    return min(value, sys.float_info.max)


def _look_closely(what: str, target: Target, observed: Array, limits: Limits) -> Comparison:
    """Judge an array element by element, NaN and infinities included."""
    expected, spread, scale = target.values, target.spread, target.scale
    assert spread is not None  # noqa: S101 - for the type checker: exact targets don't come here
    assert scale is not None  # noqa: S101 - likewise
    tally = _Tally(limits)
    start = 0
    for piece in _pieces(observed, expected, spread):
        tally.add(start, _distances(what, piece, scale, limits))
        start += PIECE
    rms = tally.share_of_rms()
    if not tally.out and rms <= 1:
        return tally.passed(what)
    worst = [
        _worst(target, observed, index, z if math.isfinite(z) else None, limits)
        for z, index in tally.worst
        if z > 1 or not tally.out
    ]
    kept = SAMPLE_FAILING if tally.out else SAMPLE_TOGETHER
    return Comparison(
        what=what,
        margin=_finite(tally.peak / limits.peak) if math.isfinite(tally.peak) else None,
        rms=rms,
        worst=worst,
        message=_message(what, worst[0], tally.out, observed.size, limits)
        if tally.out
        else f"{what}: no number is out by itself, but all together are: "
        f"their rms distance is {text.times(rms)} times its tolerance; "
        f"{_element(what, worst[0], limits)}",
        expected=sample(expected, kept),
        observed=sample(observed, kept),
        # Without a number that is out by itself, it takes all of them to see that they are.
        within=None if tally.out else target.within(limits, kept),
    )


def _distances(what: str, piece: tuple[Array, ...], scale: Scale, limits: Limits) -> Floats:
    """Return ``|z|``: 0 where a special value is right, infinite where one is wrong."""
    observed, expected, spread = piece
    seen = observed.astype(np.float64)
    truth = expected.astype(np.float64)
    finite = np.isfinite(truth)
    tolerance = spread.astype(np.float64) * scale.unit + scale.floor
    if not (np.isfinite(tolerance[finite]).all() and (spread[finite] >= 0).all()):
        raise ReferenceFaultError(f"the spread of {what} is NaN, infinite or negative")
    # Beyond the dtype's range the right answer is an infinity, or its largest finite number from
    # a framework that saturates; in between, rounding decides which.
    overflow = finite & (np.abs(truth) + limits.peak * tolerance >= scale.largest)
    reachable = np.where(finite, np.clip(truth, -scale.largest, scale.largest), truth)
    right = (
        (seen == truth)
        | (np.isnan(seen) & np.isnan(truth))
        | (overflow & np.isinf(seen) & (np.signbit(seen) == np.signbit(truth)))
    )
    z = np.abs(seen - reachable) / tolerance
    z[~np.isfinite(z)] = math.inf
    z[right] = 0.0
    return np.asarray(z)


def _compare_exactly(what: str, expected: Array, observed: Array) -> Comparison:
    """Demand equality; NaN equals NaN, and zero has no sign."""
    out = 0
    worst: list[int] = []
    start = 0
    for seen, truth in _pieces(observed, expected):
        different = seen != truth
        if different.any():
            different &= (seen == seen) | (truth == truth)  # noqa: PLR0124 - only NaN differs from itself
            indices = np.flatnonzero(different)
            out += indices.size
            worst.extend((indices[: WORST - len(worst)] + start).tolist())
        start += PIECE
    if not out:
        return Comparison(what=what, margin=0.0, rms=0.0)
    elements = [_worst(Target(expected), observed, index, None) for index in worst]
    return Comparison(
        what=what,
        worst=elements,
        message=_message(what, elements[0], out, observed.size),
        expected=sample(expected, SAMPLE_FAILING),
        observed=sample(observed, SAMPLE_FAILING),
    )


def _worst(
    target: Target, observed: Array, flat: int, z: float | None, limits: Limits = VALUES
) -> Worst:
    expected, spread, scale = target.values, target.spread, target.scale
    index = tuple(int(axis) for axis in np.unravel_index(flat, expected.shape))
    truth = plain(expected[index].item())
    seen = plain(observed[index].item())
    # A distance from or to NaN has no size, and none that must be zero has a multiple.
    special = "nan" if "nan" in (truth, seen) else "inf"
    within = 0.0
    if spread is None or scale is None:
        special = "exact"
    elif math.isfinite(expected[index]):
        within = _finite(limits.peak * (float(spread[index]) * scale.unit + scale.floor))
    return Worst(
        index=list(index),
        expected=truth,
        observed=seen,
        times=special if z is None else plain(_finite(z)),
        within=within,
    )


def _element(what: str, worst: Worst, limits: Limits) -> str:
    """Say of one number how far it is out, as a multiple of what it may be: its margin."""
    distance = (
        "must be equal exactly"
        if worst.times == "exact"
        else ""
        if isinstance(worst.times, str)
        else f"{text.times(worst.times / limits.peak)} times the tolerance"
    )
    return (
        f"{text.place(what, worst.index)}: expected {text.number(worst.expected)}, "
        f"observed {text.number(worst.observed)}" + (f", {distance}" if distance else "")
    )


def _message(what: str, worst: Worst, out: int, size: int, limits: Limits = VALUES) -> str:
    others = f" ({out:,} of {size:,} numbers {text.are(out)} out)" if size > 1 else ""
    return _element(what, worst, limits) + others
