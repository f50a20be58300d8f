"""Averages, spreads, ranks and correlations: what many numbers say together."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine.array import Array, broadcast, reshape
from conformance.reference.engine.contraction import matmul
from conformance.reference.engine.conversion import (
    arithmetic_of,
    as_array,
    floats,
    real,
    together,
)
from conformance.reference.engine.structure import concatenate, pad, picked, take, transpose
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.ops.base import one_axis, some_axes
from conformance.reference.spec.ops.numpy.curves import not_booleans, only_floats
from conformance.reference.spec.ops.numpy.reductions import max as largest
from conformance.reference.spec.ops.numpy.reductions import min as smallest
from conformance.reference.spec.ops.numpy.reductions import var
from conformance.reference.spec.ops.numpy.sorting import note_ties, ordered
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.engine.array import Values
    from conformance.reference.engine.conversion import Scalar, Tensor
    from conformance.reference.spec.ops.base import Axes

METHODS = ("linear", "lower", "higher", "midpoint", "nearest")
"""How a quantile between two numbers is estimated; the first is Keras's default."""


@defines("ops.std")
def std(x: Tensor | Scalar, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Square root of the variance over axes; integers in floatx."""
    return f.sqrt(real(var(x, axis, keepdims)))


@defines("ops.moments")
def moments(
    x: Tensor | Scalar,
    axes: Sequence[int],
    keepdims: bool = False,
    synchronized: bool = False,
) -> list[Tensor]:
    """Mean and variance over axes, of floats.

    Raises:
        Unsupported: Of integers, or synchronized: there are no replicas.
    """
    a = only_floats(x, "moments")
    if synchronized:
        message = "moments across replicas is not in the reference"
        raise Unsupported(message)
    over = some_axes(axes, a.ndim, "moments")
    return [a.mean(over, keepdims=keepdims), var(a, over, keepdims)]


@defines("ops.ptp")
def ptp(x: Tensor | Scalar, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Largest minus smallest number over axes.

    Raises:
        Unsupported: Of booleans.
    """
    a = real(as_array(x, arithmetic_of(x)))
    not_booleans(a, "ptp")
    return real(largest(a, axis, keepdims)) - real(smallest(a, axis, keepdims))


@defines("ops.average")
def average(
    x: Tensor | Scalar, axis: int | None = None, weights: Tensor | Scalar | None = None
) -> Tensor:
    """Mean along an axis or of all numbers, each counted by its weight; integers in floatx.

    Raises:
        Refused: The weights are neither of the shape of the numbers nor one for each entry of the
            axis.
    """
    axes = _all_or_one(axis, real(as_array(x, arithmetic_of(x))).ndim, "average")
    if weights is None:
        return floats(x).mean(axes)
    a, by = (real(one) for one in together(x, weights, least="float"))
    if by.shape != a.shape:
        if axis is None or by.shape != (a.shape[axes[0]],):
            message = f"average: weights of {by.shape} for {a.shape} along axis={axis}"
            raise Refused(message, at="call")
        by = reshape(by, [n if i == axes[0] else 1 for i, n in enumerate(a.shape)])
    by = broadcast(by, a.shape)
    return (a * by).sum(axes) / by.sum(axes)


def _all_or_one(axis: int | None, ndim: int, function: str) -> tuple[int, ...]:
    return tuple(range(ndim)) if axis is None else (one_axis(axis, ndim, function),)


def _levels(q: Any, a: Array, least: float, most: float, function: str) -> tuple[list[Array], bool]:
    """The probabilities as constants, and whether there are several."""
    given = list(q) if isinstance(q, list | tuple) else [q]
    if not all(isinstance(one, int | float) for one in given):
        message = f"{function} with levels in an array is not in the reference"
        raise Unsupported(message)
    if not all(least <= one <= most for one in given):
        message = f"{function}: q={q!r} is not between {least:g} and {most:g}: undocumented"
        raise Unsupported(message)
    levels = [a.arithmetic.constant(float(one) / most) for one in given]
    return levels, isinstance(q, list | tuple)


def rows_of(a: Array, axes: tuple[int, ...]) -> Array:
    """The axes as the last one, in C order, behind those that are kept."""
    kept = [i for i in range(a.ndim) if i not in axes]
    shape = [*(a.shape[i] for i in kept), math.prod(a.shape[i] for i in axes)]
    return reshape(transpose(a, [*kept, *axes]), shape)


def kept_shape(a: Array, axes: tuple[int, ...], *, keepdims: bool) -> list[int]:
    """The shape of an answer over axes."""
    if keepdims:
        return [1 if i in axes else n for i, n in enumerate(a.shape)]
    return [n for i, n in enumerate(a.shape) if i not in axes]


def ranked(rising: Array, counts: Values, level: Array, method: str) -> Array:
    """The quantile of each row of numbers in rising order.

    Args:
        rising: Numbers, along the last axis in rising order.
        counts: How many of each row count; NaN where none does.
        level: Which quantile, from 0 to 1.
        method: One of ``METHODS``.

    Raises:
        Unsupported: Two numbers are as near.
    """
    arithmetic = rising.arithmetic
    place = level * arithmetic.exact(np.maximum(counts - 1, 0).astype(np.float64))
    values = np.asarray(place.value.real)
    low, high = np.floor(values), np.ceil(values)
    if place.quantum is None:
        distance = values - (np.rint(values) if method != "nearest" else np.floor(values) + 0.5)
        (arithmetic.kink if method == "linear" else arithmetic.jump)(place, distance)
    elif method == "nearest" and (values - low == 0.5).any():  # noqa: PLR2004 (in the middle)
        message = "the nearest of two numbers that are as near: Keras documents no answer"
        raise Unsupported(message)
    if method == "linear":
        share = place - arithmetic.exact(low)
        made = _at(rising, low) * (1.0 - share) + _at(rising, high) * share
        made = f.choose(np.asarray(low == high), _at(rising, low), made)
    elif method == "midpoint":
        made = (_at(rising, low) + _at(rising, high)) / 2.0
        made = f.choose(np.asarray(low == high), _at(rising, low), made)
    else:
        made = _at(rising, {"lower": low, "higher": high, "nearest": np.rint(values)}[method])
    if (counts == 0).any():
        made = f.choose(np.asarray(counts > 0), made, arithmetic.exact(np.asarray(np.nan)))
    return made


def _at(rising: Array, places: Values) -> Array:
    """One number of each row."""
    rows = math.prod(rising.shape[:-1])
    starts = (np.arange(rows) * rising.shape[-1]).reshape(rising.shape[:-1])
    return picked(rising, starts + places.astype(np.int64))


def quantiles(
    x: Tensor | Scalar,
    q: Any,
    axis: Axes,
    method: str,
    *,
    keepdims: bool,
    most: float = 1.0,
    function: str,
) -> Tensor:
    """Quantiles over axes; those of several levels along a new first axis.

    Args:
        x: Integers are taken in floatx.
        q: A number or several, from 0 to ``most``.
        axis: One, several, or all.
        method: One of ``METHODS``.
        keepdims: Whether the axes stay, of size 1.
        most: 1, or 100 for percentages.
        function: Its name; one that begins with ``nan`` leaves NaN out.

    Raises:
        Refused: The method is unknown, or an axis is not there.
        Unsupported: NaN in a function that doesn't leave it out, or no numbers.
    """
    a = floats(x)
    axes = some_axes(axis, a.ndim, function)
    if method not in METHODS:
        message = f"{function}: method={method!r} is none of {', '.join(METHODS)}"
        raise Refused(message, at="call")
    rows = rows_of(a, axes)
    unknown = np.isnan(rows.value.real)
    skips = function.startswith("nan")
    if rows.shape[-1] == 0 or (unknown.any() and not skips):
        message = f"{function} of no numbers, or of NaN: Keras documents no answer"
        raise Unsupported(message)
    rising, _ = ordered(rows, rows.ndim - 1)
    note_ties(rows, rising, rows.ndim - 1, jumps=False)
    counts = np.asarray((~unknown).sum(axis=-1))
    levels, several = _levels(q, a, 0.0, most, function)
    shape = kept_shape(a, axes, keepdims=keepdims)
    found = [reshape(ranked(rising, counts, one, method), shape) for one in levels]
    if not several:
        return found[0]
    return concatenate([reshape(one, [1, *shape]) for one in found], 0)


@defines("ops.median")
def median(x: Tensor | Scalar, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """The number in the middle over axes, or the mean of the two in the middle."""
    return quantiles(x, 0.5, axis, "midpoint", keepdims=keepdims, function="median")


@defines("ops.quantile")
def quantile(
    x: Tensor | Scalar,
    q: Any,
    axis: Axes = None,
    method: str = "linear",
    keepdims: bool = False,
) -> Tensor:
    """Numbers that a share ``q`` of all is below."""
    return quantiles(x, q, axis, method, keepdims=keepdims, function="quantile")


@defines("ops.percentile")
def percentile(
    x: Tensor | Scalar,
    q: Any,
    axis: Axes = None,
    method: str = "linear",
    keepdims: bool = False,
) -> Tensor:
    """Numbers that ``q`` percent of all are below."""
    return quantiles(x, q, axis, method, keepdims=keepdims, most=100.0, function="percentile")


@defines("ops.corrcoef")
def corrcoef(x: Tensor | Scalar) -> Tensor:
    """Pearson's correlation of each row with each; integers in floatx.

    Raises:
        Unsupported: Of anything else than rows of two numbers or more.
    """
    a = floats(x)
    if a.ndim != 2 or a.shape[1] < 2:  # noqa: PLR2004 (rows and columns; no spread of one)
        message = f"corrcoef of the shape {a.shape}: Keras documents rows of observations"
        raise Unsupported(message)
    apart = a - a.mean(1, keepdims=True)
    products = matmul(apart, transpose(apart, [1, 0]))
    scale = f.sqrt(f.square(apart).sum(1))
    n = a.shape[0]
    return products / reshape(scale, (n, 1)) / reshape(scale, (1, n))


@defines("ops.correlate")
def correlate(x1: Tensor | Scalar, x2: Tensor | Scalar, mode: str = "valid") -> Tensor:
    """Sums of products of two rows, one slid along the other; integers in floatx.

    Raises:
        Refused: They are no rows, or the mode is unknown.
    """
    a, b = (real(one) for one in together(x1, x2, least="float"))
    if a.ndim != 1 or b.ndim != 1 or mode not in {"valid", "same", "full"}:
        message = f"correlate of the shapes {a.shape} and {b.shape}, mode={mode!r}"
        raise Refused(message, at="call")
    turned = a.shape[0] < b.shape[0]
    if turned:
        a, b = b, a
    size = b.shape[0]
    wide = pad(a, [(size - 1, size - 1)])
    places = np.arange(a.shape[0] + size - 1)[:, None] + np.arange(size)[None, :]
    sums = (picked(wide, places) * b).sum(1)
    if mode == "valid":
        sums = take(sums, 0, size - 1, a.shape[0])
    elif mode == "same":
        start = (size - 1) // 2
        sums = take(sums, 0, start, start + a.shape[0])
    return picked(sums, np.arange(sums.shape[0])[::-1]) if turned else sums


@defines("ops.diff")
def diff(a: Tensor | Scalar, n: int = 1, axis: int = -1) -> Tensor:
    """Each entry of an axis minus the one before it, ``n`` times over.

    Raises:
        Unsupported: Of booleans.
    """
    made = real(as_array(a, arithmetic_of(a)))
    not_booleans(made, "diff")
    place = one_axis(axis, made.ndim, "diff")
    for _ in range(n):
        size = made.shape[place]
        made = take(made, place, 1, size) - take(made, place, 0, max(size - 1, 0))
    return made


@defines("ops.trapezoid")
def trapezoid(
    y: Tensor | Scalar, x: Tensor | Scalar | None = None, dx: float = 1.0, axis: int = -1
) -> Tensor:
    """The area below a line through points, ``dx`` apart or at the places ``x``.

    Raises:
        Refused: The places are neither of the shape of the points nor one for each of the axis.
    """
    a = floats(y)
    place = one_axis(axis, a.ndim, "trapezoid")
    size = a.shape[place]
    width: Array | float = float(dx)
    if x is not None:
        a, points = (real(one) for one in together(y, x, least="float"))
        if points.shape == (size,):
            points = reshape(points, [n if i == place else 1 for i, n in enumerate(a.shape)])
        elif points.shape != a.shape:
            message = f"trapezoid: points of {a.shape} at places of {points.shape}"
            raise Refused(message, at="call")
        width = take(points, place, 1, size) - take(points, place, 0, size - 1)
    both = take(a, place, 1, size) + take(a, place, 0, size - 1)
    return (both / 2.0 * width).sum(place)
