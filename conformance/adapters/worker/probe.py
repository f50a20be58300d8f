"""The precision probe: does a framework's float32 work really have float32's precision?

One environment variable or processor feature can turn every convolution into bfloat16 without a
word. So when an adapter starts, it multiplies two matrices and convolves once; an error above 16
times its bound means that float32 is not what the process delivers. That is an error of the run,
unless a coarser precision was declared (:mod:`conformance.adapters.worker.precision`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.adapters.shared.wire import Array

UNIT = 2.0**-24
"""Rounding unit of float32."""

PASS = 16.0
"""Largest error, in multiples of the bound, that float32 arithmetic may show."""

_COARSE = 4096.0
"""Between TensorFloat-32 (10 explicit bits, near 1,400) and bfloat16 (7 bits, near 11,000)."""

_UNBOUNDED = 1e30  # stands for inf and nan, which JSON lacks

_SEED = 20_210_705  # any number: the probe only has to be the same everywhere


def probe(
    matmul: Callable[[Array, Array], Any] | None,
    conv: Callable[[Array, Array], Any] | None,
) -> dict[str, float]:
    """Measure the worst error of a matrix product and of a convolution.

    The error is taken against float64 and divided by ``2⁻²⁴ · (|a| applied to |b|)``, the size of
    one rounding of everything that is summed.

    Args:
        matmul: Multiplies float32 ``(256, 512)`` by ``(512, 256)``.
        conv: Cross-correlates float32 ``(2, 16, 16, 32)`` (batch, height, width, channels) with a
            kernel ``(3, 3, 32, 16)`` (height, width, in, out), no padding, stride 1; returns
            ``(2, 14, 14, 16)``. Either callable may be None and is then left out.

    Returns:
        ``matmul`` and ``conv``; up to 16 passes.
    """
    rng = np.random.Generator(np.random.Philox(_SEED))
    result: dict[str, float] = {}
    if matmul is not None:
        a = rng.standard_normal((256, 512), dtype=np.float32)
        b = rng.standard_normal((512, 256), dtype=np.float32)
        wide_a, wide_b = a.astype(np.float64), b.astype(np.float64)
        bound = np.abs(wide_a) @ np.abs(wide_b)
        result["matmul"] = _worst(matmul(a, b), wide_a @ wide_b, bound)
    if conv is not None:
        x = rng.standard_normal((2, 16, 16, 32), dtype=np.float32)
        kernel = rng.standard_normal((3, 3, 32, 16), dtype=np.float32)
        wide_x, wide_k = x.astype(np.float64), kernel.astype(np.float64)
        bound = _correlate(np.abs(wide_x), np.abs(wide_k))
        result["conv"] = _worst(conv(x, kernel), _correlate(wide_x, wide_k), bound)
    return result


def precision_of(times: float) -> str:
    """Name the precision that one operation's result speaks for.

    Args:
        times: Its error, in multiples of the bound; NaN is as coarse as anything.

    Returns:
        ``float32``, ``tensorfloat32`` or ``bfloat16``.
    """
    if times <= PASS:
        return "float32"
    return "tensorfloat32" if times <= _COARSE else "bfloat16"


def _worst(observed: Any, expected: Array, bound: Array) -> float:
    got = np.asarray(observed, dtype=np.float64)
    if got.shape != expected.shape:
        raise ValueError(f"the probe expects the shape {expected.shape}, got {got.shape}")
    worst = float(np.max(np.abs(got - expected) / (UNIT * bound)))
    return min(worst, _UNBOUNDED) if math.isfinite(worst) else _UNBOUNDED


def _correlate(x: Array, kernel: Array) -> Array:
    height, width = kernel.shape[:2]
    rows, columns = x.shape[1] - height + 1, x.shape[2] - width + 1
    total = np.zeros((x.shape[0], rows, columns, kernel.shape[3]))
    for i in range(height):
        for j in range(width):
            total += x[:, i : i + rows, j : j + columns] @ kernel[i, j]
    return total
