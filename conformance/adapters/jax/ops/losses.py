"""Cross-entropies, encodings and attention as functions of JAX."""

from __future__ import annotations

import jax
from jax import Array
from jax import numpy as jnp

_EPSILON = 1e-7


def binary_crossentropy(target: Array, output: Array, *, from_logits: bool = False) -> Array:
    """``ops.binary_crossentropy``: JAX has no such function."""
    if from_logits:
        above, below = jax.nn.log_sigmoid(output), jax.nn.log_sigmoid(-output)
    else:
        held = jnp.clip(output, _EPSILON, 1 - _EPSILON)
        above, below = jnp.log(held), jnp.log(1 - held)
    return -target * above - (1 - target) * below


def _logarithms(output: Array, axis: int, *, from_logits: bool) -> Array:
    if from_logits:
        return jax.nn.log_softmax(output, axis=axis)
    shares = output / jnp.sum(output, axis, keepdims=True)
    return jnp.log(jnp.clip(shares, _EPSILON, 1 - _EPSILON))


def categorical_crossentropy(
    target: Array, output: Array, *, from_logits: bool = False, axis: int = -1
) -> Array:
    """``ops.categorical_crossentropy``: JAX has no such function."""
    return -jnp.sum(target * _logarithms(output, axis, from_logits=from_logits), axis)


def sparse_categorical_crossentropy(
    target: Array, output: Array, *, from_logits: bool = False, axis: int = -1
) -> Array:
    """``ops.sparse_categorical_crossentropy``: JAX has no such function."""
    scores = jnp.moveaxis(_logarithms(output, axis, from_logits=from_logits), axis, -1)
    labels = target.astype("int32")
    labels = labels if labels.ndim == scores.ndim else labels[..., None]
    return -jnp.take_along_axis(scores, labels, -1)[..., 0]


def ctc_loss(
    target: Array,
    output: Array,
    target_length: Array,
    output_length: Array,
    *,
    mask_index: int = 0,
) -> Array:
    """``ops.ctc_loss``: optax is told what is padding in the place of lengths."""
    import optax

    def beyond(lengths: Array, size: int) -> Array:
        return (jnp.arange(size) >= lengths[:, None]).astype(output.dtype)

    found: Array = optax.ctc_loss(
        output,
        beyond(output_length, output.shape[1]),
        target,
        beyond(target_length, target.shape[1]),
        blank_id=mask_index,
    )
    return found


def multi_hot(
    inputs: Array, *, num_classes: int, axis: int = -1, dtype: str | None = None
) -> Array:
    """``ops.multi_hot``: the largest of one-hot vectors."""
    return jnp.max(jax.nn.one_hot(inputs, num_classes, dtype=dtype or "float32"), -2)


def psnr(x1: Array, x2: Array, *, max_val: float) -> Array:
    """``ops.psnr``: JAX has no such function."""
    return 10 * jnp.log10(max_val**2 / jnp.mean(jnp.square(x1 - x2)))
