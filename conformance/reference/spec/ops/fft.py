"""Fourier transforms of keras.ops, which are in keras/src/ops/math.py.

A fast transform sums the terms of the plain one in another order: the spread is that of the plain
sum, as for every sum.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine.array import Array
from conformance.reference.engine.contraction import matmul
from conformance.reference.engine.conversion import real, together
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Values
    from conformance.reference.engine.conversion import Tensor


def _table(arithmetic: Arithmetic, exact: Values) -> Array:
    """Sines or cosines of the transform: each with an error of u but for -1, 0 and 1."""
    values = np.where(np.abs(exact) < 2.0**-40, 0.0, exact)
    variance = None
    if arithmetic.carries_variance:
        variance = np.where(np.isin(np.abs(values), (0.0, 1.0)), 0.0, 1.0)
    return Array(arithmetic, values.astype(arithmetic.dtype), variance=variance)


@defines("ops.fft")
def fft(x: Sequence[Tensor]) -> list[Tensor]:
    """Sums of ``x[n]·exp(-2πi·kn/N)`` along the last axis.

    Args:
        x: Real and imaginary part.

    Returns:
        Real and imaginary part.

    Raises:
        Refused: There aren't two parts of one shape, of at least one axis.
        Unsupported: They are integers.
    """
    if len(x) != 2:  # noqa: PLR2004 (real and imaginary part)
        message = "fft takes a pair of arrays: real and imaginary part"
        raise Refused(message, at="call")
    re, im = (real(part) for part in together(*x))
    if re.shape != im.shape or not re.ndim:
        message = f"fft: a real part of {re.shape} and an imaginary one of {im.shape}"
        raise Refused(message, at="call")
    if re.integers is not None:
        message = "fft of integers is not in the reference: both parts are to be floats"
        raise Unsupported(message)
    n = re.shape[-1]
    steps = np.outer(np.arange(n), np.arange(n)) % max(n, 1)  # turns are counted exactly
    turns = 2 * np.pi * steps.astype(np.longdouble) / max(n, 1)
    cosines, sines = (_table(re.arithmetic, np.asarray(t(turns))) for t in (np.cos, np.sin))
    return [
        matmul(re, cosines) + matmul(im, sines),
        matmul(im, cosines) - matmul(re, sines),
    ]
