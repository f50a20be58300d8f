"""Functions of keras.losses in torch: one number a sample, in the dtype of the prediction."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own documentation calls it F

from conformance.adapters.native.losses import aligned

if TYPE_CHECKING:
    from collections.abc import Sequence

EPSILON = 1e-7
"""keras.config.epsilon(): how far probabilities stay from 0 and 1."""


def mean_squared_error(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """``losses.mean_squared_error``: the mean over the last axis alone."""
    true, pred = torch.broadcast_tensors(*_pair(y_true, y_pred))  # torch warns where it does
    return F.mse_loss(pred, true, reduction="none").mean(-1)


def mean_absolute_error(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """``losses.mean_absolute_error``: the mean over the last axis alone."""
    true, pred = torch.broadcast_tensors(*_pair(y_true, y_pred))
    return F.l1_loss(pred, true, reduction="none").mean(-1)


def huber(y_true: Tensor, y_pred: Tensor, *, delta: float = 1.0) -> Tensor:
    """``losses.huber``: prediction before target; the mean over the last axis alone."""
    true, pred = _pair(y_true, y_pred)
    return F.huber_loss(pred, true, reduction="none", delta=delta).mean(-1)


def mean_absolute_percentage_error(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """``losses.mean_absolute_percentage_error``: in percent, of targets at least 1e-7 in size."""
    true, pred = _pair(y_true, y_pred)
    return 100.0 * (torch.abs(true - pred) / torch.abs(true).clip(min=EPSILON)).mean(-1)


def mean_squared_logarithmic_error(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """``losses.mean_squared_logarithmic_error``: what is below 1e-7 counts as 1e-7."""
    true, pred = (x.clip(min=EPSILON) for x in _pair(y_true, y_pred))
    return torch.square(torch.log1p(true) - torch.log1p(pred)).mean(-1)


def log_cosh(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """``losses.log_cosh``: by softplus, so that no cosh overflows."""
    true, pred = _pair(y_true, y_pred)
    error = pred - true
    return (error + F.softplus(-2.0 * error) - math.log(2.0)).mean(-1)


def cosine_similarity(y_true: Tensor, y_pred: Tensor, *, axis: int = -1) -> Tensor:
    """``losses.cosine_similarity``: torch's, negative."""
    return -F.cosine_similarity(*_pair(y_true, y_pred), dim=axis)


def kl_divergence(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """``losses.kl_divergence``: torch takes a logarithm; Keras holds both within 1e-7..1."""
    true, pred = (x.clip(EPSILON, 1.0) for x in _pair(y_true, y_pred))
    return F.kl_div(torch.log(pred), true, reduction="none").sum(-1)


def poisson(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """``losses.poisson``: rates and not their logarithms, 1e-7 for torch's 1e-8."""
    true, pred = _pair(y_true, y_pred)
    values = F.poisson_nll_loss(pred, true, log_input=False, eps=EPSILON, reduction="none")
    return values.mean(-1)


def hinge(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """``losses.hinge``: labels of 0 and 1 become -1 and 1; the mean over the last axis."""
    return _short(y_true, y_pred).mean(-1)


def squared_hinge(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """``losses.squared_hinge``: labels of 0 and 1 become -1 and 1; the mean over the last axis."""
    return torch.square(_short(y_true, y_pred)).mean(-1)


def categorical_hinge(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """``losses.categorical_hinge``: the best of the others and 1 over the true class's."""
    true, pred = _pair(y_true, y_pred)
    other = torch.amax((1.0 - true) * pred, -1)
    return F.relu(other - (true * pred).sum(-1) + 1.0)


def binary_crossentropy(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """``losses.binary_crossentropy``: torch smooths no labels here."""
    true, pred = _pair(y_true, y_pred)
    true = true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    return _binary(true, pred, from_logits=from_logits).mean(axis)


def binary_focal_crossentropy(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """``losses.binary_focal_crossentropy``: the focus is written out."""
    true, pred = _pair(y_true, y_pred)
    true = true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    shares = torch.sigmoid(pred) if from_logits else pred
    meant = true * shares + (1.0 - true) * (1.0 - shares)
    values = torch.pow(1.0 - meant, gamma) * _binary(true, pred, from_logits=from_logits)
    if apply_class_balancing:
        values = values * (true * alpha + (1.0 - true) * (1.0 - alpha))
    return values.mean(axis)


def categorical_crossentropy(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """``losses.categorical_crossentropy``: of torch's the classes are on axis 1, in logits."""
    true, logs = _distributions(y_true, y_pred, label_smoothing, axis, from_logits=from_logits)
    return -(true * logs).sum(axis)


def categorical_focal_crossentropy(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    alpha: float | Sequence[float] = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """``losses.categorical_focal_crossentropy``: focus and weights of classes are written out."""
    true, logs = _distributions(y_true, y_pred, label_smoothing, axis, from_logits=from_logits)
    weights = torch.as_tensor(alpha, dtype=logs.dtype, device=logs.device)
    if weights.ndim:
        weights = torch.movedim(weights.reshape((1,) * (logs.ndim - 1) + (-1,)), -1, axis)
    return -(weights * torch.pow(1.0 - torch.exp(logs), gamma) * true * logs).sum(axis)


def sparse_categorical_crossentropy(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> Tensor:
    """``losses.sparse_categorical_crossentropy``: classes go to axis 1; 0 for what is ignored."""
    pred = torch.movedim(y_pred, axis, 1)
    true = y_true.reshape(y_true.shape[:-1]) if y_true.ndim == y_pred.ndim else y_true
    true = true.to(torch.int64)
    unused = -100 if ignore_class is None else ignore_class  # torch's default, which is no class
    if from_logits:
        return F.cross_entropy(pred, true, ignore_index=unused, reduction="none")
    shares = torch.clip(pred / pred.sum(1, keepdim=True), EPSILON, 1.0 - EPSILON)
    return F.nll_loss(torch.log(shares), true, ignore_index=unused, reduction="none")


def categorical_generalized_cross_entropy(y_true: Tensor, y_pred: Tensor, *, q: float) -> Tensor:
    """``losses.categorical_generalized_cross_entropy``: a lookup and a power."""
    places = y_true.to(torch.int64).reshape(y_pred.shape[:-1]).unsqueeze(-1)
    return (1.0 - torch.pow(torch.gather(y_pred, -1, places).squeeze(-1), q)) / q


def dice(y_true: Tensor, y_pred: Tensor, *, axis: Sequence[int] | None = None) -> Tensor:
    """``losses.dice``: over everything unless axes are named."""
    true, pred = _pair(y_true, y_pred)
    both = 2.0 * torch.sum(true * pred, axis)
    return 1.0 - both / (torch.sum(true, axis) + torch.sum(pred, axis))


def tversky(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    alpha: float = 0.5,
    beta: float = 0.5,
    axis: Sequence[int] | None = None,
) -> Tensor:
    """``losses.tversky``: ``alpha`` weighs false positives, ``beta`` false negatives."""
    true, pred = _pair(y_true, y_pred)
    both = torch.sum(true * pred, axis)
    only_predicted = torch.sum((1.0 - true) * pred, axis)
    only_true = torch.sum(true * (1.0 - pred), axis)
    return 1.0 - both / (both + alpha * only_predicted + beta * only_true)


def circle(
    y_true: Tensor,
    y_pred: Tensor,
    ref_labels: Tensor | None = None,
    ref_embeddings: Tensor | None = None,
    *,
    remove_diagonal: bool = True,
    gamma: float = 80.0,
    margin: float = 0.4,
) -> Tensor:
    """``losses.circle``: equation 6 of the paper, whose weights have gradients here."""
    labels = y_true.reshape(-1)
    theirs = labels if ref_labels is None else ref_labels.reshape(-1)
    similar = y_pred @ (y_pred if ref_embeddings is None else ref_embeddings).T
    same = labels[:, None] == theirs[None, :]
    positive = same
    if remove_diagonal:
        positive = same & ~torch.eye(*same.shape, dtype=torch.bool, device=same.device)
    near = -gamma * F.relu(1.0 + margin - similar) * (similar - 1.0 + margin)
    far = gamma * F.relu(similar + margin) * (similar - margin)
    return F.softplus(
        torch.logsumexp(near.masked_fill(~positive, -math.inf), 1)
        + torch.logsumexp(far.masked_fill(same, -math.inf), 1)
    )


def ctc(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """``losses.ctc``: torch wants logarithms, times first, and lengths; zeros are no labels."""
    labels = y_true.to(torch.int64)
    logs = torch.movedim(F.log_softmax(y_pred, -1), 1, 0)
    lengths = torch.full((logs.shape[1],), logs.shape[0], device=logs.device)
    return F.ctc_loss(logs, labels, lengths, (labels != 0).sum(1), reduction="none")


def _pair(y_true: Tensor, y_pred: Tensor) -> tuple[Tensor, Tensor]:
    """Both in the prediction's dtype, with as many axes."""
    return aligned(y_true.to(y_pred.dtype), y_pred)


def _short(y_true: Tensor, y_pred: Tensor) -> Tensor:
    true, pred = _pair(y_true, y_pred)
    if bool(((true == 0) | (true == 1)).all()):
        true = 2.0 * true - 1.0
    return F.relu(1.0 - true * pred)


def _binary(true: Tensor, pred: Tensor, *, from_logits: bool) -> Tensor:
    if from_logits:
        return F.binary_cross_entropy_with_logits(pred, true, reduction="none")
    kept = torch.clip(pred, EPSILON, 1.0 - EPSILON)
    return F.binary_cross_entropy(kept, true, reduction="none")


def _distributions(
    y_true: Tensor, y_pred: Tensor, smoothing: float, axis: int, *, from_logits: bool
) -> tuple[Tensor, Tensor]:
    true, pred = _pair(y_true, y_pred)
    true = true * (1.0 - smoothing) + smoothing / true.shape[axis]
    if from_logits:
        return true, F.log_softmax(pred, axis)
    shares = pred / pred.sum(axis, keepdim=True)
    return true, torch.log(torch.clip(shares, EPSILON, 1.0 - EPSILON))
