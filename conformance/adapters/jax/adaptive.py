"""Further optimizers of keras.optimizers by optax: those that divide by gradients' size."""

from __future__ import annotations

from typing import Any

import optax

from conformance.adapters.jax.optimizers import chained, keras_optimizer


def rmsprop(
    *,
    rho: float = 0.9,
    epsilon: float = 1e-7,
    centered: bool = False,
    weight_decay: float | None = None,
    **common: Any,
) -> Any:
    """``optimizers.RMSprop``: optax adds epsilon under the root unless it is told otherwise."""
    scale = optax.scale_by_stddev if centered else optax.scale_by_rms
    parts = [scale(decay=rho, eps=epsilon, eps_in_sqrt=False)]
    return keras_optimizer(chained(parts, weight_decay), {}, **common)


def adagrad(
    *,
    initial_accumulator_value: float = 0.1,
    epsilon: float = 1e-7,
    weight_decay: float | None = None,
    **common: Any,
) -> Any:
    """``optimizers.Adagrad``: optax adds epsilon under the root."""
    parts = [optax.scale_by_rss(initial_accumulator_value, epsilon)]
    return keras_optimizer(chained(parts, weight_decay), {}, **common)


def adadelta(
    *,
    rho: float = 0.95,
    epsilon: float = 1e-7,
    weight_decay: float | None = None,
    **common: Any,
) -> Any:
    """``optimizers.Adadelta``: epsilon is under both roots, as in Keras."""
    parts = [optax.scale_by_adadelta(rho, epsilon)]
    return keras_optimizer(chained(parts, weight_decay), {}, **common)


def adamax(
    *,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
    weight_decay: float | None = None,
    **common: Any,
) -> Any:
    """``optimizers.Adamax``: optax adds epsilon to the gradient's size, and remembers that.

    Keras adds it to what is divided by, so 0 alone is the same.
    """
    parts = [optax.scale_by_adamax(beta_1, beta_2, epsilon)]
    return keras_optimizer(chained(parts, weight_decay), {}, **common)


def lion(
    *,
    beta_1: float = 0.9,
    beta_2: float = 0.99,
    weight_decay: float | None = None,
    **common: Any,
) -> Any:
    """``optimizers.Lion``: optax's weight decay is 1e-3 unless it is told otherwise."""
    parts = [optax.scale_by_lion(beta_1, beta_2)]
    return keras_optimizer(chained(parts, weight_decay), {}, **common)


def lamb(
    *,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
    weight_decay: float | None = None,
    **common: Any,
) -> Any:
    """``optimizers.Lamb``: optax's weight decay counts in the ratio of the norms."""
    parts = [optax.scale_by_adam(beta_1, beta_2, epsilon), optax.scale_by_trust_ratio()]
    return keras_optimizer(chained(parts, weight_decay), {}, **common)
