"""Functions of each number by itself that are several of NumPy's."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any


def rsqrt(x: Array) -> Array:
    """``ops.rsqrt``: NumPy has the root alone."""
    return np.reciprocal(np.sqrt(x))


def softplus(x: Array) -> Array:
    """``ops.softplus``: numpy.logaddexp of each number and 0."""
    return np.logaddexp(x, 0)


def divide_no_nan(x1: Array, x2: Array) -> Array:
    """``ops.divide_no_nan``: numpy.divide leaves zeros where it is told to leave out."""
    x1, x2 = np.broadcast_arrays(x1, x2)
    return np.divide(x1, x2, out=np.zeros_like(x1), where=x2 != 0)


def polar(abs_: Array, angle: Array) -> Array:
    """``ops.polar``: sine and cosine of the angle, times the size."""
    return abs_ * np.cos(angle) + 1j * (abs_ * np.sin(angle))


def view_as_complex(x: Array) -> Array:
    """``ops.view_as_complex``: the two of the last axis are one number in memory."""
    return np.ascontiguousarray(x).view("complex64")[..., 0]


def view_as_real(x: Array) -> Array:
    """``ops.view_as_real``: both parts along a new last axis."""
    return np.stack([np.real(x), np.imag(x)], axis=-1)


def view(x: Array, *, dtype: Any = None) -> Array:
    """``ops.view``: the method of an array, which lets the last axis grow or shrink."""
    return x.view() if dtype is None else np.ascontiguousarray(x).view(dtype)


def saturate_cast(x: Array, *, dtype: Any) -> Array:
    """``ops.saturate_cast``: cut at the ends that both dtypes hold, then cast."""
    to, own = np.dtype(dtype), x.dtype
    if "b" in {to.kind, own.kind}:
        return np.astype(x, to)
    ends = np.finfo(to) if to.kind == "f" else np.iinfo(to)
    low, high = ends.min, ends.max
    if own.kind == "f":
        own_ends = np.finfo(own)
        low, high = max(float(low), float(own_ends.min)), min(float(high), float(own_ends.max))
        if to.kind != "f":  # the largest float that is not beyond the end
            while int(high) > int(ends.max):
                high = float(np.nextafter(own.type(high), own.type(0)))
        return np.astype(np.clip(x, own.type(low), own.type(high)), to)
    if to.kind == "f":
        return np.astype(x, to)
    narrow = np.iinfo(own)
    return np.astype(np.clip(x, max(low, narrow.min), min(high, narrow.max)), to)
