"""Classes of keras.losses in torch: numbers of samples, then Keras's reduction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from conformance.adapters.native.losses import classed, reduced
from conformance.adapters.torch import samples

if TYPE_CHECKING:
    from collections.abc import Callable


def _cast(array: Tensor, dtype: Any) -> Tensor:
    return array.to(dtype if isinstance(dtype, torch.dtype) else getattr(torch, dtype))


def _classed(values: Callable[..., Tensor], **literals: Any) -> Callable[..., Tensor]:
    return classed(values, _cast, **literals)


def sparse_categorical_crossentropy(
    y_true: Tensor,
    y_pred: Tensor,
    sample_weight: Tensor | None = None,
    *,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
    reduction: str | None = "sum_over_batch_size",
) -> Tensor:
    """``losses.SparseCategoricalCrossentropy``: cross_entropy takes logits, classes on axis 1.

    Of probabilities it is nll_loss of the logarithm of their shares.
    """
    values = samples.sparse_categorical_crossentropy(
        y_true,
        y_pred.to(torch.float32),
        from_logits=from_logits,
        ignore_class=ignore_class,
        axis=axis,
    )
    counts = None
    if ignore_class is not None:
        counts = (y_true.reshape(values.shape) != ignore_class).to(values.dtype)
    return reduced(values, sample_weight, reduction, counts)


mean_squared_error = _classed(samples.mean_squared_error)
huber = _classed(samples.huber)
binary_crossentropy = _classed(samples.binary_crossentropy)
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
