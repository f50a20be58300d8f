"""Functions that move numbers, where torch's take other arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F  # noqa: N812 - torch's own documentation calls it F

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor


def transpose(x: Tensor, *, axes: None = None) -> Tensor:
    """``ops.transpose``: torch has no word for all axes turned round."""
    return torch.permute(x, tuple(reversed(range(x.ndim))))


def expand_dims(x: Tensor, *, axis: Sequence[int]) -> Tensor:
    """``ops.expand_dims``: torch.unsqueeze adds one axis, so that several are a reshape."""
    rank = x.ndim + len(axis)
    new = {one % rank for one in axis}
    sizes = iter(x.shape)
    return torch.reshape(x, tuple(1 if at in new else next(sizes) for at in range(rank)))


def flip(x: Tensor, *, axis: int | None = None) -> Tensor:
    """``ops.flip``: torch takes axes as a tuple only."""
    return torch.flip(x, tuple(range(x.ndim)) if axis is None else (axis,))


def pad(
    x: Tensor,
    *,
    pad_width: int | Sequence[int] | Sequence[Sequence[int]],
    mode: str = "constant",
    constant_values: float | None = None,
) -> Tensor:
    """``ops.pad``: torch wants the last axis first, before and after in one flat list."""
    flat = [width for pair in reversed(_pairs(pad_width, x.ndim)) for width in pair]
    return F.pad(x, flat, mode=mode, value=0 if constant_values is None else constant_values)


def mirrored(
    x: Tensor,
    *,
    pad_width: int | Sequence[int] | Sequence[Sequence[int]],
    mode: str,
    constant_values: None = None,
) -> Tensor:
    """``ops.pad``: torch reflects only the last axes of a batch, so that entries are picked."""
    for axis, (before, after) in enumerate(_pairs(pad_width, x.ndim)):
        size = x.shape[axis]
        # A period runs there and back: without its ends where it reflects, with them twice else.
        period = max(2 * size - (2 if mode == "reflect" else 0), 1)
        places = torch.arange(-before, size + after) % period
        back = period - places - (0 if mode == "reflect" else 1)
        x = torch.index_select(x, axis, torch.where(places < size, places, back))
    return x


def _pairs(
    widths: int | Sequence[int] | Sequence[Sequence[int]], rank: int
) -> list[tuple[int, int]]:
    """Keras's ``pad_width`` as (before, after) by axis."""
    if isinstance(widths, int):
        return [(widths, widths)] * rank
    several = [one for one in widths if not isinstance(one, int)]
    pairs = [(one[0], one[-1]) for one in several]
    if not pairs:  # one pair for every axis
        numbers = [one for one in widths if isinstance(one, int)]
        pairs = [(numbers[0], numbers[-1])]
    return pairs * rank if len(pairs) == 1 else pairs
