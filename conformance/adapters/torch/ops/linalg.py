"""Linear algebra in torch, where it answers or takes other things than Keras."""

from __future__ import annotations

import torch
from torch import Tensor


def solve_triangular(a: Tensor, b: Tensor, *, lower: bool = False) -> Tensor:
    """``ops.solve_triangular``: torch takes matrices, and is told the other triangle's name."""
    if b.ndim == a.ndim - 1:
        return torch.linalg.solve_triangular(a, b[..., None], upper=not lower)[..., 0]
    return torch.linalg.solve_triangular(a, b, upper=not lower)


def solve(a: Tensor, b: Tensor) -> Tensor:
    """``ops.solve``: of a batch, torch takes b for vectors by its shape alone."""
    if b.ndim == a.ndim - 1:
        return torch.linalg.solve(a, b[..., None])[..., 0]
    return torch.linalg.solve(a, b)


def lstsq(a: Tensor, b: Tensor, *, rcond: float | None = None) -> Tensor:
    """``ops.lstsq``: torch takes matrices, answers more, and cuts off with one driver alone."""
    sides = b if b.ndim > 1 else b[:, None]
    found = torch.linalg.lstsq(a, sides, rcond=rcond, driver="gelsd").solution
    return found if b.ndim > 1 else found[:, 0]


def lu_factor(x: Tensor) -> tuple[Tensor, Tensor]:
    """``ops.lu_factor``: torch counts pivots from 1."""
    factors, pivots = torch.linalg.lu_factor(x)
    return factors, pivots - 1


def logdet(x: Tensor) -> Tensor:
    """``ops.logdet``: torch.logdet, which is NaN of a negative determinant."""
    return torch.logdet(x)
