"""Cutting arrays into windows, adding windows up, and sliding kernels: plain NumPy, chunked.

Arrays are ``(batch, *space, channels)`` and already padded.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.reference.engine.array import Values

_CHUNK = 2**21
"""Numbers that one chunk of cut-out windows may hold (16 MiB of float64)."""


@dataclass(frozen=True)
class Windows:
    """Where windows lie along the spatial axes: one size, stride and dilation for each."""

    size: tuple[int, ...]
    strides: tuple[int, ...]
    dilation: tuple[int, ...]

    def counts(self, space: Sequence[int]) -> tuple[int, ...]:
        """How many windows fit along each axis."""
        return tuple(
            max((n - (k - 1) * d - 1) // s + 1, 0)
            for n, k, s, d in zip(space, self.size, self.strides, self.dilation, strict=True)
        )

    @property
    def overlap(self) -> int:
        """The most windows that can share one number."""
        return math.prod(
            min(k, -(-((k - 1) * d + 1) // s))
            for k, s, d in zip(self.size, self.strides, self.dilation, strict=True)
        )

    def places(self, space: Sequence[int]) -> list[tuple[tuple[int, ...], tuple[slice, ...]]]:
        """Each position inside the window, with the slices of the array that stand there."""
        counts = self.counts(space)
        return [
            (
                position,
                tuple(
                    slice(p * d, p * d + (c - 1) * s + 1 if c else p * d, s)
                    for p, d, c, s in zip(
                        position, self.dilation, counts, self.strides, strict=True
                    )
                ),
            )
            for position in itertools.product(*map(range, self.size))
        ]


def unfold(x: Values, geometry: Windows) -> Values:
    """A read-only view ``(batch, *windows, *size, channels)`` of all windows."""
    axes = len(geometry.size)
    space = x.shape[1 : 1 + axes]
    steps = x.strides[1 : 1 + axes]
    shape = (x.shape[0], *geometry.counts(space), *geometry.size, x.shape[-1])
    strides = (
        x.strides[0],
        *(step * s for step, s in zip(steps, geometry.strides, strict=True)),
        *(step * d for step, d in zip(steps, geometry.dilation, strict=True)),
        x.strides[-1],
    )
    return np.lib.stride_tricks.as_strided(x, shape, strides, writeable=False)


def fold(windows: Values, space: Sequence[int], geometry: Windows) -> Values:
    """Adjoint of :func:`unfold`: every number is added up where its window had it from."""
    total = np.zeros((windows.shape[0], *space, windows.shape[-1]), windows.dtype)
    for position, place in geometry.places(space):
        source: tuple[slice | int, ...] = (slice(None),) * (1 + len(geometry.size))
        target: tuple[slice, ...] = (slice(None), *place)
        total[target] += windows[source + position]
    return total


def correlate(
    x: Values,
    kernel: Values,
    geometry: Windows,
    product: Callable[[Values, Values], Any] = np.matmul,
) -> Values:
    """Inner product of the kernel with every window, a bounded number of windows at a time.

    Args:
        x: ``(batch, *space, channels)``.
        kernel: ``(*size, channels, filters)``.
        geometry: Where the windows lie.
        product: Matrix product ``(m, k) @ (k, n)``.

    Returns:
        ``(batch, *windows, filters)``.
    """
    view = unfold(x, geometry)
    axes = len(geometry.size)
    counts = view.shape[1 : 1 + axes]
    matrix = kernel.reshape(-1, kernel.shape[-1])
    result = np.empty((x.shape[0], *counts, kernel.shape[-1]), np.result_type(x, kernel))
    if result.size == 0:
        return result
    # Whole rows of windows along the first spatial axis are the unit of a chunk.
    row = math.prod(counts[1:]) * matrix.shape[0]
    samples = max(_CHUNK // (row * counts[0]), 1)
    rows = max(_CHUNK // row, 1) if samples == 1 else counts[0]
    for b in range(0, x.shape[0], samples):
        for r in range(0, counts[0], rows):
            part = view[b : b + samples, r : r + rows]
            columns = part.reshape(-1, matrix.shape[0])
            result[b : b + samples, r : r + rows] = np.asarray(product(columns, matrix)).reshape(
                *part.shape[: 1 + axes], -1
            )
    return result
