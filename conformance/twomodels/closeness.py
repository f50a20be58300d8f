"""How near an array is to the truth, in its own order of axes or another."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from conformance.acceptance import FLOORS, UNITS, VALUES
from conformance.reference.engine.arithmetic import THIRD
from conformance.reference.engine.dtypes import DIGITS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.acceptance import Limits
    from conformance.reference.engine.array import Array, Values

_MOST_AXES = 5
"""Of arrays with more axes the order is taken as it is: there are too many others."""


class Nearness(NamedTuple):
    """How far an array is from the truth.

    Attributes:
        margin: As a multiple of what rounding may do: up to 1 is within it. Infinite where NaN or
            an infinity is on one side only.
        axes: By which the array's axes are taken, so that it has the truth's order.
        error: The largest difference over the largest number of the truth.
    """

    margin: float
    axes: tuple[int, ...]
    error: float

    @property
    def agrees(self) -> bool:
        """Whether rounding explains all of the difference."""
        return self.margin <= 1.0


def nearness(
    observed: Values, truth: Array, limits: Limits = VALUES, counts: Values | None = None
) -> Nearness | None:
    """The order of axes in which an array is nearest to the truth.

    Args:
        observed: Numbers of any dtype.
        truth: The reference's, with their error.
        limits: How many τ are admissible.
        counts: Which of the truth's numbers count; None: all of them do.

    Returns:
        None where no order of its axes has the truth's shape.
    """
    best: Nearness | None = None
    if observed.ndim != truth.ndim:  # an axis of one more or less is no difference
        observed = observed.reshape([n for n in observed.shape if n != 1])
    for axes in orders(observed.shape, _fitting(observed.ndim, truth.shape)):
        numbers = observed.transpose(axes).reshape(truth.shape)
        if counts is not None:
            numbers = np.where(counts, numbers, truth.value)
        found = _nearness(numbers, truth, axes, limits)
        if best is None or (found.margin, found.error) < (best.margin, best.error):
            best = found
        if best.agrees:
            break
    return best


def _fitting(rank: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape without its axes of one, where it has another rank."""
    return shape if rank == len(shape) else tuple(n for n in shape if n != 1)


def arranged(observed: Values, axes: tuple[int, ...], shape: tuple[int, ...]) -> Values:
    """An array in the order in which :func:`nearness` has found it nearest to the truth.

    Args:
        observed: The array.
        axes: As :class:`Nearness` tells them.
        shape: The truth's.
    """
    if observed.ndim != len(axes):
        observed = observed.reshape([n for n in observed.shape if n != 1])
    return np.ascontiguousarray(observed.transpose(axes).reshape(shape))


def orders(shape: tuple[int, ...], wanted: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Every order of axes that takes one shape to another; as it is comes first."""
    rank = len(shape)
    if sorted(shape) != sorted(wanted):
        return
    if rank > _MOST_AXES:
        if shape == wanted:
            yield tuple(range(rank))
        return
    for axes in itertools.permutations(range(rank)):
        if all(shape[axis] == size for axis, size in zip(axes, wanted, strict=True)):
            yield axes


def tolerance(truth: Array, limits: Limits = VALUES) -> Values:
    """How far rounding may move each number."""
    return limits.peak * _tau(truth)


def _tau(truth: Array) -> Values:
    precision = truth.arithmetic.precision
    unit = UNITS.get(precision, UNITS["float32"])
    floor = 4 * FLOORS.get(precision, FLOORS["float32"])
    spread = np.sqrt(truth.variance + THIRD * np.square(truth.value))
    return np.asarray(unit * spread + floor)


def _nearness(observed: Values, truth: Array, axes: tuple[int, ...], limits: Limits) -> Nearness:
    with np.errstate(all="ignore"):
        if truth.dtype not in DIGITS:
            same = np.array_equal(observed, truth.value)
            return Nearness(0.0 if same else np.inf, axes, 0.0 if same else np.inf)
        numbers = np.asarray(observed, np.float64)
        special = ~np.isfinite(truth.value)
        off = ~np.isfinite(numbers) != special
        off |= special & (numbers != truth.value) & ~(np.isnan(numbers) & np.isnan(truth.value))
        if off.any():
            return Nearness(np.inf, axes, np.inf)
        distance = np.where(special, 0.0, numbers - truth.value)
        z = np.abs(distance) / _tau(truth)
        z = np.where(special, 0.0, z)
        if not z.size:
            return Nearness(0.0, axes, 0.0)
        margin = max(float(z.max()) / limits.peak, float(np.sqrt(np.mean(z**2))) / limits.rms)
        largest = float(np.max(np.abs(np.where(special, 0.0, truth.value)), initial=0.0))
        error = float(np.abs(distance).max()) / (largest or 1.0)
        return Nearness(margin, axes, error)
