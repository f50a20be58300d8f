"""Draws from a continuous law that an answer depends on linearly: noise, brightness, contrast."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.acceptance import VALUES
from conformance.verdicts import statistics, text
from conformance.verdicts.drawn import checked, independence
from conformance.verdicts.model import Comparison
from conformance.verdicts.tolerance import ReferenceFaultError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from conformance.reference.answer.expectation import ExpectedAffine, ExpectedRandom
    from conformance.verdicts.evidence import Evidence

    Array = NDArray[Any]

_SHARP = 1e-3
"""A draw counts where rounding moves it by at most this share of its standard deviation."""

_FARTHEST = 10.0
"""Standard deviations beyond which a normal draw is no accident: 1.5e-23."""


def shifts(
    evidence: Evidence,
    expected: ExpectedRandom,
    law: ExpectedAffine,
    arrays: Mapping[str, Array],
) -> Iterator[Comparison]:
    """Judge the draws θ of answers ``location + scale · θ``.

    Args:
        evidence: for the arrays of location and scale.
        expected: shape of the answer and of the draws.
        law: location, scale and the law of θ.
        arrays: the answers by the names of :class:`Draws`.
    """
    scores: dict[str, Array] = {}
    for name in ("first", "other") if expected.repeats else ("first", "second", "other"):
        theta, blur, misfit = _solved(evidence, expected, law, arrays[name], name)
        yield misfit
        if misfit.message:
            return
        center, deviation, kurtosis = moments(law)
        standard = (theta - center) / deviation
        known = blur <= _SHARP * deviation
        if known.sum() < statistics.LEAST:
            raise ReferenceFaultError(f"only {int(known.sum())} draws show in the case's data")
        support = _support(law, np.where(known, theta, center), np.where(known, blur, 0.0), name)
        yield support
        if support.message:
            return
        if name == "first":
            yield from _distribution(law, standard[known], kurtosis)
        scores[name] = np.where(known, standard, 0.0)
    yield from independence(scores)


def moments(law: ExpectedAffine) -> tuple[float, float, float]:
    """Mean, standard deviation and fourth standardized moment."""
    if law.law == "normal":
        return 0.0, 1.0, 3.0
    if law.law == "truncated":
        return _truncated_moments(law.low, law.high)
    return (law.low + law.high) / 2, (law.high - law.low) / math.sqrt(12), 1.8


def _truncated_moments(low: float, high: float) -> tuple[float, float, float]:
    """Those of the normal law on [low, high], by quadrature: to 1e-9."""
    theta = np.linspace(low, high, 20_001)
    density = np.exp(-np.square(theta) / 2)
    density /= np.trapezoid(density, theta)
    mean = float(np.trapezoid(density * theta, theta))
    deviation = math.sqrt(float(np.trapezoid(density * np.square(theta - mean), theta)))
    fourth = float(np.trapezoid(density * (theta - mean) ** 4, theta))
    return mean, deviation, fourth / deviation**4


def _solved(
    evidence: Evidence, expected: ExpectedRandom, law: ExpectedAffine, values: Array, name: str
) -> tuple[Array, Array, Comparison]:
    """Find θ of every draw, how far rounding may move it, and whether one fits all its numbers."""
    what = f"shared draws of the {name} answer"
    target = evidence.target(law.location)
    if target.spread is None or target.scale is None:
        raise ReferenceFaultError("it states no spread of what is drawn")
    shape = values.shape
    tolerance = np.broadcast_to(
        VALUES.peak * (target.spread * target.scale.unit + target.scale.floor), shape
    )
    slope = np.broadcast_to(evidence.target(law.scale).values, shape)
    offset = values - np.broadcast_to(target.values, shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        theta, blur = offset / slope, tolerance / np.abs(slope)
    shared = [
        axis
        for axis, (draws, size) in enumerate(zip(expected.draws, shape, strict=True))
        if draws == 1 < size
    ]
    if shared:
        theta, blur = _sharpest(theta, blur, shared)
    theta = np.where(np.isfinite(theta), theta, 0.0)
    blur = np.where(np.isfinite(blur), blur, np.inf)
    # Where the slope is 0 the draw doesn't show, and the answer is the location.
    reach = np.abs(slope) * np.where(np.isinf(blur), 0.0, blur)
    wrong = np.abs(offset - slope * theta) > tolerance + reach
    fitting = target.values + slope * theta
    return theta, blur, _misfit(what, values, fitting, wrong)


def _misfit(what: str, values: Array, fitting: Array, wrong: Array) -> Comparison:
    if not wrong.any():
        return Comparison(what=what, margin=0.0)
    where = tuple(int(i) for i in np.argwhere(wrong)[0])
    return Comparison(
        what=what,
        message=f"{text.place(what, where)}: expected {text.number(float(fitting[where]))} by the "
        f"draw of its neighbours, observed {text.number(float(values[where]))} "
        f"({int(wrong.sum()):,} of {wrong.size:,} numbers {text.are(wrong.sum())} out)",
    )


def _sharpest(theta: Array, blur: Array, shared: list[int]) -> tuple[Array, Array]:
    """Of the numbers that share a draw, take the one that shows it best."""
    kept = [axis for axis in range(theta.ndim) if axis not in shared]
    order = [*kept, *shared]
    rows = [theta.shape[axis] for axis in kept]
    flat_theta = theta.transpose(order).reshape(*rows, -1)
    flat_blur = blur.transpose(order).reshape(*rows, -1)
    best = np.nanargmin(np.where(np.isnan(flat_blur), np.inf, flat_blur), axis=-1)[..., None]
    sizes = [1 if axis in shared else size for axis, size in enumerate(theta.shape)]
    picked = (np.take_along_axis(flat, best, -1).reshape(sizes) for flat in (flat_theta, flat_blur))
    first, second = picked
    return first, second


def _support(law: ExpectedAffine, theta: Array, blur: Array, name: str) -> Comparison:
    low, high = (-_FARTHEST, _FARTHEST) if law.law == "normal" else (law.low, law.high)
    outside = (theta < low - blur) | (theta > high + blur)
    what = f"range of the {name} answer's draws"
    if not outside.any():
        return Comparison(what=what, margin=0.0)
    where = tuple(int(i) for i in np.argwhere(outside)[0])
    return Comparison(
        what=what,
        message=f"{text.place(what, where)}: drew {text.number(float(theta[where]))}, outside of "
        f"[{text.number(low)}, {text.number(high)}]",
    )


def _distribution(law: ExpectedAffine, scores: Array, kurtosis: float) -> Iterator[Comparison]:
    z = statistics.mean(scores)
    yield checked("mean", z, f"{scores.mean():.4f} standard deviations from the expected one")
    z = statistics.variance(scores, kurtosis)
    yield checked(
        "standard deviation",
        z,
        f"{math.sqrt(float(np.square(scores).mean())):.4f} times the expected",
    )
    ordered = np.sort(scores)
    if law.law == "normal":
        levels = statistics.normal_levels(ordered)
    elif law.law == "truncated":
        center, deviation, _ = moments(law)
        below, above = statistics.normal_levels(np.array([law.low, law.high]))
        levels = (statistics.normal_levels(ordered * deviation + center) - below) / (above - below)
    else:
        levels = ordered / math.sqrt(12) + 0.5
    found, limit = statistics.distance(levels), statistics.farthest(scores.size)
    yield Comparison(
        what="distribution",
        margin=found / limit,
        message=""
        if found <= limit
        else f"distribution: its distance from the {law.law} law is {found:.4f}, limit {limit:.4f}",
    )
