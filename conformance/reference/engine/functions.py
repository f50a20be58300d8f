"""Functions of arrays: elementary ones, maxima, choices. Each knows its gradient."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine import elementary
from conformance.reference.engine.array import Array, Values, broadcast, normalized_axes, reshape

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
    """Sine of constants: no gradient flows through it."""
    return a.arithmetic.result(a.arithmetic.apply(elementary.SINE, a))


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
    """Numbers above zero, else zero."""
    return choose(split_at(a, 0.0), a, 0.0)


def absolute(a: Array) -> Array:
    """Every number without its sign."""
    return choose(split_at(a, 0.0), a, -a)


def clip(a: Array, low: float, high: float) -> Array:
    """Numbers held between two bounds."""
    return choose(split_at(a, low), choose(~split_at(a, high), a, high), low)


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

    def pullback(g: Array) -> Array:
        return choose(chosen, broadcast(reshape(g, kept), a.shape), 0.0)

    result = a.arithmetic.result(made, (a, pullback))
    return reshape(result, kept) if keepdims else result


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
