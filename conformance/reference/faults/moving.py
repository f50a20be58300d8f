"""Faults of one optimizer's own rule: where epsilon sits, what is squared, what overflows do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference.engine import functions as f
from conformance.reference.spec.optimizers.adagrad import Adagrad
from conformance.reference.spec.optimizers.adamax import Adamax, Nadam
from conformance.reference.spec.optimizers.ftrl import Ftrl
from conformance.reference.spec.optimizers.lion import Lamb, Lion
from conformance.reference.spec.optimizers.loss_scale import LossScaleOptimizer
from conformance.reference.spec.optimizers.rmsprop import RMSprop

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.reference.engine.array import Array


class _UnderRoot:
    """Epsilon under the root, where its root counts."""

    def rooted(self, square: Array) -> Array:
        return f.sqrt(square + self.epsilon)  # type: ignore[attr-defined] # an optimizer's


class _FromNought:
    """Squares that are added up from nought."""

    def first(self, slot: str, array: Array) -> Array:  # noqa: ARG002 (Adagrad's)
        return array.arithmetic.constant(0.0, array.shape)


class _FastSchedule:
    """A schedule of momentum that is over after a hundred steps, not after many thousands."""

    span = 1


class _Doubled:
    """Twice the L2 regularization."""

    def held(self) -> float:
        return 2 * float(self.l2)  # type: ignore[attr-defined] # Ftrl's


class _Unshrunk:
    """Squares of the gradient without what shrinkage adds to it."""

    def gradients(self, weight: Array, gradient: Array) -> tuple[Array, Array]:
        return gradient, super().gradients(weight, gradient)[1]  # type: ignore[misc] # Ftrl's


class _Exchanged:
    """The rate that mixes for the one that remembers."""

    def update(self, name: str, weight: Array, gradient: Array, rate: Array) -> Array:
        betas, self.betas = self.betas, self.betas[::-1]  # type: ignore[has-type] # Lion's
        made: Array = super().update(name, weight, gradient, rate)  # type: ignore[misc] # Lion's
        self.betas = betas
        return made


class _NoRatio:
    """Adam's step as it is."""

    def ratio(self, weight: Array, step: Array) -> Array:  # noqa: ARG002 (Lamb's)
        return weight.arithmetic.constant(1.0)


class _LastingNorm:
    """A largest gradient that never fades."""

    def update(self, name: str, weight: Array, gradient: Array, rate: Array) -> Array:
        betas, self.betas = self.betas, (self.betas[0], 1.0)  # type: ignore[has-type] # Adamax's
        made: Array = super().update(name, weight, gradient, rate)  # type: ignore[misc] # Adamax's
        self.betas = betas
        return made


class _KeptScale:
    """An overflow that leaves the scale as it is."""

    def overflown(self) -> None:
        self.counted = 0


class _KeptCount:
    """An overflow after which steps are counted on."""

    def overflown(self) -> None:
        self.scale /= 2.0  # type: ignore[attr-defined] # LossScaleOptimizer's


class _Scaled:
    """Gradients that are not divided by the scale."""

    def apply(self, gradients: Mapping[str, Array]) -> None:
        scale = self.scale  # type: ignore[attr-defined] # LossScaleOptimizer's
        super().apply({name: gradient * scale for name, gradient in gradients.items()})  # type: ignore[misc] # LossScaleOptimizer's


RULES: dict[str, tuple[type | tuple[type, ...], type, str]] = {
    "epsilon-under-root": ((RMSprop, Adagrad), _UnderRoot, "added epsilon under the root"),
    "squares-from-nought": (Adagrad, _FromNought, "added squares up from nought"),
    "momentum-schedule-fast": (
        Nadam,
        _FastSchedule,
        "took 0.96**t for 0.96**(t / 250) in its schedule of momentum",
    ),
    "l2-doubled": (Ftrl, _Doubled, "added twice the L2 regularization to the divisor"),
    "shrinkage-unsquared": (Ftrl, _Unshrunk, "squared the gradient without its shrinkage"),
    "rates-exchanged": (Lion, _Exchanged, "took its two rates for each other"),
    "ratio-missing": (Lamb, _NoRatio, "left the ratio of the norms out"),
    "norm-lasting": (Adamax, _LastingNorm, "let the largest gradient never fade"),
    "scale-kept": (LossScaleOptimizer, _KeptScale, "kept its scale after an overflow"),
    "count-kept": (LossScaleOptimizer, _KeptCount, "counted steps on after an overflow"),
    "gradients-scaled": (LossScaleOptimizer, _Scaled, "did not divide gradients by its scale"),
}
"""By name: the classes that it fits, what is mixed in, the words."""

NEEDED = {
    "l2-doubled": "l2_regularization_strength",
    "shrinkage-unsquared": "l2_shrinkage_regularization_strength",
}
"""Arguments without which a fault is none."""
