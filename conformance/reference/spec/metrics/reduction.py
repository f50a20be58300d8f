"""Metrics of values that are given as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference.errors import Refused
from conformance.reference.spec.metrics.base import Averaged, Metric
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Array
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


@defines("metrics.Sum")
class Sum(Metric):
    """keras.metrics.Sum."""

    def __init__(
        self, name: str | None = "sum", dtype: str | None = None, *, arithmetic: Arithmetic
    ) -> None:
        """See Keras."""
        super().__init__(name, dtype, arithmetic)
        self.add_variable("total")

    def update_state(
        self, values: Tensor | Scalar, sample_weight: Tensor | Scalar | None = None
    ) -> None:
        """Add values up, each times its weight.

        Raises:
            Refused: The weights don't fit the values.
        """
        given = self.given(values)
        if sample_weight is not None:
            weights = self.given(sample_weight)
            if weights.shape not in {(), given.shape}:
                message = f"{self.owner}: weights of {weights.shape} for values of {given.shape}"
                raise Refused(message, at="call")
            given = given * weights
        self.add("total", given.sum())

    def result(self) -> Array:
        """What has been added up."""
        return self.variables["total"]
