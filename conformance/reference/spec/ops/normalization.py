"""Normalizations: keras/src/ops/nn.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine.conversion import floats, real, together
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.config import USUAL_EPSILON
from conformance.reference.spec.layers.normalization.layer import moments, spread_over
from conformance.reference.spec.ops.base import floating_array, one_axis, some_axes
from conformance.reference.spec.ops.linalg import norm
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.reference.engine.array import Array
    from conformance.reference.engine.conversion import Scalar, Tensor
    from conformance.reference.spec.ops.base import Axes

    Optional = Tensor | Scalar | None


def _met(function: str, **operands: Optional) -> dict[str, Array]:
    """Floats in the dtype in which those that are given meet, by name; ``x`` comes first.

    Raises:
        Unsupported: The array holds integers.
    """
    given = {name: one for name, one in operands.items() if one is not None}
    floating_array(given["x"], function)
    met = together(*given.values(), least="float")
    return {name: real(one) for name, one in zip(given, met, strict=True)}


def _along(met: Mapping[str, Array], axes: Sequence[int], function: str) -> dict[str, Array]:
    """What is beside ``x``, laid along the normalized axes.

    Raises:
        Refused: One has another length.
    """
    x = met["x"]
    made = {name: one for name, one in met.items() if name != "x"}
    for one in made.values():
        if one.shape != tuple(x.shape[i] for i in axes):
            message = f"{function}: {list(one.shape)} along the axes {axes} of {list(x.shape)}"
            raise Refused(message, at="call")
    return {name: spread_over(one, axes, x.ndim) for name, one in made.items()}


def _affine(y: Array, scale: Array | None, offset: Array | None = None) -> Array:
    scaled = y if scale is None else y * scale
    return scaled if offset is None else scaled + offset


@defines("ops.batch_normalization")
def batch_normalization(
    x: Tensor | Scalar,
    mean: Tensor | Scalar,
    variance: Tensor | Scalar,
    axis: int,
    offset: Optional = None,
    scale: Optional = None,
    epsilon: float = 1e-3,
) -> Tensor:
    """``scale * (x - mean) / sqrt(variance + epsilon) + offset``, by vectors along an axis."""
    name = "batch_normalization"
    met = _met(name, x=x, mean=mean, variance=variance, offset=offset, scale=scale)
    along = _along(met, (one_axis(axis, met["x"].ndim, name),), name)
    made = (met["x"] - along["mean"]) / f.sqrt(along["variance"] + epsilon)
    return _affine(made, along.get("scale"), along.get("offset"))


@defines("ops.layer_normalization")
def layer_normalization(
    x: Tensor | Scalar,
    gamma: Optional = None,
    beta: Optional = None,
    axis: Axes = -1,
    epsilon: float | None = None,
) -> Tensor:
    """``gamma * (x - mean) / sqrt(variance + epsilon) + beta``, by moments over axes."""
    name = "layer_normalization"
    met = _met(name, x=x, gamma=gamma, beta=beta)
    axes = some_axes(axis, met["x"].ndim, name)
    along = _along(met, axes, name)
    mean, variance = moments(met["x"], axes)
    made = (met["x"] - mean) / f.sqrt(variance + (USUAL_EPSILON if epsilon is None else epsilon))
    return _affine(made, along.get("gamma"), along.get("beta"))


@defines("ops.rms_normalization")
def rms_normalization(
    x: Tensor | Scalar,
    scale: Optional = None,
    axis: Axes = -1,
    epsilon: float | None = None,
) -> Tensor:
    """``x / sqrt(mean(x ** 2) + epsilon) * scale``, the mean over axes."""
    name = "rms_normalization"
    met = _met(name, x=x, scale=scale)
    axes = some_axes(axis, met["x"].ndim, name)
    along = _along(met, axes, name)
    mean = f.square(met["x"]).mean(axes, keepdims=True)
    made = met["x"] / f.sqrt(mean + (USUAL_EPSILON if epsilon is None else epsilon))
    return _affine(made, along.get("scale"))


@defines("ops.normalize")
def normalize(
    x: Tensor | Scalar,
    axis: int | Sequence[int] = -1,
    order: float = 2,
    epsilon: float | None = None,
) -> Tensor:
    """``x / max(norm(x), epsilon)``, the norm along one axis, or Euclid's over several.

    Raises:
        Unsupported: Another norm over several axes: whether of vectors or of matrices is not said.
    """
    a = floats(x)
    axes = some_axes(axis, a.ndim, "normalize")
    least = USUAL_EPSILON if epsilon is None else epsilon
    if order == 2:  # noqa: PLR2004 (Euclid's)
        # The root is taken of 1 where it is not used: its slope at 0 is infinite.
        total = f.square(a).sum(axes, keepdims=True)
        long = f.split_at(total, least**2)
        return f.choose(
            np.broadcast_to(long, a.shape), a / f.sqrt(f.choose(long, total, 1.0)), a / least
        )
    if len(axes) > 1:
        message = f"normalize: order={order} over several axes: Keras documents no answer"
        raise Unsupported(message)
    size = real(norm(a, order, axes[0], keepdims=True))
    return a / f.choose(f.split_at(size, least), size, least)
