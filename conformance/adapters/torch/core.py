"""Dense and the probing Lambda in torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.func import functional_call

from conformance.adapters.torch.activation import linear

if TYPE_CHECKING:
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


def probe(x: Tensor, weights: Weights, *, function: str) -> Tensor:
    """``Lambda`` with ``function: probe``: the input itself; whoever calls it notes the shape."""
    return x
