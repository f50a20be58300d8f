"""Linear equations: their solution, its gradient, and how far honest elimination may be off.

A library solves ``a @ x = b`` by elimination with pivots. What it answers solves a system nearby,
``(a + e) @ x = b``, whose ``e`` is as large as the roundings of the factors' product, so that x is
off by ``a⁻¹ @ (δb - (δa + e) @ x)`` (Higham, Accuracy and Stability, 9.3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine.arithmetic import THIRD, Result
from conformance.reference.engine.array import Array
from conformance.reference.engine.contraction import einsum
from conformance.reference.engine.structure import concatenate, expand, stack, take, transpose

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.engine.array import Values


def _computed(values: Values) -> Values:
    """Numbers in a dtype in which NumPy does linear algebra."""
    if np.iscomplexobj(values):
        return values.astype(np.complex128)
    return values if values.dtype == np.float32 else values.astype(np.float64)


def _turned(values: Values) -> Values:
    return np.swapaxes(values, -1, -2)


def turned(a: Array) -> Array:
    """Rows as columns."""
    return transpose(a, [*range(a.ndim - 2), a.ndim - 1, a.ndim - 2])


def factored(values: Values) -> tuple[Values, Values, Values]:
    """``values[rows] = lower @ upper`` of each matrix, by the largest pivot of every column.

    Returns:
        The order of the rows, the lower factor with its ones, the upper one.
    """
    upper = np.array(values, np.float64)
    *lead, n, _ = upper.shape
    flat = upper.reshape(-1, n, n)
    lower = np.zeros_like(flat)
    order = np.tile(np.arange(n), (len(flat), 1))
    for matrix, left, rows in zip(flat, lower, order, strict=True):
        for j in range(n):
            best = j + int(np.abs(matrix[j:, j]).argmax())
            for part in (matrix, left, rows):
                part[[j, best]] = part[[best, j]]
            left[j, j] = 1.0
            if matrix[j, j] != 0:
                left[j + 1 :, j] = matrix[j + 1 :, j] / matrix[j, j]
                matrix[j + 1 :] -= np.outer(left[j + 1 :, j], matrix[j])
            matrix[j + 1 :, j] = 0.0
    return order.reshape(*lead, n), lower.reshape(upper.shape), flat.reshape(upper.shape)


def elimination(values: Values) -> Values:
    """Variance, in units of u², of the numbers of the nearby system.

    Each term of the factors' product is rounded as a product and in a sum, once while the factors
    are made and once where they are used.
    """
    order, lower, upper = factored(values)
    products = np.square(lower) @ np.square(upper)
    rows = np.argsort(order, axis=-1)[..., None]
    return np.asarray(4 * THIRD * np.take_along_axis(products, rows, axis=-2))


def _off(inverse: Values, a: Array, b: Array, x: Values, own: Values) -> Values:
    """Variance of a solution: of what goes in, of the elimination and of its own rounding."""
    inside = b.variance + (a.variance + own) @ np.square(x)
    return np.asarray(np.square(inverse) @ inside + THIRD * np.square(x))


def solve(a: Array, b: Array) -> Array:
    """``x`` of ``a @ x = b``: matrices ``(…, n, n)`` and ``(…, n, k)`` of the same leading axes."""
    left, right = _computed(a.value), _computed(b.value)
    x = np.linalg.solve(left, right)
    variance = None
    if a.arithmetic.carries_variance:
        variance = _off(np.linalg.inv(left), a, b, x, elimination(left))
    return _answered(a, b, x, variance, lambda g: solve(turned(a), g), lambda part: part)


def solve_triangular(a: Array, b: Array, *, lower: bool) -> Array:
    """The same of a triangle of ``a``; what lies beside it is not read."""
    n = a.shape[-1]
    inside = np.tri(n, dtype=bool) if lower else np.tri(n, dtype=bool).T
    left, right = _computed(np.where(inside, a.value, 0.0)), _computed(b.value)
    x = np.linalg.solve(left, right)
    variance = None
    if a.arithmetic.carries_variance:
        kept = np.where(inside, a.variance, 0.0)
        own = 2 * THIRD * n * np.square(left)
        within = b.variance + (kept + own) @ np.square(x)
        variance = np.square(np.linalg.inv(left)) @ within + THIRD * np.square(x)
    mask = a.arithmetic.exact(inside.astype(np.float64))

    def back(g: Array) -> Array:
        return solve_triangular(turned(a), g, lower=not lower)

    return _answered(a, b, x, variance, back, lambda part: part * mask)


def _answered(  # noqa: PLR0913, PLR0917 (the parts of one answer)
    a: Array,
    b: Array,
    x: Values,
    variance: Values | None,
    back: Callable[[Array], Array],
    part: Callable[[Array], Array],
) -> Array:
    """A solution with its gradients: of b the system turned round, of a minus that times x.

    Args:
        a: The matrices.
        b: The right sides.
        x: The solution.
        variance: Of it.
        back: Solves the system turned round.
        part: What of a gradient belongs to numbers that are read.
    """
    holder: list[Array] = []

    def of_matrix(g: Array) -> Array:
        return part(-product(back(g), turned(holder[0])))

    values = np.asarray(x).astype(a.arithmetic.dtype)
    result = a.arithmetic.result(Result(values, variance), (a, of_matrix), (b, back))
    holder.append(result)
    return result


def product(a: Array, b: Array) -> Array:
    """``a @ b`` of matrices of the same leading axes."""
    lead = "abcdefgh"[: a.ndim - 2]
    return einsum(f"{lead}mk,{lead}kn->{lead}mn", a, b)


def determinant(a: Array) -> Array:
    """The determinant of every matrix ``(…, n, n)``, by expansion: exact for small integers."""
    value = _expanded(a.value)
    cofactors = _cofactors(a.value)
    variance = None
    if a.arithmetic.carries_variance:
        n = a.shape[-1]
        inside = np.square(cofactors) * (a.variance + elimination(a.value))
        variance = inside.sum((-1, -2)) + THIRD * n * np.square(value)
    return a.arithmetic.result(Result(np.asarray(value), variance), (a, lambda g: _spread(g, a)))


def _spread(g: Array, a: Array) -> Array:
    """The gradient of a determinant: cofactors, each a determinant of its own."""
    n = a.shape[-1]
    rows = []
    for i in range(n):
        row = []
        for j in range(n):
            minor = (
                determinant(_without(a, i, j))
                if n > 1
                else a.arithmetic.constant(1.0, a.shape[:-2])
            )
            row.append(minor if (i + j) % 2 == 0 else -minor)
        rows.append(stack(row, a.ndim - 2))
    made = stack(rows, a.ndim - 2)
    return made * expand(expand(g, g.ndim), g.ndim + 1)


def _without(a: Array, i: int, j: int) -> Array:
    """A matrix without a row and a column."""
    n = a.shape[-1]
    rows = concatenate([take(a, -2, 0, i), take(a, -2, i + 1, n)], a.ndim - 2)
    return concatenate([take(rows, -1, 0, j), take(rows, -1, j + 1, n)], a.ndim - 1)


def _expanded(values: Values) -> Values:
    """Determinants by the first row and its minors."""
    n = values.shape[-1]
    if n == 0:
        return np.ones(values.shape[:-2], values.dtype)
    if n == 1:
        return np.asarray(values[..., 0, 0])
    total = np.zeros(values.shape[:-2], values.dtype)
    for j in range(n):
        minor = _expanded(np.delete(values[..., 1:, :], j, axis=-1))
        total = total + (-1.0) ** j * values[..., 0, j] * minor
    return np.asarray(total)


def _cofactors(values: Values) -> Values:
    n = values.shape[-1]
    made = np.ones_like(values)
    for i in range(n):
        for j in range(n):
            minor = np.delete(np.delete(values, i, axis=-2), j, axis=-1)
            made[..., i, j] = (-1.0) ** (i + j) * _expanded(minor)
    return made


def pseudo_inverse(a: Array, values: Values, kept: Values) -> Array:
    """The pseudo-inverse ``(…, n, m)`` of matrices ``(…, m, n)`` of a rank that doesn't change.

    Args:
        a: The matrices.
        values: Their pseudo-inverses.
        kept: Variance, in units of u², of the numbers of the matrix that a library inverts in the
            place of ``a``.
    """
    variance = None
    if a.arithmetic.carries_variance:
        inside = a.variance + kept
        p2, left, right = np.square(values), *_residues(a.value, values)
        own = p2 @ inside @ p2
        own += np.square(values @ _turned(values)) @ _turned(inside) @ np.square(left)
        own += np.square(right) @ _turned(inside) @ np.square(_turned(values) @ values)
        variance = own + THIRD * np.square(values)
    holder: list[Array] = []

    def pullback(g: Array) -> Array:
        p, back = holder[0], turned(g)
        pt = turned(p)
        first = product(product(pt, g), pt)
        # What of the matrix lies beside its range, and of its rows beside theirs.
        beside = product(product(back, p), pt)
        second = beside - product(a, product(p, beside))
        along = product(product(pt, p), back)
        third = along - product(product(along, p), a)
        return second + third - first

    result = a.arithmetic.result(Result(values.astype(a.arithmetic.dtype), variance), (a, pullback))
    holder.append(result)
    return result


def stepped(a: Values, p: Values) -> Values:
    """The pseudo-inverse of complex matrices by that of their real parts, to first order.

    ``dP = -P dA P + P Pᵀ dAᵀ (1 - A P) + (1 - P A) dAᵀ Pᵀ P`` (Golub and Pereyra, 1973).
    """
    real, moved = a.real, a.imag
    left, right = _residues(real, p)
    slope = -p @ moved @ p + p @ _turned(p) @ _turned(moved) @ left
    slope += right @ _turned(moved) @ _turned(p) @ p
    return np.asarray(p + 1j * slope)


def _residues(a: Values, p: Values) -> tuple[Values, Values]:
    return np.eye(a.shape[-2]) - a @ p, np.eye(a.shape[-1]) - p @ a


def singular(a: Array, which: int | None, spread: Values) -> Array:
    """A singular value of every matrix by its place, the largest being 0; or the sum of them.

    Its gradient is the product of its vectors, which a library computes as those of a matrix
    nearby. Two of one size are a kink, as the vectors are then any of a plane.

    Args:
        a: ``(…, m, n)``.
        which: The place, or ``None`` for the sum.
        spread: Of the numbers of the matrix that a library decomposes in the place of ``a``.
    """
    values = _computed(a.value.real)
    left, sizes, right = np.linalg.svd(values, full_matrices=False)
    kept = np.arange(sizes.shape[-1]) == (which or 0) % max(sizes.shape[-1], 1)
    kept = np.ones_like(kept) if which is None else kept
    slopes = np.asarray((left * kept) @ right)
    _watched(a, sizes, which)
    made = np.asarray((sizes * kept).sum(-1), a.arithmetic.dtype)
    if np.iscomplexobj(a.value):
        made = made + 1j * (slopes * a.value.imag).sum((-1, -2))
    variance, table = None, a.arithmetic.exact(slopes)
    if a.arithmetic.carries_variance:
        moved = a.variance + np.square(spread)
        variance = (np.square(slopes) * moved).sum((-1, -2)) + THIRD * np.square(made)
        off = bent(values, kept.astype(np.float64)) * moved.max((-1, -2), keepdims=True)
        table = Array(a.arithmetic, table.value, variance=off + THIRD * np.square(slopes))
    return a.arithmetic.result(
        Result(np.asarray(made), variance),
        (a, lambda g: table * expand(expand(g, g.ndim), g.ndim + 1)),
    )


def bent(values: Values, kept: Values) -> Values:
    """Variance of ``u @ diag(kept) @ vh`` where every number of the matrix has a variance of 1.

    In the frame of u and v a change e of the matrix moves the product by what is even in e times
    ``(k[i] - k[j]) / (s[i] - s[j])`` and what is odd times ``(k[i] + k[j]) / (s[i] + s[j])``
    (Daleckii and Krein), sizes beyond the smaller side being 0.
    """
    left, sizes, right = np.linalg.svd(values)
    *_, m, n = values.shape
    rows, columns = (
        [
            np.pad(one, [(0, 0)] * (one.ndim - 1) + [(0, many - one.shape[-1])])
            for one in (sizes, np.broadcast_to(kept, sizes.shape))
        ]
        for many in (m, n)
    )
    (s, k), (t, h) = ([one[..., :, None] for one in rows], [one[..., None, :] for one in columns])
    same = np.eye(m, n, dtype=bool)
    with np.errstate(divide="ignore", invalid="ignore"):
        even = np.where(same, 0.0, np.nan_to_num((k - h) / (s - t)))
        odd = np.where(same, 0.0, np.nan_to_num((k + h) / (s + t)))
    alone = (np.square(even) + np.square(odd)) / 2
    # Both places of a pair, (i, j) and (j, i), move together.
    small = min(m, n)
    pair = ((np.square(even) - np.square(odd)) / 2)[..., :small, :small]
    u, v = left[..., :small], _turned(right)[..., :small]
    together = np.einsum("...pi,...qi,...pj,...qj,...ij->...pq", u, v, u, v, pair)
    return np.asarray(np.square(left) @ alone @ np.square(right) + together)


def _watched(a: Array, sizes: Values, which: int | None) -> None:
    """Note how near to each other, or to zero, singular values come where a slope hangs on it."""
    if not sizes.size:
        return
    gaps = np.minimum(
        *(
            np.abs(np.diff(sizes, axis=-1, prepend=np.inf, append=0.0))[..., i:j]
            for i, j in ((0, -1), (1, None))
        )
    )
    near = sizes if which is None else gaps
    a.arithmetic.kink(a, np.broadcast_to(near.min(-1)[..., None, None], a.shape))
