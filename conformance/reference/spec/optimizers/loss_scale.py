"""keras.optimizers.LossScaleOptimizer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.reference.engine.dtypes import FLOATX
from conformance.reference.errors import Unsupported
from conformance.reference.spec.table import defines, find

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Array
    from conformance.reference.spec.optimizers.base import Optimizer


@defines("optimizers.LossScaleOptimizer")
class LossScaleOptimizer:
    """keras.optimizers.LossScaleOptimizer.

    Attributes:
        inner: The optimizer that it wraps.
        scale: What gradients are divided by.
        counted: Steps with finite gradients since the scale was changed.
    """

    def __init__(
        self,
        inner_optimizer: Mapping[str, Any],
        initial_scale: float = 2.0**15,
        dynamic_growth_steps: int = 2000,
        name: str | None = None,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras; the optimizer that is wrapped is ``{"SGD": {…}}``.

        Raises:
            Unsupported: It is something else.
        """
        if not isinstance(inner_optimizer, dict) or len(inner_optimizer) != 1:
            message = f"inner_optimizer={inner_optimizer!r} is not in the reference: one optimizer"
            raise Unsupported(message)
        ((kind, config),) = inner_optimizer.items()
        given = {**(config or {}), "loss_scale_factor": None}
        self.inner: Optimizer = find(f"optimizers.{kind}")(**given, arithmetic=arithmetic)
        self.arithmetic, self.name = arithmetic.at(FLOATX), name
        self.scale, self.counted = float(initial_scale), 0
        self.growth_steps = dynamic_growth_steps

    @property
    def values(self) -> dict[str, Array]:
        """The variables that are trained, as they are now."""
        return self.inner.values

    @values.setter
    def values(self, values: dict[str, Array]) -> None:
        self.inner.values = values

    @property
    def variables(self) -> dict[str, Array]:
        """Those of the optimizer that is wrapped, the steps that were counted, and the scale."""
        count = self.arithmetic.whole(np.asarray(self.counted, np.int32))
        scale = self.arithmetic.constant(self.scale)
        return {"step_counter": count, "dynamic_scale": scale, **self.inner.variables}

    def build(self, variables: Mapping[str, Array]) -> None:
        """Make the slots of the optimizer that is wrapped."""
        self.inner.build(variables)

    def set(self, *, learning_rate: float) -> None:
        """Another learning rate from now on."""
        self.inner.set(learning_rate=learning_rate)

    def apply(self, gradients: Mapping[str, Array]) -> None:
        """A step by gradients of the scaled loss.

        It is left out, and the scale halved, where any of them is not finite. After so many steps
        that are finite the scale is doubled.
        """
        if not all(np.isfinite(gradient.value).all() for gradient in gradients.values()):
            self.overflown()
            return
        self.inner.apply({name: gradient / self.scale for name, gradient in gradients.items()})
        self.counted += 1
        if self.counted == self.growth_steps:
            self.scale, self.counted = self.scale * 2.0, 0

    def overflown(self) -> None:
        """What a gradient that is not finite changes."""
        self.scale, self.counted = self.scale / 2.0, 0
