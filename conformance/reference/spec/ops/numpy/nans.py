"""Functions of many numbers that leave NaN out.

Of integers, of which none is NaN, they are those without ``nan`` in their name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine.conversion import arithmetic_of, as_array, floats, real
from conformance.reference.errors import Unsupported
from conformance.reference.spec.ops.base import some_axes
from conformance.reference.spec.ops.numpy.accumulation import cumprod
from conformance.reference.spec.ops.numpy.reductions import cumsum, prod
from conformance.reference.spec.ops.numpy.reductions import max as largest
from conformance.reference.spec.ops.numpy.reductions import min as smallest
from conformance.reference.spec.ops.numpy.reductions import sum as total
from conformance.reference.spec.ops.numpy.sorting import where_best
from conformance.reference.spec.ops.numpy.statistics import quantiles
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.invariants import Invariants
    from conformance.reference.engine.array import Array, Values
    from conformance.reference.engine.conversion import Scalar, Tensor
    from conformance.reference.spec.ops.base import Axes


def _filled(x: Tensor | Scalar, by: float) -> tuple[Array, Values]:
    """An array with a number in the place of every NaN, and where these were."""
    a = real(as_array(x, arithmetic_of(x)))
    if a.integers is not None:
        return a, np.zeros(a.shape, bool)
    unknown = np.asarray(np.isnan(a.value))
    return f.choose(unknown, a.arithmetic.exact(np.asarray(by)), a), unknown


@defines("ops.nansum")
def nansum(x: Tensor | Scalar, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Sum over axes; 0 of NaN alone."""
    return total(_filled(x, 0.0)[0], axis, keepdims)


@defines("ops.nanprod")
def nanprod(x: Tensor | Scalar, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Product over axes; 1 of NaN alone."""
    return prod(_filled(x, 1.0)[0], axis, keepdims)


@defines("ops.nancumsum")
def nancumsum(x: Tensor | Scalar, axis: int | None = None, dtype: str | None = None) -> Tensor:
    """Sums of an axis up to each of its entries, NaN as 0."""
    return cumsum(_filled(x, 0.0)[0], axis, dtype)


@defines("ops.nancumprod")
def nancumprod(x: Tensor | Scalar, axis: int | None = None, dtype: str | None = None) -> Tensor:
    """Products of an axis up to each of its entries, NaN as 1."""
    return cumprod(_filled(x, 1.0)[0], axis, dtype)


def _extreme(x: Tensor | Scalar, axis: Axes, keepdims: bool, *, sign: int) -> Tensor:
    a, unknown = _filled(x, -sign * np.inf)
    made = real((largest if sign > 0 else smallest)(a, axis, keepdims))
    axes = some_axes(axis, a.ndim, "nanmax" if sign > 0 else "nanmin")
    alone = unknown.all(axis=axes, keepdims=keepdims)
    if not alone.any():
        return made
    return f.choose(np.asarray(alone), made.arithmetic.exact(np.asarray(np.nan)), made)


@defines("ops.nanmax")
def nanmax(x: Tensor | Scalar, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Largest number over axes; NaN of NaN alone."""
    return _extreme(x, axis, keepdims, sign=1)


@defines("ops.nanmin")
def nanmin(x: Tensor | Scalar, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Smallest number over axes; NaN of NaN alone."""
    return _extreme(x, axis, keepdims, sign=-1)


def _where(
    x: Tensor | Scalar, axis: int | None, keepdims: bool, *, sign: int
) -> Tensor | Invariants:
    name = "nanargmax" if sign > 0 else "nanargmin"
    a, unknown = _filled(x, -sign * np.inf)
    if unknown.all(axis=axis).any():
        message = f"{name} of NaN alone is not in the reference: Keras documents no answer"
        raise Unsupported(message)
    return where_best(a, axis, keepdims, "argmax" if sign > 0 else "argmin")


@defines("ops.nanargmax", differentiable=False)
def nanargmax(
    x: Tensor | Scalar, axis: int | None = None, keepdims: bool = False
) -> Tensor | Invariants:
    """Where the largest number stands, as 32-bit integers; without an axis in C order."""
    return _where(x, axis, keepdims, sign=1)


@defines("ops.nanargmin", differentiable=False)
def nanargmin(
    x: Tensor | Scalar, axis: int | None = None, keepdims: bool = False
) -> Tensor | Invariants:
    """Where the smallest number stands, as 32-bit integers; without an axis in C order."""
    return _where(x, axis, keepdims, sign=-1)


def _mean(a: Array, unknown: Values, axes: tuple[int, ...], *, keepdims: bool) -> Array:
    """The mean of what is known; ``a`` holds zeros elsewhere."""
    counts = (~unknown).sum(axis=axes, keepdims=keepdims).astype(np.float64)
    return a.sum(axes, keepdims=keepdims) / a.arithmetic.exact(np.asarray(counts))


@defines("ops.nanmean")
def nanmean(x: Tensor | Scalar, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Mean over axes; NaN of NaN alone; integers in floatx."""
    a, unknown = _filled(floats(x), 0.0)
    return _mean(a, unknown, some_axes(axis, a.ndim, "nanmean"), keepdims=keepdims)


@defines("ops.nanvar")
def nanvar(x: Tensor | Scalar, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Mean square of what is left without the mean; integers in floatx."""
    a, unknown = _filled(floats(x), 0.0)
    axes = some_axes(axis, a.ndim, "nanvar")
    apart = a - _mean(a, unknown, axes, keepdims=True)
    zero = a.arithmetic.exact(np.zeros(()))
    return _mean(f.square(f.choose(unknown, zero, apart)), unknown, axes, keepdims=keepdims)


@defines("ops.nanstd")
def nanstd(x: Tensor | Scalar, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Square root of the variance; integers in floatx."""
    return f.sqrt(real(nanvar(x, axis, keepdims)))


@defines("ops.nanmedian")
def nanmedian(x: Tensor | Scalar, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """The number in the middle over axes; NaN of NaN alone."""
    return quantiles(x, 0.5, axis, "midpoint", keepdims=keepdims, function="nanmedian")


@defines("ops.nanquantile")
def nanquantile(
    x: Tensor | Scalar,
    q: Any,
    axis: Axes = None,
    method: str = "linear",
    keepdims: bool = False,
) -> Tensor:
    """Numbers that a share ``q`` of all that are known is below."""
    return quantiles(x, q, axis, method, keepdims=keepdims, function="nanquantile")


@defines("ops.nanpercentile")
def nanpercentile(
    x: Tensor | Scalar,
    q: Any,
    axis: Axes = None,
    method: str = "linear",
    keepdims: bool = False,
) -> Tensor:
    """Numbers that ``q`` percent of all that are known are below."""
    return quantiles(x, q, axis, method, keepdims=keepdims, most=100.0, function="nanpercentile")
