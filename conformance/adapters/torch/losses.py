"""keras.losses by torch's, whose mean is over everything: values first, then Keras's reduction."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own documentation calls it F

from conformance.adapters.native.losses import aligned, reduced

EPSILON = 1e-7
"""keras.config.epsilon(): how far probabilities stay from 0 and 1."""


def huber(
    y_true: Tensor,
    y_pred: Tensor,
    sample_weight: Tensor | None = None,
    *,
    delta: float = 1.0,
    reduction: str | None = "sum_over_batch_size",
) -> Tensor:
    """``losses.Huber``: prediction before target; mean over the last axis, then the reduction."""
    true, pred = _floats(y_true, y_pred)
    values = F.huber_loss(pred, true, reduction="none", delta=delta).mean(-1)
    return reduced(values, sample_weight, reduction)


def mean_squared_error(
    y_true: Tensor,
    y_pred: Tensor,
    sample_weight: Tensor | None = None,
    *,
    reduction: str | None = "sum_over_batch_size",
) -> Tensor:
    """``losses.MeanSquaredError``: mean over the last axis, then the reduction."""
    true, pred = torch.broadcast_tensors(*_floats(y_true, y_pred))  # torch warns where it does
    values = F.mse_loss(pred, true, reduction="none").mean(-1)
    return reduced(values, sample_weight, reduction)


def binary_crossentropy(
    y_true: Tensor,
    y_pred: Tensor,
    sample_weight: Tensor | None = None,
    *,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
    reduction: str | None = "sum_over_batch_size",
) -> Tensor:
    """``losses.BinaryCrossentropy``: torch smooths no labels here, and cuts logarithms at -100.

    Keras keeps probabilities 1e-7 from 0 and 1.
    """
    true, pred = _floats(y_true, y_pred)
    true = true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    if from_logits:
        values = F.binary_cross_entropy_with_logits(pred, true, reduction="none")
    else:
        kept = torch.clip(pred, EPSILON, 1.0 - EPSILON)
        values = F.binary_cross_entropy(kept, true, reduction="none")
    return reduced(values.mean(axis), sample_weight, reduction)


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
    pred = torch.movedim(y_pred.to(torch.float32), axis, 1)
    true = y_true.reshape(y_true.shape[:-1]) if y_true.ndim == y_pred.ndim else y_true
    true = true.to(torch.int64)
    unused = -100 if ignore_class is None else ignore_class  # torch's default, which is no class
    if from_logits:
        values = F.cross_entropy(pred, true, ignore_index=unused, reduction="none")
    else:
        shares = torch.clip(pred / pred.sum(1, keepdim=True), EPSILON, 1.0 - EPSILON)
        values = F.nll_loss(torch.log(shares), true, ignore_index=unused, reduction="none")
    counts = None if ignore_class is None else (true != ignore_class).to(values.dtype)
    return reduced(values, sample_weight, reduction, counts)


def _floats(y_true: Tensor, y_pred: Tensor) -> tuple[Tensor, Tensor]:
    """Both in float32, with as many axes, as a loss of Keras takes them."""
    return aligned(y_true.to(torch.float32), y_pred.to(torch.float32))
