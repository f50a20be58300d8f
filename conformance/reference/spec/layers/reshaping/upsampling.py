"""UpSampling1D to 3D: repetition, and interpolation between neighbours.

Interpolated sizes are those of an image whose pixels are little areas: the centre of output pixel i
lies at ``(i + 0.5) / factor - 0.5``. Each output is a weighted mean of the pixels around that
place; near the border, of those that exist.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine.contraction import matmul
from conformance.reference.engine.structure import repeat, transpose
from conformance.reference.spec.layers.base import Context, Layer, Weights, of_rank, register
from conformance.reference.spec.layers.reshaping.reshape import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.cases.model import Shape
    from conformance.reference.engine.array import Array
    from conformance.reference.spec.config import Config


def bilinear(x: Array) -> Array:
    """A triangle of radius 1."""
    return f.choose(x.value.real < 1, 1.0 - x, 0.0)


def bicubic(x: Array) -> Array:
    """Keys's cubic with a = -1/2, of radius 2: the one that reproduces parabolas."""
    near = ((x * 1.5 - 2.5) * x) * x + 1.0
    far = ((x * -0.5 + 2.5) * x - 4.0) * x + 2.0
    return f.choose(x.value.real < 1, near, f.choose(x.value.real < 2, far, 0.0))  # noqa: PLR2004 (its radius)


def lanczos(radius: int) -> Callable[[Array], Array]:
    """``sinc(x) * sinc(x / radius)`` up to the radius."""

    def kernel(x: Array) -> Array:
        centre, one = x.value.real == 0, x.arithmetic.constant(1.0, x.shape)
        inside = f.choose(centre, one, x)
        angle = inside * math.pi
        product = f.sine(angle) * f.sine(angle / float(radius)) * float(radius)
        value = product / f.square(angle)
        return f.choose(centre, one, f.choose(x.value.real < radius, value, 0.0))

    return kernel


KERNELS: dict[str, Callable[[Array], Array]] = {
    "bicubic": bicubic,
    "bilinear": bilinear,
    "lanczos3": lanczos(3),
    "lanczos5": lanczos(5),
}
"""Weight of a pixel by its distance, in pixels of the input. All have their value 1 at 0."""


def shares(kernel: Callable[[Array], Array], size: int, factor: int, context: Context) -> Array:
    """What each of ``size`` pixels contributes to each of ``size * factor``: (pixels, outputs).

    Computed in the arithmetic of the run, as a framework computes it in its own precision.
    """
    arithmetic = context.arithmetic
    with arithmetic.unrecorded():
        pixels = arithmetic.exact(np.arange(size * factor, dtype=float))
        centres = context.centre(pixels, size, factor)
        if kernel is bilinear:
            # Outside the outermost pixels' centres there is no pair to share between.
            centres = f.choose(centres.value.real > 0, centres, 0.0)
            centres = f.choose(centres.value.real < size - 1, centres, float(size - 1))
        apart = centres - arithmetic.exact(np.arange(size, dtype=float)[:, None])
        # Choices, not functions with kinks: places are constants, no gradient jumps with them.
        weights = kernel(f.choose(apart.value.real > 0, apart, -apart))
        # Those of a pair are 1 together, so that whole numbers stay exact.
        return weights if kernel is bilinear else weights / weights.sum(0, keepdims=True)


@register("UpSampling1D", "UpSampling2D", "UpSampling3D")
class UpSampling(Layer):
    """keras.layers.UpSampling1D, 2D and 3D."""

    def __init__(self, config: Config) -> None:
        """Args: size; but for 1D data_format; for 2D interpolation."""
        self.owner = config.owner
        axes = int(config.owner[-2])
        self.size = config.sizes("size", axes, 2)
        self.first = False
        if axes > 1:
            self.first = config.choice("data_format", FORMATS, FORMATS[0]) == "channels_first"
        self.kernel: Callable[[Array], Array] | None = None
        if axes == 2:  # noqa: PLR2004 (images)
            name = config.choice("interpolation", ["nearest", *KERNELS], "nearest")
            self.kernel = KERNELS.get(name)

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """Spatial sizes times their factors."""
        shape = list(of_rank(shapes[0], len(self.size) + 2, self.owner))
        for axis, factor in enumerate(self.size, start=2 if self.first else 1):
            n = shape[axis]
            shape[axis] = n if n is None else n * factor
        return shape

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """Each axis by itself."""
        x = inputs[0]
        for axis, factor in enumerate(self.size, start=2 if self.first else 1):
            if self.kernel is None:
                x = repeat(x, axis, factor)
            elif factor > 1:
                matrix = shares(self.kernel, x.shape[axis], factor, context)
                last = [*(i for i in range(x.ndim) if i != axis), axis]
                back = [last.index(i) for i in range(x.ndim)]
                x = transpose(matmul(transpose(x, last), matrix), back)
        return x
