"""Functions that move, make, join and pick numbers, where torch has no one call for them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional as F  # noqa: N812 - torch's own documentation calls it F

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor


def tile(x: Tensor, *, repeats: int) -> Tensor:
    """``ops.tile``: torch takes a tuple only."""
    return torch.tile(x, (repeats,))


def broadcast_to(x: Tensor, *, shape: int) -> Tensor:
    """``ops.broadcast_to``: torch takes a tuple only."""
    return torch.broadcast_to(x, (shape,))


def trace(x: Tensor, *, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """``ops.trace``: torch.trace takes a matrix and its main diagonal only."""
    return torch.sum(torch.diagonal(x, offset, axis1, axis2), dim=-1)


def get_item(x: Tensor, *, key: int | None) -> Tensor:
    """``ops.get_item``: indexing."""
    return x[key]


def split(x: Tensor, *, indices_or_sections: int, axis: int = 0) -> tuple[Tensor, ...]:
    """``ops.split``: torch.tensor_split makes parts of unequal sizes where Keras refuses."""
    if x.shape[axis] % indices_or_sections:
        raise ValueError(f"{x.shape[axis]} in {indices_or_sections} equal parts")
    found: tuple[Tensor, ...] = torch.tensor_split(x, indices_or_sections, dim=axis)
    return found


def append(x1: Tensor, x2: Tensor, *, axis: int | None = None) -> Tensor:
    """``ops.append``: torch.cat, of flattened arrays where there is no axis."""
    if axis is None:
        return torch.cat([torch.ravel(x1), torch.ravel(x2)])
    return torch.cat([x1, x2], dim=axis)


def tri(*, N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Tensor:  # noqa: N803
    """``ops.tri``: cut out of ones."""
    return torch.tril(torch.ones((N, N if M is None else M), dtype=dtype), k)


def geomspace(
    *,
    start: float,
    stop: float,
    num: int = 50,
    endpoint: bool = True,
    dtype: Any = None,
    axis: int = 0,
) -> Tensor:
    """``ops.geomspace``: torch.logspace of base 2 between logarithms."""
    ends = math.log2(start), math.log2(stop)
    found = torch.logspace(*ends, num if endpoint else num + 1, base=2, dtype=dtype)
    return found if endpoint else found[:-1]


def select(
    condlist: Sequence[Tensor], choicelist: Sequence[Tensor], *, default: float = 0
) -> Tensor:
    """``ops.select``: torch.where, from the last condition to the first."""
    found: Any = torch.tensor(default, dtype=choicelist[0].dtype)
    for condition, choice in zip(reversed(condlist), reversed(choicelist)):
        found = torch.where(condition, choice, found)
    return found


def argpartition(x: Tensor, *, kth: int | Sequence[int], axis: int = -1) -> Tensor:
    """``ops.argpartition``: torch has none, and a whole order is one too."""
    return torch.argsort(x, dim=axis)


def unique(
    x: Tensor,
    *,
    sorted: bool = True,  # noqa: A002 - Keras's name
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
) -> Any:
    """``ops.unique``: torch counts in int64."""
    found = torch.unique(
        x, sorted=sorted, return_inverse=return_inverse, return_counts=return_counts, dim=axis
    )
    if not isinstance(found, tuple):
        return found
    return (found[0], *(one.to(torch.int32) for one in found[1:]))


def slice_(inputs: Tensor, *, start_indices: Sequence[int], shape: Sequence[int]) -> Tensor:
    """``ops.slice``: torch.narrow, one axis after the other."""
    for axis, (start, size) in enumerate(zip(start_indices, shape)):
        inputs = torch.narrow(inputs, axis, start, size)
    return inputs


def slice_update(inputs: Tensor, updates: Tensor, *, start_indices: Sequence[int]) -> Tensor:
    """``ops.slice_update``: a copy, of which a block is overwritten."""
    found = torch.clone(inputs)
    block = tuple(slice(b, b + n) for b, n in zip(start_indices, updates.shape))
    found[block] = updates.to(found.dtype)
    return found


def scatter(indices: Tensor, values: Tensor, *, shape: Sequence[int]) -> Tensor:
    """``ops.scatter``: zeros, of which entries are overwritten."""
    zeros = torch.zeros(tuple(shape), dtype=values.dtype)
    return torch.index_put(zeros, torch.unbind(indices, -1), values)


def scatter_update(
    inputs: Tensor, indices: Tensor, updates: Tensor, *, reduction: str | None = None
) -> Tensor:
    """``ops.scatter_update``: torch.index_put, which overwrites or adds."""
    places = torch.unbind(indices, -1)
    return torch.index_put(inputs, places, updates.to(inputs.dtype), accumulate=reduction == "add")


def _reduced(data: Tensor, segment_ids: Tensor, num_segments: int | None, reduction: str) -> Tensor:
    """One of the reductions that torch.scatter_reduce has, over rows."""
    if num_segments is None:
        num_segments = int(segment_ids.max()) + 1
    places = segment_ids.long().reshape(-1, *(1 for _ in data.shape[1:])).expand(data.shape)
    start = torch.zeros((num_segments, *data.shape[1:]), dtype=data.dtype)
    return start.scatter_reduce(0, places, data, reduction, include_self=False)


def segment_max(
    data: Tensor,
    segment_ids: Tensor,
    *,
    num_segments: int | None = None,
    sorted: bool = False,  # noqa: A002 - Keras's name; it promises speed only
) -> Tensor:
    """``ops.segment_max``: torch.Tensor.scatter_reduce, with an index for every number."""
    return _reduced(data, segment_ids, num_segments, "amax")


def segment_min(
    data: Tensor,
    segment_ids: Tensor,
    *,
    num_segments: int | None = None,
    sorted: bool = False,  # noqa: A002 - Keras's name; it promises speed only
) -> Tensor:
    """``ops.segment_min``: torch.Tensor.scatter_reduce, with an index for every number."""
    return _reduced(data, segment_ids, num_segments, "amin")


def segment_prod(
    data: Tensor,
    segment_ids: Tensor,
    *,
    num_segments: int | None = None,
    sorted: bool = False,  # noqa: A002 - Keras's name; it promises speed only
) -> Tensor:
    """``ops.segment_prod``: torch.Tensor.scatter_reduce, with an index for every number."""
    return _reduced(data, segment_ids, num_segments, "prod")


def outer(x1: Tensor, x2: Tensor) -> Tensor:
    """``ops.outer``: torch.outer takes vectors only."""
    return torch.outer(torch.ravel(x1), torch.ravel(x2))


def vdot(x1: Tensor, x2: Tensor) -> Tensor:
    """``ops.vdot``: torch.vdot takes vectors only."""
    return torch.vdot(torch.ravel(x1), torch.ravel(x2))


def cross(
    x1: Tensor,
    x2: Tensor,
    *,
    axisa: int = -1,
    axisb: int = -1,
    axisc: int = -1,
    axis: int | None = None,
) -> Tensor:
    """``ops.cross``: torch wants three numbers along one axis and as many axes on both sides."""
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = torch.movedim(x1, axisa, -1), torch.movedim(x2, axisb, -1)
    flat = a.shape[-1] == b.shape[-1] == 2  # noqa: PLR2004 - vectors of the plane
    a, b = (F.pad(one, (0, 3 - one.shape[-1])) for one in (a, b))
    found = torch.linalg.cross(*torch.broadcast_tensors(a, b), dim=-1)
    return found[..., 2] if flat else torch.movedim(found, -1, axisc)
