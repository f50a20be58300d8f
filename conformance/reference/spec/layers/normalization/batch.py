"""BatchNormalization: by moving statistics, or by those of the batch, which move them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine.array import Array, reshape
from conformance.reference.errors import Refused
from conformance.reference.spec.layers.base import Context, Variable, Weights, register
from conformance.reference.spec.layers.normalization.layer import (
    Normalizing,
    moments,
    spread_over,
    within,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.cases.model import Shape
    from conformance.reference.spec.config import Config


@register("BatchNormalization")
class BatchNormalization(Normalizing):
    """keras.layers.BatchNormalization."""

    def __init__(self, config: Config) -> None:
        """Args: also momentum, trainable, renorm, renorm_clipping, renorm_momentum."""
        super().__init__(config)
        if len(self.axes) != 1:
            message = f"BatchNormalization: axis must be one integer, not {list(self.axes)}"
            raise Refused(message)
        self.momentum = config.number("momentum", 0.99)
        self.trainable = config.flag("trainable", default=True)
        config.only("synchronized", value=False)
        self.renorm = config.flag("renorm", default=False)
        self.renorm_momentum = config.number("renorm_momentum", 0.99)
        self.clipping = self._clipping(config.get("renorm_clipping"))

    @staticmethod
    def _clipping(value: object) -> dict[str, float]:
        limits = dict(value) if isinstance(value, Mapping) else {}
        unknown = sorted(limits.keys() - {"rmax", "rmin", "dmax"})
        low, high = limits.get("rmin"), limits.get("rmax")
        crossed = low is not None and high is not None and high < low
        if unknown or crossed or limits.get("dmax", 0) < 0:
            message = f"BatchNormalization: renorm_clipping={value!r} is not possible"
            raise Refused(message)
        return limits

    def weights(self, shapes: Sequence[Shape]) -> list[Variable]:
        """Also moving statistics, which gradients don't move; more of them with ``renorm``."""
        sizes = self.sizes(shapes[0])

        def still(name: str, kind: str) -> Variable:
            return Variable(name, sizes, "bias" if kind == "bias" else "variance", trainable=False)

        made = [
            *super().weights(shapes),
            still("moving_mean", "bias"),
            still("moving_variance", "variance"),
        ]
        if not self.renorm:
            return made
        return [
            *made,
            still("moving_stddev", "variance"),
            still("renorm_mean", "bias"),
            still("renorm_stddev", "variance"),
        ]

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:
        """``gamma * (x - mean) / sqrt(variance + epsilon) + beta``."""
        x = inputs[0]
        axes = within(self.axes, list(x.shape), self.owner)
        if context.frozen or not (context.training and self.trainable):
            mean = spread_over(weights["moving_mean"], axes, x.ndim)
            variance = spread_over(weights["moving_variance"], axes, x.ndim)
            return self.normalized(x, mean, variance, weights, axes)
        others = [i for i in range(x.ndim) if i not in axes]
        mean, variance = (
            moments(x, others) if context.mask is None else _counted(x, others, context)
        )
        flat = (x.shape[axes[0]],)
        with x.arithmetic.unrecorded():
            self._move(context, weights, reshape(mean, flat), reshape(variance, flat))
        if not self.renorm:
            return self.normalized(x, mean, variance, weights, axes)
        factor, shift = self._correction(reshape(mean, flat), reshape(variance, flat), weights)
        y = (x - mean) / f.sqrt(variance + self.epsilon)
        y = y * spread_over(factor, axes, x.ndim) + spread_over(shift, axes, x.ndim)
        return self.affine(y, weights, axes)

    def _move(self, context: Context, weights: Weights, mean: Array, variance: Array) -> None:
        """Moving statistics after this call: ``old * momentum + new * (1 - momentum)``."""

        def moved(name: str, new: Array, momentum: float) -> Array:
            result = weights[name] * momentum + new * (1.0 - momentum)
            context.assign(name, result)
            return result

        moved("moving_mean", mean, self.momentum)
        if not self.renorm:
            moved("moving_variance", variance, self.momentum)
            return
        deviation = f.sqrt(variance + self.epsilon)
        moved("renorm_mean", mean, self.renorm_momentum)
        moved("renorm_stddev", deviation, self.renorm_momentum)
        moving = moved("moving_stddev", deviation, self.momentum)
        context.assign("moving_variance", f.relu(f.square(moving) - self.epsilon))

    def _correction(self, mean: Array, variance: Array, weights: Weights) -> tuple[Array, Array]:
        """``r`` and ``d`` of batch renormalization; no gradient flows through them."""
        with mean.arithmetic.unrecorded():
            # The paper divides by the deviation; Keras holds it above the root of epsilon.
            least = mean.arithmetic.constant(float(np.sqrt(self.epsilon)), mean.shape)
            deviation = f.maximum(weights["renorm_stddev"], least)
            factor = f.sqrt(variance + self.epsilon) / deviation
            shift = (mean - weights["renorm_mean"]) / deviation
            low, high = self.clipping.get("rmin"), self.clipping.get("rmax")
            factor = f.clip(factor, -np.inf if low is None else low, high or np.inf)
            most = self.clipping.get("dmax", np.inf)
            return factor, f.clip(shift, -most, most)


def _counted(x: Array, others: Sequence[int], context: Context) -> tuple[Array, Array]:
    """Mean and variance of those entries whose mask is true."""
    mask = context.mask
    if mask is None or mask.shape != x.shape[:-1]:
        message = f"BatchNormalization takes a mask of one axis less than its input {x.shape}"
        raise Refused(message, at="call")
    counts = np.broadcast_to(mask[..., None], x.shape)
    number = x.arithmetic.exact(counts.sum(axis=tuple(others), keepdims=True))
    mean = f.choose(counts, x, 0.0).sum(others, keepdims=True) / number
    squares = f.choose(counts, f.square(x - mean), 0.0)
    return mean, squares.sum(others, keepdims=True) / number
