"""keras.initializers by torch.nn.init, which fills a tensor in torch's layout."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import init

from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Sequence


def zeros(*, shape: Sequence[int], dtype: Any = None) -> Tensor:
    """``initializers.Zeros``."""
    return init.zeros_(torch.empty(tuple(shape), dtype=dtype))


def constant(*, shape: Sequence[int], value: float = 0.0, dtype: Any = None) -> Tensor:
    """``initializers.Constant``."""
    return init.constant_(torch.empty(tuple(shape), dtype=dtype), value)


def identity(*, shape: Sequence[int], gain: float = 1.0, dtype: Any = None) -> Tensor:
    """``initializers.Identity``: torch's has no gain."""
    diagonal = init.eye_(torch.empty(tuple(shape), dtype=dtype))
    return diagonal * torch.tensor(gain, dtype=diagonal.dtype)


def glorot_uniform(
    *,
    shape: Sequence[int],
    seed: int | None = None,
    input_axes: None = None,
    output_axes: None = None,
    dtype: Any = None,
) -> Tensor:
    """``initializers.GlorotUniform``: torch counts the fans of (out, in, spatial ...).

    So that is filled, and its axes are moved.
    """
    rank = len(shape)
    if rank < 2:  # noqa: PLR2004 - a matrix
        raise Unsupported("initializers.GlorotUniform: torch wants two axes at least")
    *spatial, inputs, outputs = shape
    tensor = torch.empty((outputs, inputs, *spatial), dtype=dtype)
    init.xavier_uniform_(tensor, generator=_generator(seed))
    return torch.permute(tensor, (*range(2, rank), 1, 0)).contiguous()


def _scaled(
    owner: str, shape: Sequence[int], seed: int | None, dtype: Any, nonlinearity: str
) -> Tensor:
    """Even numbers within a bound of fan_in, in torch's layout while they are drawn."""
    rank = len(shape)
    if rank < 2:  # noqa: PLR2004 - a matrix
        raise Unsupported(f"initializers.{owner}: torch wants two axes at least")
    *spatial, inputs, outputs = shape
    tensor = torch.empty((outputs, inputs, *spatial), dtype=dtype)
    init.kaiming_uniform_(tensor, nonlinearity=nonlinearity, generator=_generator(seed))
    return torch.permute(tensor, (*range(2, rank), 1, 0)).contiguous()


def he_uniform(
    *,
    shape: Sequence[int],
    seed: int | None = None,
    input_axes: None = None,
    output_axes: None = None,
    dtype: Any = None,
) -> Tensor:
    """``initializers.HeUniform``: torch counts the fans of (out, in, spatial ...)."""
    return _scaled("HeUniform", shape, seed, dtype, "relu")


def lecun_uniform(
    *,
    shape: Sequence[int],
    seed: int | None = None,
    input_axes: None = None,
    output_axes: None = None,
    dtype: Any = None,
) -> Tensor:
    """``initializers.LecunUniform``: torch's is that of a linear layer, without a gain."""
    return _scaled("LecunUniform", shape, seed, dtype, "linear")


def ones(*, shape: Sequence[int], dtype: Any = None) -> Tensor:
    """``initializers.Ones``."""
    return init.ones_(torch.empty(tuple(shape), dtype=dtype))


def random_normal(
    *,
    shape: Sequence[int],
    mean: float = 0.0,
    stddev: float = 0.05,
    seed: int | None = None,
    dtype: Any = None,
) -> Tensor:
    """``initializers.RandomNormal``."""
    tensor = torch.empty(tuple(shape), dtype=dtype)
    return init.normal_(tensor, mean, stddev, generator=_generator(seed))


def random_uniform(
    *,
    shape: Sequence[int],
    minval: float = -0.05,
    maxval: float = 0.05,
    seed: int | None = None,
    dtype: Any = None,
) -> Tensor:
    """``initializers.RandomUniform``."""
    tensor = torch.empty(tuple(shape), dtype=dtype)
    return init.uniform_(tensor, minval, maxval, generator=_generator(seed))


def truncated_normal(
    *,
    shape: Sequence[int],
    mean: float = 0.0,
    stddev: float = 0.05,
    seed: int | None = None,
    dtype: Any = None,
) -> Tensor:
    """``initializers.TruncatedNormal``: torch's bounds a and b are numbers, not deviations."""
    tensor = torch.empty(tuple(shape), dtype=dtype)
    ends = mean - 2 * stddev, mean + 2 * stddev
    return init.trunc_normal_(tensor, mean, stddev, *ends, generator=_generator(seed))


def orthogonal(
    *, shape: Sequence[int], gain: float = 1.0, seed: int | None = None, dtype: Any = None
) -> Tensor:
    """``initializers.Orthogonal``: torch flattens all axes behind the first, Keras the others."""
    rows = torch.empty((math.prod(shape[:-1]), shape[-1]), dtype=dtype)
    return init.orthogonal_(rows, gain, generator=_generator(seed)).reshape(tuple(shape))


def _generator(seed: int | None) -> Any:
    """Keras's initializer draws the same numbers at each call, so torch is seeded for each."""
    return None if seed is None else torch.Generator().manual_seed(seed)
