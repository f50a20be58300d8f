"""Preprocessing of numbers in torch: affine maps, bins, encodings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Union

import torch
from torch.nn import functional as F  # noqa: N812 (its usual name)

if TYPE_CHECKING:
    from torch import Tensor

    from conformance.adapters.torch.layout import Weights

Numbers = Union[float, Sequence["Numbers"]]
"""A number, or nested lists of numbers."""


def _floats(x: Tensor) -> Tensor:
    """Floats as they are, in the layer's dtype; whole numbers as floats."""
    return x if x.is_floating_point() else x.to(torch.float32)


def rescaling(x: Tensor, weights: Weights, *, scale: Numbers, offset: Numbers = 0.0) -> Tensor:
    """``Rescaling``: lists belong to the last axis."""
    x = _floats(x)
    return x * torch.tensor(scale, dtype=x.dtype) + torch.tensor(offset, dtype=x.dtype)


def normalization(
    x: Tensor,
    weights: Weights,
    *,
    mean: Numbers,
    variance: Numbers,
    axis: int | Sequence[int] | None = -1,
    invert: bool = False,
) -> Tensor:
    """``Normalization`` with the statistics that it is given; the deviation is at least 1e-7."""
    x = _floats(x)
    axes = [] if axis is None else [axis] if isinstance(axis, int) else axis
    kept = sorted(i % x.ndim for i in axes)
    sizes = [x.shape[i] for i in kept]
    shape = [n if i in kept else 1 for i, n in enumerate(x.shape)]
    centre = torch.tensor(mean, dtype=x.dtype).broadcast_to(sizes).reshape(shape)
    spread = torch.tensor(variance, dtype=x.dtype).broadcast_to(sizes).reshape(shape)
    deviation = torch.clamp(torch.sqrt(spread), min=1e-7)
    return centre + x * deviation if invert else (x - centre) / deviation


def encoded(indices: Tensor, mode: str, depth: int, counted: Tensor | None = None) -> Tensor:
    """Indices as they are, or a place for each that there may be.

    Args:
        indices: (batch, ..., sample).
        mode: ``int``, ``one_hot``, ``multi_hot`` or ``count``.
        depth: How many indices there may be.
        counted: For ``count``: by how much each index counts.
    """
    if mode == "int":
        return indices.to(torch.int32)
    if mode == "one_hot" and indices.ndim > 1 and indices.shape[-1] == 1:
        indices = indices[..., 0]
    places = F.one_hot(indices.to(torch.int64), depth).to(torch.float32)
    if mode == "one_hot":
        return places
    if mode == "multi_hot":
        return torch.amax(places, dim=-2)
    return torch.sum(places if counted is None else places * counted[..., None], dim=-2)


def discretization(
    x: Tensor,
    weights: Weights,
    *,
    bin_boundaries: Sequence[float],
    output_mode: str = "int",
) -> Tensor:
    """``Discretization``: how many boundaries are at or below each number."""
    boundaries = torch.tensor(bin_boundaries, dtype=torch.float32)
    bins = torch.bucketize(x.to(torch.float32), boundaries, right=True)
    return encoded(bins, output_mode, len(bin_boundaries) + 1)


def category_encoding(
    x: Tensor,
    weights: Weights,
    *,
    num_tokens: int,
    output_mode: str = "multi_hot",
    count_weights: Tensor | None = None,
) -> Tensor:
    """``CategoryEncoding``: tokens to places; ``count_weights`` is an argument of the call."""
    return encoded(x, output_mode, num_tokens, count_weights)
