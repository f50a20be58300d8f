"""What the layers in JAX have in common: types, and Keras's words for sizes and padding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Union

from jax import Array

Weights = dict[str, Array]
"""Keras's variables of one layer, by name and in Keras's layout."""
Sizes = Union[int, Sequence[int]]
"""One number for every spatial axis, or one for each."""
Activation = Callable[[Array], Array]
Layer = Callable[[Array, Weights], Array]


def each(value: Sizes, rank: int) -> tuple[int, ...]:
    """One number for each of ``rank`` spatial axes, as Keras reads ``3`` and ``[3, 5]``."""
    return (value,) * rank if isinstance(value, int) else tuple(value)
