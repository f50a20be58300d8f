"""Fourier transforms in JAX, which has complex arrays where Keras has pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jax import lax
from jax import numpy as jnp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jax import Array


def fft(x: Sequence[Array]) -> tuple[Array, Array]:
    """``ops.fft``: of one complex array; Keras takes and answers real and imaginary parts."""
    found = jnp.fft.fft(lax.complex(*x))
    return jnp.real(found), jnp.imag(found)
