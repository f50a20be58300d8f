"""Normalizations as functions of torch, which normalizes channels on axis 1 and trailing axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F  # noqa: N812 - torch's own documentation calls it F

from conformance.adapters.native.geometry import ascending

if TYPE_CHECKING:
    from torch import Tensor

    from conformance.adapters.native.geometry import Axes

_EPSILON = 1e-7


def batch_normalization(
    x: Tensor,
    mean: Tensor,
    variance: Tensor,
    offset: Tensor | None = None,
    scale: Tensor | None = None,
    *,
    axis: int,
    epsilon: float = 1e-3,
) -> Tensor:
    """``ops.batch_normalization``: F.batch_norm has no gradient of moments that are given."""
    shape = [-1 if at == axis % x.ndim else 1 for at in range(x.ndim)]

    def along(one: Tensor) -> Tensor:
        return torch.reshape(one, shape)

    found = (x - along(mean)) * torch.rsqrt(along(variance) + epsilon)
    found = found if scale is None else found * along(scale)
    return found if offset is None else found + along(offset)


def layer_normalization(
    x: Tensor,
    gamma: Tensor | None = None,
    beta: Tensor | None = None,
    *,
    axis: Axes = -1,
    epsilon: float | None = None,
) -> Tensor:
    """``ops.layer_normalization``: torch normalizes the last axes, so that others go there."""
    axes = ascending(x, axis)
    behind = list(range(x.ndim - len(axes), x.ndim))
    moved = torch.movedim(x, axes, behind)
    sizes = moved.shape[x.ndim - len(axes) :]
    eps = _EPSILON if epsilon is None else epsilon
    found = F.layer_norm(moved, sizes, weight=gamma, bias=beta, eps=eps)
    return torch.movedim(found, behind, axes)


def rms_normalization(
    x: Tensor, scale: Tensor | None = None, *, axis: Axes = -1, epsilon: float | None = None
) -> Tensor:
    """``ops.rms_normalization``: torch normalizes the last axes, so that others go there."""
    axes = ascending(x, axis)
    behind = list(range(x.ndim - len(axes), x.ndim))
    moved = torch.movedim(x, axes, behind)
    sizes = moved.shape[x.ndim - len(axes) :]
    found = F.rms_norm(moved, sizes, weight=scale, eps=_EPSILON if epsilon is None else epsilon)
    return torch.movedim(found, behind, axes)
