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
from conformance.reference.engine.structure import pad, take, transpose
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.ops.base import floating_array
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Values
    from conformance.reference.engine.conversion import Scalar, Tensor


def _table(arithmetic: Arithmetic, exact: Values, turns: Values) -> Array:
    """Sines or cosines of the transform: each with an error of u but for that of no turn at all."""
    values = np.where(np.abs(exact) < 2.0**-40, 0.0, exact)
    variance = None
    if arithmetic.carries_variance:
        variance = np.where(turns == 0, 0.0, 1.0)
    return Array(arithmetic, values.astype(arithmetic.dtype), variance=variance)


def _parts(x: Sequence[Tensor], function: str, least: int = 1) -> tuple[Array, Array]:
    """Real and imaginary part.

    Raises:
        Refused: There aren't two parts of one shape, of so many axes at least.
        Unsupported: They are integers.
    """
    if len(x) != 2:  # noqa: PLR2004 (real and imaginary part)
        message = f"{function} takes a pair of arrays: real and imaginary part"
        raise Refused(message, at="call")
    re, im = (real(part) for part in together(*x))
    if re.shape != im.shape or re.ndim < least:
        message = f"{function}: a real part of {re.shape} and an imaginary one of {im.shape}"
        raise Refused(message, at="call")
    if re.integers is not None:
        message = f"{function} of integers is not in the reference: both parts are to be floats"
        raise Unsupported(message)
    return re, im


def tables(arithmetic: Arithmetic, n: int, places: int, frequencies: int) -> tuple[Array, Array]:
    """Cosines and sines of ``2π·place·frequency/n``: ``(places, frequencies)``."""
    steps = np.outer(np.arange(places), np.arange(frequencies)) % max(n, 1)  # exact turns
    turns = 2 * np.pi * steps.astype(np.longdouble) / max(n, 1)
    cosines, sines = (_table(arithmetic, np.asarray(t(turns)), steps) for t in (np.cos, np.sin))
    return cosines, sines


def _along_last(re: Array, im: Array, *, sign: int) -> tuple[Array, Array]:
    """Sums of ``x[n]·exp(sign·2πi·kn/N)``."""
    n = re.shape[-1]
    cosines, sines = tables(re.arithmetic, n, n, n)
    if sign < 0:
        return matmul(re, cosines) + matmul(im, sines), matmul(im, cosines) - matmul(re, sines)
    return matmul(re, cosines) - matmul(im, sines), matmul(im, cosines) + matmul(re, sines)


def _turned(re: Array, im: Array) -> tuple[Array, Array]:
    order = [*range(re.ndim - 2), re.ndim - 1, re.ndim - 2]
    return transpose(re, order), transpose(im, order)


@defines("ops.fft")
def fft(x: Sequence[Tensor]) -> list[Tensor]:
    """Sums of ``x[n]·exp(-2πi·kn/N)`` along the last axis, as real and imaginary part."""
    return [*_along_last(*_parts(x, "fft"), sign=-1)]


@defines("ops.fft2")
def fft2(x: Sequence[Tensor]) -> list[Tensor]:
    """The transform along the last axis and then along the one before it."""
    made = _along_last(*_parts(x, "fft2", 2), sign=-1)
    return [*_turned(*_along_last(*_turned(*made), sign=-1))]


@defines("ops.ifft2")
def ifft2(x: Sequence[Tensor]) -> list[Tensor]:
    """The way back from ``fft2``: the other sign, over the number of numbers."""
    re, im = _parts(x, "ifft2", 2)
    made = _along_last(re, im, sign=1)
    turned = _turned(*_along_last(*_turned(*made), sign=1))
    return [part / float(re.shape[-1] * re.shape[-2]) for part in turned]


def fitted(x: Array, size: int) -> Array:
    """The last axis cut to a size, or with zeros up to it."""
    if x.shape[-1] < size:
        return pad(x, [*[(0, 0)] * (x.ndim - 1), (0, size - x.shape[-1])])
    return take(x, -1, 0, size)


def half_spectrum(a: Array, n: int) -> list[Tensor]:
    """Frequencies 0 to n/2 of real signals of length n, as real and imaginary part."""
    cosines, sines = tables(a.arithmetic, n, n, n // 2 + 1)
    return [matmul(a, cosines), -matmul(a, sines)]


@defines("ops.rfft")
def rfft(x: Tensor | Scalar, fft_length: int | None = None) -> list[Tensor]:
    """Frequencies 0 to n/2 of real numbers, which are cut to n or filled up with zeros.

    Raises:
        Refused: There is no axis or no length.
    """
    a = floating_array(x, "rfft")
    n = fft_length if fft_length is not None else (a.shape[-1] if a.ndim else 0)
    if not a.ndim or n < 1:
        message = f"rfft of {list(a.shape)}, fft_length={fft_length}"
        raise Refused(message, at="call")
    return half_spectrum(fitted(a, n), n)


def signal(re: Array, im: Array, n: int) -> Array:
    """Real signals of length n by their frequencies 0 to n/2.

    What lies between the first and the last of an even length stands for its mirror image too.
    """
    bins = n // 2 + 1
    cosines, sines = tables(re.arithmetic, n, bins, n)
    twice = np.full((bins, 1), 2.0)
    twice[0] = 1.0
    if n % 2 == 0:
        twice[-1] = 1.0
    weights = re.arithmetic.exact(twice)
    made = matmul(fitted(re, bins), cosines * weights) - matmul(fitted(im, bins), sines * weights)
    return made / float(n)


@defines("ops.irfft")
def irfft(x: Sequence[Tensor], fft_length: int | None = None) -> Tensor:
    """The way back from ``rfft``; without a length to an even one.

    Raises:
        Refused: There would be no number.
    """
    re, im = _parts(x, "irfft")
    n = 2 * (re.shape[-1] - 1) if fft_length is None else fft_length
    if n < 1:
        message = f"irfft of {list(re.shape)}, fft_length={fft_length}"
        raise Refused(message, at="call")
    return signal(re, im, n)
