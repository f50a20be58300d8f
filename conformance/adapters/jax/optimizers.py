"""keras.optimizers by optax: made of Keras's arguments, they step as Keras's do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import optax
from jax import numpy as jnp

from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from jax import Array


def keras_optimizer(
    make: Callable[..., Any],
    more: Mapping[str, Any],
    *,
    learning_rate: Any = 0.001,
    clipnorm: float | None = None,
    clipvalue: float | None = None,
    global_clipnorm: float | None = None,
    use_ema: bool = False,
    ema_momentum: float = 0.99,
    ema_overwrite_frequency: int | None = None,
) -> Any:
    """What Keras does around any optimizer: gradients are clipped, and weights are averaged.

    The learning rate may be a schedule of optax's; else it can be set from step to step, with
    ``optax.tree_utils.tree_set(state, learning_rate=...)``.

    Args:
        make: optax's optimizer, of ``learning_rate`` and ``more``.
        more: Its further arguments; a function is one of the step, counted from 0. Numbers stay
            Python's: as an array, 0.999 would be a float32, and 1 - 0.999 off by 1e-5. All
            other arguments are Keras's.
    """
    clips = (optax.clip, clipvalue), (optax.clip_by_global_norm, global_clipnorm)
    parts = [clip(limit) for clip, limit in (*clips, (clip_each, clipnorm)) if limit is not None]
    if len(parts) > 1:
        raise Unsupported("Keras refuses to clip in two ways")
    numbers = [name for name, value in more.items() if not callable(value)]
    injected = optax.inject_hyperparams(make, static_args=numbers)
    parts.append(injected(learning_rate=learning_rate, **more))
    if use_ema:
        parts.append(averages(ema_momentum, ema_overwrite_frequency))
    return optax.chain(*parts)


def clip_each(limit: float) -> Any:
    """Shrink each gradient whose own norm is larger."""
    clip = optax.clip_by_global_norm(limit)

    def clipped(gradient: Array) -> Array:
        found: Array = clip.update(gradient, clip.init(gradient))[0]
        return found

    return optax.stateless(lambda gradients, _: jax.tree.map(clipped, gradients))


def averages(momentum: float, every: int | None) -> Any:
    """Keep averages of the weights; every so many steps, put them in the weights' place."""

    def init(weights: Any) -> dict[str, Any]:
        return {"steps": jnp.int32(0), "average": jax.tree.map(jnp.zeros_like, weights)}

    def update(moves: Any, state: Any, weights: Any) -> tuple[Any, dict[str, Any]]:
        moved = optax.apply_updates(weights, moves)
        share = jnp.where(state["steps"] == 0, 1.0, 1 - momentum)  # the first is the weights
        average = optax.incremental_update(moved, state["average"], share)
        steps = state["steps"] + 1
        if every is not None:
            there = jax.tree.map(jnp.subtract, average, weights)
            moves = jax.tree.map(
                lambda a, b: jnp.where(steps % every == 0, a, b),
                there,
                moves,
            )
        return moves, {"steps": steps, "average": average}

    return optax.GradientTransformation(init, update)


def chained(parts: Sequence[Any], weight_decay: float | None) -> Callable[..., Any]:
    """A chain of transformations, in which weight decay comes last, before the learning rate."""

    def make(learning_rate: Any) -> Any:
        decay = [] if weight_decay is None else [optax.add_decayed_weights(weight_decay)]
        return optax.chain(*parts, *decay, optax.scale_by_learning_rate(learning_rate))

    return make


def sgd(
    *,
    learning_rate: Any = 0.01,
    momentum: float = 0.0,
    nesterov: bool = False,
    weight_decay: float | None = None,
    **common: Any,
) -> Any:
    """``optimizers.SGD``: optax's trace gathers gradients, Keras's momentum gathers steps.

    That is one and the same as long as the learning rate stays. So that it may change, gradients
    are multiplied by it, and optax's own is 1. A weight decay is added last.
    """

    def make(learning_rate: Any) -> Any:
        parts = [
            optax.scale(learning_rate),
            optax.sgd(1.0, momentum=momentum or None, nesterov=nesterov),
        ]
        if weight_decay is not None:
            parts.append(optax.add_decayed_weights(-learning_rate * weight_decay))
        return optax.chain(*parts)

    return keras_optimizer(make, {}, learning_rate=learning_rate, **common)


def adam(
    *,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
    weight_decay: float | None = None,
    **common: Any,
) -> Any:
    """``optimizers.Adam``: optax adds epsilon after the correction of the bias.

    So it is told ``epsilon / sqrt(1 - beta_2 ** t)`` at step t. With a weight decay it is adamw.
    """

    def eps(count: Array) -> Array:
        return epsilon / jnp.sqrt(1 - beta_2 ** (count + 1))

    more: dict[str, Any] = {"b1": beta_1, "b2": beta_2, "eps": eps}
    if weight_decay is None:
        return keras_optimizer(optax.adam, more, **common)
    return keras_optimizer(optax.adamw, {**more, "weight_decay": weight_decay}, **common)


def adamw(
    *,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
    weight_decay: float | None = 0.004,
    **common: Any,
) -> Any:
    """``optimizers.AdamW``: optax adds epsilon after the correction of the bias.

    So it is told ``epsilon / sqrt(1 - beta_2 ** t)`` at step t.
    """
    return adam(beta_1=beta_1, beta_2=beta_2, epsilon=epsilon, weight_decay=weight_decay, **common)
