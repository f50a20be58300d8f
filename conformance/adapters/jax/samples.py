"""Functions of keras.losses in JAX, written out: one number a sample, in the prediction's dtype."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import jax
from jax import Array
from jax import numpy as jnp

from conformance.adapters.native.losses import aligned

if TYPE_CHECKING:
    from collections.abc import Sequence

EPSILON = 1e-7
"""keras.config.epsilon(): how far probabilities stay from 0 and 1."""


def mean_squared_error(y_true: Array, y_pred: Array) -> Array:
    """``losses.mean_squared_error``: the mean over the last axis alone."""
    true, pred = _pair(y_true, y_pred)
    return jnp.square(true - pred).mean(-1)


def mean_absolute_error(y_true: Array, y_pred: Array) -> Array:
    """``losses.mean_absolute_error``: the mean over the last axis alone."""
    true, pred = _pair(y_true, y_pred)
    return jnp.abs(true - pred).mean(-1)


def huber(y_true: Array, y_pred: Array, *, delta: float = 1.0) -> Array:
    """``losses.huber``: quadratic up to delta, linear beyond; the mean over the last axis alone."""
    true, pred = _pair(y_true, y_pred)
    off = jnp.abs(pred - true)
    return jnp.where(off <= delta, 0.5 * off * off, delta * (off - 0.5 * delta)).mean(-1)


def mean_absolute_percentage_error(y_true: Array, y_pred: Array) -> Array:
    """``losses.mean_absolute_percentage_error``: in percent, of targets at least 1e-7 in size."""
    true, pred = _pair(y_true, y_pred)
    return 100.0 * jnp.abs((true - pred) / jnp.maximum(jnp.abs(true), EPSILON)).mean(-1)


def mean_squared_logarithmic_error(y_true: Array, y_pred: Array) -> Array:
    """``losses.mean_squared_logarithmic_error``: what is below 1e-7 counts as 1e-7."""
    true, pred = (jnp.maximum(x, EPSILON) for x in _pair(y_true, y_pred))
    return jnp.square(jnp.log1p(true) - jnp.log1p(pred)).mean(-1)


def log_cosh(y_true: Array, y_pred: Array) -> Array:
    """``losses.log_cosh``: by softplus, so that no cosh overflows."""
    true, pred = _pair(y_true, y_pred)
    error = pred - true
    return (error + jax.nn.softplus(-2.0 * error) - math.log(2.0)).mean(-1)


def cosine_similarity(y_true: Array, y_pred: Array, *, axis: int = -1) -> Array:
    """``losses.cosine_similarity``: products of vectors of length one, 0 for a vector of zeros."""
    true, pred = _pair(y_true, y_pred)
    return -(_directed(true, axis) * _directed(pred, axis)).sum(axis)


def kl_divergence(y_true: Array, y_pred: Array) -> Array:
    """``losses.kl_divergence``: both are held within 1e-7..1; a sum over the last axis."""
    true, pred = (jnp.clip(x, EPSILON, 1.0) for x in _pair(y_true, y_pred))
    return (true * jnp.log(true / pred)).sum(-1)


def poisson(y_true: Array, y_pred: Array) -> Array:
    """``losses.poisson``: of rates, with 1e-7 within the logarithm."""
    true, pred = _pair(y_true, y_pred)
    return (pred - true * jnp.log(pred + EPSILON)).mean(-1)


def hinge(y_true: Array, y_pred: Array) -> Array:
    """``losses.hinge``: labels of 0 and 1 become -1 and 1; the mean over the last axis."""
    return _short(y_true, y_pred).mean(-1)


def squared_hinge(y_true: Array, y_pred: Array) -> Array:
    """``losses.squared_hinge``: labels of 0 and 1 become -1 and 1; the mean over the last axis."""
    return jnp.square(_short(y_true, y_pred)).mean(-1)


def categorical_hinge(y_true: Array, y_pred: Array) -> Array:
    """``losses.categorical_hinge``: the best of the others and 1 over the true class's."""
    true, pred = _pair(y_true, y_pred)
    other = jnp.max((1.0 - true) * pred, -1)
    return jax.nn.relu(other - (true * pred).sum(-1) + 1.0)


def binary_crossentropy(
    y_true: Array,
    y_pred: Array,
    *,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Array:
    """``losses.binary_crossentropy``: smoothing takes labels towards one half."""
    true, pred = _pair(y_true, y_pred)
    true = true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    return _binary(true, pred, from_logits=from_logits).mean(axis)


def binary_focal_crossentropy(
    y_true: Array,
    y_pred: Array,
    *,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Array:
    """``losses.binary_focal_crossentropy``: the crossentropy times its focus."""
    true, pred = _pair(y_true, y_pred)
    true = true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    shares = jax.nn.sigmoid(pred) if from_logits else pred
    meant = true * shares + (1.0 - true) * (1.0 - shares)
    values = jnp.power(1.0 - meant, gamma) * _binary(true, pred, from_logits=from_logits)
    if apply_class_balancing:
        values = values * (true * alpha + (1.0 - true) * (1.0 - alpha))
    return values.mean(axis)


def categorical_crossentropy(
    y_true: Array,
    y_pred: Array,
    *,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Array:
    """``losses.categorical_crossentropy``: smoothed by the number of classes."""
    true, logs = _distributions(y_true, y_pred, label_smoothing, axis, from_logits=from_logits)
    return -(true * logs).sum(axis)


def categorical_focal_crossentropy(
    y_true: Array,
    y_pred: Array,
    *,
    alpha: float | Sequence[float] = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Array:
    """``losses.categorical_focal_crossentropy``: with a focus, and weights of classes."""
    true, logs = _distributions(y_true, y_pred, label_smoothing, axis, from_logits=from_logits)
    weights = jnp.asarray(alpha, logs.dtype)
    if weights.ndim:
        weights = jnp.moveaxis(weights.reshape((1,) * (logs.ndim - 1) + (-1,)), -1, axis)
    return -(weights * jnp.power(1.0 - jnp.exp(logs), gamma) * true * logs).sum(axis)


def sparse_categorical_crossentropy(
    y_true: Array,
    y_pred: Array,
    *,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> Array:
    """``losses.sparse_categorical_crossentropy``: 0 for what is ignored."""
    pred = jnp.moveaxis(y_pred, axis, -1)
    true = y_true.reshape(pred.shape[:-1]).astype(jnp.int32)
    counts = None if ignore_class is None else true != ignore_class
    if counts is not None:
        true = jnp.where(counts, true, 0)
    if from_logits:
        logs = jax.nn.log_softmax(pred, axis=-1)
    else:
        shares = pred / pred.sum(-1, keepdims=True)
        logs = jnp.log(jnp.clip(shares, EPSILON, 1.0 - EPSILON))
    values = -jnp.take_along_axis(logs, true[..., None], axis=-1)[..., 0]
    return values if counts is None else jnp.where(counts, values, 0.0)


def categorical_generalized_cross_entropy(y_true: Array, y_pred: Array, *, q: float) -> Array:
    """``losses.categorical_generalized_cross_entropy``: a lookup and a power."""
    places = y_true.astype(jnp.int32).reshape(y_pred.shape[:-1])[..., None]
    return (1.0 - jnp.power(jnp.take_along_axis(y_pred, places, axis=-1)[..., 0], q)) / q


def dice(y_true: Array, y_pred: Array, *, axis: Sequence[int] | None = None) -> Array:
    """``losses.dice``: over everything unless axes are named."""
    true, pred = _pair(y_true, y_pred)
    axes = None if axis is None else tuple(axis)
    return 1.0 - 2.0 * (true * pred).sum(axes) / (true.sum(axes) + pred.sum(axes))


def tversky(
    y_true: Array,
    y_pred: Array,
    *,
    alpha: float = 0.5,
    beta: float = 0.5,
    axis: Sequence[int] | None = None,
) -> Array:
    """``losses.tversky``: ``alpha`` weighs false positives, ``beta`` false negatives."""
    true, pred = _pair(y_true, y_pred)
    axes = None if axis is None else tuple(axis)
    both = (true * pred).sum(axes)
    only_predicted = ((1.0 - true) * pred).sum(axes)
    only_true = (true * (1.0 - pred)).sum(axes)
    return 1.0 - both / (both + alpha * only_predicted + beta * only_true)


def circle(
    y_true: Array,
    y_pred: Array,
    ref_labels: Array | None = None,
    ref_embeddings: Array | None = None,
    *,
    remove_diagonal: bool = True,
    gamma: float = 80.0,
    margin: float = 0.4,
) -> Array:
    """``losses.circle``: equation 6 of the paper, whose weights have gradients here."""
    labels = y_true.reshape(-1)
    theirs = labels if ref_labels is None else ref_labels.reshape(-1)
    similar = y_pred @ (y_pred if ref_embeddings is None else ref_embeddings).T
    same = labels[:, None] == theirs[None, :]
    positive = same & (jnp.eye(*same.shape) == 0) if remove_diagonal else same
    near = -gamma * jax.nn.relu(1.0 + margin - similar) * (similar - 1.0 + margin)
    far = gamma * jax.nn.relu(similar + margin) * (similar - margin)
    return jax.nn.softplus(
        jax.scipy.special.logsumexp(jnp.where(positive, near, -jnp.inf), axis=1)
        + jax.scipy.special.logsumexp(jnp.where(same, -jnp.inf, far), axis=1)
    )


def _pair(y_true: Array, y_pred: Array) -> tuple[Array, Array]:
    """Both in the prediction's dtype, with as many axes."""
    return aligned(y_true.astype(y_pred.dtype), y_pred)


def _directed(vectors: Array, axis: int) -> Array:
    total = jnp.square(vectors).sum(axis, keepdims=True)
    return vectors / jnp.sqrt(jnp.where(total > 0, total, 1.0))


def _short(y_true: Array, y_pred: Array) -> Array:
    true, pred = _pair(y_true, y_pred)
    plain = jnp.all((true == 0) | (true == 1))
    return jax.nn.relu(1.0 - jnp.where(plain, 2.0 * true - 1.0, true) * pred)


def _binary(true: Array, pred: Array, *, from_logits: bool) -> Array:
    if from_logits:
        return true * jax.nn.softplus(-pred) + (1.0 - true) * jax.nn.softplus(pred)
    kept = jnp.clip(pred, EPSILON, 1.0 - EPSILON)
    return -(true * jnp.log(kept) + (1.0 - true) * jnp.log(1.0 - kept))


def _distributions(
    y_true: Array, y_pred: Array, smoothing: float, axis: int, *, from_logits: bool
) -> tuple[Array, Array]:
    true, pred = _pair(y_true, y_pred)
    true = true * (1.0 - smoothing) + smoothing / true.shape[axis]
    if from_logits:
        return true, jax.nn.log_softmax(pred, axis)
    shares = pred / pred.sum(axis, keepdims=True)
    return true, jnp.log(jnp.clip(shares, EPSILON, 1.0 - EPSILON))
