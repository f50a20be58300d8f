"""Functions of images, in torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional as F  # noqa: N812 - torch's own documentation calls it F

from conformance.adapters.torch.layers.images import resizing
from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

_LUMA = (0.2989, 0.587, 0.114)
"""How much of red, green and blue is in gray."""


def resize(
    images: Tensor,
    *,
    size: Sequence[int],
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> Tensor:
    """``ops.image.resize``: ``nearest`` is torch's ``nearest-exact``, and channels come first."""
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


def rgb_to_grayscale(images: Tensor, *, data_format: str | None = None) -> Tensor:
    """``ops.image.rgb_to_grayscale``: a product with the luma of the three colours."""
    axis = -3 if data_format == "channels_first" else -1
    luma = torch.tensor(_LUMA, dtype=images.dtype)
    return torch.unsqueeze(torch.tensordot(images, luma, dims=([axis], [0])), axis)


def crop_images(
    images: Tensor,
    *,
    top_cropping: int | None = None,
    left_cropping: int | None = None,
    bottom_cropping: int | None = None,
    right_cropping: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Tensor:
    """``ops.image.crop_images``: a slice along both axes."""
    rows, columns = (-2, -1) if data_format == "channels_first" else (-3, -2)
    for axis, before, after, target in (
        (rows, top_cropping, bottom_cropping, target_height),
        (columns, left_cropping, right_cropping, target_width),
    ):
        size = images.shape[axis]
        start = size - target - after if before is None else before
        length = size - start - after if target is None else target
        images = torch.narrow(images, axis, start, length)
    return images


def pad_images(
    images: Tensor,
    *,
    top_padding: int | None = None,
    left_padding: int | None = None,
    bottom_padding: int | None = None,
    right_padding: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Tensor:
    """``ops.image.pad_images``: torch wants the last axis first."""
    first = data_format == "channels_first"
    rows, columns = (-2, -1) if first else (-3, -2)
    around: list[int] = [] if first else [0, 0]
    for axis, before, after, target in (
        (columns, left_padding, right_padding, target_width),
        (rows, top_padding, bottom_padding, target_height),
    ):
        size = images.shape[axis]
        start = target - size - after if before is None else before
        around += [start, target - size - start if after is None else after]
    return F.pad(images, around)


def gaussian_blur(
    images: Tensor,
    *,
    kernel_size: Sequence[int] = (3, 3),
    sigma: Sequence[float] = (1.0, 1.0),
    data_format: str | None = None,
) -> Tensor:
    """``ops.image.gaussian_blur``: each channel by itself, zeros around; torch has no such one."""
    bells = [_bell(size, one, images.dtype) for size, one in zip(kernel_size, sigma)]
    return _filtered(images, torch.outer(*bells), data_format)


def sobel_edges(images: Tensor, *, data_format: str | None = None) -> Tensor:
    """``ops.image.sobel_edges``: each channel by itself, zeros around; torch has no such one."""
    smooth = torch.tensor([1.0, 2.0, 1.0], dtype=images.dtype)
    slope = torch.tensor([-1.0, 0.0, 1.0], dtype=images.dtype)
    kernels = (torch.outer(slope, smooth), torch.outer(smooth, slope))
    return torch.stack([_filtered(images, one, data_format) for one in kernels], dim=-1)


def _bell(size: int, sigma: float, dtype: torch.dtype) -> Tensor:
    x = torch.arange(size, dtype=dtype) - (size - 1) / 2
    found = torch.exp(-0.5 * (x / sigma) ** 2)
    return found / torch.sum(found)


def _filtered(images: Tensor, kernel: Tensor, data_format: str | None) -> Tensor:
    batch = images if images.ndim == 4 else images[None]  # noqa: PLR2004 - a single image has 3
    last = data_format != "channels_first"
    x = torch.movedim(batch, -1, 1) if last else batch
    weight = kernel[None, None].repeat(x.shape[1], 1, 1, 1)
    found = F.conv2d(x, weight, padding="same", groups=x.shape[1])
    found = torch.movedim(found, 1, -1) if last else found
    return found if images.ndim == 4 else found[0]  # noqa: PLR2004


_BEYOND = {
    "constant": "zeros",
    "nearest": "border",
    "mirror": "reflection",
    "reflect": "reflection",
}


def map_coordinates(
    inputs: Tensor,
    coordinates: Tensor,
    *,
    order: int,
    fill_mode: str = "constant",
    fill_value: float = 0,
) -> Tensor:
    """``ops.image.map_coordinates``: torch counts from -1 to 1, columns first, of images alone."""
    if inputs.ndim not in {2, 3}:
        raise Unsupported("torch samples arrays of two or three axes")
    places = torch.flip(torch.flatten(coordinates, start_dim=1), (0,)).T
    found = _sampled(
        inputs[None, None],
        places.reshape(1, *[1] * (inputs.ndim - 1), -1, inputs.ndim),
        "bilinear" if order else "nearest",
        fill_mode,
        fill_value,
    )
    return torch.reshape(found, coordinates.shape[1:])


def _sampled(
    planes: Tensor, places: Tensor, interpolation: str, fill_mode: str, fill_value: float
) -> Tensor:
    """Planes ``(n, channels, …)`` at places ``(n, …, axes)``, the last axis's first."""
    # In so many digits that counting from -1 to 1 moves no place.
    wide = torch.float64
    sizes = torch.tensor(list(reversed(planes.shape[2:])), dtype=wide)
    # With corners the edge itself is what is reflected at: the mirror of Keras.
    corners, places = fill_mode == "mirror", places.to(wide)
    scaled = places * 2 / (sizes - 1) - 1 if corners else (places * 2 + 1) / sizes - 1
    found = F.grid_sample(
        planes.to(wide) - fill_value,
        scaled,
        mode=interpolation,
        padding_mode=_BEYOND[fill_mode],
        align_corners=corners,
    )
    return (found + fill_value).to(planes.dtype)


def affine_transform(
    images: Tensor,
    transform: Any,
    *,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> Tensor:
    """``ops.image.affine_transform``: torch's maps are of places from -1 to 1."""
    table = torch.as_tensor(transform, dtype=torch.float64).detach()
    return _moved(images, table, data_format, (interpolation, fill_mode, fill_value))


def perspective_transform(
    images: Tensor,
    start_points: Any,
    end_points: Any,
    *,
    interpolation: str = "bilinear",
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> Tensor:
    """``ops.image.perspective_transform``: eight equations, as torch has no such map."""
    starts, ends = (torch.as_tensor(one, dtype=torch.float64) for one in (start_points, end_points))
    u, v = torch.unbind(starts, -1)
    x, y = torch.unbind(ends, -1)
    one, zero = torch.ones_like(x), torch.zeros_like(x)
    upper = torch.stack([x, y, one, zero, zero, zero, -u * x, -u * y], dim=-1)
    lower = torch.stack([zero, zero, zero, x, y, one, -v * x, -v * y], dim=-1)
    matrix = torch.cat([upper, lower], dim=-2)
    table = torch.linalg.solve(matrix, torch.cat([u, v], dim=-1))
    return _moved(images, table, data_format, (interpolation, "constant", fill_value))


def _moved(
    images: Tensor, table: Tensor, data_format: str | None, seen: tuple[str, str, float]
) -> Tensor:
    """Images seen at the places that eight numbers each say of every pixel."""
    batch = images if images.ndim == 4 else images[None]  # noqa: PLR2004 - a single image has 3
    last = data_format != "channels_first"
    planes = torch.movedim(batch, -1, 1) if last else batch
    count, _, height, width = planes.shape
    a = torch.broadcast_to(table.reshape(-1, 8), (count, 8)).T[:, :, None, None]
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    depth = a[6] * x + a[7] * y + 1
    columns, rows = (a[0] * x + a[1] * y + a[2]) / depth, (a[3] * x + a[4] * y + a[5]) / depth
    places = torch.stack([columns, rows], dim=-1)
    made = _sampled(planes, places, *seen)
    made = torch.movedim(made, 1, -1) if last else made
    return made if images.ndim == 4 else made[0]  # noqa: PLR2004
