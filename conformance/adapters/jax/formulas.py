"""Optimizers of Keras's in JAX, which has none, written out: for where there is no optax.

Weights, gradients and what is kept are trees of arrays, all of one shape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
from jax import numpy as jnp

if TYPE_CHECKING:
    from collections.abc import Sequence

    Tree = Any


def sgd_state(weights: Tree) -> Tree:
    """What SGD keeps before its first step: the last step of every weight."""
    return jax.tree.map(jnp.zeros_like, weights)


def sgd_step(
    gradients: Tree,
    state: Tree,
    weights: Tree,
    *,
    learning_rate: float = 0.01,
    momentum: float = 0.0,
    nesterov: bool = False,
) -> tuple[Tree, Tree]:
    """(weights, state) after a step of SGD."""

    def gathered(kept: Tree) -> Tree:
        return jax.tree.map(lambda v, g: momentum * v - learning_rate * g, kept, gradients)

    state = gathered(state)
    return jax.tree.map(jnp.add, weights, gathered(state) if nesterov else state), state


def adam_state(weights: Tree) -> Sequence[Any]:
    """What Adam keeps before its first step: both moments, and the count of steps."""
    zeros = jax.tree.map(jnp.zeros_like, weights)
    return zeros, zeros, 0


def adam_step(
    gradients: Tree,
    state: Sequence[Any],
    weights: Tree,
    *,
    learning_rate: float = 0.001,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
) -> tuple[Tree, Sequence[Any]]:
    """(weights, state) after a step of Adam.

    Keras adds epsilon before it corrects the bias of the second moment; optax adds it after.
    """
    first, second, steps = state
    steps = steps + 1
    first = jax.tree.map(lambda m, g: m + (g - m) * (1 - beta_1), first, gradients)
    second = jax.tree.map(lambda v, g: v + (g * g - v) * (1 - beta_2), second, gradients)
    rate = learning_rate * jnp.sqrt(1 - beta_2**steps) / (1 - beta_1**steps)
    weights = jax.tree.map(
        lambda w, m, v: w - rate * m / (jnp.sqrt(v) + epsilon), weights, first, second
    )
    return weights, (first, second, steps)
