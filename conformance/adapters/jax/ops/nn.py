"""keras.ops' functions of neural networks, in JAX."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.adapters.jax.layers.convolutional import convolve

if TYPE_CHECKING:
    from jax import Array

    from conformance.adapters.native.geometry import Sizes


def conv(
    inputs: Array,
    kernel: Array,
    *,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Array:
    """``ops.conv``: JAX is told which axis is which, and how many groups there are."""
    form = data_format or "channels_last"
    channels = inputs.shape[1 if form == "channels_first" else -1]
    return convolve(
        inputs,
        kernel,
        strides=strides,
        padding=padding,
        data_format=form,
        dilation_rate=dilation_rate,
        groups=channels // kernel.shape[-2],
    )
