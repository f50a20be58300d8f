"""Dense layers, tables of embeddings, masking and the probing Lambda in torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F  # noqa: N812 - torch's own documentation calls it F

from conformance.adapters.torch.layers.activation import linear
from conformance.adapters.torch.modules import empty

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from conformance.adapters.torch.layout import Activation, Weights


def dense(
    x: Tensor,
    weights: Weights,
    *,
    units: int,
    activation: Activation = linear,
    use_bias: bool = True,
) -> Tensor:
    """``Dense``: on the last axis, whatever the rank.

    Args:
        x: (batch, ..., features).
        weights: ``kernel`` (features, units) and ``bias`` (units,).
        use_bias: Whether there is a bias.

    Returns:
        (batch, ..., units).
    """
    layer = empty(nn.Linear, x.shape[-1], units, bias=use_bias)
    parameters = {"weight": weights["kernel"].T}
    if use_bias:
        parameters["bias"] = weights["bias"]
    return activation(functional_call(layer, parameters, (x,)))


def einsum_dense(
    x: Tensor,
    weights: Weights,
    *,
    equation: str,
    output_shape: int | Sequence[int | None],
    activation: Activation = linear,
    bias_axes: str | None = None,
) -> Tensor:
    """``EinsumDense``: a product whose axes are named by letters.

    Args:
        x: By the letters of the equation's first term.
        weights: ``kernel`` by its second term, ``bias`` broadcasting to the last axes.
        output_shape: Follows from the kernel here.
        bias_axes: The bias has been shaped by it.
    """
    x = torch.einsum(equation, x, weights["kernel"])
    return activation(x if bias_axes is None else x + weights["bias"])


def embedding(
    x: Tensor,
    weights: Weights,
    *,
    input_dim: int,
    output_dim: int,
    mask_zero: bool = False,
) -> Tensor:
    """``Embedding``: whole numbers to rows of ``embeddings`` (input_dim, output_dim).

    ``mask_zero`` is :func:`embedding_mask`'s: 0 has a row like any other number.
    """
    layer = empty(nn.Embedding, input_dim, output_dim)
    return functional_call(layer, {"weight": weights["embeddings"]}, (x,))


def embedding_mask(
    x: Tensor,
    weights: Weights,
    *,
    input_dim: int,
    output_dim: int,
    mask_zero: bool = False,
) -> Tensor | None:
    """The mask that ``Embedding`` makes with ``mask_zero``: every number but 0 counts."""
    return x != 0 if mask_zero else None


def reversible_embedding(
    x: Tensor,
    weights: Weights,
    *,
    input_dim: int,
    output_dim: int,
    tie_weights: bool = True,
    logit_soft_cap: float | None = None,
    reverse: bool = False,
) -> Tensor:
    """``ReversibleEmbedding``: rows of a table, or vectors multiplied by it.

    Args:
        x: Whole numbers; with ``reverse``, (..., output_dim).
        weights: ``embeddings`` (input_dim, output_dim); without ``tie_weights`` also
            ``reverse_embeddings`` (output_dim, input_dim).
    """
    if not reverse:
        return F.embedding(x, weights["embeddings"])
    table = weights["embeddings"].T if tie_weights else weights["reverse_embeddings"]
    y = torch.matmul(x, table)
    if logit_soft_cap is None:
        return y
    return torch.tanh(y / logit_soft_cap) * logit_soft_cap


def masking(x: Tensor, weights: Weights, *, mask_value: float = 0.0) -> Tensor:
    """``Masking``: zeros at the steps of which every entry is ``mask_value``."""
    return torch.where(masking_mask(x, weights, mask_value=mask_value)[..., None], x, 0.0)


def masking_mask(x: Tensor, weights: Weights, *, mask_value: float = 0.0) -> Tensor:
    """The mask that ``Masking`` makes: the steps of which any entry is another number."""
    return torch.any(x != mask_value, dim=-1)


def identity(x: Tensor, weights: Weights) -> Tensor:
    """``Identity``: the input."""
    return nn.Identity()(x)


def probe(x: Tensor, weights: Weights, *, function: str) -> Tensor:
    """``Lambda`` with ``function: probe``: the input itself; whoever calls it notes the shape."""
    return x
