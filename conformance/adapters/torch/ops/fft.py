"""Fourier transforms in torch, which has complex arrays where Keras has pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor


def fft(x: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """``ops.fft``: of one complex array; Keras takes and answers real and imaginary parts."""
    found = torch.fft.fft(torch.complex(*x))
    return found.real, found.imag


def fft2(x: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """``ops.fft2``: of one complex array, along the last two axes."""
    found = torch.fft.fft2(torch.complex(*x))
    return found.real, found.imag


def ifft2(x: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """``ops.ifft2``: of one complex array, along the last two axes."""
    found = torch.fft.ifft2(torch.complex(*x))
    return found.real, found.imag


def rfft(x: Tensor, *, fft_length: int | None = None) -> tuple[Tensor, Tensor]:
    """``ops.rfft``: a complex array; Keras answers real and imaginary parts."""
    found = torch.fft.rfft(x, n=fft_length)
    return found.real, found.imag


def irfft(x: Sequence[Tensor], *, fft_length: int | None = None) -> Tensor:
    """``ops.irfft``: of one complex array."""
    return torch.fft.irfft(torch.complex(*x), n=fft_length)


def _window(window: Any, length: int, dtype: Any) -> Tensor | None:
    if window == "hann":
        return torch.hann_window(length, dtype=dtype)
    if window == "hamming":
        return torch.hamming_window(length, dtype=dtype)
    return None if window is None else torch.tensor(window, dtype=dtype)


def stft(
    x: Tensor,
    *,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    window: Any = "hann",
    center: bool = True,
) -> tuple[Tensor, Tensor]:
    """``ops.stft``: torch takes one axis beside the signal's, and answers frames last."""
    found = torch.stft(
        torch.reshape(x, (-1, x.shape[-1])),
        fft_length,
        sequence_stride,
        sequence_length,
        _window(window, sequence_length, x.dtype),
        center=center,
        return_complex=True,
    )
    turned = torch.movedim(found, -1, -2)
    whole = torch.reshape(turned, (*x.shape[:-1], *turned.shape[1:]))
    return whole.real, whole.imag


def istft(
    x: Sequence[Tensor],
    *,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    length: int | None = None,
    window: Any = "hann",
    center: bool = True,
) -> Tensor:
    """``ops.istft``: torch takes one axis beside both of the spectra's, and frames last."""
    whole = torch.movedim(torch.complex(*x), -1, -2)
    found = torch.istft(
        torch.reshape(whole, (-1, *whole.shape[-2:])),
        fft_length,
        sequence_stride,
        sequence_length,
        _window(window, sequence_length, x[0].dtype),
        center=center,
        length=length,
    )
    return torch.reshape(found, (*whole.shape[:-2], found.shape[-1]))
