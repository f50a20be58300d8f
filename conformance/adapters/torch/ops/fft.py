"""Fourier transforms in torch, which has complex arrays where Keras has pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor


def fft(x: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """``ops.fft``: of one complex array; Keras takes and answers real and imaginary parts."""
    found = torch.fft.fft(torch.complex(*x))
    return found.real, found.imag
