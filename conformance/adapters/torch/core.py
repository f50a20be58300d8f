"""Dense layers, tables of embeddings, masking and the probing Lambda in torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.func import functional_call

from conformance.adapters.torch.activation import linear

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
        units: Size of the last axis of the answer.
        activation: A function of this package.
        use_bias: Whether there is a bias.

    Returns:
        (batch, ..., units).
    """
    layer = nn.Linear(x.shape[-1], units, bias=use_bias, device="meta")
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
        equation: Such as ``abc,cd->abd``; an ellipsis stands for any axes.
        output_shape: Follows from the kernel here.
        activation: A function of this package.
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
) -> Tensor:
    """``Embedding``: whole numbers to rows of ``embeddings`` (input_dim, output_dim)."""
    layer = nn.Embedding(input_dim, output_dim, device="meta")
    return functional_call(layer, {"weight": weights["embeddings"]}, (x,))


def identity(x: Tensor, weights: Weights) -> Tensor:
    """``Identity``: the input."""
    return nn.Identity()(x)


def probe(x: Tensor, weights: Weights, *, function: str) -> Tensor:
    """``Lambda`` with ``function: probe``: the input itself; whoever calls it notes the shape."""
    return x
