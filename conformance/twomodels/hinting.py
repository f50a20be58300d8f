"""What is seen of a difference that no known mistake explains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.twomodels.closeness import arranged

if TYPE_CHECKING:
    from conformance.reference.engine.array import Array, Values
    from conformance.twomodels.walking import Pair

_SHARE, _ALIKE = 1e-3, 1e-4
"""Numbers below this share of the largest one tell no ratio; ratios within the other are one."""


def hint(shows: Pair, truth: Array | None) -> str:
    """What is seen of a difference that no known mistake explains."""
    if truth is None:
        return ""
    if shows.near is None:
        theirs, ours = list(shows.record.values.shape), list(truth.shape)
        return f"its shape is {theirs}, where Keras's is {ours}"
    observed = arranged(shows.record.values, shows.near.axes, truth.shape).astype(np.float64)
    if not np.isfinite(observed).all():
        return "it answers NaN or infinities"
    if shows.record.values.dtype == np.float16:
        return "its numbers are float16, which are rounded coarser than those of Keras"
    return _regular(observed, truth.value)


def _regular(observed: Values, wanted: Values) -> str:
    """Whether all numbers are off alike, or are the right ones elsewhere."""
    largest = float(np.abs(wanted).max(initial=0.0))
    with np.errstate(all="ignore"):
        ratios = (observed / wanted)[np.abs(wanted) > _SHARE * largest]
        apart = observed - wanted
    if ratios.size and np.ptp(ratios) < _ALIKE * abs(float(ratios.mean())):
        return f"every number is {float(ratios.mean()):.6g} times what it should be"
    if apart.size and np.ptp(apart) < _ALIKE * abs(float(apart.mean())):
        return f"every number is {float(apart.mean()):.6g} more than it should be"
    ordered = np.sort(wanted, axis=None), np.sort(observed, axis=None)
    if np.allclose(*ordered, rtol=_ALIKE / 10, atol=_ALIKE / 100 * largest):
        return "the numbers are the right ones, in another order"
    return ""
