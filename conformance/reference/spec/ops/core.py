"""Functions of keras.ops that NumPy does not have: keras/src/ops/core.py."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine.array import reshape
from conformance.reference.engine.conversion import (
    Scalar,
    Tensor,
    arithmetic_of,
    as_array,
    convert,
    real,
    whole,
)
from conformance.reference.engine.structure import concatenate, picked
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.ops.base import dtype_named, integers_of
from conformance.reference.spec.ops.numpy.indexing import grid_of
from conformance.reference.spec.ops.numpy.moves import replaced
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Array


@defines("ops.cast")
def cast(x: Tensor | Scalar, dtype: str) -> Tensor:
    """The same numbers in another dtype."""
    return as_array(x, arithmetic_of(x), dtype_named(dtype, "", "cast"))


def _window(
    shape: tuple[int, ...], starts: Any, sizes: Sequence[int], function: str
) -> NDArray[np.int64]:
    """The places in C order of a block.

    Raises:
        Refused: The block has another number of axes.
        Unsupported: It lies partly outside: Keras documents no answer, and frameworks differ.
    """
    begins = integers_of(starts, function).reshape(-1).tolist()
    if len(begins) != len(shape) or len(sizes) != len(shape):
        message = f"{function}: from {begins}, {list(sizes)} of {list(shape)}"
        raise Refused(message, at="call")
    if any(b < 0 or b + n > size for b, n, size in zip(begins, sizes, shape, strict=True)):
        message = f"{function}: a block outside of {list(shape)}: Keras documents no answer"
        raise Unsupported(message)
    block = tuple(slice(b, b + n) for b, n in zip(begins, sizes, strict=True))
    return np.asarray(grid_of(shape)[block])


@defines("ops.slice")
def slice_(inputs: Tensor | Scalar, start_indices: Any, shape: Sequence[int]) -> Tensor:
    """A block of this shape, from these places on."""
    a = as_array(inputs, arithmetic_of(inputs))
    return replaced(a, _window(a.shape, start_indices, list(shape), "slice"))


@defines("ops.slice_update")
def slice_update(inputs: Tensor | Scalar, start_indices: Any, updates: Tensor | Scalar) -> Tensor:
    """The same array with other numbers in a block, in the array's dtype."""
    a = real(as_array(inputs, arithmetic_of(inputs, updates)))
    b = real(convert(as_array(updates, a.arithmetic), a.dtype))
    return _put(a, _window(a.shape, start_indices, b.shape, "slice_update"), b)


def _put(a: Array, places: NDArray[np.int64], b: Array) -> Array:
    """Numbers of ``b`` at places of ``a`` in C order; of several at one place the last."""
    source = grid_of(a.shape).reshape(-1)
    source[places.reshape(-1)] = a.value.size + np.arange(b.value.size)
    both = concatenate([reshape(one, (one.value.size,)) for one in (a, b)], 0)
    return picked(both, source.reshape(a.shape))


def _rows(shape: tuple[int, ...], indices: Any, function: str) -> NDArray[np.int64]:
    """The places in C order of what each row of ``indices`` names: ``(n, *shape[k:])``.

    Raises:
        Refused: A row has more numbers than the array axes.
        Unsupported: One lies outside.
    """
    numbers = integers_of(indices, function)
    if numbers.ndim < 1 or numbers.shape[-1] > len(shape):
        message = f"{function}: indices of {list(numbers.shape)} for {list(shape)}"
        raise Refused(message, at="call")
    named = shape[: numbers.shape[-1]]
    if (numbers < 0).any() or (numbers >= np.asarray(named)).any():
        message = f"{function}: an index outside of {list(shape)}: Keras documents no answer"
        raise Unsupported(message)
    return np.asarray(grid_of(shape)[tuple(np.moveaxis(numbers, -1, 0))])


@defines("ops.scatter")
def scatter(indices: Any, values: Tensor | Scalar, shape: Sequence[int]) -> Tensor:
    """Zeros of this shape with ``values`` at ``indices``.

    Raises:
        Refused: The values have another shape than what the indices name.
        Unsupported: Two go to one place, of which Keras documents only ``scatter_update``'s.
    """
    b = real(as_array(values, arithmetic_of(values)))
    places = _rows(tuple(shape), indices, "scatter")
    if b.shape != places.shape:
        message = f"scatter: values of {list(b.shape)} for {list(places.shape)}"
        raise Refused(message, at="call")
    if len(np.unique(places)) != places.size:
        message = "scatter: two values at one place: Keras documents no answer"
        raise Unsupported(message)
    zeros = (
        b.arithmetic.constant(0.0, tuple(shape))
        if b.integers is None
        else b.arithmetic.whole(np.zeros(tuple(shape), b.integers.dtype))
    )
    return _put(zeros, places, b)


@defines("ops.scatter_update")
def scatter_update(
    inputs: Tensor | Scalar, indices: Any, updates: Tensor | Scalar, reduction: str | None = None
) -> Tensor:
    """The same array with ``updates`` at ``indices``, or joined to what stands there.

    Raises:
        Refused: The updates have another shape, or there is no such reduction.
        Unsupported: A largest or least number among equals, whose gradient is nowhere documented.
    """
    a = real(as_array(inputs, arithmetic_of(inputs, updates)))
    b = real(convert(as_array(updates, a.arithmetic), a.dtype))
    places = _rows(a.shape, indices, "scatter_update")
    if b.shape != places.shape:
        message = f"scatter_update: updates of {list(b.shape)} for {list(places.shape)}"
        raise Refused(message, at="call")
    if reduction is None:
        return _put(a, places, b)
    if reduction not in {"add", "max", "min", "mul"}:
        message = f"scatter_update: reduction={reduction!r}"
        raise Refused(message, at="call")
    # One round for each update of the place that has the most.
    flat, left = places.reshape(-1), np.arange(places.size)
    made, line = a, reshape(b, (b.value.size,))
    while left.size:
        _, first = np.unique(flat[left], return_index=True)
        turn = left[first]
        made = _put(
            made, flat[turn], _joined(reduction, picked(made, flat[turn]), picked(line, turn))
        )
        left = np.setdiff1d(left, turn)
    return made


def _joined(reduction: str, a: Array, b: Array) -> Array:
    if reduction == "add":
        return a + b
    if reduction == "mul":
        return a * b
    if a.integers is not None:
        better = (np.maximum if reduction == "max" else np.minimum)(whole(a), whole(b))
        return a.arithmetic.whole(np.asarray(better))
    lead = a - b
    a.arithmetic.kink(lead, lead.value)
    first, second = a.value.real, b.value.real
    return f.choose(np.asarray(first > second if reduction == "max" else first < second), a, b)


@defines("ops.size", differentiable=False)
def size(x: Tensor | Scalar, *, arithmetic: Arithmetic) -> Tensor:
    """How many numbers there are."""
    a = as_array(x, arithmetic)
    return arithmetic.whole(np.asarray(math.prod(a.shape), np.int32))


@defines("ops.ndim", differentiable=False)
def ndim(x: Tensor | Scalar, *, arithmetic: Arithmetic) -> Tensor:
    """How many axes there are."""
    return arithmetic.whole(np.asarray(as_array(x, arithmetic).ndim, np.int32))
