"""Classes of keras.losses in JAX: numbers of samples, then Keras's reduction."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from jax import Array
from jax import numpy as jnp

from conformance.adapters.jax.samples import (
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_generalized_cross_entropy,
    categorical_hinge,
    circle,
    cosine_similarity,
    dice,
    hinge,
    huber,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
    tversky,
)
from conformance.adapters.native.losses import reduced

if TYPE_CHECKING:
    from collections.abc import Callable


def weighed(
    values: Callable[..., Array],
    y_true: Array,
    y_pred: Array,
    sample_weight: Array | None = None,
    *,
    reduction: str | None = "sum_over_batch_size",
    dtype: Any = None,
    **more: Any,
) -> Array:
    """The class of a loss: a number for each sample, by ``values``, then weights and a reduction.

    All are cast to ``dtype``, which is float32 unless it is given.
    """
    dtype = jnp.float32 if dtype is None else dtype
    weight = None if sample_weight is None else sample_weight.astype(dtype)
    return reduced(values(y_true.astype(dtype), y_pred.astype(dtype), **more), weight, reduction)


def counted(
    values: Callable[..., Array],
    y_true: Array,
    y_pred: Array,
    sample_weight: Array | None = None,
    *,
    ignore_class: int | None = None,
    reduction: str | None = "sum_over_batch_size",
    dtype: Any = None,
    **more: Any,
) -> Array:
    """The class of a loss whose targets are numbers of classes, one of which may not count."""
    dtype = jnp.float32 if dtype is None else dtype
    weight = None if sample_weight is None else sample_weight.astype(dtype)
    found = values(y_true, y_pred.astype(dtype), ignore_class=ignore_class, **more)
    counts = None
    if ignore_class is not None:
        counts = (y_true.reshape(found.shape) != ignore_class).astype(found.dtype)
    return reduced(found, weight, reduction, counts)


MeanSquaredError = functools.partial(weighed, mean_squared_error)
MeanAbsoluteError = functools.partial(weighed, mean_absolute_error)
Huber = functools.partial(weighed, huber)
MeanAbsolutePercentageError = functools.partial(weighed, mean_absolute_percentage_error)
MeanSquaredLogarithmicError = functools.partial(weighed, mean_squared_logarithmic_error)
LogCosh = functools.partial(weighed, log_cosh)
CosineSimilarity = functools.partial(weighed, cosine_similarity)
KLDivergence = functools.partial(weighed, kl_divergence)
Poisson = functools.partial(weighed, poisson)
Hinge = functools.partial(weighed, hinge)
SquaredHinge = functools.partial(weighed, squared_hinge)
CategoricalHinge = functools.partial(weighed, categorical_hinge)
BinaryCrossentropy = functools.partial(weighed, binary_crossentropy)
BinaryFocalCrossentropy = functools.partial(weighed, binary_focal_crossentropy)
CategoricalCrossentropy = functools.partial(weighed, categorical_crossentropy)
CategoricalFocalCrossentropy = functools.partial(weighed, categorical_focal_crossentropy)
CategoricalGeneralizedCrossEntropy = functools.partial(
    weighed, categorical_generalized_cross_entropy, q=0.5
)
Dice = functools.partial(weighed, dice)
Tversky = functools.partial(weighed, tversky)
Circle = functools.partial(weighed, circle)
SparseCategoricalCrossentropy = functools.partial(counted, sparse_categorical_crossentropy)
