"""Functions of keras.losses by optax: one number a sample, in the prediction's dtype."""

from __future__ import annotations

import optax
from jax import Array
from jax import numpy as jnp

from conformance.adapters.native.losses import aligned


def mean_squared_error(y_true: Array, y_pred: Array) -> Array:
    """``losses.mean_squared_error``: optax.l2_loss is half of it; the mean over the last axis."""
    true, pred = jnp.broadcast_arrays(*_pair(y_true, y_pred))  # optax wants one shape
    return optax.squared_error(pred, true).mean(-1)


def huber(y_true: Array, y_pred: Array, *, delta: float = 1.0) -> Array:
    """``losses.huber``: prediction before target; the mean over the last axis."""
    true, pred = _pair(y_true, y_pred)
    return optax.huber_loss(pred, true, delta=delta).mean(-1)


def binary_crossentropy(
    y_true: Array,
    y_pred: Array,
    *,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Array:
    """``losses.binary_crossentropy``: optax takes logits, and prediction before target."""
    if not from_logits:
        raise NotImplementedError("optax takes logits alone: from_logits=True")
    true, pred = _pair(y_true, y_pred)
    true = true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    return optax.sigmoid_binary_cross_entropy(pred, true).mean(axis)


def sparse_categorical_crossentropy(
    y_true: Array,
    y_pred: Array,
    *,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> Array:
    """``losses.sparse_categorical_crossentropy``: optax takes logits; 0 for what is ignored."""
    if not from_logits:
        raise NotImplementedError("optax takes logits alone: from_logits=True")
    pred = jnp.moveaxis(y_pred, axis, -1)
    true = y_true.reshape(pred.shape[:-1]).astype(jnp.int32)
    counts = None if ignore_class is None else true != ignore_class
    if counts is not None:
        true = jnp.where(counts, true, 0)
    values = optax.softmax_cross_entropy_with_integer_labels(pred, true)
    return values if counts is None else jnp.where(counts, values, 0.0)


def ctc(y_true: Array, y_pred: Array) -> Array:
    """``losses.ctc``: optax's, which takes logits and marks what is no time and no label."""
    times, none = jnp.zeros(y_pred.shape[:2]), (y_true == 0).astype(jnp.float32)
    labels = y_true.astype(jnp.int32)
    return optax.ctc_loss(y_pred, times, labels, none)


def _pair(y_true: Array, y_pred: Array) -> tuple[Array, Array]:
    """Both in the prediction's dtype, with as many axes."""
    return aligned(y_true.astype(y_pred.dtype), y_pred)
