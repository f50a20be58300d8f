"""Arrays made of no array, in torch."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def eye(*, N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Tensor:  # noqa: N803
    """``ops.eye``: torch's has no other diagonal, so it is cut out of ones."""
    ones = torch.ones((N, N if M is None else M), dtype=dtype)
    return torch.tril(torch.triu(ones, k), k)


def linspace(
    *,
    start: float,
    stop: float,
    num: int = 50,
    endpoint: bool,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
) -> Tensor:
    """``ops.linspace``: torch's always has the end, so one more is made and the end is cut off."""
    return torch.linspace(start, stop, num + 1, dtype=dtype)[:-1]
