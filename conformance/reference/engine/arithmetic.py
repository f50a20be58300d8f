"""The arithmetics in which the reference can be run.

* :class:`Arithmetic`: plain numbers of one dtype - float64, longdouble, or complex128 for the
  complex step that proves gradients.
* :class:`Variance`: float64 beside the variance that honest rounding gives each number, by the
  rules of docs/numerics.md, in units of u². It also keeps track of exactness and of kinks.

A third, float32 with another order of summation, is in ``working``.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import numpy as np

from conformance.reference.engine import windows
from conformance.reference.engine.array import Array, Pullback, Values
from conformance.reference.engine.dtypes import held, holds, limit, unit
from conformance.reference.engine.exactness import exact_product, exact_sum, exact_total, quantum_of
from conformance.reference.errors import NearKink

if TYPE_CHECKING:
    from conformance.reference.engine.elementary import Binary, Function
    from conformance.reference.engine.windows import Windows

THIRD = 1.0 / 3.0
"""Variance of a uniform error in [-1, 1]: the error of one rounding, in units of u²."""

UNIT = 2.0**-24
"""Rounding unit u of float32, the precision in which the suite's data are stored."""


class Result(NamedTuple):
    """What a primitive yields: values, and in :class:`Variance` their variance and quantum."""

    value: Values
    variance: Values | None = None
    quantum: float | None = None


Rounding = Callable[[Values], Values]


@dataclass
class _State:
    """What an arithmetic shares with its siblings of other dtypes."""

    recording: bool = True
    convolving: bool = False
    watch_kinks: bool = False
    first_of_ties: bool = False
    clearance: float = np.inf


class Arithmetic:
    """Plain numbers of one dtype: float64 unless told otherwise.

    Attributes:
        precision: The dtype whose rounding is spoken of: that of the framework's numbers.

    Args:
        dtype: Of all values.
        operands: Applied to the operands of every matrix product and convolution; how a framework
            that silently multiplies in bfloat16 is imitated (``faults``).
        results: Applied to the result of every primitive, likewise.
    """

    carries_variance: ClassVar[bool] = False

    def __init__(
        self,
        dtype: type[np.generic] = np.float64,
        *,
        operands: Rounding | None = None,
        results: Rounding | None = None,
    ) -> None:
        """Choose the dtype and, for a fault, the roundings that do not belong there."""
        self.dtype = dtype
        self.precision = "float32"
        self._operands = operands
        self._results = results
        self._state = _State()
        self._siblings: dict[str, Any] = {"float32": self}

    def at(self, precision: str) -> Self:
        """The same arithmetic for numbers of another float dtype; they share one tape."""
        if precision not in self._siblings:
            made = copy.copy(self)
            made.become(precision)
            self._siblings[precision] = made
        sibling: Self = self._siblings[precision]
        return sibling

    def become(self, precision: str) -> None:
        """Turn a copy into the arithmetic of this float dtype."""
        self.precision = precision

    @property
    def first_of_ties(self) -> bool:
        """Whether the gradient of a tie goes to the first of the largest, as frameworks let it.

        Nobody documents where it goes, so a tie is a kink unless this is said: for models whose
        data can't be chosen, such as a pool behind rectified and normalized numbers.
        """
        return self._state.first_of_ties

    @first_of_ties.setter
    def first_of_ties(self, on: bool) -> None:
        self._state.first_of_ties = on

    @property
    def limit(self) -> float:
        """How many multiples of a quantum the dtype can tell apart."""
        return limit(self.precision)

    def converted(self, a: Array) -> tuple[Result, float | None]:
        """Numbers of another float dtype in this one, and their ``ratio``."""
        return Result(a.value.astype(self.dtype)), None

    def leaf(self, values: Values) -> Array:
        """An array that is fed: an input, a weight, a cotangent."""
        return Array(self, np.asarray(values).astype(self.dtype))

    def whole(self, values: Values) -> Array:
        """An array of integers or booleans that is fed or answered: known exactly."""
        made = self.exact(values)
        made.integers = values
        return made

    def fed(self, values: Values) -> Array:
        """An array that is fed, whatever its dtype."""
        return self.leaf(values) if values.dtype.kind == "f" else self.whole(values)

    def constant(self, value: float, shape: tuple[int, ...] = ()) -> Array:
        """A number that stands in a formula or in a layer's arguments."""
        return Array(self, np.full(shape, value, self.dtype))

    def exact(self, values: Values) -> Array:
        """Numbers that are known exactly, such as a shift that cancels."""
        return Array(self, values.astype(self.dtype))

    def tape(self, *parents: tuple[Array, Pullback]) -> list[tuple[Array, Pullback]] | None:
        """The operands towards which a gradient flows; ``None`` if there are none."""
        if not self._state.recording:
            return None
        return [pair for pair in parents if pair[0].tracked] or None

    @contextmanager
    def unrecorded(self) -> Iterator[None]:
        """Switch the tape off."""
        before, self._state.recording = self._state.recording, False
        try:
            yield
        finally:
            self._state.recording = before

    def result(self, made: Result, *parents: tuple[Array, Pullback]) -> Array:
        """Make an array of what a primitive yielded, and put it on the tape."""
        value = made.value if self._results is None else self._results(made.value)
        return Array(
            self,
            value,
            variance=made.variance,
            quantum=made.quantum if self._results is None else None,
            parents=self.tape(*parents),
        )

    def operand(self, a: Array) -> Values:
        """The numbers that really enter a matrix product."""
        return a.value if self._operands is None else self._operands(a.value)

    def add(self, a: Array, b: Array) -> Result:
        """Elementwise sum."""
        return Result(a.value + b.value)

    def subtract(self, a: Array, b: Array) -> Result:
        """Elementwise difference."""
        return Result(a.value - b.value)

    def multiply(self, a: Array, b: Array) -> Result:
        """Elementwise product."""
        return Result(a.value * b.value)

    def divide(self, a: Array, b: Array) -> Result:
        """Elementwise quotient."""
        return Result(a.value / b.value)

    def apply(self, function: Function, a: Array) -> Result:
        """An elementary function, elementwise."""
        return Result(function.value(a.value))

    def combine(self, function: Binary, a: Array, b: Array) -> Result:
        """An elementary function of two numbers, elementwise."""
        return Result(function.value(a.value, b.value))

    def scatter(self, a: Array, places: Values, size: int) -> Result:
        """Rows of a matrix added up at places of an array of so many rows, zeros elsewhere."""
        total = np.zeros((size, *a.shape[1:]), a.value.dtype)
        np.add.at(total, places, a.value)
        return Result(total)

    def sum(self, a: Array, axes: tuple[int, ...], *, keepdims: bool) -> Result:
        """Sum over axes."""
        return Result(a.value.sum(axis=axes, keepdims=keepdims))

    @property
    def convolving(self) -> bool:
        """Whether products are parts of a convolution."""
        return self._state.convolving

    @contextmanager
    def convolution(self, *, inside: bool = True) -> Iterator[None]:
        """Products herein are parts of a convolution, or are none."""
        before, self._state.convolving = self._state.convolving, inside
        try:
            yield
        finally:
            self._state.convolving = before

    def matmul(self, a: Array, b: Array) -> Result:
        """Matrix product of two stacks ``(s, m, k)`` and ``(s, k, n)``."""
        return Result(np.matmul(self.operand(a), self.operand(b)))

    def correlate(self, x: Array, kernel: Array, geometry: Windows) -> Result:
        """Slide a kernel ``(*size, channels, filters)`` over ``(batch, *space, channels)``."""
        return Result(windows.correlate(self.operand(x), self.operand(kernel), geometry))

    def fold(self, a: Array, space: Sequence[int], geometry: Windows) -> Result:
        """Add overlapping windows up where they lie: the adjoint of cutting them out."""
        return Result(windows.fold(a.value, space, geometry))

    def maximum(self, a: Array, axes: tuple[int, ...]) -> Result:
        """Largest number over axes. Complex numbers are ordered by their real part."""
        if not np.iscomplexobj(a.value):
            return Result(a.value.max(axis=axes))
        kept = tuple(i for i in range(a.ndim) if i not in axes)
        rows = a.value.transpose(*kept, *axes).reshape(*(a.shape[i] for i in kept), -1)
        chosen = rows.real.argmax(axis=-1)[..., None]
        return Result(np.take_along_axis(rows, chosen, axis=-1)[..., 0])

    def kink(self, a: Array, distance: Values) -> None:
        """Note how far numbers are from where a function is not smooth. Kept by Variance only."""

    def jump(self, a: Array, distance: Values) -> None:
        """Note how far numbers are from where an answer changes at once. Kept by Variance only."""

    def rivals(self, a: Array, axes: tuple[int, ...], *, jumps: bool = False) -> None:
        """Note how far the largest number is from the next. Kept by Variance only."""


class Variance(Arithmetic):
    """Float64 with the variance of honest rounding, exactness and the distance from kinks.

    Its ``clearance`` is the smallest distance of any number from a kink of the function that it
    entered, as a multiple of its own rounding error τ; watched only if asked for.

    Args:
        least: A smaller clearance ends the computation with :class:`NearKink`.
        lowered: Rounding units by operation, ``conv`` or ``matmul``, of a framework that is
            declared to round the operands of its float32 products so.
    """

    carries_variance: ClassVar[bool] = True

    def __init__(
        self,
        *,
        least: float = 0.0,
        operands: Rounding | None = None,
        results: Rounding | None = None,
        lowered: Mapping[str, float] | None = None,
    ) -> None:
        """See the class."""
        super().__init__(operands=operands, results=results)
        self.least = least
        self._lowered = dict(lowered or {})

    @property
    def watch_kinks(self) -> bool:
        """Whether distances from kinks are noted."""
        return self._state.watch_kinks

    @watch_kinks.setter
    def watch_kinks(self, on: bool) -> None:
        self._state.watch_kinks = on

    @property
    def clearance(self) -> float:
        """See the class."""
        return self._state.clearance

    def leaf(self, values: Values) -> Array:
        """An array that is fed: every number v carries v²/3."""
        return Array(
            self,
            np.asarray(values).astype(self.dtype),
            ratio=THIRD,
            quantum=quantum_of(np.asarray(values), self.limit),
        )

    def constant(self, value: float, shape: tuple[int, ...] = ()) -> Array:
        """A number of a formula: exact if its dtype can hold it, else rounded once."""
        exact = float(held(np.asarray(value), self.precision)) == value
        values = np.full(shape, value, self.dtype)
        quantum = quantum_of(values, self.limit) if exact else None
        return Array(self, values, ratio=0.0 if exact else THIRD, quantum=quantum)

    def exact(self, values: Values) -> Array:
        """Numbers that are known exactly: no variance."""
        quantum = quantum_of(values, self.limit)
        return Array(self, values.astype(self.dtype), ratio=0.0, quantum=quantum)

    def converted(self, a: Array) -> tuple[Result, float | None]:
        """What is known exactly is rounded as any framework rounds it; else one rounding more.

        A variance is in units of its dtype's u², so it is rescaled.
        """
        if a.quantum is not None:
            values = held(a.value, self.precision)
            ratio = THIRD if a.ratio is None else a.ratio
            return Result(values, None, quantum_of(values, self.limit)), ratio
        ours, theirs = unit(self.precision), unit(a.arithmetic.precision)
        variance = a.variance * (theirs / ours) ** 2
        if ours > theirs:
            variance = variance + THIRD * np.square(a.value)
        return Result(a.value, variance), None

    def add(self, a: Array, b: Array) -> Result:
        """s_a² + s_b² + y²/3."""
        y = a.value + b.value
        return Result(y, a.variance + b.variance + THIRD * np.square(y), exact_sum(a, b, y))

    def subtract(self, a: Array, b: Array) -> Result:
        """s_a² + s_b² + y²/3."""
        y = a.value - b.value
        return Result(y, a.variance + b.variance + THIRD * np.square(y), exact_sum(a, b, y))

    def multiply(self, a: Array, b: Array) -> Result:
        """b²s_a² + a²s_b² + y²/3."""
        y = a.value * b.value
        variance = (
            np.square(b.value) * a.variance + np.square(a.value) * b.variance + THIRD * np.square(y)
        )
        return Result(y, variance, exact_product(a, b, 1, y))

    def divide(self, a: Array, b: Array) -> Result:
        """s_a²/b² + (a/b²)²s_b² + y²/3."""
        y = a.value / b.value
        square = np.square(b.value)
        variance = a.variance / square + np.square(y) / square * b.variance + THIRD * np.square(y)
        quantum = None
        if a.quantum and b.value.ndim == 0 and np.frexp(abs(float(b.value)))[0] == 0.5:  # noqa: PLR2004 (the mantissa of a power of two)
            quantum = a.quantum / abs(float(b.value))
        return Result(y, variance, quantum)

    def apply(self, function: Function, a: Array) -> Result:
        """f'(a)²s_a² + (k·y)²/3, and (u·floor)² of what counts only as a share of a sum."""
        y = function.value(a.value)
        slope = function.slope(a.value, y)
        own = THIRD * function.rounding**2 * np.square(y)
        if function.floor:
            own = own + (function.floor * unit(self.precision)) ** 2
        # Where there is no error none is passed on, however steep: sqrt of a 0 that is known. An
        # infinity that went wrong would not be one.
        known = (a.variance == 0) | np.isinf(a.value)
        if a.quantum is not None:
            # What was fed is what it is, where the slope has no end: sqrt of 0, arcsin of 1.
            known |= np.isinf(slope)
        passed = np.square(slope) * np.where(known, 0.0, a.variance)
        return Result(y, np.where(known, 0.0, passed) + own)

    def combine(self, function: Binary, a: Array, b: Array) -> Result:
        """f_a²s_a² + f_b²s_b² + (k·y)²/3."""
        y = function.value(a.value, b.value)
        variance = THIRD * function.rounding**2 * np.square(y)
        slopes = function.slopes(a.value, b.value, y)
        for x, slope in zip((a, b), slopes, strict=True):
            known = (x.variance == 0) | np.isinf(x.value)
            variance = variance + np.where(known, 0.0, np.square(slope) * x.variance)
        return Result(y, variance)

    def scatter(self, a: Array, places: Values, size: int) -> Result:
        """The rule of a sum, with as many terms as have come together at each place."""
        y, variance, squares = (np.zeros((size, *a.shape[1:])) for _ in range(3))
        np.add.at(y, places, a.value)
        np.add.at(variance, places, a.variance)
        np.add.at(squares, places, np.square(a.value))
        counts = np.bincount(places, minlength=size)
        n = counts.reshape(-1, *[1] * (a.ndim - 1))
        own = THIRD * (n / 2 * squares + n / 3 * np.square(y))
        most = int(counts.max(initial=0))
        return Result(y, variance + np.where(n > 1, own, 0.0), exact_total(a, most))

    def sum(self, a: Array, axes: tuple[int, ...], *, keepdims: bool) -> Result:
        """Σs² + (n/2·Σt² + n/3·y²)/3: the random walk of a sum taken term after term."""
        n = int(np.prod([a.shape[i] for i in axes], dtype=np.int64))
        y = a.value.sum(axis=axes, keepdims=keepdims)
        variance = a.variance.sum(axis=axes, keepdims=keepdims)
        if n > 1:
            squares = np.square(a.value).sum(axis=axes, keepdims=keepdims)
            variance = variance + THIRD * (n / 2 * squares + n / 3 * np.square(y))
        return Result(y, variance, exact_total(a, n))

    def matmul(self, a: Array, b: Array) -> Result:
        """A²@s_B² + s_A²@B² + q/3 + (n/2·q + n/3·y²)/3 with q = A²@B²."""
        left, right = self.operand(a), self.operand(b)
        n = a.shape[-1]
        y = np.matmul(left, right)
        lowered = self._coarse("conv" if self._state.convolving else "matmul", left, right)
        weighted, squares, rest = self._spread_operands(a, b, left, right, n, lowered)
        variance = np.matmul(weighted, squares)
        if rest is not None:
            variance += np.matmul(np.square(left), rest)
        variance += n / 9 * np.square(y)
        inexact = self._operands or lowered
        return Result(y, variance, None if inexact else exact_product(a, b, n, y))

    def correlate(self, x: Array, kernel: Array, geometry: Windows) -> Result:
        """The rule of a matrix product, by the same windows."""
        left, right = self.operand(x), self.operand(kernel)
        n = int(np.prod(kernel.shape[:-1], dtype=np.int64))
        y = windows.correlate(left, right, geometry)
        lowered = self._coarse("conv", left, right)
        weighted, squares, rest = self._spread_operands(x, kernel, left, right, n, lowered)
        variance = windows.correlate(weighted, squares, geometry)
        if rest is not None:
            variance += windows.correlate(np.square(left), rest, geometry)
        variance += n / 9 * np.square(y)
        inexact = self._operands or lowered
        return Result(y, variance, None if inexact else exact_product(x, kernel, n, y))

    def _coarse(self, operation: str, left: Values, right: Values) -> float:
        """Variance of a product's terms, as a multiple of their squares, of rounding its operands.

        Nothing where both are exact in the coarser precision, as small whole numbers are.
        """
        coarse = self._lowered.get(operation)
        if coarse is None or self.precision != "float32":
            return 0.0
        if holds(left, coarse) and holds(right, coarse):
            return 0.0
        return 2 * THIRD * (coarse / UNIT) ** 2

    @staticmethod
    def _spread_operands(  # noqa: PLR0913, PLR0917 - one rule's terms
        a: Array, b: Array, left: Values, right: Values, n: int, lowered: float
    ) -> tuple[Values, Values, Values | None]:
        """Factor the rule of a product into as few products as possible.

        All terms in B² share one product, ``(s_A² + (1/3 + n/6)·A²) @ B²``; where B's variance is
        a multiple of B² (weights as they were fed), A²@s_B² joins it.
        """
        share = THIRD + n / 6 + lowered
        if b.ratio is not None:
            share += b.ratio
        weighted = share * np.square(left) + a.variance
        return weighted, np.square(right), None if b.ratio is not None else b.variance

    def fold(self, a: Array, space: Sequence[int], geometry: Windows) -> Result:
        """The rule of a sum, with as many terms as windows may overlap."""
        y = windows.fold(a.value, space, geometry)
        variance = windows.fold(a.variance, space, geometry)
        n = geometry.overlap
        if n == 1:
            return Result(y, variance, a.quantum)
        squares = windows.fold(np.square(a.value), space, geometry)
        variance += THIRD * (n / 2 * squares + n / 3 * np.square(y))
        return Result(y, variance, exact_total(a, n))

    def maximum(self, a: Array, axes: tuple[int, ...]) -> Result:
        """The variance of the chosen number; of a tie, the largest."""
        y = a.value.max(axis=axes, keepdims=True)
        variance = np.where(a.value == y, a.variance, 0.0).max(axis=axes)
        return Result(np.squeeze(y, axis=axes), variance, a.quantum)

    def kink(self, a: Array, distance: Values) -> None:
        """Compare the distance of every number that can move at all with its τ."""
        if self.watch_kinks:
            self._note(distance, a.variance, THIRD * np.square(a.value))

    def jump(self, a: Array, distance: Values) -> None:
        """As a kink; and where numbers are not exact, whether gradients are asked for or not."""
        if self.watch_kinks or a.quantum is None:
            self._note(distance, a.variance, THIRD * np.square(a.value))

    def rivals(self, a: Array, axes: tuple[int, ...], *, jumps: bool = False) -> None:
        """Compare the lead of the largest number with the τ of that difference.

        Args:
            a: The numbers.
            axes: Along which one is the largest.
            jumps: Whether it matters without gradients too: the answer says where the largest is.
        """
        watched = self.watch_kinks or (jumps and a.quantum is None)
        if not watched or a.value.size == 0:
            return
        kept = [i for i in range(a.ndim) if i not in axes]
        order = [*kept, *axes]
        rows = (int(np.prod([a.shape[i] for i in kept], dtype=np.int64)), -1)
        value = a.value.transpose(order).reshape(rows)
        variance = a.variance.transpose(order).reshape(rows)
        first = value.argmax(axis=1)[:, None]
        lead = np.take_along_axis(value, first, axis=1)
        lead_variance = np.take_along_axis(variance, first, axis=1)
        others = np.ones(value.shape, bool)
        np.put_along_axis(others, first, values=False, axis=1)
        others &= np.isfinite(value)
        movable = others & (variance + lead_variance > 0)
        distance = np.where(movable, lead - np.where(movable, value, 0.0), np.inf)
        if self.first_of_ties:
            # Equal numbers that were made alike are equal in a framework, too.
            distance = np.where(distance == 0, np.inf, distance)
        self._note(
            distance,
            np.where(movable, variance + lead_variance, 1.0),
            THIRD * (np.square(lead) + np.where(movable, np.square(value), 0.0)),
        )

    def _note(self, distance: Values, variance: Values, rounding: Values) -> None:
        error = np.broadcast_to(unit(self.precision) * np.sqrt(variance + rounding), distance.shape)
        movable = np.broadcast_to(variance > 0, distance.shape)
        if movable.any():
            nearest = float(np.min(np.abs(distance)[movable] / error[movable]))
            self._state.clearance = min(self.clearance, nearest)
            if self.clearance < self.least:
                raise NearKink(self.clearance)
