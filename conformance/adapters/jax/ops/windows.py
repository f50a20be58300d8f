"""Functions that slide windows, in JAX: poolings, convolutions, patches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax
from jax import lax
from jax import numpy as jnp

from conformance.adapters.jax.layers.convolutional import axes, convolve
from conformance.adapters.jax.layers.depthwise import convolve_channels
from conformance.adapters.jax.layers.pooling import (
    adaptive_average_pooling,
    adaptive_max_pooling,
    average_pooling,
    max_pooling,
)
from conformance.adapters.native.geometry import amounts, each

if TYPE_CHECKING:
    from jax import Array

    from conformance.adapters.native.geometry import Sizes


def max_pool(
    inputs: Array,
    *,
    pool_size: Sizes,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Array:
    """``ops.max_pool``: one reduction over windows; what pads is never the largest."""
    return max_pooling(
        inputs,
        {},
        pool_size=pool_size,
        strides=strides,
        padding=padding,
        data_format=data_format or "channels_last",
    )


def average_pool(
    inputs: Array,
    *,
    pool_size: Sizes,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Array:
    """``ops.average_pool``: sums over windows, divided by how many numbers were there."""
    return average_pooling(
        inputs,
        {},
        pool_size=pool_size,
        strides=strides,
        padding=padding,
        data_format=data_format or "channels_last",
    )


def adaptive_max_pool(
    inputs: Array, *, output_size: Sizes, data_format: str | None = None
) -> Array:
    """``ops.adaptive_max_pool``: JAX has none, so every window is cut out by itself."""
    form = data_format or "channels_last"
    return adaptive_max_pooling(inputs, {}, output_size=output_size, data_format=form)


def adaptive_average_pool(
    inputs: Array, *, output_size: Sizes, data_format: str | None = None
) -> Array:
    """``ops.adaptive_average_pool``: JAX has none, so every window is cut out by itself."""
    form = data_format or "channels_last"
    return adaptive_average_pooling(inputs, {}, output_size=output_size, data_format=form)


def depthwise_conv(
    inputs: Array,
    kernel: Array,
    *,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Array:
    """``ops.depthwise_conv``: as many feature groups as channels."""
    return convolve_channels(
        inputs,
        kernel,
        strides=strides,
        padding=padding,
        data_format=data_format or "channels_last",
        dilation_rate=dilation_rate,
    )


def separable_conv(
    inputs: Array,
    depthwise_kernel: Array,
    pointwise_kernel: Array,
    *,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Array:
    """``ops.separable_conv``: two convolutions, the second of windows of one."""
    x = depthwise_conv(
        inputs,
        depthwise_kernel,
        strides=strides,
        padding=padding,
        data_format=data_format,
        dilation_rate=dilation_rate,
    )
    return convolve(
        x,
        pointwise_kernel,
        strides=1,
        padding="valid",
        data_format=data_format or "channels_last",
        dilation_rate=1,
        groups=1,
    )


def conv_transpose(
    inputs: Array,
    kernel: Array,
    *,
    strides: Sizes = 1,
    padding: str = "valid",
    output_padding: Sizes | None = None,
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Array:
    """``ops.conv_transpose``: ``transpose_kernel`` takes Keras's kernel as it is."""
    rank = inputs.ndim - 2
    window, dilation = kernel.shape[:rank], each(dilation_rate, rank)
    # lax says by a word what Keras does without output_padding, and takes amounts for the rest.
    around: str | list[tuple[int, int]] = padding.upper()
    if output_padding is not None:
        extra = each(output_padding, rank)
        around = [amounts(padding.lower(), *sizes) for sizes in zip(window, dilation, extra)]
    letters = axes(rank, data_format or "channels_last")
    return lax.conv_transpose(
        inputs,
        kernel,
        strides=each(strides, rank),
        padding=around,
        rhs_dilation=dilation,
        dimension_numbers=(letters, f"{'DHW'[-rank:]}IO", letters),
        transpose_kernel=True,
    )


def extract_patches(
    images: Array,
    *,
    size: Sizes,
    strides: Sizes | None = None,
    dilation_rate: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Array:
    """``ops.image.extract_patches``: JAX puts channels before places, Keras behind them."""
    return _patches(
        images,
        each(size, 2),
        strides=strides,
        dilation_rate=dilation_rate,
        padding=padding,
        data_format=data_format,
    )


def extract_patches_3d(
    volumes: Array,
    *,
    size: Sizes,
    strides: Sizes | None = None,
    dilation_rate: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Array:
    """``ops.image.extract_patches_3d``: JAX puts channels before places, Keras behind them."""
    return _patches(
        volumes,
        each(size, 3),
        strides=strides,
        dilation_rate=dilation_rate,
        padding=padding,
        data_format=data_format,
    )


def _patches(
    x: Array,
    window: tuple[int, ...],
    *,
    strides: Sizes | None,
    dilation_rate: Sizes,
    padding: str,
    data_format: str | None,
) -> Array:
    rank = len(window)
    alone = x.ndim == rank + 1
    batch = x[None] if alone else x
    letters = axes(rank, data_format or "channels_last")
    spatial = "DHW"[-rank:]
    found = lax.conv_general_dilated_patches(
        batch,
        window,
        each(window if strides is None else strides, rank),
        padding.upper(),
        rhs_dilation=each(dilation_rate, rank),
        dimension_numbers=(letters, f"OI{spatial}", letters),
    )
    axis = 1 if data_format == "channels_first" else -1
    moved = jnp.moveaxis(found, axis, -1)
    channels = batch.shape[axis]
    parts = moved.reshape(*moved.shape[:-1], channels, -1)
    found = jnp.moveaxis(jnp.moveaxis(parts, -2, -1).reshape(moved.shape), -1, axis)
    return found[0] if alone else found


def unfold(
    x: Array,
    *,
    kernel_size: Sizes,
    dilation: Sizes = 1,
    padding: Sizes = 0,
    stride: Sizes = 1,
) -> Array:
    """``ops.unfold``: patches whose places are one axis."""
    found = lax.conv_general_dilated_patches(
        x,
        each(kernel_size, 2),
        each(stride, 2),
        [(n, n) for n in each(padding, 2)],
        rhs_dilation=each(dilation, 2),
    )
    return found.reshape(*found.shape[:2], -1)


def fold(
    x: Array,
    *,
    output_size: Sizes,
    kernel_size: Sizes,
    dilation: Sizes = 1,
    padding: Sizes = 0,
    stride: Sizes = 1,
) -> Array:
    """``ops.fold``: the transpose of ``unfold``, which JAX has no function of its own for."""
    window = each(kernel_size, 2)
    whole = jax.ShapeDtypeStruct(
        (x.shape[0], x.shape[1] // (window[0] * window[1]), *each(output_size, 2)), x.dtype
    )

    def cut(image: Array) -> Array:
        return unfold(
            image, kernel_size=kernel_size, dilation=dilation, padding=padding, stride=stride
        )

    (found,) = jax.linear_transpose(cut, whole)(x)
    return found


def depth_to_space(x: Array, *, block_size: int, data_format: str = "channels_last") -> Array:
    """``ops.depth_to_space``: reshaped and transposed; JAX has no such function."""
    x = x if data_format == "channels_last" else jnp.moveaxis(x, 1, -1)
    n, h, w, depth = x.shape
    r, c = block_size, depth // block_size**2
    parts = jnp.transpose(jnp.reshape(x, (n, h, w, r, r, c)), (0, 1, 3, 2, 4, 5))
    found = jnp.reshape(parts, (n, h * r, w * r, c))
    return found if data_format == "channels_last" else jnp.moveaxis(found, -1, 1)


def space_to_depth(x: Array, *, block_size: int, data_format: str = "channels_last") -> Array:
    """``ops.space_to_depth``: reshaped and transposed; JAX has no such function."""
    x = x if data_format == "channels_last" else jnp.moveaxis(x, 1, -1)
    n, h, w, c = x.shape
    r = block_size
    parts = jnp.transpose(jnp.reshape(x, (n, h // r, r, w // r, r, c)), (0, 1, 3, 2, 4, 5))
    found = jnp.reshape(parts, (n, h // r, w // r, r * r * c))
    return found if data_format == "channels_last" else jnp.moveaxis(found, -1, 1)
