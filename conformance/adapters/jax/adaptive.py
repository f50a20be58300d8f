"""Further optimizers of keras.optimizers by optax: those that divide by gradients' size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import optax

from conformance.adapters.jax.optimizers import Moving, adam, clips

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jax import Array


class _Chained(Moving):
    def __init__(
        self, slots: Mapping[str, str], variables: Mapping[str, Array], *given: Any
    ) -> None:
        self.slots = slots
        super().__init__(variables, *given)


def _chained(  # noqa: PLR0917 (what an optimizer is made of)
    variables: Mapping[str, Array],
    parts: Sequence[Any],
    weight_decay: float | None,
    learning_rate: float | Mapping[str, Any],
    clipping: Mapping[str, float | None],
    averages: tuple[float, int | None] | None,
    slots: Mapping[str, str],
) -> Moving:
    """A chain of transformations, in which weight decay comes last, before the learning rate."""

    def make(learning_rate: Any) -> Any:
        chain = [*parts]
        if weight_decay is not None:
            chain.append(optax.add_decayed_weights(weight_decay))
        return optax.chain(*chain, optax.scale_by_learning_rate(learning_rate))

    return _Chained(slots, variables, make, learning_rate, clipping, averages)


def adamw(
    variables: Mapping[str, Array],
    *,
    learning_rate: float | Mapping[str, Any] = 0.001,
    weight_decay: float = 0.004,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
    amsgrad: bool = False,
    clipnorm: float | None = None,
    clipvalue: float | None = None,
    global_clipnorm: float | None = None,
    use_ema: bool = False,
    ema_momentum: float = 0.99,
    ema_overwrite_frequency: int | None = None,
    loss_scale_factor: None = None,
    gradient_accumulation_steps: None = None,
) -> Moving:
    """``optimizers.AdamW``: as ``optimizers.Adam`` with a weight decay."""
    return adam(
        variables,
        learning_rate=learning_rate,
        beta_1=beta_1,
        beta_2=beta_2,
        epsilon=epsilon,
        amsgrad=amsgrad,
        weight_decay=weight_decay,
        clipnorm=clipnorm,
        clipvalue=clipvalue,
        global_clipnorm=global_clipnorm,
        use_ema=use_ema,
        ema_momentum=ema_momentum,
        ema_overwrite_frequency=ema_overwrite_frequency,
    )


def rmsprop(
    variables: Mapping[str, Array],
    *,
    learning_rate: float | Mapping[str, Any] = 0.001,
    rho: float = 0.9,
    momentum: float = 0.0,
    epsilon: float = 1e-7,
    centered: bool = False,
    weight_decay: float | None = None,
    clipnorm: float | None = None,
    clipvalue: float | None = None,
    global_clipnorm: float | None = None,
    use_ema: bool = False,
    ema_momentum: float = 0.99,
    ema_overwrite_frequency: int | None = None,
    loss_scale_factor: None = None,
    gradient_accumulation_steps: None = None,
) -> Moving:
    """``optimizers.RMSprop``: optax adds epsilon under the root unless it is told otherwise."""
    scale = optax.scale_by_stddev if centered else optax.scale_by_rms
    parts = [scale(decay=rho, eps=epsilon, eps_in_sqrt=False)]
    return _chained(
        variables,
        parts,
        weight_decay,
        learning_rate,
        clips(clipnorm, clipvalue, global_clipnorm),
        (ema_momentum, ema_overwrite_frequency) if use_ema else None,
        {"nu": "velocity", "mu": "average_gradient"},
    )


def adagrad(
    variables: Mapping[str, Array],
    *,
    learning_rate: float | Mapping[str, Any] = 0.001,
    initial_accumulator_value: float = 0.1,
    epsilon: float = 1e-7,
    weight_decay: float | None = None,
    clipnorm: float | None = None,
    clipvalue: float | None = None,
    global_clipnorm: float | None = None,
    use_ema: bool = False,
    ema_momentum: float = 0.99,
    ema_overwrite_frequency: int | None = None,
    loss_scale_factor: None = None,
    gradient_accumulation_steps: None = None,
) -> Moving:
    """``optimizers.Adagrad``: optax adds epsilon under the root."""
    parts = [optax.scale_by_rss(initial_accumulator_value, epsilon)]
    return _chained(
        variables,
        parts,
        weight_decay,
        learning_rate,
        clips(clipnorm, clipvalue, global_clipnorm),
        (ema_momentum, ema_overwrite_frequency) if use_ema else None,
        {"sum_of_squares": "accumulator"},
    )


def adadelta(
    variables: Mapping[str, Array],
    *,
    learning_rate: float | Mapping[str, Any] = 0.001,
    rho: float = 0.95,
    epsilon: float = 1e-7,
    weight_decay: float | None = None,
    clipnorm: float | None = None,
    clipvalue: float | None = None,
    global_clipnorm: float | None = None,
    use_ema: bool = False,
    ema_momentum: float = 0.99,
    ema_overwrite_frequency: int | None = None,
    loss_scale_factor: None = None,
    gradient_accumulation_steps: None = None,
) -> Moving:
    """``optimizers.Adadelta``: epsilon is under both roots, as in Keras."""
    parts = [optax.scale_by_adadelta(rho, epsilon)]
    return _chained(
        variables,
        parts,
        weight_decay,
        learning_rate,
        clips(clipnorm, clipvalue, global_clipnorm),
        (ema_momentum, ema_overwrite_frequency) if use_ema else None,
        {"e_g": "accumulated_grad", "e_x": "accumulated_delta_var"},
    )


def adamax(
    variables: Mapping[str, Array],
    *,
    learning_rate: float | Mapping[str, Any] = 0.001,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
    weight_decay: float | None = None,
    clipnorm: float | None = None,
    clipvalue: float | None = None,
    global_clipnorm: float | None = None,
    use_ema: bool = False,
    ema_momentum: float = 0.99,
    ema_overwrite_frequency: int | None = None,
    loss_scale_factor: None = None,
    gradient_accumulation_steps: None = None,
) -> Moving:
    """``optimizers.Adamax``: optax adds epsilon to the gradient's size, and remembers that."""
    parts = [optax.scale_by_adamax(beta_1, beta_2, epsilon)]
    return _chained(
        variables,
        parts,
        weight_decay,
        learning_rate,
        clips(clipnorm, clipvalue, global_clipnorm),
        (ema_momentum, ema_overwrite_frequency) if use_ema else None,
        {"mu": "momentum", "nu": "norm"},
    )


def lion(
    variables: Mapping[str, Array],
    *,
    learning_rate: float | Mapping[str, Any] = 0.001,
    beta_1: float = 0.9,
    beta_2: float = 0.99,
    weight_decay: float | None = None,
    clipnorm: float | None = None,
    clipvalue: float | None = None,
    global_clipnorm: float | None = None,
    use_ema: bool = False,
    ema_momentum: float = 0.99,
    ema_overwrite_frequency: int | None = None,
    loss_scale_factor: None = None,
    gradient_accumulation_steps: None = None,
) -> Moving:
    """``optimizers.Lion``: optax's weight decay is 1e-3 unless it is told otherwise."""
    parts = [optax.scale_by_lion(beta_1, beta_2)]
    return _chained(
        variables,
        parts,
        weight_decay,
        learning_rate,
        clips(clipnorm, clipvalue, global_clipnorm),
        (ema_momentum, ema_overwrite_frequency) if use_ema else None,
        {"mu": "momentum"},
    )


def lamb(
    variables: Mapping[str, Array],
    *,
    learning_rate: float | Mapping[str, Any] = 0.001,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
    weight_decay: None = None,
    clipnorm: float | None = None,
    clipvalue: float | None = None,
    global_clipnorm: float | None = None,
    use_ema: bool = False,
    ema_momentum: float = 0.99,
    ema_overwrite_frequency: int | None = None,
    loss_scale_factor: None = None,
    gradient_accumulation_steps: None = None,
) -> Moving:
    """``optimizers.Lamb``: optax's weight decay counts in the ratio of the norms."""
    parts = [optax.scale_by_adam(beta_1, beta_2, epsilon), optax.scale_by_trust_ratio()]
    return _chained(
        variables,
        parts,
        weight_decay,
        learning_rate,
        clips(clipnorm, clipvalue, global_clipnorm),
        (ema_momentum, ema_overwrite_frequency) if use_ema else None,
        {"mu": "momentum", "nu": "velocity"},
    )
