"""Wrappers of recurrent layers in torch: TimeDistributed and Bidirectional."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Callable, Optional, Union

import torch
from torch import Tensor

from conformance.adapters.native.nesting import below, is_backward

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.adapters.torch.layout import Layer, Weights


def time_distributed(
    x: Tensor,
    weights: Weights,
    *,
    layer: Layer,
    mask: Optional[Tensor] = None,  # noqa: UP045 (Python 3.9 reads it)
) -> Tensor:
    """``TimeDistributed``: the steps become part of the batch while the inner layer runs.

    The mask (batch, steps) is not for the inner layer: it says nothing within a step.
    """
    del mask
    inner = layer(torch.flatten(x, 0, 1), weights)
    return torch.unflatten(inner, 0, x.shape[:2])


def bidirectional(
    x: Tensor,
    weights: Weights,
    *,
    layer: Callable[..., Any],
    backward_layer: Optional[Callable[..., Any]] = None,  # noqa: UP045 (Python 3.9 reads it)
    merge_mode: Optional[str] = "concat",  # noqa: UP045
    initial_state: Sequence[Tensor] = (),
    mask: Optional[Tensor] = None,  # noqa: UP045
) -> Union[Tensor, list[Tensor]]:  # noqa: UP007
    """``Bidirectional``: ``bidirectional=True`` of torch's modules concatenates and knows no more.

    Args:
        x: (batch, steps, features).
        weights: ``forward_<name>/<variable>`` of the forward layer, and those of the backward one.
        mask: (batch, steps), true where a step counts; the answers at others are zeros.

    Returns:
        As the layers, both in the order of the input; with several answers a list.
    """
    ahead, back = sorted({key.partition("/")[0] for key in weights}, key=is_backward)
    half = len(initial_state) // 2
    backwards = backward_layer or functools.partial(layer, go_backwards=True)
    masked = {} if mask is None else {"mask": mask}
    y = layer(x, below(ahead, weights), initial_state=initial_state[:half], **masked)
    z = backwards(x, below(back, weights), initial_state=initial_state[half:], **masked)
    y, *of_ahead = y if isinstance(y, list) else [y]
    z, *of_back = z if isinstance(z, list) else [z]
    if z.dim() == x.dim():
        z = z.flip(1)
        if mask is not None:
            y, z = (torch.where(mask[:, :, None], one, 0.0) for one in (y, z))
    merged = merge(y, z, merge_mode)
    return merged[0] if len(merged) == 1 and not of_ahead else [*merged, *of_ahead, *of_back]


def merge(y: Tensor, z: Tensor, merge_mode: Optional[str]) -> list[Tensor]:  # noqa: UP045
    """Two answers as ``Bidirectional`` merges them; ``None`` keeps both."""
    if merge_mode is None:
        return [y, z]
    if merge_mode == "concat":
        return [torch.cat((y, z), dim=-1)]
    if merge_mode == "mul":
        return [y * z]
    return [y + z if merge_mode == "sum" else (y + z) / 2]
