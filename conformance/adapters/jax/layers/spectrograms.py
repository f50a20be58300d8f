"""Spectra of sequences in JAX."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import jax
import numpy as np
from jax import numpy as jnp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jax import Array

    from conformance.adapters.jax.layout import Weights

EPSILON = 1e-7
"""keras.config.epsilon()."""


def moded(real: Array, imaginary: Array, mode: str) -> Array:
    """What a mode makes of a spectrum (..., frequencies, frames)."""
    if mode == "angle":
        return jnp.arctan2(imaginary, real)
    if mode == "stft":
        return jnp.concatenate([real, imaginary], axis=-2)
    power = real * real + imaginary * imaginary
    if mode == "psd":
        twice = jnp.ones(power.shape[-2]).at[1:-1].set(2.0)
        return power * twice[:, None]
    magnitude = jnp.sqrt(jnp.maximum(power, EPSILON))
    return magnitude if mode == "magnitude" else jnp.log(jnp.maximum(magnitude, EPSILON))


def stft_spectrogram(
    x: Array,
    weights: Weights,
    *,
    mode: str = "log",
    frame_length: int = 256,
    frame_step: int | None = None,
    fft_length: int | None = None,
    window: str | Sequence[float] | None = "hann",
    periodic: bool = False,
    scaling: str | None = "density",
    padding: str = "valid",
    expand_dims: bool = False,
    data_format: str = "channels_last",
) -> Array:
    """``STFTSpectrogram``: convolutions with its kernels, which can be trained.

    ``window``, ``periodic``, ``scaling`` and ``fft_length`` have shaped the kernels already:
    ``real_kernel`` and ``imag_kernel`` (frame_length, 1, frequencies).
    """
    first = data_format == "channels_first"
    x = x if first else jnp.moveaxis(x, 1, 2)
    batch, channels, time = x.shape
    step = frame_step or frame_length // 2
    signal = x.reshape(batch * channels, 1, time)
    if padding == "same":
        total = max((math.ceil(time / step) - 1) * step + frame_length - time, 0)
        signal = jnp.pad(signal, ((0, 0), (0, 0), (total // 2, total - total // 2)))

    def spectrum(side: str) -> Array:
        found = jax.lax.conv_general_dilated(
            signal,
            weights[f"{side}_kernel"],
            (step,),
            "VALID",
            dimension_numbers=("NCW", "WIO", "NCW"),
        )
        return found.reshape(batch, channels, *found.shape[1:])

    if mode in ("real", "imag"):
        y = spectrum(mode)
    else:
        y = moded(spectrum("real"), spectrum("imag"), mode)
    if expand_dims:
        return jnp.transpose(y, (0, 1, 3, 2) if first else (0, 3, 2, 1))
    y = y.reshape(batch, y.shape[1] * y.shape[2], y.shape[3])
    return y if first else jnp.moveaxis(y, 1, 2)


def mel_matrix(bins: int, mels: int, rate: float, low: float, high: float) -> Array:
    """Triangles (frequencies, mels) with their peaks at 1; the frequency 0 is in none."""
    hertz = np.concatenate([np.linspace(0.0, rate / 2.0, bins)[1:], [low, high]])
    at = 1127.0 * np.log(1.0 + hertz / 700.0)  # the mel scale of HTK
    edges = np.linspace(at[-2], at[-1], mels + 2)
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    inside = at[:-2, None]
    sides = np.minimum((inside - left) / (centre - left), (right - inside) / (right - centre))
    return jnp.pad(jnp.asarray(np.maximum(sides, 0.0), jnp.float32), ((1, 0), (0, 0)))


def mel_spectrogram(
    x: Array,
    weights: Weights,
    *,
    fft_length: int = 2048,
    sequence_stride: int = 512,
    sequence_length: int | None = None,
    window: str | None = "hann",
    sampling_rate: int = 16000,
    num_mel_bins: int = 128,
    min_freq: float = 20.0,
    max_freq: float | None = None,
    power_to_db: bool = True,
    top_db: float = 80.0,
    mag_exp: float = 2.0,
    min_power: float = 1e-10,
    ref_power: float = 1.0,
) -> Array:
    """``MelSpectrogram``: (batch, samples) to (batch, mels, frames)."""
    length = sequence_length or fft_length
    turn = 2 * np.pi * np.arange(length) / length
    flat = {"hann": 0.5, "hamming": 0.54, None: 1.0}[window]
    before = (fft_length - length) // 2
    shape = np.pad(flat - (1 - flat) * np.cos(turn), (before, fft_length - length - before))
    half = fft_length // 2
    mirrored = jnp.pad(x, ((0, 0), (half, half)), mode="reflect")
    starts = range(0, mirrored.shape[1] - fft_length + 1, sequence_stride)
    frames = jnp.stack([mirrored[:, i : i + fft_length] for i in starts], axis=1)
    power = jnp.abs(jnp.fft.rfft(frames * jnp.asarray(shape, x.dtype))) ** mag_exp
    high = sampling_rate // 2 if max_freq is None else max_freq
    matrix = mel_matrix(fft_length // 2 + 1, num_mel_bins, sampling_rate, min_freq, high)
    mels = jnp.swapaxes(jnp.matmul(power, matrix), 1, 2)
    if not power_to_db:
        return mels
    decibels = 10.0 * jnp.log10(jnp.maximum(mels, min_power))
    decibels = decibels - 10.0 * math.log10(max(abs(ref_power), min_power))
    return jnp.maximum(decibels, jnp.max(decibels) - top_db)
