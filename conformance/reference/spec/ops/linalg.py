"""Linear algebra: keras/src/ops/linalg.py.

Decompositions that are not unique are answered by a law: what the factors must be and how far their
product may be from what was decomposed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.invariants import Invariants, Property, transformed
from conformance.reference.engine import functions as f
from conformance.reference.engine import solving, structure
from conformance.reference.engine.array import Array, reshape
from conformance.reference.engine.conversion import floats, real
from conformance.reference.engine.dtypes import COMPLEX
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.ops.base import some_axes
from conformance.reference.spec.ops.numpy.reductions import max as largest
from conformance.reference.spec.ops.numpy.reductions import min as smallest
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.engine.array import Values
    from conformance.reference.engine.conversion import Scalar, Tensor

_SWEEPS = 6
"""Transformations for each row that an iteration to eigenvalues or singular values needs: two to
bring the matrix into its narrow form and about four to make it diagonal."""


_BENT = 1e3
"""How much more an eigenvalue may move than the matrix that it is of."""


def matrices(x: Tensor | Scalar, function: str, *, square: bool) -> Array:
    """Matrices of floats along the last two axes.

    Raises:
        Refused: They are none, or not square where they are to be.
    """
    a = floats(x)
    if a.ndim < 2 or (square and a.shape[-1] != a.shape[-2]):  # noqa: PLR2004 (rows and columns)
        message = f"{function} takes {'square ' if square else ''}matrices, not {list(a.shape)}"
        raise Refused(message, at="call")
    return a


def _length(values: Values, axis: int | tuple[int, ...]) -> Values:
    return np.asarray(np.sqrt(np.square(values).sum(axis=axis, keepdims=True)))


@defines("ops.qr", differentiable=False)
def qr(x: Tensor | Scalar, mode: str = "reduced") -> Invariants:
    """``x = q @ r``, the columns of q orthonormal and r upper triangular.

    Raises:
        Refused: Another mode than ``reduced`` and ``complete``.
    """
    a = matrices(x, "qr", square=False)
    if mode not in {"reduced", "complete"}:
        message = f"qr: mode={mode!r}"
        raise Refused(message, at="call")
    *lead, m, n = a.shape
    k = min(m, n) if mode == "reduced" else m
    # Every column goes through as many reflections as there are, and q is made of them.
    many = transformed(min(m, n))
    product = np.sqrt(many) * _length(a.value, -2)
    return Invariants(
        [(*lead, m, k), (*lead, k, n)],
        [a.dtype] * 2,
        [
            Property("reconstructs", (0, 1), how="product", truth=a.value, spread=product),
            Property("orthonormal", (0,), how="columns", spread=np.sqrt(2 * many)),
            Property("triangular", (1,), how="upper"),
        ],
    )


def iterated(a: Array) -> tuple[Values, Values]:
    """Spread of what an iteration to a diagonal form answers: of the whole, and of unit vectors."""
    many = np.sqrt(_SWEEPS * transformed(min(a.shape[-2:])))
    return many * _length(a.value, (-2, -1)), np.asarray(np.sqrt(2.0) * many)


@defines("ops.svd", differentiable=False)
def svd(x: Tensor | Scalar, full_matrices: bool = True, compute_uv: bool = True) -> Invariants:
    """``x = u @ diag(s) @ vh``: orthonormal u and vh, s falling and never negative."""
    a = matrices(x, "svd", square=False)
    *lead, m, n = a.shape
    k = min(m, n)
    spread, turned = iterated(a)
    singular = np.linalg.svd(np.asarray(a.value, np.float64), compute_uv=False)
    where = 1 if compute_uv else 0
    numbers = Property("equals", (where,), truth=singular, spread=spread[..., 0])
    if not compute_uv:
        return Invariants([(*lead, k)], [a.dtype], [numbers])
    left, right = (m, n) if full_matrices else (k, k)
    return Invariants(
        [(*lead, m, left), (*lead, k), (*lead, right, n)],
        [a.dtype] * 3,
        [
            numbers,
            Property("sorted", (1,), how="falling"),
            Property("reconstructs", (0, 1, 2), how="singular", truth=a.value, spread=spread),
            Property("orthonormal", (0,), how="columns", spread=turned),
            Property("orthonormal", (2,), how="rows", spread=turned),
        ],
    )


@defines("ops.eigh", differentiable=False)
def eigh(x: Tensor | Scalar) -> Invariants:
    """Eigenvalues of a symmetric matrix, rising, and its orthonormal eigenvectors as columns.

    Raises:
        Unsupported: The matrix is not symmetric: which half counts is not documented.
    """
    a = matrices(x, "eigh", square=True)
    if not np.array_equal(a.value, np.swapaxes(a.value, -1, -2)):
        message = "eigh of a matrix that is not symmetric: Keras documents no answer"
        raise Unsupported(message)
    spread, turned = iterated(a)
    return Invariants(
        [a.shape[:-1], a.shape],
        [a.dtype] * 2,
        [
            Property("equals", (0,), truth=np.linalg.eigvalsh(a.value), spread=spread[..., 0]),
            Property("sorted", (0,), how="rising"),
            Property("reconstructs", (0, 1), how="eigen", truth=a.value, spread=spread),
            Property("orthonormal", (1,), how="columns", spread=turned),
        ],
    )


@defines("ops.eig", differentiable=False)
def eig(x: Tensor | Scalar) -> Invariants:
    """Eigenvalues in any order, and for each a vector of length 1 as a column; both complex.

    How far an eigenvalue may be off hangs on the angle between the vectors of both sides.

    Raises:
        Unsupported: Two eigenvalues are so near to each other that rounding may join them.
    """
    a = matrices(x, "eig", square=True)
    values = np.asarray(a.value, np.float64)
    numbers, right = np.linalg.eig(values)
    left = np.linalg.inv(right) if values.size else right
    bends = np.linalg.norm(left, axis=-1) * np.linalg.norm(right, axis=-2)
    if values.size and bends.max() > _BENT:
        message = "eig of a matrix whose eigenvalues are (nearly) equal: Keras documents no answer"
        raise Unsupported(message)
    spread, turned = iterated(a)
    dtype = {parts: name for name, parts in COMPLEX.items()}[a.dtype]
    n = a.shape[-1]
    coefficients, slopes = np.zeros((*a.shape[:-2], n + 1)), np.zeros((*a.shape[:-2], n + 1))
    for at in np.ndindex(*a.shape[:-2]):
        coefficients[at] = np.poly(numbers[at]).real
        for i in range(n):
            others = np.abs(np.poly(np.delete(numbers[at], i)))
            slopes[at][1:] += np.square(others * bends[at][i] * spread[at][0, 0])
    return Invariants(
        [a.shape[:-1], a.shape],
        [dtype] * 2,
        [
            Property(
                "equals",
                (0,),
                how="coefficients",
                truth=coefficients,
                spread=np.sqrt(slopes + np.square(coefficients) / 3),
            ),
            Property("reconstructs", (0, 1), how="pairs", truth=values, spread=spread),
            Property("orthonormal", (1,), how="single columns", spread=turned),
        ],
    )


@defines("ops.cholesky")
def cholesky(x: Tensor | Scalar, upper: bool = False) -> Tensor:
    """The lower triangular l with ``x = l @ lᵀ`` and a positive diagonal, or ``lᵀ``.

    Column by column, from the lower half of ``x``; each of its numbers stands twice in ``x``, and
    the gradient is split evenly between both places.

    Raises:
        Unsupported: ``x`` is not symmetric or not positive definite.
    """
    a = matrices(x, "cholesky", square=True)
    values = a.value.real
    symmetric = np.array_equal(values, np.swapaxes(values, -1, -2))
    if not symmetric or (np.linalg.eigvalsh(values.astype(np.float64)) <= 0).any():
        message = "cholesky of a matrix that is not symmetric and positive definite"
        raise Unsupported(f"{message} is not in the reference")
    n = a.shape[-1]
    order = [*range(a.ndim - 2), a.ndim - 1, a.ndim - 2]
    columns: list[Array] = []
    for j in range(n):
        column = _halved(a, order, j)
        for before in columns:
            rest = structure.take(before, -2, j, n)
            column = column - rest * structure.take(before, -2, j, j + 1)
        first = f.sqrt(structure.take(column, -2, 0, 1))
        below = structure.take(column, -2, 1, n - j) / first
        made = structure.concatenate([first, below], a.ndim - 2)
        columns.append(structure.pad(made, [*[(0, 0)] * (a.ndim - 2), (j, 0), (0, 0)]))
    lower = structure.concatenate(columns, a.ndim - 1)
    return structure.transpose(lower, order) if upper else lower


def _halved(a: Array, order: Sequence[int], j: int) -> Array:
    """Column j from the diagonal on, which is row j as well: the mean of both, which is exact."""
    n = a.shape[-1]
    column = structure.take(structure.take(a, -2, j, n), -1, j, j + 1)
    row = structure.transpose(structure.take(structure.take(a, -1, j, n), -2, j, j + 1), order)
    half = a.arithmetic.constant(0.5)
    value = column.detached()
    return Array(
        a.arithmetic,
        value.value,
        variance=value.variance if a.arithmetic.carries_variance else None,
        quantum=value.quantum,
        parents=a.arithmetic.tape((column, lambda g: g * half), (row, lambda g: g * half)),
    )


@defines("ops.norm")
def norm(
    x: Tensor | Scalar,
    ord: float | str | None = None,
    axis: int | Sequence[int] | None = None,
    keepdims: bool = False,
) -> Tensor:
    """A norm of vectors along one axis, of matrices along two, or of all numbers without either.

    A case spells infinities, as JSON has none.

    Raises:
        Refused: The norm is none of vectors or matrices, or more than two axes are named.
    """
    a = floats(x)
    ord = (
        {"inf": float("inf"), "-inf": float("-inf")}.get(ord, ord) if isinstance(ord, str) else ord
    )
    if axis is None and ord is None:
        return _summed(a * a, tuple(range(a.ndim)), keepdims)
    given = list(range(a.ndim)) if axis is None else axis
    axes = some_axes(given, a.ndim, "norm")
    if len(axes) not in {1, 2}:
        message = f"norm: ord={ord!r} along {len(axes)} axes"
        raise Refused(message, at="call")
    if len(axes) == 1:
        return _vector_norm(a, ord, axes, keepdims)
    rows, columns = [i % a.ndim for i in given] if isinstance(given, list | tuple) else axes
    return _matrix_norm(a, ord, rows, columns, keepdims)


def _summed(squares: Array, axes: tuple[int, ...], keepdims: bool) -> Array:
    return f.sqrt(squares.sum(axes, keepdims=keepdims))


def _absolute(a: Array) -> Array:
    return f.absolute(a)


def _vector_norm(
    a: Array, ord: float | str | None, axes: tuple[int, ...], keepdims: bool
) -> Tensor:
    if isinstance(ord, str):
        message = f"norm: ord={ord!r} of vectors"
        raise Refused(message, at="call")
    if ord is None or ord == 2:  # noqa: PLR2004 (Euclid's)
        return _summed(a * a, axes, keepdims)
    if ord == float("inf"):
        return largest(_absolute(a), axes, keepdims)
    if ord == float("-inf"):
        return smallest(_absolute(a), axes, keepdims)
    if ord == 0:
        a.arithmetic.jump(a, a.value.real)
        return a.arithmetic.exact((a.value != 0).sum(axis=axes, keepdims=keepdims).astype(float))
    if ord == 1:
        return _absolute(a).sum(axes, keepdims=keepdims)
    return f.power(f.power(_absolute(a), float(ord)).sum(axes, keepdims=keepdims), 1.0 / float(ord))


def _matrix_norm(
    a: Array, ord: float | str | None, rows: int, columns: int, keepdims: bool
) -> Tensor:
    both = (min(rows, columns), max(rows, columns))
    if ord in {None, "fro"}:
        return _summed(a * a, both, keepdims)
    if ord in {"nuc", 2, -2}:
        return _singular_norm(a, ord, rows, columns, keepdims)
    if ord not in {1, -1, float("inf"), float("-inf")}:
        message = f"norm: ord={ord!r} of matrices"
        raise Refused(message, at="call")
    summed, chosen = (rows, columns) if abs(float(ord)) == 1 else (columns, rows)
    totals = _absolute(a).sum(summed, keepdims=True)
    best = (largest if float(ord) > 0 else smallest)(totals, chosen, keepdims=True)
    return (
        best
        if keepdims
        else reshape(real(best), [n for i, n in enumerate(a.shape) if i not in both])
    )


@defines("ops.lu_factor")
def lu_factor(x: Tensor | Scalar) -> list[Tensor]:
    """Both triangles of ``x = p @ l @ u`` in one matrix, and with which row each one was exchanged.

    By elimination with the largest number of every column as its pivot, which is SciPy's function
    of this name, and so LAPACK's: the ones of l are not there, and rows count from 0.
    """
    a = matrices(x, "lu_factor", square=True)
    *lead, n, _ = a.shape
    count = int(np.prod(lead, dtype=np.int64))
    stacked = reshape(a, (count, n, n))
    parts, pivots = [], np.zeros((count, n), np.int32)
    for i in range(count):
        one = reshape(structure.take(stacked, 0, i, i + 1), (n, n))
        made, pivots[i] = _eliminated(one)
        parts.append(made)
    packed = structure.stack(parts, 0) if parts else stacked
    return [reshape(packed, a.shape), a.arithmetic.whole(pivots.reshape(*lead, n))]


def _eliminated(a: Array) -> tuple[Array, Values]:
    """The factors of one matrix in one, and its pivots."""
    n = a.shape[0]
    pivots = np.arange(n, dtype=np.int32)
    for j in range(n):
        column = structure.take(structure.take(a, 0, j, n), 1, j, j + 1)
        size = f.choose(column.value.real < 0, -column, column)
        a.arithmetic.rivals(size, (0,), jumps=True)
        pivots[j] = j + int(size.value.real[:, 0].argmax())
        order = np.arange(n)
        order[[j, pivots[j]]] = order[[pivots[j], j]]
        a = structure.gather(a, order)
        above, below = structure.take(a, 0, 0, j + 1), structure.take(a, 0, j + 1, n)
        first = structure.take(above, 0, j, j + 1)
        left = structure.take(below, 1, j, j + 1) / structure.take(first, 1, j, j + 1)
        rest = structure.take(below, 1, j + 1, n) - left * structure.take(first, 1, j + 1, n)
        made = structure.concatenate([structure.take(below, 1, 0, j), left, rest], 1)
        a = structure.concatenate([above, made], 0)
    return a, pivots


def _singular_norm(a: Array, ord: float | str, rows: int, columns: int, keepdims: bool) -> Array:
    """The sum of the singular values of matrices, the largest (2) or the smallest one (-2)."""
    others = [i for i in range(a.ndim) if i not in {rows, columns}]
    stacked = structure.transpose(a, [*others, rows, columns])
    made = solving.singular(stacked, {"nuc": None, 2: 0, -2: -1}[ord], iterated(stacked)[0])
    if not keepdims:
        return made
    return reshape(made, [1 if i in {rows, columns} else n for i, n in enumerate(a.shape)])
