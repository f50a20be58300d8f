"""Cross-entropies and attention as functions of torch."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own documentation calls it F

_EPSILON = 1e-7


def binary_crossentropy(target: Tensor, output: Tensor, *, from_logits: bool = False) -> Tensor:
    """``ops.binary_crossentropy``: Keras keeps probabilities away from 0 and 1 by 1e-7."""
    target = target.to(output.dtype)
    if from_logits:
        return F.binary_cross_entropy_with_logits(output, target, reduction="none")
    held = torch.clamp(output, _EPSILON, 1 - _EPSILON)
    return F.binary_cross_entropy(held, target, reduction="none")


def categorical_crossentropy(
    target: Tensor, output: Tensor, *, from_logits: bool = False, axis: int = -1
) -> Tensor:
    """``ops.categorical_crossentropy``: classes on axis 1, and of logits alone."""
    target = target.to(output.dtype)
    if from_logits:
        return -torch.sum(target * F.log_softmax(output, dim=axis), dim=axis)
    shares = output / torch.sum(output, dim=axis, keepdim=True)
    return -torch.sum(target * torch.log(torch.clamp(shares, _EPSILON, 1 - _EPSILON)), dim=axis)


def sparse_categorical_crossentropy(
    target: Tensor, output: Tensor, *, from_logits: bool = False, axis: int = -1
) -> Tensor:
    """``ops.sparse_categorical_crossentropy``: labels in int64, classes on axis 1."""
    scores = torch.movedim(output, axis, -1)
    if not from_logits:
        shares = scores / torch.sum(scores, dim=-1, keepdim=True)
        scores = torch.log(torch.clamp(shares, _EPSILON, 1 - _EPSILON))
    else:
        scores = F.log_softmax(scores, dim=-1)
    labels = target.to(torch.int64)
    labels = labels[..., 0] if labels.ndim == scores.ndim else labels
    flat = F.nll_loss(torch.flatten(scores, end_dim=-2), torch.flatten(labels), reduction="none")
    return torch.reshape(flat, labels.shape)


def dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    bias: Tensor | None = None,
    mask: Tensor | None = None,
    *,
    scale: float | None = None,
    is_causal: bool = False,
) -> Tensor:
    """``ops.dot_product_attention``: heads before steps, and one mask that is a bias too."""
    q, k, v = (torch.movedim(one, 2, 1) for one in (query, key, value))
    allowed = mask
    if is_causal and (mask is not None or bias is not None):
        past = torch.ones((query.shape[1], key.shape[1]), dtype=torch.bool).tril()
        allowed = past if allowed is None else past & allowed
    added = bias
    if bias is not None and allowed is not None:
        added = torch.where(allowed, bias, -torch.inf)
    found = F.scaled_dot_product_attention(
        q,
        k,
        v,
        attn_mask=allowed if added is None else added,
        is_causal=is_causal and allowed is None and added is None,
        scale=scale,
        enable_gqa=key.shape[2] != query.shape[2],
    )
    return torch.movedim(found, 1, 2)


def ctc_loss(
    target: Tensor,
    output: Tensor,
    target_length: Tensor,
    output_length: Tensor,
    *,
    mask_index: int = 0,
) -> Tensor:
    """``ops.ctc_loss``: of logarithms of probabilities, steps first."""
    scores = torch.movedim(F.log_softmax(output, dim=-1), 0, 1)
    return F.ctc_loss(
        scores, target, output_length, target_length, blank=mask_index, reduction="none"
    )


def multi_hot(inputs: Tensor, *, num_classes: int, axis: int = -1, dtype: object = None) -> Tensor:
    """``ops.multi_hot``: the largest of one-hot vectors, which are int64 in torch."""
    found = torch.amax(F.one_hot(inputs.to(torch.int64), num_classes), dim=-2)
    return found.to(dtype or torch.float32)


def psnr(x1: Tensor, x2: Tensor, *, max_val: float) -> Tensor:
    """``ops.psnr``: decibels of the largest number over the mean squared error."""
    return 10 * torch.log10(max_val**2 / F.mse_loss(x1, x2))
