"""Layers that make one array of several in torch."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from conformance.adapters.torch.layout import Weights


def concatenate(x: Sequence[Tensor], weights: Weights, *, axis: int = -1) -> Tensor:
    """``Concatenate``: a list of arrays, end to end along ``axis`` (0 is the batch's)."""
    return torch.cat(x, dim=axis)


def add(x: Sequence[Tensor], weights: Weights) -> Tensor:
    """``Add``: the sum of a list of arrays, from left to right."""
    return functools.reduce(torch.add, x)
