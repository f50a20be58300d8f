"""Fourier transforms in NumPy, which has complex arrays where Keras has pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

Array = Any


def fft(x: Sequence[Array]) -> tuple[Array, Array]:
    """``ops.fft``: of one complex array; Keras takes and answers real and imaginary parts."""
    return _parts(np.fft.fft(_complex(x)))


def fft2(x: Sequence[Array]) -> tuple[Array, Array]:
    """``ops.fft2``: of one complex array, along the last two axes."""
    return _parts(np.fft.fft2(_complex(x)))


def ifft2(x: Sequence[Array]) -> tuple[Array, Array]:
    """``ops.ifft2``: of one complex array, along the last two axes."""
    return _parts(np.fft.ifft2(_complex(x)))


def rfft(x: Array, *, fft_length: int | None = None) -> tuple[Array, Array]:
    """``ops.rfft``: a complex array; Keras answers real and imaginary parts."""
    return _parts(np.fft.rfft(x, fft_length))


def irfft(x: Sequence[Array], *, fft_length: int | None = None) -> Array:
    """``ops.irfft``: of one complex array."""
    return np.fft.irfft(_complex(x), fft_length)


def _complex(x: Sequence[Array]) -> Array:
    real, imaginary = x
    return real + 1j * imaginary


def _parts(found: Array) -> tuple[Array, Array]:
    return np.real(found), np.imag(found)
