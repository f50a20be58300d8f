"""Wrappers of recurrent layers in JAX: TimeDistributed and Bidirectional."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Optional, Union

from jax import Array, vmap
from jax import numpy as jnp

from conformance.adapters.native.nesting import below, is_backward

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.adapters.jax.layout import Layer, Weights


def time_distributed(
    x: Array,
    weights: Weights,
    *,
    layer: Layer,
    mask: Optional[Array] = None,  # noqa: UP045 (Python 3.9 reads it)
) -> Array:
    """``TimeDistributed``: the inner layer on every step, by ``jax.vmap`` over the time axis.

    The mask (batch, steps) is not for the inner layer: it says nothing within a step.
    """
    del mask
    return vmap(lambda step: layer(step, weights), in_axes=1, out_axes=1)(x)


def bidirectional(
    x: Array,
    weights: Weights,
    *,
    layer: Callable[..., Any],
    backward_layer: Optional[Callable[..., Any]] = None,  # noqa: UP045 (Python 3.9 reads it)
    merge_mode: Optional[str] = "concat",  # noqa: UP045
    initial_state: Sequence[Array] = (),
    mask: Optional[Array] = None,  # noqa: UP045
) -> Union[Array, list[Array]]:  # noqa: UP007
    """``Bidirectional``: two layers of this package, their answers side by side or merged.

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
    if z.ndim == x.ndim:
        z = jnp.flip(z, axis=1)
        if mask is not None:
            y, z = (jnp.where(mask[:, :, None], one, 0) for one in (y, z))
    merged = merge(y, z, merge_mode)
    return merged[0] if len(merged) == 1 and not of_ahead else [*merged, *of_ahead, *of_back]


def merge(y: Array, z: Array, merge_mode: Optional[str]) -> list[Array]:  # noqa: UP045
    """Two answers as ``Bidirectional`` merges them; ``None`` keeps both."""
    if merge_mode is None:
        return [y, z]
    if merge_mode == "concat":
        return [jnp.concatenate((y, z), axis=-1)]
    if merge_mode == "mul":
        return [y * z]
    return [y + z if merge_mode == "sum" else (y + z) / 2]
