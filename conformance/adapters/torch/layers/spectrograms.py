"""Spectra of sequences in torch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F  # noqa: N812 (its usual name)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from conformance.adapters.torch.layout import Weights

EPSILON = 1e-7
"""keras.config.epsilon()."""


def moded(real: Tensor, imaginary: Tensor, mode: str) -> Tensor:
    """What a mode makes of a spectrum (..., frequencies, frames)."""
    if mode == "angle":
        return torch.atan2(imaginary, real)
    if mode == "stft":
        return torch.cat([real, imaginary], dim=-2)
    power = real * real + imaginary * imaginary
    if mode == "psd":
        twice = torch.ones(power.shape[-2])
        twice[1:-1] = 2.0
        return power * twice[:, None]
    magnitude = torch.sqrt(torch.clamp(power, min=EPSILON))
    return magnitude if mode == "magnitude" else torch.log(torch.clamp(magnitude, min=EPSILON))


def stft_spectrogram(
    x: Tensor,
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
) -> Tensor:
    """``STFTSpectrogram``: convolutions with its kernels, which can be trained.

    ``window``, ``periodic``, ``scaling`` and ``fft_length`` have shaped the kernels already:
    ``real_kernel`` and ``imag_kernel`` (frame_length, 1, frequencies).
    """
    first = data_format == "channels_first"
    x = x if first else torch.movedim(x, 1, 2)
    batch, channels, time = x.shape
    step = frame_step or frame_length // 2
    signal = x.reshape(batch * channels, 1, time)
    if padding == "same":
        total = max((math.ceil(time / step) - 1) * step + frame_length - time, 0)
        signal = F.pad(signal, (total // 2, total - total // 2))

    def spectrum(side: str) -> Tensor:
        found = F.conv1d(signal, weights[f"{side}_kernel"].permute(2, 1, 0), stride=step)
        return found.unflatten(0, (batch, channels))

    if mode in ("real", "imag"):
        y = spectrum(mode)
    else:
        y = moded(spectrum("real"), spectrum("imag"), mode)
    if expand_dims:
        return y.permute(0, 1, 3, 2) if first else y.permute(0, 3, 2, 1)
    y = y.flatten(1, 2)
    return y if first else torch.movedim(y, 1, 2)


def mel(hertz: Tensor) -> Tensor:
    """The mel scale of HTK."""
    return 1127.0 * torch.log(1.0 + hertz / 700.0)


def mel_matrix(bins: int, mels: int, rate: float, low: float, high: float) -> Tensor:
    """Triangles (frequencies, mels) with their peaks at 1; the frequency 0 is in none."""
    at = mel(torch.linspace(0.0, rate / 2.0, bins, dtype=torch.float64))[1:, None]
    ends = mel(torch.tensor([low, high], dtype=torch.float64)).tolist()
    edges = torch.linspace(ends[0], ends[1], mels + 2, dtype=torch.float64)
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    sides = torch.minimum((at - left) / (centre - left), (right - at) / (right - centre))
    return F.pad(torch.clamp(sides, min=0.0), (0, 0, 1, 0)).to(torch.float32)


def mel_spectrogram(
    x: Tensor,
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
) -> Tensor:
    """``MelSpectrogram``: (batch, samples) to (batch, mels, frames)."""
    length = sequence_length or fft_length
    shapes = {"hann": torch.hann_window, "hamming": torch.hamming_window, None: torch.ones}
    frames = torch.stft(
        x,
        n_fft=fft_length,
        hop_length=sequence_stride,
        win_length=length,
        window=shapes[window](length),
        center=True,
        pad_mode="reflect",
        return_complex=True,
    )
    power = torch.abs(frames) ** mag_exp
    high = sampling_rate // 2 if max_freq is None else max_freq
    matrix = mel_matrix(fft_length // 2 + 1, num_mel_bins, sampling_rate, min_freq, high)
    mels = torch.matmul(matrix.T, power)
    if not power_to_db:
        return mels
    decibels = 10.0 * torch.log10(torch.clamp(mels, min=min_power))
    decibels = decibels - 10.0 * math.log10(max(abs(ref_power), min_power))
    return torch.maximum(decibels, torch.max(decibels) - top_db)
