"""Functions of arrays: elementary ones, maxima, choices. Each knows its gradient."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine import elementary
from conformance.reference.engine.arithmetic import THIRD, Result
from conformance.reference.engine.array import (
    Array,
    Values,
    broadcast,
    normalized_axes,
    reshape,
    unbroadcast,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def _apply(
    function: elementary.Function, a: Array, pullback: Callable[[Array, Array], Array]
) -> Array:
    """Apply an elementary function; ``pullback`` gets the gradient and the function's value."""
    made = a.arithmetic.apply(function, a)
    holder: list[Array] = []
    result = a.arithmetic.result(made, (a, lambda g: pullback(g, holder[0])))
    holder.append(result)
    return result


applied = _apply
"""For functions that are defined elsewhere."""


def exp(a: Array) -> Array:
    """E to the power of every number."""
    return _apply(elementary.EXP, a, lambda g, y: g * y)


def exp_minus_one(a: Array) -> Array:
    """``exp(a) - 1``. Its slope is taken from the answer, as frameworks do: ``answer + 1``.

    Far below zero that is 0 to within the rounding of 1, where ``exp(a)`` itself is tiny.
    """
    y = exp(a.detached()) - 1.0
    return Array(
        a.arithmetic,
        y.value,
        variance=y.variance if a.arithmetic.carries_variance else None,
        quantum=y.quantum,
        parents=a.arithmetic.tape((a, lambda g: g * (y + 1.0))),
    )


def log(a: Array) -> Array:
    """Natural logarithm."""
    return _apply(elementary.LOG, a, lambda g, _: g / a)


def sqrt(a: Array) -> Array:
    """Square root."""
    return _apply(elementary.SQRT, a, lambda g, y: g * 0.5 / y)


def tanh(a: Array) -> Array:
    """Hyperbolic tangent."""
    return _apply(elementary.TANH, a, lambda g, y: g * (1.0 - y * y))


def sigmoid(a: Array) -> Array:
    """1 / (1 + exp(-a))."""
    return _apply(elementary.SIGMOID, a, lambda g, y: g * (y * (1.0 - y)))


def sine(a: Array) -> Array:
    """Sine of angles in radians."""
    return _apply(elementary.SINE, a, lambda g, _: g * cosine(a))


def cosine(a: Array) -> Array:
    """Cosine of angles in radians."""
    return _apply(elementary.COSINE, a, lambda g, _: -(g * sine(a)))


def arcsine(a: Array) -> Array:
    """Angle, from -π/2 to π/2, of which this is the sine."""
    return _apply(elementary.ARCSINE, a, lambda g, _: g / sqrt(1.0 - a * a))


def log1p(a: Array) -> Array:
    """``log(1 + a)``, as exact for small numbers as for large ones."""
    return _apply(elementary.LOG1P, a, lambda g, _: g / (a + 1.0))


def expm1(a: Array) -> Array:
    """``exp(a) - 1``, as exact for small numbers as for large ones."""
    return _apply(elementary.EXPM1, a, lambda g, _: g * exp(a))


def combine(
    function: elementary.Binary,
    a: Array,
    b: Array,
    pullbacks: tuple[Callable[[Array, Array], Array], Callable[[Array, Array], Array]],
) -> Array:
    """Apply an elementary function of two numbers, with broadcasting.

    Args:
        function: Which.
        a: First number.
        b: Second number.
        pullbacks: For each number, from the gradient and the function's value to its gradient.
    """
    made = a.arithmetic.combine(function, a, b)
    holder: list[Array] = []
    result = a.arithmetic.result(
        made,
        (a, lambda g: unbroadcast(pullbacks[0](g, holder[0]), a.shape)),
        (b, lambda g: unbroadcast(pullbacks[1](g, holder[0]), b.shape)),
    )
    holder.append(result)
    return result


def arctan2(y: Array, x: Array) -> Array:
    """The angle of the point (x, y), within -π..π."""
    arithmetic = x.arithmetic
    above, beside = y.value, x.value
    squared = beside * beside + above * above
    value = np.arctan2(above.real, beside.real)
    if np.iscomplexobj(squared):
        # The derivative along an imaginary step, which arctan2 does not know.
        value = value + 1j * ((beside * above.imag - above * beside.imag) / squared).real
    variance = None
    if arithmetic.carries_variance:
        passed = beside * beside * y.variance + above * above * x.variance
        passed = np.where((passed > 0) & np.isfinite(passed), passed / np.square(squared), 0.0)
        variance = passed + THIRD * np.square(4 * value)
        # The negative real axis is where the angle jumps.
        arithmetic.jump(y, np.where(beside < 0, np.abs(above), np.inf))
    return arithmetic.result(
        Result(value, variance),
        (y, lambda g: unbroadcast(g * x / (x * x + y * y), y.shape)),
        (x, lambda g: unbroadcast(-(g * y) / (x * x + y * y), x.shape)),
    )


def erf(a: Array) -> Array:
    """Error function."""
    return _apply(elementary.ERF, a, lambda g, _: g * (exp(-(a * a)) * (2 / math.sqrt(math.pi))))


def power(a: Array, exponent: float) -> Array:
    """Every number to a constant power."""
    function = elementary.power_of(exponent)
    return _apply(function, a, lambda g, _: g * (power(a, exponent - 1) * exponent))


def square(a: Array) -> Array:
    """Every number times itself."""
    return a * a


def choose(condition: Values, a: Array, b: Array | float) -> Array:
    """``a`` where the condition holds, else ``b``; the condition is data, not differentiated."""
    other = b if isinstance(b, Array) else a.arithmetic.constant(b)
    if a.integers is not None and other.integers is not None and a.whole == other.whole:
        return a.arithmetic.whole(np.where(condition, a.integers, other.integers))
    shape = np.broadcast_shapes(condition.shape, a.shape, other.shape)
    left, right = broadcast(a, shape), broadcast(other, shape)
    variance = None
    if a.arithmetic.carries_variance:
        variance = np.where(condition, left.variance, right.variance)
    quantum = None
    if left.quantum is not None and right.quantum is not None:
        # A zero is a multiple of everything.
        quantum = left.quantum if _is_zero(right) else min(left.quantum, right.quantum)
    return Array(
        a.arithmetic,
        np.where(condition, left.value, right.value),
        variance=variance,
        quantum=quantum,
        parents=a.arithmetic.tape(
            (left, lambda g: choose(condition, g, 0.0)),
            (right, lambda g: choose(~condition, g, 0.0)),
        ),
    )


def _is_zero(a: Array) -> bool:
    return a.ratio == 0.0 and not a.value.any()


def split_at(a: Array, threshold: float) -> Values:
    """Where numbers exceed a threshold; notes how near any of them is to it (a kink)."""
    distance = a.value.real - threshold
    a.arithmetic.kink(a, distance)
    return np.asarray(distance > 0)


def relu(a: Array) -> Array:
    """Numbers above zero, else zero; NaN comes through."""
    return choose(split_at(a, 0.0) | np.isnan(a.value), a, 0.0)


def absolute(a: Array) -> Array:
    """Every number without its sign."""
    return choose(split_at(a, 0.0), a, -a)


def clip(a: Array, low: float, high: float) -> Array:
    """Numbers held between two bounds; NaN comes through."""
    unknown = np.isnan(a.value)
    held = choose(~split_at(a, high) | unknown, a, high)
    return choose(split_at(a, low) | unknown, held, low)


def maximum(a: Array, b: Array) -> Array:
    """The larger of two numbers, elementwise."""
    difference = a - b
    return choose(split_at(difference, 0.0), a, b)


def largest(a: Array, axis: int | Sequence[int], *, keepdims: bool = False) -> Array:
    """Maximum over axes. A tie is a kink: the gradient would have to choose."""
    axes = normalized_axes(axis, a.ndim)
    kept = tuple(1 if i in axes else n for i, n in enumerate(a.shape))
    a.arithmetic.rivals(a, axes)
    made = a.arithmetic.maximum(a, axes)
    chosen = a.value == made.value.reshape(kept)
    if a.arithmetic.first_of_ties:
        chosen = _first(chosen, axes)

    def pullback(g: Array) -> Array:
        return choose(chosen, broadcast(reshape(g, kept), a.shape), 0.0)

    result = a.arithmetic.result(made, (a, pullback))
    return reshape(result, kept) if keepdims else result


def _first(chosen: Values, axes: Sequence[int]) -> Values:
    """Of all that are true along some axes, taken in C order, the first alone."""
    kept = [i for i in range(chosen.ndim) if i not in axes]
    order = [*kept, *axes]
    moved = chosen.transpose(order)
    rows = moved.reshape(*(chosen.shape[i] for i in kept), -1)
    first = rows & (rows.cumsum(axis=-1) == 1)
    return np.asarray(first.reshape(moved.shape).transpose(np.argsort(order)))


def softmax(a: Array, axis: int | Sequence[int]) -> Array:
    """exp(a) over its sum along axes, shifted by the largest number so as not to overflow.

    The largest power is 1, and of the others only their share of the sum counts: below u² a library
    may honestly stop, and its smallest answer be exp(-64) or 0 (docs/numerics.md).
    """
    axes = normalized_axes(axis, a.ndim)
    shift = a.arithmetic.maximum(a, axes)
    kept = tuple(1 if i in axes else n for i, n in enumerate(a.shape))
    # The shift cancels: it is data here, with no gradient and no error of its own.
    shifted = a - a.arithmetic.exact(shift.value.reshape(kept))
    powers = _apply(elementary.WEIGHT, shifted, lambda g, y: g * y)
    return powers / powers.sum(axes, keepdims=True)
