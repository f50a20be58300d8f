"""Fourier transforms in JAX, which has complex arrays where Keras has pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jax import lax
from jax import numpy as jnp
from jax.scipy import signal

from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jax import Array


def fft(x: Sequence[Array]) -> tuple[Array, Array]:
    """``ops.fft``: of one complex array; Keras takes and answers real and imaginary parts."""
    found = jnp.fft.fft(lax.complex(*x))
    return jnp.real(found), jnp.imag(found)


def fft2(x: Sequence[Array]) -> tuple[Array, Array]:
    """``ops.fft2``: of one complex array, along the last two axes."""
    found = jnp.fft.fft2(lax.complex(*x))
    return jnp.real(found), jnp.imag(found)


def ifft2(x: Sequence[Array]) -> tuple[Array, Array]:
    """``ops.ifft2``: of one complex array, along the last two axes."""
    found = jnp.fft.ifft2(lax.complex(*x))
    return jnp.real(found), jnp.imag(found)


def rfft(x: Array, *, fft_length: int | None = None) -> tuple[Array, Array]:
    """``ops.rfft``: a complex array; Keras answers real and imaginary parts."""
    found = jnp.fft.rfft(x, fft_length)
    return jnp.real(found), jnp.imag(found)


def irfft(x: Sequence[Array], *, fft_length: int | None = None) -> Array:
    """``ops.irfft``: of one complex array."""
    return jnp.fft.irfft(lax.complex(*x), fft_length)


def extract_sequences(x: Array, *, sequence_length: int, sequence_stride: int) -> Array:
    """``ops.extract_sequences``: places of every window, taken from the last axis."""
    count = 1 + (x.shape[-1] - sequence_length) // sequence_stride
    starts = jnp.arange(count)[:, None] * sequence_stride
    return x[..., starts + jnp.arange(sequence_length)]


def stft(
    x: Array,
    *,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    window: Any = "hann",
    center: bool = True,
) -> tuple[Array, Array]:
    """``ops.stft``: frames under the window; jax.scipy.signal.stft scales what it answers."""
    if center:
        around = [(0, 0)] * (x.ndim - 1) + [(fft_length // 2, fft_length // 2)]
        x = jnp.pad(x, around, mode="reflect")
    frames = extract_sequences(x, sequence_length=fft_length, sequence_stride=sequence_stride)
    return rfft(frames * _window(window, sequence_length, fft_length))


def istft(
    x: Sequence[Array],
    *,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    length: int | None = None,
    window: Any = "hann",
    center: bool = True,
) -> Array:
    """``ops.istft``: of spectra that are divided by the sum of the window, as JAX's are.

    Raises:
        Unsupported: Frames lie side by side: without an overlap JAX takes half a frame for one.
    """
    if sequence_stride >= fft_length:
        raise Unsupported("frames of jax.scipy.signal.istft overlap")
    shape = _window(window, sequence_length, fft_length)
    _, found = signal.istft(
        jnp.swapaxes(lax.complex(*x), -1, -2) / jnp.sum(shape),
        window=shape,
        nperseg=fft_length,
        noverlap=fft_length - sequence_stride,
        nfft=fft_length,
        boundary=False,
    )
    start = fft_length // 2 if center else 0
    stop = found.shape[-1] - start if length is None else start + length
    return found[..., start:stop]


def _window(window: Any, length: int, size: int) -> Array:
    flat = {"hann": 0.5, "hamming": 0.54}
    if isinstance(window, str):
        turns = 2 * jnp.pi * jnp.arange(length) / length
        found = flat[window] - (1 - flat[window]) * jnp.cos(turns)
    else:
        found = jnp.ones(length) if window is None else jnp.asarray(window)
    before = (size - length) // 2
    return jnp.pad(found, (before, size - length - before))
