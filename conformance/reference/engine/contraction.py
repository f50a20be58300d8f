"""Products of arrays: matrices, Einstein sums, convolutions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from conformance.reference.engine import structure
from conformance.reference.engine.array import Array, reshape

if TYPE_CHECKING:
    from conformance.reference.engine.windows import Windows


def _stacked(a: Array, b: Array) -> Array:
    """``(s, m, k) @ (s, k, n)``, the one product that arithmetics implement."""
    inside = a.arithmetic.convolving

    def last_two(x: Array) -> Array:
        return structure.transpose(x, (0, 2, 1))

    def backward(left: Array, right: Array) -> Array:
        with a.arithmetic.convolution(inside=inside):
            return _stacked(left, right)

    return a.arithmetic.result(
        a.arithmetic.matmul(a, b),
        (a, lambda g: backward(g, last_two(b))),
        (b, lambda g: backward(last_two(a), g)),
    )


def matmul(a: Array, b: Array) -> Array:
    """The last axis of ``a`` against the first of a matrix ``b``: ``(..., k) @ (k, n)``."""
    rows = math.prod(a.shape[:-1])
    flat = _stacked(reshape(a, (1, rows, a.shape[-1])), reshape(b, (1, *b.shape)))
    return reshape(flat, (*a.shape[:-1], b.shape[-1]))


def einsum(equation: str, a: Array, b: Array) -> Array:
    """Einstein sum of two operands, such as ``abc,cd->abd``.

    Every letter must stand in two of the three terms; repeated letters in one term are not
    allowed.
    """
    operands, out = equation.replace(" ", "").split("->")
    left, right = operands.split(",")
    for term in (left, right, out):
        if len(set(term)) != len(term):
            message = f"einsum {equation!r}: a letter stands twice in {term!r}"
            raise ValueError(message)
    alone = [c for c in {*left, *right, *out} if (c in left) + (c in right) + (c in out) < 2]  # noqa: PLR2004 (two of three terms)
    if alone:
        message = f"einsum {equation!r}: {sorted(alone)} stand in one term only"
        raise ValueError(message)
    if (len(left), len(right)) != (a.ndim, b.ndim):
        message = f"einsum {equation!r}: does not fit arrays of shapes {a.shape} and {b.shape}"
        raise ValueError(message)
    sizes = dict(zip(left, a.shape, strict=True)) | dict(zip(right, b.shape, strict=True))
    both = [c for c in out if c in left and c in right]
    rows = [c for c in out if c in left and c not in right]
    columns = [c for c in out if c in right and c not in left]
    summed = [c for c in left if c in right and c not in out]

    def arranged(x: Array, term: str, groups: tuple[list[str], list[str], list[str]]) -> Array:
        moved = structure.transpose(x, [term.index(c) for group in groups for c in group])
        return reshape(moved, [math.prod(sizes[c] for c in group) for group in groups])

    product = _stacked(
        arranged(a, left, (both, rows, summed)), arranged(b, right, (both, summed, columns))
    )
    order = [*both, *rows, *columns]
    named = reshape(product, [sizes[c] for c in order])
    return structure.transpose(named, [order.index(c) for c in out])


def correlate(x: Array, kernel: Array, geometry: Windows) -> Array:
    """Slide a kernel ``(*size, channels, filters)`` over a padded ``(batch, *space, channels)``.

    The kernel is not flipped: what machine learning calls convolution.

    Returns:
        ``(batch, *windows, filters)``.
    """
    axes = len(geometry.size)
    filters = kernel.shape[-1]
    inner = math.prod(kernel.shape[:-1])
    matrix = (inner, filters)

    def to_input(g: Array) -> Array:
        with x.arithmetic.convolution():
            columns = matmul(g, structure.transpose(reshape(kernel, matrix), (1, 0)))
        spread = reshape(columns, (*g.shape[:-1], *kernel.shape[:-1]))
        return structure.fold(spread, x.shape[1:-1], geometry)

    def to_kernel(g: Array) -> Array:
        positions = math.prod(g.shape[: 1 + axes])
        columns = reshape(structure.unfold(x, geometry), (positions, inner))
        with x.arithmetic.convolution():
            rows = reshape(g, (positions, filters))
            gradient = matmul(structure.transpose(columns, (1, 0)), rows)
        return reshape(gradient, kernel.shape)

    return x.arithmetic.result(
        x.arithmetic.correlate(x, kernel, geometry), (x, to_input), (kernel, to_kernel)
    )
