"""Sampling along an axis: the matrices by which images are resized.

Pixels are areas: pixel ``i`` of ``n`` covers ``[i, i + 1)`` and its value stands at ``i + 1/2``, so
that the output's pixel ``o`` of ``m`` asks for the input at ``(o + 1/2)·n/m - 1/2``. The weights of
the pixels around that point come from a kernel, and are divided by their sum where the kernel
reaches beyond the edge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine.arithmetic import THIRD
from conformance.reference.engine.array import Array

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Values

KINDS = ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5")


def _triangle(x: Values) -> Values:
    return np.asarray(np.maximum(0.0, 1.0 - np.abs(x)))


def _cubic(x: Values) -> Values:
    """Keys's cubic with a = -1/2."""
    t = np.abs(x)
    near = (1.5 * t - 2.5) * t * t + 1.0
    far = ((-0.5 * t + 2.5) * t - 4.0) * t + 2.0
    return np.asarray(np.where(t <= 1.0, near, np.where(t < 2.0, far, 0.0)))  # noqa: PLR2004


def _lanczos(radius: int) -> Callable[[Values], Values]:
    return lambda x: np.where(np.abs(x) < radius, np.sinc(x) * np.sinc(x / radius), 0.0)


_SINES = {"lanczos3": 3, "lanczos5": 5}
"""Kernels made of sines, with their reach."""
_KERNELS: dict[str, Callable[[Values], Values]] = {
    "bilinear": _triangle,
    "bicubic": _cubic,
    "lanczos3": _lanczos(3),
    "lanczos5": _lanczos(5),
}


def sampling(
    arithmetic: Arithmetic, kind: str, source: int, target: int, *, antialias: bool
) -> Array:
    """The matrix ``(target, source)`` that takes an axis of one size to another.

    Args:
        arithmetic: What it computes with.
        kind: One of :data:`KINDS`.
        source: Size of the axis.
        target: Size that it shall have.
        antialias: Whether the kernel is widened where the axis shrinks.

    Returns:
        Weights, with the error that float32 gives to the place at which each is taken.
    """
    scale = source / target
    middle = (np.arange(target) + 0.5) * scale
    if kind == "nearest":
        chosen = np.minimum(np.floor(middle).astype(int), source - 1)
        return arithmetic.exact(np.eye(source)[chosen])
    widened = max(scale, 1.0) if antialias else 1.0
    place = ((middle - 0.5)[:, None] - np.arange(source)[None, :]) / widened
    weights = _normalized(_KERNELS[kind](place))
    if target == source and kind not in _SINES:
        return arithmetic.exact(weights)
    variance = None
    if arithmetic.carries_variance:
        variance = _errors(kind, place, middle[:, None] / widened, weights)
    return Array(arithmetic, weights.astype(arithmetic.dtype), variance=variance)


def moving(  # noqa: PLR0913, PLR0917 (where each number is taken)
    arithmetic: Arithmetic,
    kind: str,
    source: int,
    target: int,
    scale: float,
    shift: float,
    *,
    antialias: bool,
) -> tuple[Array, Values]:
    """The matrix ``(target, source)`` that takes the point x of an axis to ``x·scale + shift``.

    Args:
        arithmetic: What it computes with.
        kind: One of :data:`KINDS` but ``nearest``.
        source: Size of the axis.
        target: Size that it shall have.
        scale: How much larger the axis becomes.
        shift: How far it moves afterwards.
        antialias: Whether the kernel is widened where the axis shrinks.

    Returns:
        Weights, zeros for what comes from outside of the axis; and how far inside of it each number
        comes from, which is negative outside.
    """
    middle = (np.arange(target) + 0.5 - shift) / scale
    inside = np.minimum(middle, source - middle)
    widened = max(1.0 / scale, 1.0) if antialias else 1.0
    place = ((middle - 0.5)[:, None] - np.arange(source)[None, :]) / widened
    there = (inside >= 0)[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        weights = np.where(there, _normalized(_KERNELS[kind](place)), 0.0)
        variance = None
        if arithmetic.carries_variance:
            found = _errors(kind, place, np.abs(middle)[:, None] / widened, weights)
            variance = np.where(there, found, 0.0)
    return Array(arithmetic, weights.astype(arithmetic.dtype), variance=variance), inside


def _errors(kind: str, place: Values, middle: Values, weights: Values) -> Values:
    """Variance, in units of u², of weights that float32 computes.

    Places come with three roundings each of about the middle's size. A kernel is then computed at
    the place: a cubic from terms that cancel, Lanczos's from sines of multiples of pi, which are
    as far off as the place is large.
    """
    step = 2.0**-20
    kernel = _KERNELS[kind]
    slope = (_normalized(kernel(place + step)) - weights) / step
    back = (weights - _normalized(kernel(place - step))) / step
    steepest = np.square(np.maximum(np.abs(slope), np.abs(back)))
    t = np.abs(place)
    error = 3 * steepest * np.square(middle) + 4 * np.square(weights)
    reach = 1.0
    if kind in _SINES:
        reach = float(_SINES[kind])
        error += 3 * steepest * np.square(t)
    if kind == "bicubic":
        reach = 2.0
        near = np.square(2.5 * t * t) + 2.0
        far = np.square((2.5 - 0.5 * t) * t * t) + np.square(4 * t) + 4.0
        error += np.where(t <= 1.0, near, far)
    return np.asarray(np.where(t < reach + step, THIRD * error, 0.0))


def _normalized(weights: Values) -> Values:
    total: Values = weights / weights.sum(axis=1, keepdims=True)
    return total
