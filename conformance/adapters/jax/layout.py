"""What the layers in JAX have in common: types."""

from __future__ import annotations

from collections.abc import Callable

from jax import Array

Weights = dict[str, Array]
"""Keras's variables of one layer, by name and in Keras's layout."""
Activation = Callable[[Array], Array]
Layer = Callable[[Array, Weights], Array]
