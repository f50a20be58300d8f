"""Functions of many numbers that torch has along one axis only, or puts together otherwise."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from conformance.adapters.torch.ops.reductions import prod

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

    Axes = int | Sequence[int] | None


def _dims(x: Tensor, axis: Axes) -> list[int]:
    given = range(x.ndim) if axis is None else [axis] if isinstance(axis, int) else axis
    return sorted({one % x.ndim for one in given}) if x.ndim else []


def smallest_from(
    x: Tensor, *, axis: Axes = None, keepdims: bool = False, initial: float | None = None
) -> Tensor:
    """``ops.min``: torch's minimum starts from none of its own, so it is clamped."""
    if not x.numel():
        return _begun(x, axis, initial, keepdims=keepdims)
    return torch.clamp(torch.amin(x, dim=_dims(x, axis), keepdim=keepdims), max=initial)


def largest_from(
    x: Tensor, *, axis: Axes = None, keepdims: bool = False, initial: float | None = None
) -> Tensor:
    """``ops.max``: torch's maximum starts from none of its own, so it is clamped."""
    if not x.numel():
        return _begun(x, axis, initial, keepdims=keepdims)
    return torch.clamp(torch.amax(x, dim=_dims(x, axis), keepdim=keepdims), min=initial)


def _begun(x: Tensor, axis: Axes, initial: float | None, *, keepdims: bool) -> Tensor:
    """What a reduction over no numbers begins with; a sum has the shape, and a gradient."""
    return torch.sum(x, dim=_dims(x, axis), keepdim=keepdims) + initial


def average(x: Tensor, weights: Tensor, *, axis: int | None = None) -> Tensor:
    """``ops.average``: weights of one axis are laid along it."""
    if axis is None:
        return torch.sum(x * weights) / torch.sum(weights)
    if weights.ndim == 1:
        shape = [1] * x.ndim
        shape[axis] = -1
        weights = weights.reshape(shape).expand(x.shape)
    return torch.sum(x * weights, dim=axis) / torch.sum(weights, dim=axis)


def weighted_bincount(
    x: Tensor, weights: Tensor, *, minlength: int = 0, sparse: bool = False
) -> Tensor:
    """``ops.bincount``: torch adds weights up in float64 where they aren't float32."""
    del sparse
    dtype = torch.promote_types(x.dtype, weights.dtype)
    return torch.bincount(x, weights=weights, minlength=minlength).to(dtype)


def corrcoef(x: Tensor) -> Tensor:
    """``ops.corrcoef``: of one row torch answers no matrix."""
    return torch.corrcoef(x).reshape(len(x), len(x))


def correlate(x1: Tensor, x2: Tensor, *, mode: str = "valid") -> Tensor:
    """``ops.correlate``: torch's convolution is a correlation; the longer row is slid along."""
    turned = len(x1) < len(x2)
    if turned:
        x1, x2 = x2, x1
    size = len(x2)
    before, after = {
        "valid": (0, 0),
        "same": (size // 2, size - 1 - size // 2),
        "full": (size - 1, size - 1),
    }[mode]
    padded = functional.pad(x1, (before, after))
    found = functional.conv1d(padded[None, None], x2[None, None])[0, 0]
    return torch.flip(found, (0,)) if turned else found


def flat_cumprod(x: Tensor, *, axis: None = None, dtype: Any = None) -> Tensor:
    """``ops.cumprod``: without an axis, torch is given the flattened array."""
    return torch.cumprod(torch.flatten(x), dim=0, dtype=dtype)


def histogram(
    x: Tensor,
    *,
    bins: int = 10,
    range: Sequence[float] | None = None,  # noqa: A002 - Keras's name
) -> list[Tensor]:
    """``ops.histogram``: torch counts in floats."""
    counts, edges = torch.histogram(x, bins=bins, range=None if range is None else tuple(range))
    return [counts.to(torch.int32), edges]


def _ranked(
    function: Callable[..., Tensor],
    x: Tensor,
    q: Any,
    axis: Axes,
    method: str,
    *,
    keepdims: bool,
) -> Tensor:
    """A quantile over several axes: torch has it along one, and for float32 and float64."""
    dims = _dims(x, axis)
    kept = [i for i in range(x.ndim) if i not in dims]
    count = math.prod(x.shape[i] for i in dims)
    rows = x.permute([*kept, *dims]).reshape([*(x.shape[i] for i in kept), count])
    wide = rows if x.dtype in {torch.float32, torch.float64} else rows.float()
    levels = torch.tensor(q, dtype=wide.dtype)
    if wide.numel():
        found = function(wide, levels, dim=-1, interpolation=method).to(x.dtype)
    else:  # torch has no quantile of nothing, not even where no row is asked for
        found = rows.sum(-1).expand([*levels.shape, *rows.shape[:-1]])
    if not keepdims:
        return found
    shape = [1 if i in dims else n for i, n in enumerate(x.shape)]
    return found.reshape([*levels.shape, *shape])


def quantile(
    x: Tensor, *, q: Any, axis: Axes = None, method: str = "linear", keepdims: bool = False
) -> Tensor:
    """``ops.quantile``: torch has it along one axis, so that several are made one."""
    return _ranked(torch.quantile, x, q, axis, method, keepdims=keepdims)


def percentile(
    x: Tensor, *, q: Any, axis: Axes = None, method: str = "linear", keepdims: bool = False
) -> Tensor:
    """``ops.percentile``: torch.quantile of a hundredth."""
    return _ranked(torch.quantile, x, _hundredth(q), axis, method, keepdims=keepdims)


def nanquantile(
    x: Tensor, *, q: Any, axis: Axes = None, method: str = "linear", keepdims: bool = False
) -> Tensor:
    """``ops.nanquantile``: torch has it along one axis, so that several are made one."""
    return _ranked(torch.nanquantile, x, q, axis, method, keepdims=keepdims)


def nanpercentile(
    x: Tensor, *, q: Any, axis: Axes = None, method: str = "linear", keepdims: bool = False
) -> Tensor:
    """``ops.nanpercentile``: torch.nanquantile of a hundredth."""
    return _ranked(torch.nanquantile, x, _hundredth(q), axis, method, keepdims=keepdims)


def _hundredth(q: Any) -> Any:
    return [one / 100 for one in q] if isinstance(q, (list, tuple)) else q / 100


def median(x: Tensor, *, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """``ops.median``: torch.median answers the lower one of the two in the middle."""
    return _ranked(torch.quantile, x, 0.5, axis, "midpoint", keepdims=keepdims)


def nanmedian(x: Tensor, *, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """``ops.nanmedian``: torch.nanmedian answers the lower one of the two in the middle."""
    return _ranked(torch.nanquantile, x, 0.5, axis, "midpoint", keepdims=keepdims)


def _filled(x: Tensor, by: float) -> Tensor:
    return torch.where(torch.isnan(x), by, x) if x.is_floating_point() else x


def nanmax(x: Tensor, *, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """``ops.nanmax``: NaN is put below everything; of NaN alone it is NaN."""
    found = torch.amax(_filled(x, -math.inf), dim=_dims(x, axis), keepdim=keepdims)
    return _unless_alone(x, found, axis, keepdims=keepdims)


def nanmin(x: Tensor, *, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """``ops.nanmin``: NaN is put above everything; of NaN alone it is NaN."""
    found = torch.amin(_filled(x, math.inf), dim=_dims(x, axis), keepdim=keepdims)
    return _unless_alone(x, found, axis, keepdims=keepdims)


def _unless_alone(x: Tensor, found: Tensor, axis: Axes, *, keepdims: bool) -> Tensor:
    if not x.is_floating_point():
        return found
    alone = torch.all(torch.isnan(x), dim=_dims(x, axis), keepdim=keepdims)
    return torch.where(alone, math.nan, found)


def nanargmax(x: Tensor, *, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """``ops.nanargmax``: NaN is put below everything."""
    return torch.argmax(_filled(x, -math.inf), dim=axis, keepdim=keepdims)


def nanargmin(x: Tensor, *, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """``ops.nanargmin``: NaN is put above everything."""
    return torch.argmin(_filled(x, math.inf), dim=axis, keepdim=keepdims)


def nanprod(x: Tensor, *, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """``ops.nanprod``: NaN is 1."""
    return prod(_filled(x, 1.0), axis=axis, keepdims=keepdims)


def nancumsum(x: Tensor, *, axis: int | None = None, dtype: Any = None) -> Tensor:
    """``ops.nancumsum``: NaN is 0."""
    x = torch.flatten(x) if axis is None else x
    return torch.cumsum(_filled(x, 0.0), dim=axis or 0, dtype=dtype)


def nancumprod(x: Tensor, *, axis: int | None = None, dtype: Any = None) -> Tensor:
    """``ops.nancumprod``: NaN is 1."""
    x = torch.flatten(x) if axis is None else x
    return torch.cumprod(_filled(x, 1.0), dim=axis or 0, dtype=dtype)


def nanvar(x: Tensor, *, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """``ops.nanvar``: the mean square of what is left without the mean."""
    unknown, dims = torch.isnan(x), _dims(x, axis)
    apart = torch.where(unknown, 0.0, x - torch.nanmean(x, dim=dims, keepdim=True))
    total = torch.sum(apart * apart, dim=dims, keepdim=keepdims)
    return total / torch.sum(~unknown, dim=dims, keepdim=keepdims)


def nanstd(x: Tensor, *, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """``ops.nanstd``: the square root of the variance."""
    return torch.sqrt(nanvar(x, axis=axis, keepdims=keepdims))


def ptp(x: Tensor, *, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """``ops.ptp``: the largest number without the smallest."""
    dims = _dims(x, axis)
    return torch.amax(x, dim=dims, keepdim=keepdims) - torch.amin(x, dim=dims, keepdim=keepdims)


def trapezoid_at(y: Tensor, x: Tensor, *, axis: int = -1) -> Tensor:
    """``ops.trapezoid``: the places go by position."""
    if x.ndim == 1:
        shape = [1] * y.ndim
        shape[axis] = -1
        x = x.reshape(shape)
    return torch.trapezoid(y, x, dim=axis)


def in_top_k(targets: Tensor, predictions: Tensor, *, k: int) -> Tensor:
    """``ops.in_top_k``: fewer than k are larger; a target that is no class is not among them."""
    inside = (targets >= 0) & (targets < predictions.shape[1])
    places = torch.where(inside, targets, 0).long()
    own = torch.gather(predictions, 1, places[:, None])
    return inside & (torch.sum(predictions > own, dim=1) < k)


def moments(
    x: Tensor, *, axes: Sequence[int], keepdims: bool = False, synchronized: bool = False
) -> list[Tensor]:
    """``ops.moments``: torch answers the variance first."""
    del synchronized
    var, mean = torch.var_mean(x, dim=list(axes), correction=0, keepdim=keepdims)
    return [mean, var]
