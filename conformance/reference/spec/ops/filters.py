"""Filters of images, and how alike two are: keras/src/ops/image.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine.arithmetic import THIRD
from conformance.reference.engine.array import Array, reshape
from conformance.reference.engine.contraction import correlate
from conformance.reference.engine.conversion import real, together
from conformance.reference.engine.structure import expand, pad, squeeze, stack, transpose
from conformance.reference.engine.windows import Windows
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.ops.base import FORMATS, floating_array
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Values
    from conformance.reference.engine.conversion import Scalar, Tensor

_BATCH = 4
"""Axes of a batch of images."""


def _planes(images: Array, data_format: str | None, function: str) -> Array:
    """Channels as images of their own: ``(batch·channels, rows, columns, 1)``.

    Raises:
        Refused: There are other axes, or the format is unknown.
    """
    if images.ndim not in {3, _BATCH} or data_format not in {None, *FORMATS}:
        message = f"{function}: images of {images.ndim} axes, data_format={data_format!r}"
        raise Refused(message, at="call")
    batch = images if images.ndim == _BATCH else expand(images, 0)
    first = batch if data_format == "channels_first" else transpose(batch, (0, 3, 1, 2))
    return reshape(first, (first.shape[0] * first.shape[1], *first.shape[2:], 1))


def _whole(planes: Array, images: Array, data_format: str | None) -> Array:
    """Planes of the images' own size as images again."""
    first = data_format == "channels_first"
    lead = (1,) if images.ndim < _BATCH else (images.shape[0],)
    channels = images.shape[images.ndim - 3 if first else images.ndim - 1]
    made = reshape(planes, (*lead, channels, *planes.shape[1:3]))
    made = made if first else transpose(made, (0, 2, 3, 1))
    return made if images.ndim == _BATCH else squeeze(made, 0)


def _bell(arithmetic: Arithmetic, rows: Values, columns: Values) -> Array:
    """A kernel ``(rows, columns, 1, 1)``: the product of two bells, each of the sum 1."""
    values = np.outer(rows, columns)[:, :, None, None]
    variance = 24 * THIRD * np.square(values) if arithmetic.carries_variance else None
    return Array(arithmetic, values.astype(arithmetic.dtype), variance=variance)


def bell(size: int, sigma: float) -> Values:
    """``exp(-x²/2s²)`` at whole numbers around the middle, divided by their sum."""
    x = np.arange(size) - (size - 1) / 2
    made = np.exp(-0.5 * np.square(x / sigma))
    return np.asarray(made / made.sum())


def _single(kernel: Array) -> Windows:
    return Windows((kernel.shape[0], kernel.shape[1]), (1, 1), (1, 1))


@defines("ops.image.gaussian_blur")
def gaussian_blur(
    images: Tensor | Scalar,
    kernel_size: Sequence[int] = (3, 3),
    sigma: Sequence[float] = (1.0, 1.0),
    data_format: str | None = None,
) -> Tensor:
    """Every channel under a bell-shaped kernel ``(height, width)``, zeros lying around the image.

    What lies around is documented nowhere; zeros are what every backend takes.

    Raises:
        Unsupported: A size is even, so that the kernel has no middle.
    """
    a = floating_array(images, "gaussian_blur")
    planes = _planes(a, data_format, "gaussian_blur")
    height, width = kernel_size
    if height % 2 == 0 or width % 2 == 0:
        message = f"gaussian_blur: a kernel of {kernel_size} has no middle"
        raise Unsupported(f"{message}: Keras documents no answer")
    kernel = _bell(a.arithmetic, bell(height, float(sigma[0])), bell(width, float(sigma[1])))
    around = [(0, 0), (height // 2,) * 2, (width // 2,) * 2, (0, 0)]
    made = correlate(pad(planes, around), kernel, _single(kernel))
    return _whole(made, a, data_format)


_SMOOTH, _SLOPE = np.asarray([1.0, 2.0, 1.0]), np.asarray([-1.0, 0.0, 1.0])


@defines("ops.image.sobel_edges")
def sobel_edges(images: Tensor | Scalar, data_format: str | None = None) -> Tensor:
    """Sobel's differences down the rows and along the columns, on a new last axis.

    Raises:
        Refused: There aren't four axes.
        Unsupported: Other numbers than zero lie in the two outermost rows and columns: what lies
            around an image is documented nowhere, and frameworks differ.
    """
    a = floating_array(images, "sobel_edges")
    if a.ndim != _BATCH:
        message = f"sobel_edges: images of {a.ndim} axes"
        raise Refused(message, at="call")
    planes = _planes(a, data_format, "sobel_edges")
    inside = np.zeros(planes.shape, bool)
    inside[:, 2:-2, 2:-2] = True
    if planes.value.real[~inside].any():
        message = "sobel_edges: what lies around an image is documented nowhere"
        raise Unsupported(message)
    padded = pad(planes, [(0, 0), (1, 1), (1, 1), (0, 0)])
    kernels = (np.outer(_SLOPE, _SMOOTH), np.outer(_SMOOTH, _SLOPE))
    made = []
    for values in kernels:
        kernel = a.arithmetic.exact(values[:, :, None, None])
        made.append(_whole(correlate(padded, kernel, _single(kernel)), a, data_format))
    return stack(made, _BATCH)


@defines("ops.image.ssim")
def ssim(
    image1: Tensor | Scalar,
    image2: Tensor | Scalar,
    max_val: float = 1.0,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
    data_format: str | None = None,
) -> Tensor:
    """The mean over windows and channels of the index of Wang, Bovik, Sheikh and Simoncelli.

    Raises:
        Refused: The shapes differ, or the filter has no middle.
        Unsupported: The filter is larger than the image.
    """
    a, b = (real(one) for one in together(image1, image2))
    floating_array(a, "ssim")
    planes = [_planes(one, data_format, "ssim") for one in (a, b)]
    if a.shape != b.shape or filter_size < 1 or filter_size % 2 == 0:
        message = f"ssim of {list(a.shape)} and {list(b.shape)}, a filter of {filter_size}"
        raise Refused(message, at="call")
    if min(planes[0].shape[1:3]) < filter_size:
        message = f"ssim: a filter of {filter_size} for {list(a.shape)}: Keras documents no answer"
        raise Unsupported(message)
    x, y = planes
    row = bell(filter_size, filter_sigma)
    kernel = _bell(a.arithmetic, row, row)
    geometry = _single(kernel)
    mean_x, mean_y = correlate(x, kernel, geometry), correlate(y, kernel, geometry)
    xx, yy, xy = mean_x * mean_x, mean_y * mean_y, mean_x * mean_y
    spread_x = correlate(x * x, kernel, geometry) - xx
    spread_y = correlate(y * y, kernel, geometry) - yy
    common = correlate(x * y, kernel, geometry) - xy
    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    above = (xy * 2.0 + c1) * (common * 2.0 + c2)
    index = above / ((xx + yy + c1) * (spread_x + spread_y + c2))
    whole = a.shape[0] if a.ndim == _BATCH else 1
    rows = reshape(index, (whole, index.value.size // max(whole, 1)))
    means = _of_one_kernel(rows)
    return means if a.ndim == _BATCH else reshape(means, ())


def _of_one_kernel(rows: Array) -> Array:
    """Means of each row, whose numbers share the errors of one kernel: no mean makes these less."""
    made = rows.mean(1)
    if not rows.arithmetic.carries_variance:
        return made
    shared = np.square(np.sqrt(rows.variance).mean(axis=1))
    return Array(made.arithmetic, made.value, variance=shared + made.variance, parents=made.parents)
