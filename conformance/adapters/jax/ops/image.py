"""Functions of images, in JAX."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
from jax import lax
from jax import numpy as jnp
from jax.scipy.ndimage import map_coordinates

from conformance.adapters.jax.layers.depthwise import convolve_channels
from conformance.adapters.jax.layers.images import resizing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jax import Array

_LUMA = (0.2989, 0.587, 0.114)
"""How much of red, green and blue is in gray."""


def resize(
    images: Array,
    *,
    size: Sequence[int],
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> Array:
    """``ops.image.resize``: JAX is told the whole shape, and antialiases unless told not to."""
    batch = images if images.ndim == 4 else images[None]  # noqa: PLR2004 - a single image has 3
    found = resizing(
        batch,
        {},
        height=size[0],
        width=size[1],
        interpolation=interpolation,
        antialias=antialias,
        crop_to_aspect_ratio=crop_to_aspect_ratio,
        pad_to_aspect_ratio=pad_to_aspect_ratio,
        fill_value=fill_value,
        data_format=data_format or "channels_last",
    )
    return found if images.ndim == 4 else found[0]  # noqa: PLR2004


def rgb_to_grayscale(images: Array, *, data_format: str | None = None) -> Array:
    """``ops.image.rgb_to_grayscale``: a product with the luma of the three colours."""
    axis = -3 if data_format == "channels_first" else -1
    luma = jnp.asarray(_LUMA, dtype=images.dtype)
    return jnp.expand_dims(jnp.tensordot(images, luma, axes=([axis], [0])), axis)


def crop_images(
    images: Array,
    *,
    top_cropping: int | None = None,
    left_cropping: int | None = None,
    bottom_cropping: int | None = None,
    right_cropping: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Array:
    """``ops.image.crop_images``: a slice along both axes."""
    last = 0 if data_format == "channels_first" else 1
    for axis, before, after, target in (
        (images.ndim - 2 - last, top_cropping, bottom_cropping, target_height),
        (images.ndim - 1 - last, left_cropping, right_cropping, target_width),
    ):
        size = images.shape[axis]
        start = size - target - after if before is None else before
        stop = size - after if target is None else start + target
        images = lax.slice_in_dim(images, start, stop, axis=axis)
    return images


def pad_images(
    images: Array,
    *,
    top_padding: int | None = None,
    left_padding: int | None = None,
    bottom_padding: int | None = None,
    right_padding: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Array:
    """``ops.image.pad_images``: jax.numpy.pad along both axes."""
    last = 0 if data_format == "channels_first" else 1
    around = [(0, 0)] * images.ndim
    for axis, before, after, target in (
        (images.ndim - 2 - last, top_padding, bottom_padding, target_height),
        (images.ndim - 1 - last, left_padding, right_padding, target_width),
    ):
        size = images.shape[axis]
        start = target - size - after if before is None else before
        around[axis] = (start, target - size - start if after is None else after)
    return jnp.pad(images, around)


def gaussian_blur(
    images: Array,
    *,
    kernel_size: Sequence[int] = (3, 3),
    sigma: Sequence[float] = (1.0, 1.0),
    data_format: str | None = None,
) -> Array:
    """``ops.image.gaussian_blur``: each channel by itself, zeros around; JAX has no such one."""
    bells = [_bell(size, one, images.dtype) for size, one in zip(kernel_size, sigma)]
    return _filtered(images, jnp.outer(*bells), data_format)


def sobel_edges(images: Array, *, data_format: str | None = None) -> Array:
    """``ops.image.sobel_edges``: each channel by itself, zeros around; JAX has no such one."""
    smooth = jnp.asarray([1.0, 2.0, 1.0], images.dtype)
    slope = jnp.asarray([-1.0, 0.0, 1.0], images.dtype)
    kernels = (jnp.outer(slope, smooth), jnp.outer(smooth, slope))
    return jnp.stack([_filtered(images, one, data_format) for one in kernels], -1)


def _bell(size: int, sigma: float, dtype: Any) -> Array:
    x = jnp.arange(size, dtype=dtype) - (size - 1) / 2
    found = jnp.exp(-0.5 * (x / sigma) ** 2)
    return found / jnp.sum(found)


def _filtered(images: Array, kernel: Array, data_format: str | None) -> Array:
    batch = images if images.ndim == 4 else images[None]  # noqa: PLR2004 - a single image has 3
    form = data_format or "channels_last"
    channels = batch.shape[1 if form == "channels_first" else -1]
    found = convolve_channels(
        batch,
        jnp.tile(kernel[:, :, None, None], (1, 1, channels, 1)),
        strides=1,
        padding="same",
        data_format=form,
        dilation_rate=1,
    )
    return found if images.ndim == 4 else found[0]  # noqa: PLR2004


def affine_transform(
    images: Array,
    transform: Any,
    *,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Array:
    """``ops.image.affine_transform``: jax.scipy.ndimage.map_coordinates of every channel."""
    table = lax.stop_gradient(jnp.asarray(transform, images.dtype))

    def places(one: Array, y: Array, x: Array) -> tuple[Array, Array]:
        return one[3] * x + one[4] * y + one[5], one[0] * x + one[1] * y + one[2]

    return _moved(
        images,
        table,
        places,
        interpolation=interpolation,
        mode=fill_mode,
        fill=fill_value,
        data_format=data_format,
    )


def perspective_transform(
    images: Array,
    start_points: Any,
    end_points: Any,
    *,
    interpolation: str = "bilinear",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Array:
    """``ops.image.perspective_transform``: eight equations, then map_coordinates of channels."""
    starts, ends = (jnp.asarray(one, "float32") for one in (start_points, end_points))
    x, y = ends[..., 0], ends[..., 1]
    u, v = starts[..., 0], starts[..., 1]
    one, zero = jnp.ones_like(x), jnp.zeros_like(x)
    upper = jnp.stack([x, y, one, zero, zero, zero, -u * x, -u * y], -1)
    lower = jnp.stack([zero, zero, zero, x, y, one, -v * x, -v * y], -1)
    matrix = jnp.concatenate([upper, lower], -2)
    table = jnp.linalg.solve(matrix, jnp.concatenate([u, v], -1)[..., None])[..., 0]

    def places(one: Array, y: Array, x: Array) -> tuple[Array, Array]:
        depth = one[6] * x + one[7] * y + 1
        rows = (one[3] * x + one[4] * y + one[5]) / depth
        return rows, (one[0] * x + one[1] * y + one[2]) / depth

    return _moved(
        images,
        table,
        places,
        interpolation=interpolation,
        mode="constant",
        fill=fill_value,
        data_format=data_format,
    )


def _moved(
    images: Array,
    table: Array,
    places: Callable[[Array, Array, Array], tuple[Array, Array]],
    *,
    interpolation: str,
    mode: str,
    fill: float,
    data_format: str | None,
) -> Array:
    alone = images.ndim == 3  # noqa: PLR2004 - a single image has 3
    batch = images[None] if alone else images
    first = batch if data_format == "channels_first" else jnp.moveaxis(batch, -1, 1)
    rows = jnp.broadcast_to(table, (first.shape[0], 8))
    y, x = jnp.meshgrid(*(jnp.arange(n) for n in first.shape[2:]), indexing="ij")

    def image(channels: Array, one: Array) -> Array:
        found = places(one, y, x)
        order = 1 if interpolation == "bilinear" else 0
        return jax.vmap(lambda plane: map_coordinates(plane, found, order, mode=mode, cval=fill))(
            channels
        )

    made = jax.vmap(image)(first, rows)
    made = made if data_format == "channels_first" else jnp.moveaxis(made, 1, -1)
    return made[0] if alone else made


def scale_and_translate(
    images: Array,
    scale: Array,
    translation: Array,
    *,
    output_shape: Sequence[int],
    spatial_dims: Sequence[int],
    method: str,
    antialias: bool = True,
) -> Array:
    """``ops.image.scale_and_translate``: the same function, its arguments in another order."""
    return jax.image.scale_and_translate(
        images, output_shape, spatial_dims, scale, translation, method, antialias
    )
