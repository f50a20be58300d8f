"""keras.losses in JAX: by optax where it is installed, else written out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
from jax import Array
from jax import numpy as jnp

from conformance.adapters.jax import samples
from conformance.adapters.native.functions import installed
from conformance.adapters.native.losses import aligned, classed, reduced

if TYPE_CHECKING:
    from collections.abc import Callable

EPSILON = 1e-7
"""keras.config.epsilon(): how far probabilities stay from 0 and 1."""


def huber(
    y_true: Array,
    y_pred: Array,
    sample_weight: Array | None = None,
    *,
    delta: float = 1.0,
    reduction: str | None = "sum_over_batch_size",
    dtype: str | None = None,
) -> Array:
    """``losses.Huber``: prediction before target; mean over the last axis, then the reduction."""
    true, pred = (_cast(x, dtype or "float32") for x in aligned(y_true, y_pred))
    if installed("optax"):
        import optax

        values = optax.huber_loss(pred, true, delta=delta)
    else:
        off = jnp.abs(pred - true)
        values = jnp.where(off <= delta, 0.5 * off * off, delta * (off - 0.5 * delta))
    return reduced(values.mean(-1), sample_weight, reduction)


def mean_squared_error(
    y_true: Array,
    y_pred: Array,
    sample_weight: Array | None = None,
    *,
    reduction: str | None = "sum_over_batch_size",
    dtype: str | None = None,
) -> Array:
    """``losses.MeanSquaredError``: optax.l2_loss is half of it; mean over the last axis first."""
    true, pred = (_cast(x, dtype or "float32") for x in aligned(y_true, y_pred))
    if installed("optax"):
        import optax

        true, pred = jnp.broadcast_arrays(true, pred)  # optax wants one shape
        values = optax.squared_error(pred, true)
    else:
        values = jnp.square(pred - true)
    return reduced(values.mean(-1), sample_weight, reduction)


def binary_crossentropy(
    y_true: Array,
    y_pred: Array,
    sample_weight: Array | None = None,
    *,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
    reduction: str | None = "sum_over_batch_size",
) -> Array:
    """``losses.BinaryCrossentropy``: optax takes logits; probabilities stay 1e-7 from 0 and 1."""
    true, pred = _floats(y_true, y_pred)
    true = true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    if not from_logits:
        kept = jnp.clip(pred, EPSILON, 1.0 - EPSILON)
        values = -(true * jnp.log(kept) + (1.0 - true) * jnp.log(1.0 - kept))
    elif installed("optax"):
        import optax

        values = optax.sigmoid_binary_cross_entropy(pred, true)
    else:
        values = -true * jax.nn.log_sigmoid(pred) - (1.0 - true) * jax.nn.log_sigmoid(-pred)
    return reduced(values.mean(axis), sample_weight, reduction)


def sparse_categorical_crossentropy(
    y_true: Array,
    y_pred: Array,
    sample_weight: Array | None = None,
    *,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
    reduction: str | None = "sum_over_batch_size",
) -> Array:
    """``losses.SparseCategoricalCrossentropy``: optax takes logits only.

    Of probabilities it is the logarithm of the class's share.
    """
    pred = jnp.moveaxis(y_pred.astype(jnp.float32), axis, -1)
    true = y_true.reshape(y_true.shape[:-1]) if y_true.ndim == y_pred.ndim else y_true
    true = true.astype(jnp.int32)
    counts = None
    if ignore_class is not None:
        counts = (true != ignore_class).astype(pred.dtype)
        true = jnp.where(true == ignore_class, 0, true)
    if from_logits and installed("optax"):
        import optax

        values = optax.softmax_cross_entropy_with_integer_labels(pred, true)
    else:
        if from_logits:
            logs = jax.nn.log_softmax(pred, axis=-1)
        else:
            shares = pred / pred.sum(-1, keepdims=True)
            logs = jnp.log(jnp.clip(shares, EPSILON, 1.0 - EPSILON))
        values = -jnp.take_along_axis(logs, true[..., None], axis=-1)[..., 0]
    values = values if counts is None else values * counts
    return reduced(values, sample_weight, reduction, counts)


def _floats(y_true: Array, y_pred: Array) -> tuple[Array, Array]:
    """Both in float32, with as many axes, as a loss of Keras takes them."""
    return aligned(y_true.astype(jnp.float32), y_pred.astype(jnp.float32))


def _cast(array: Any, dtype: str) -> Any:
    return array.astype(dtype)


def _classed(values: Callable[..., Array], **literals: Any) -> Callable[..., Array]:
    return classed(values, _cast, **literals)


mean_absolute_error = _classed(samples.mean_absolute_error)
mean_absolute_percentage_error = _classed(samples.mean_absolute_percentage_error)
mean_squared_logarithmic_error = _classed(samples.mean_squared_logarithmic_error)
log_cosh = _classed(samples.log_cosh)
cosine_similarity = _classed(samples.cosine_similarity)
kl_divergence = _classed(samples.kl_divergence)
poisson = _classed(samples.poisson)
hinge = _classed(samples.hinge)
squared_hinge = _classed(samples.squared_hinge)
categorical_hinge = _classed(samples.categorical_hinge)
binary_focal_crossentropy = _classed(samples.binary_focal_crossentropy)
categorical_crossentropy = _classed(samples.categorical_crossentropy)
categorical_focal_crossentropy = _classed(samples.categorical_focal_crossentropy)
categorical_generalized_cross_entropy = _classed(
    samples.categorical_generalized_cross_entropy, q=0.5
)
dice = _classed(samples.dice)
tversky = _classed(samples.tversky)
circle = _classed(samples.circle)
ctc = _classed(samples.ctc)
