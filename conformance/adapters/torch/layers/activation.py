"""Keras's activation functions in torch. Where a default differs, Keras's is written out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F  # noqa: N812 - torch's own documentation calls it F

if TYPE_CHECKING:
    from torch import Tensor

    from conformance.adapters.torch.layout import Activation, Weights


def activation(x: Tensor, weights: Weights, *, activation: Activation) -> Tensor:
    """``Activation``: one activation function as a layer."""
    return activation(x)


def linear(x: Tensor) -> Tensor:
    """Nothing at all; Keras also writes it ``None``."""
    return x


def relu(x: Tensor) -> Tensor:
    """max(x, 0)."""
    return F.relu(x)


def relu6(x: Tensor) -> Tensor:
    """min(max(x, 0), 6)."""
    return F.relu6(x)


def leaky_relu(x: Tensor) -> Tensor:
    """Keras's slope is 0.2 for the function, torch's default 0.01."""
    return F.leaky_relu(x, negative_slope=0.2)


def elu(x: Tensor) -> Tensor:
    """With alpha 1 on both sides."""
    return F.elu(x, alpha=1.0)


def celu(x: Tensor) -> Tensor:
    """With alpha 1 on both sides."""
    return F.celu(x, alpha=1.0)


def selu(x: Tensor) -> Tensor:
    """Scaled elu."""
    return F.selu(x)


def gelu(x: Tensor) -> Tensor:
    """Keras's activation is exact by default, with erf."""
    return F.gelu(x, approximate="none")


def silu(x: Tensor) -> Tensor:
    """X * sigmoid(x); Keras also calls it swish."""
    return F.silu(x)


def mish(x: Tensor) -> Tensor:
    """X * tanh(softplus(x))."""
    return F.mish(x)


def softplus(x: Tensor) -> Tensor:
    """log(1 + exp(x)); torch returns x itself above 20, which float32 cannot tell apart."""
    return F.softplus(x)


def softsign(x: Tensor) -> Tensor:
    """X / (1 + |x|)."""
    return F.softsign(x)


def softmax(x: Tensor) -> Tensor:
    """Over the last axis; torch has no default for it."""
    return F.softmax(x, dim=-1)


def log_softmax(x: Tensor) -> Tensor:
    """Over the last axis; torch has no default for it."""
    return F.log_softmax(x, dim=-1)


def sigmoid(x: Tensor) -> Tensor:
    """1 / (1 + exp(-x))."""
    return torch.sigmoid(x)


def log_sigmoid(x: Tensor) -> Tensor:
    """log(sigmoid(x))."""
    return F.logsigmoid(x)


def hard_sigmoid(x: Tensor) -> Tensor:
    """relu6(x + 3) / 6, as in Keras 3; Keras 2 had 0.2 x + 0.5."""
    return F.hardsigmoid(x)


def hard_silu(x: Tensor) -> Tensor:
    """X * hard_sigmoid(x); Keras also calls it hard_swish."""
    return F.hardswish(x)


def tanh(x: Tensor) -> Tensor:
    """Hyperbolic tangent."""
    return torch.tanh(x)


def hard_tanh(x: Tensor) -> Tensor:
    """Clip to -1..1."""
    return F.hardtanh(x)


def tanh_shrink(x: Tensor) -> Tensor:
    """X - tanh(x)."""
    return F.tanhshrink(x)


def soft_shrink(x: Tensor) -> Tensor:
    """With threshold 0.5 on both sides."""
    return F.softshrink(x, lambd=0.5)


def hard_shrink(x: Tensor) -> Tensor:
    """With threshold 0.5 on both sides."""
    return F.hardshrink(x, lambd=0.5)


def exponential(x: Tensor) -> Tensor:
    """exp(x)."""
    return torch.exp(x)


def glu(x: Tensor) -> Tensor:
    """Half of the last axis, times the sigmoid of the other half."""
    return F.glu(x, dim=-1)


def sparse_plus(x: Tensor) -> Tensor:
    """(x + 1)² / 4 between -1 and 1, 0 below, x above; torch has no such function."""
    return torch.where(x <= -1, 0.0, torch.where(x < 1, (x + 1) ** 2 / 4, x))


def sparse_sigmoid(x: Tensor) -> Tensor:
    """(x + 1) / 2, clipped to 0..1; torch has no such function."""
    return torch.clamp((x + 1) / 2, 0, 1)


def squareplus(x: Tensor) -> Tensor:
    """(x + sqrt(x² + 4)) / 2; torch has no such function."""
    return (x + torch.sqrt(x * x + 4)) / 2


def sparsemax(x: Tensor) -> Tensor:
    """The nearest point to x whose entries are not negative and add up to 1, on the last axis.

    Martins and Astudillo, 2016; torch has no such function.
    """
    falling = torch.sort(x, dim=-1, descending=True).values
    ranks = torch.arange(1, x.shape[-1] + 1, dtype=x.dtype)
    sums = torch.cumsum(falling, dim=-1)
    size = (1 + ranks * falling > sums).sum(dim=-1, keepdim=True)
    return F.relu(x - (torch.gather(sums, -1, size - 1) - 1) / size)
