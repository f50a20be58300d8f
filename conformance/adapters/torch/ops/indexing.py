"""Functions that pick numbers by their places, in torch, where places are int64."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional as F  # noqa: N812 - torch's own documentation calls it F

if TYPE_CHECKING:
    from torch import Tensor


def take(x: Tensor, indices: Tensor, *, axis: int) -> Tensor:
    """``ops.take``: indexing with an array along the axis; torch.index_select takes a flat one."""
    return x[(slice(None),) * (axis % x.ndim) + (indices,)]


def take_along_axis(x: Tensor, indices: Tensor, *, axis: int | None = None) -> Tensor:
    """``ops.take_along_axis``: torch does not count from the end, so negative indices are moved."""
    size = x.numel() if axis is None else x.shape[axis]
    return torch.take_along_dim(x, torch.where(indices < 0, indices + size, indices), dim=axis)


def one_hot(
    x: Tensor, *, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False
) -> Tensor:
    """``ops.one_hot``: torch answers int64 on a last axis, and refuses classes out of range."""
    found = F.one_hot(x, num_classes=num_classes).to(dtype or torch.float32)
    return torch.movedim(found, -1, axis)


def sort(x: Tensor, *, axis: int = -1) -> Tensor:
    """``ops.sort``: torch answers the order beside the numbers."""
    return torch.sort(x, dim=axis).values


def segment_sum(
    data: Tensor,
    segment_ids: Tensor,
    *,
    num_segments: int | None = None,
    sorted: bool = False,  # noqa: A002 - Keras's name
) -> Tensor:
    """``ops.segment_sum``: rows added to zeros at their places; torch's are counted beforehand."""
    if num_segments is None:
        num_segments = int(segment_ids.max()) + 1
    zeros = torch.zeros((num_segments, *data.shape[1:]), dtype=data.dtype)
    return torch.index_add(zeros, 0, segment_ids, data)
