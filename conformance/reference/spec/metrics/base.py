"""What metrics share: variables, and how values are weighed before they are added up."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from conformance.reference.engine.array import Array, broadcast, reshape
from conformance.reference.engine.conversion import as_array, real
from conformance.reference.errors import Refused
from conformance.reference.spec.losses.base import float_dtype, without_zero

if TYPE_CHECKING:
    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.conversion import Scalar, Tensor


class Metric(ABC):
    """A number over all that has been seen since the last reset.

    Attributes:
        variables: What is remembered, by Keras's names, in Keras's order.
    """

    def __init__(self, name: str | None, dtype: str | None, arithmetic: Arithmetic) -> None:
        """Arguments that every metric has; the name changes nothing."""
        self.owner = type(self).__name__
        self.name = name
        self.dtype = float_dtype(dtype, self.owner)
        self.arithmetic = arithmetic.at(self.dtype)
        self.variables: dict[str, Array] = {}
        self._shapes: dict[str, tuple[int, ...]] = {}

    def add_variable(self, name: str, shape: tuple[int, ...] = ()) -> None:
        """Another variable of zeros."""
        self._shapes[name] = shape
        self.variables[name] = self.arithmetic.constant(0.0, shape)

    def reset_state(self) -> None:
        """Zeros again."""
        for name, shape in self._shapes.items():
            self.variables[name] = self.arithmetic.constant(0.0, shape)

    def add(self, name: str, more: Array) -> None:
        """Add to a variable; what it was before has no gradient."""
        self.variables[name] = (self.variables[name] + more).detached()

    def given(self, x: Tensor | Scalar) -> Array:
        """An argument in the metric's dtype."""
        return real(as_array(x, self.arithmetic, self.dtype))

    @abstractmethod
    def update_state(self, *given: Any, **named: Any) -> None:
        """Take another batch into account."""

    @abstractmethod
    def result(self) -> Array:
        """The number, of all batches since the last reset."""


class Averaged(Metric):
    """``total`` over ``count``, of values that an update adds up."""

    def __init__(self, name: str | None, dtype: str | None, arithmetic: Arithmetic) -> None:
        """See the base."""
        super().__init__(name, dtype, arithmetic)
        self.add_variable("total")
        self.add_variable("count")

    def take(self, values: Array, sample_weight: Tensor | Scalar | None) -> None:
        """Add values up, each times its weight, and the weights.

        Of values of several axes the mean of each sample counts, and that of its weights, as
        Keras's variables have it: the quotient is the same as long as all updates have as many a
        sample.

        Raises:
            Refused: The weights don't fit the values.
        """
        if sample_weight is None:
            values = _by_sample(values)
            self.add("total", values.sum())
            self.add("count", self.arithmetic.constant(float(values.value.size)))
            return
        weights = self.given(sample_weight)
        if weights.ndim == values.ndim + 1 and weights.shape[-1] == 1:
            weights = reshape(weights, weights.shape[:-1])
        if weights.ndim < values.ndim:
            values = values.mean(range(weights.ndim, values.ndim))
        fits = weights.ndim in {0, values.ndim} and all(
            n in {1, m} for n, m in zip(weights.shape, values.shape, strict=False)
        )
        if not fits:
            message = f"{self.owner}: weights of {weights.shape} for values of {values.shape}"
            raise Refused(message, at="call")
        weights = broadcast(weights, values.shape)
        self.add("total", _by_sample(values * weights).sum())
        self.add("count", _by_sample(weights).sum())

    def result(self) -> Array:
        """``total / count``; 0 while nothing has been counted."""
        return without_zero(self.variables["total"], self.variables["count"])


def _by_sample(values: Array) -> Array:
    return values.mean(range(1, values.ndim)) if values.ndim > 1 else values
