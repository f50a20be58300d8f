"""Metrics of values that are given as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference.spec.metrics.base import Averaged
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.conversion import Scalar, Tensor


@defines("metrics.Mean")
class Mean(Averaged):
    """keras.metrics.Mean."""

    def __init__(
        self, name: str | None = "mean", dtype: str | None = None, *, arithmetic: Arithmetic
    ) -> None:
        """See Keras."""
        super().__init__(name, dtype, arithmetic)

    def update_state(
        self, values: Tensor | Scalar, sample_weight: Tensor | Scalar | None = None
    ) -> None:
        """Add values up, each times its weight."""
        self.take(self.given(values), sample_weight)
