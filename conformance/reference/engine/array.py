"""An array that can be computed with in several arithmetics, and its reverse-mode tape.

Layers are written once, with the operators and functions of this module, of ``structure``,
``functions`` and ``contraction``. What a number *is* - a plain float64, a float64 with the variance
that honest rounding gives it, a float32 summed in another order, a complex step - is decided by the
:class:`~conformance.reference.engine.arithmetic.Arithmetic` that made the leaves.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from conformance.reference.engine.arithmetic import Arithmetic

Values = NDArray[Any]
"""Raw numbers; the dtype is the arithmetic's."""

Pullback = Callable[["Array"], "Array | Piece"]
"""Takes the gradient of a result to the gradient of one of its operands."""

TINY = 1e-60
"""Variance of a zero that was fed: far below all rounding, and yet not a constant's variance 0.
Two fed zeros in one pooling window are a tie; two outputs of dead relus are not."""

_order = itertools.count()


class Array:
    """Numbers, their rounding variance, and how they came about.

    Attributes:
        arithmetic: Decides how numbers are added, multiplied, rounded.
        value: The numbers.
        quantum: A power of two of which every value is a multiple, and which makes the values
            exact in float32 in whatever order they are computed; 0.0 when they are exact, but
            only as long as they are merely moved; ``None`` when they are not exact.
        ratio: The variance as a multiple of ``value**2``, where it is one (fed data, constants).
        parents: Operands with their pullbacks, when the tape is on.
        integers: The numbers themselves, in their own dtype, where they are integers or booleans:
            those are exact, wrap and have no gradient. ``value`` is then the same as floats, and
            may be rounded where an integer is larger than 2**53.
    """

    __slots__ = (
        "_variance",
        "arithmetic",
        "integers",
        "order",
        "parents",
        "quantum",
        "ratio",
        "value",
    )

    __array_priority__ = 1000  # so that `ndarray + Array` becomes our __radd__

    def __init__(  # noqa: PLR0913 (its state; all but two are keywords)
        self,
        arithmetic: Arithmetic,
        value: Values,
        *,
        variance: Values | None = None,
        ratio: float | None = None,
        quantum: float | None = None,
        parents: Sequence[tuple[Array, Pullback]] | None = None,
        integers: Values | None = None,
    ) -> None:
        """Wrap numbers; ``parents=None`` means that no gradient flows further back."""
        self.arithmetic = arithmetic
        self.value = value
        self._variance = variance
        self.ratio = ratio
        self.quantum = quantum
        self.parents = parents
        self.integers = integers
        self.order = next(_order)

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes by axis."""
        shape: tuple[int, ...] = self.value.shape
        return shape

    @property
    def whole(self) -> str:
        """The dtype of integers and booleans; empty for floats."""
        return "" if self.integers is None else self.integers.dtype.name

    @property
    def dtype(self) -> str:
        """Keras's name of the dtype in which a framework would hold these numbers."""
        return self.whole or self.arithmetic.precision

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.value.ndim

    @property
    def tracked(self) -> bool:
        """Whether a gradient flows to or through this array."""
        return self.parents is not None

    @property
    def variance(self) -> Values:
        """Variance of the rounding error of every value, in units of u²."""
        if self._variance is None:
            if self.ratio is None:
                message = f"the {type(self.arithmetic).__name__} arithmetic carries no variance"
                raise TypeError(message)
            if self.ratio == 0.0:
                self._variance = np.zeros_like(self.value)
            else:
                # An infinity that was fed is exactly that: it has no error.
                finite = np.where(np.isfinite(self.value), self.value, 0.0)
                self._variance = np.maximum(self.ratio * np.square(finite), TINY)
        return self._variance

    def moved(self, move: Callable[[Values], Values], pullback: Pullback) -> Array:
        """The result of an operation that only picks, places or repeats numbers.

        Args:
            move: Applied to the values, to their variances and to integers alike.
            pullback: Its adjoint.
        """
        variance = None
        if self.ratio is None and self._variance is not None:
            variance = move(self._variance)
        return Array(
            self.arithmetic,
            move(self.value),
            variance=variance,
            ratio=self.ratio,
            quantum=self.quantum,
            parents=self.arithmetic.tape((self, pullback)),
            integers=None if self.integers is None else move(self.integers),
        )

    def detached(self) -> Array:
        """The same numbers and variances as a new leaf, without history."""
        return Array(
            self.arithmetic,
            self.value,
            variance=self._variance,
            ratio=self.ratio,
            quantum=self.quantum,
            integers=self.integers,
        )

    def watched(self) -> Array:
        """The same numbers as a leaf towards which gradients flow; whole numbers have none."""
        if self.integers is not None:
            return self
        leaf = self.detached()
        leaf.parents = ()
        return leaf

    def _lift(self, other: Operand) -> Array:
        if isinstance(other, Array):
            return other
        if self.integers is not None and isinstance(other, int):
            return self.arithmetic.whole(np.asarray(other, self.integers.dtype))
        return self.arithmetic.constant(other)

    def _whole(self, operation: Callable[..., Any], other: Array) -> Array | None:
        """The answer of two arrays of one integer dtype, which wraps; ``None`` for others."""
        if self.integers is None or other.integers is None or self.whole != other.whole:
            return None
        made = operation(self.integers, other.integers)
        return self.arithmetic.whole(np.asarray(made, self.integers.dtype))

    def __add__(self, other: Operand) -> Array:
        """Sum, elementwise with broadcasting."""
        a, b = self, self._lift(other)
        return a._whole(np.add, b) or a.arithmetic.result(
            a.arithmetic.add(a, b),
            (a, lambda g: unbroadcast(g, a.shape)),
            (b, lambda g: unbroadcast(g, b.shape)),
        )

    __radd__ = __add__

    def __sub__(self, other: Operand) -> Array:
        """Difference, elementwise with broadcasting."""
        a, b = self, self._lift(other)
        return a._whole(np.subtract, b) or a.arithmetic.result(
            a.arithmetic.subtract(a, b),
            (a, lambda g: unbroadcast(g, a.shape)),
            (b, lambda g: unbroadcast(-g, b.shape)),
        )

    def __rsub__(self, other: Operand) -> Array:
        """Difference with a number on the left."""
        return self._lift(other) - self

    def __mul__(self, other: Operand) -> Array:
        """Product, elementwise with broadcasting."""
        a, b = self, self._lift(other)
        return a._whole(np.multiply, b) or a.arithmetic.result(
            a.arithmetic.multiply(a, b),
            (a, lambda g: unbroadcast(g * b, a.shape)),
            (b, lambda g: unbroadcast(g * a, b.shape)),
        )

    __rmul__ = __mul__

    def __truediv__(self, other: Operand) -> Array:
        """Quotient, elementwise with broadcasting."""
        a, b = self, self._lift(other)
        return a.arithmetic.result(
            a.arithmetic.divide(a, b),
            (a, lambda g: unbroadcast(g / b, a.shape)),
            (b, lambda g: unbroadcast(-(g * a) / (b * b), b.shape)),
        )

    def __rtruediv__(self, other: Operand) -> Array:
        """Quotient with a number on the left."""
        return self._lift(other) / self

    def __neg__(self) -> Array:
        """The same numbers with the other sign; exact."""
        if self.integers is not None:
            return self.arithmetic.whole(np.negative(self.integers))
        return Array(
            self.arithmetic,
            -self.value,
            variance=self._variance,
            ratio=self.ratio,
            quantum=self.quantum,
            parents=self.arithmetic.tape((self, lambda g: -g)),
        )

    def sum(self, axis: int | Sequence[int] | None = None, *, keepdims: bool = False) -> Array:
        """Sum over axes; the variance is that of the worst order of summation."""
        axes = normalized_axes(axis, self.ndim)

        def pullback(g: Array) -> Array:
            kept = tuple(1 if i in axes else n for i, n in enumerate(self.shape))
            return broadcast(reshape(g, kept), self.shape)

        return self.arithmetic.result(
            self.arithmetic.sum(self, axes, keepdims=keepdims), (self, pullback)
        )

    def mean(self, axis: int | Sequence[int] | None = None, *, keepdims: bool = False) -> Array:
        """Sum over axes, divided by how many numbers were summed."""
        axes = normalized_axes(axis, self.ndim)
        count = int(np.prod([self.shape[i] for i in axes], dtype=np.int64))
        return self.sum(axes, keepdims=keepdims) / float(count)


Operand = Array | float
"""What may stand on the other side of an operator."""


def normalized_axes(axis: int | Sequence[int] | None, ndim: int) -> tuple[int, ...]:
    """Axes as a sorted tuple of numbers that are not negative; ``None`` means all of them."""
    if axis is None:
        return tuple(range(ndim))
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    return tuple(sorted(i % ndim for i in axes))


def reshape(a: Array, shape: Sequence[int]) -> Array:
    """The same numbers, in C order, by another shape."""
    shape = tuple(shape)
    if a.shape == shape:
        return a
    return a.moved(lambda v: v.reshape(shape), lambda g: reshape(g, a.shape))


def cast(a: Array, precision: str) -> Array:
    """The same numbers in another float dtype; integers and booleans stay what they are."""
    if a.integers is not None or a.arithmetic.precision == precision:
        return a
    target = a.arithmetic.at(precision)
    made, ratio = target.converted(a)
    return Array(
        target,
        made.value,
        variance=made.variance,
        ratio=ratio,
        quantum=made.quantum,
        parents=target.tape((a, lambda g: cast(g, a.arithmetic.precision))),
    )


def broadcast(a: Array, shape: tuple[int, ...]) -> Array:
    """Repeat along missing axes and axes of size 1, as NumPy does."""
    if a.shape == shape:
        return a
    return a.moved(lambda v: np.broadcast_to(v, shape), lambda g: unbroadcast(g, a.shape))


def unbroadcast(g: Array, shape: tuple[int, ...]) -> Array:
    """Adjoint of :func:`broadcast`: sum over the axes that had been repeated."""
    if g.shape == shape:
        return g
    lead = g.ndim - len(shape)
    repeated = [lead + i for i, n in enumerate(shape) if n == 1 and g.shape[lead + i] != 1]
    return reshape(g.sum([*range(lead), *repeated], keepdims=True), shape)


@dataclass(frozen=True)
class Piece:
    """Gradient of a slice: ``array`` from ``start`` on along ``axis``, zeros elsewhere.

    Kept apart so that the slices of one array (the steps of a sequence, the gates of a cell) are
    laid side by side instead of being added to zeros, which would seem to round them.
    """

    array: Array
    axis: int
    start: int

    @property
    def key(self) -> tuple[int, int, int]:
        """Where it lies: axis, start, stop."""
        return self.axis, self.start, self.start + self.array.shape[self.axis]


def _laid(pieces: Sequence[Piece], shape: tuple[int, ...]) -> Array:
    """Pieces along one axis that don't overlap, in an array of zeros."""
    first = pieces[0].array
    value = np.zeros(shape, first.value.dtype)
    variance = np.zeros(shape) if first.arithmetic.carries_variance else None
    quanta = []
    for piece in pieces:
        axis, start, stop = piece.key
        place = (*([slice(None)] * axis), slice(start, stop))
        value[place] = piece.array.value
        if variance is not None:
            variance[place] = piece.array.variance
        quanta.append(piece.array.quantum)
    known = [q for q in quanta if q is not None]
    quantum = min(known) if len(known) == len(quanta) else None
    return Array(first.arithmetic, value, variance=variance, quantum=quantum)


def _total(parts: Sequence[Array | Piece], shape: tuple[int, ...]) -> Array:
    """Sum of all gradients that reached one array."""
    wholes = [part for part in parts if isinstance(part, Array)]
    merged: dict[tuple[int, int, int], Piece] = {}
    for part in parts:
        if isinstance(part, Piece):
            before = merged.get(part.key)
            array = part.array if before is None else before.array + part.array
            merged[part.key] = Piece(array, part.axis, part.start)
    row: list[Piece] = []
    for piece in sorted(merged.values(), key=lambda piece: piece.key):
        if row and (row[-1].axis != piece.axis or row[-1].key[2] > piece.start):
            wholes.append(_laid(row, shape))
            row = []
        row.append(piece)
    if row:
        wholes.append(_laid(row, shape))
    total = wholes[0]
    for whole in wholes[1:]:
        total = total + whole
    return total


def gradients(
    outputs: Sequence[Array], cotangents: Sequence[Array], wrt: Sequence[Array]
) -> list[Array]:
    """Gradient of ``sum(cotangent * output)`` with respect to watched leaves.

    The backward pass is made of the same primitives as the forward one, so it carries variances
    (or any other arithmetic) by itself. It is not recorded: there are no second derivatives.

    Args:
        outputs: Results of recorded operations.
        cotangents: One array of the output's shape for each output.
        wrt: Leaves made by :meth:`Array.watched`.

    Returns:
        One gradient for each leaf; zeros where no path leads to it.
    """
    if not wrt:
        return []
    arithmetic = wrt[0].arithmetic
    pending: dict[int, tuple[Array, list[Array | Piece]]] = {}
    newest: list[int] = []

    def deliver(target: Array, part: Array | Piece) -> None:
        if target.order not in pending:
            pending[target.order] = (target, [])
            heapq.heappush(newest, -target.order)
        pending[target.order][1].append(part)

    leaves: dict[int, Array] = {}
    with arithmetic.unrecorded():
        for output, cotangent in zip(outputs, cotangents, strict=True):
            if output.tracked:
                deliver(output, cotangent)
        while newest:
            # Operands are older than results: the newest array has received all its gradient.
            array, parts = pending.pop(-heapq.heappop(newest))
            g = _total(parts, array.shape)
            if not array.parents:
                leaves[array.order] = g
                continue
            for parent, pullback in array.parents:
                deliver(parent, pullback(g))
        return [
            leaves[leaf.order]
            if leaf.order in leaves
            else leaf.arithmetic.constant(0.0, shape=leaf.shape)
            for leaf in wrt
        ]
