"""Further optimizers of keras.optimizers by optax: those that divide by gradients' size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import optax

from conformance.adapters.jax.optimizers import Moving, chained
from conformance.adapters.native.optimizers import Common, optimizer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jax import Array


class _Chained(Moving):
    def __init__(
        self,
        slots: Mapping[str, str],
        variables: Mapping[str, Array],
        common: Common,
        parts: Sequence[Any],
    ) -> None:
        self.slots = slots
        super().__init__(variables, common, chained(parts, common))


@optimizer()
def rmsprop(
    variables: Mapping[str, Array],
    common: Common,
    *,
    rho: float = 0.9,
    momentum: float = 0.0,
    epsilon: float = 1e-7,
    centered: bool = False,
) -> Moving:
    """``optimizers.RMSprop``: optax adds epsilon under the root unless it is told otherwise."""
    scale = optax.scale_by_stddev if centered else optax.scale_by_rms
    parts = [scale(decay=rho, eps=epsilon, eps_in_sqrt=False)]
    return _Chained({"nu": "velocity", "mu": "average_gradient"}, variables, common, parts)


@optimizer()
def adagrad(
    variables: Mapping[str, Array],
    common: Common,
    *,
    initial_accumulator_value: float = 0.1,
    epsilon: float = 1e-7,
) -> Moving:
    """``optimizers.Adagrad``: optax adds epsilon under the root."""
    parts = [optax.scale_by_rss(initial_accumulator_value, epsilon)]
    return _Chained({"sum_of_squares": "accumulator"}, variables, common, parts)


@optimizer()
def adadelta(
    variables: Mapping[str, Array],
    common: Common,
    *,
    rho: float = 0.95,
    epsilon: float = 1e-7,
) -> Moving:
    """``optimizers.Adadelta``: epsilon is under both roots, as in Keras."""
    parts = [optax.scale_by_adadelta(rho, epsilon)]
    return _Chained(
        {"e_g": "accumulated_grad", "e_x": "accumulated_delta_var"}, variables, common, parts
    )


@optimizer()
def adamax(
    variables: Mapping[str, Array],
    common: Common,
    *,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
) -> Moving:
    """``optimizers.Adamax``: optax adds epsilon to the gradient's size, and remembers that."""
    parts = [optax.scale_by_adamax(beta_1, beta_2, epsilon)]
    return _Chained({"mu": "momentum", "nu": "norm"}, variables, common, parts)


@optimizer()
def lion(
    variables: Mapping[str, Array],
    common: Common,
    *,
    beta_1: float = 0.9,
    beta_2: float = 0.99,
) -> Moving:
    """``optimizers.Lion``: optax's weight decay is 1e-3 unless it is told otherwise."""
    parts = [optax.scale_by_lion(beta_1, beta_2)]
    return _Chained({"mu": "momentum"}, variables, common, parts)


@optimizer()
def lamb(
    variables: Mapping[str, Array],
    common: Common,
    *,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
) -> Moving:
    """``optimizers.Lamb``: optax's weight decay counts in the ratio of the norms."""
    parts = [optax.scale_by_adam(beta_1, beta_2, epsilon), optax.scale_by_trust_ratio()]
    return _Chained({"mu": "momentum", "nu": "velocity"}, variables, common, parts)
