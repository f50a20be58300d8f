"""Linear equations, inverses, determinants, ranks, distances: keras/src/ops/linalg.py, math.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine import solving
from conformance.reference.engine.array import Array, reshape
from conformance.reference.engine.conversion import real, together
from conformance.reference.engine.structure import expand, squeeze
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.ops.base import broadcast_to
from conformance.reference.spec.ops.linalg import iterated, matrices
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.array import Values
    from conformance.reference.engine.conversion import Scalar, Tensor

_CLEAR = 1e-4
"""How far, as a share of the largest one, a singular value must lie from where it counts no more:
frameworks take limits of their own where none is given, all of them far below."""


def _regular(a: Array, function: str) -> Array:
    """Matrices that have an inverse.

    Raises:
        Unsupported: One has none, or nearly so: Keras documents no answer.
    """
    values = np.asarray(a.value.real, np.float64)
    if values.size:
        sizes = np.linalg.svd(values, compute_uv=False)
        if (sizes[..., -1] <= _CLEAR * sizes[..., 0]).any():
            message = f"{function} of a matrix that is (nearly) singular: Keras documents no answer"
            raise Unsupported(message)
    return a


@defines("ops.inv")
def inv(x: Tensor | Scalar) -> Tensor:
    """The inverse of every square matrix."""
    a = _regular(matrices(x, "inv", square=True), "inv")
    unit = a.arithmetic.exact(np.broadcast_to(np.eye(a.shape[-1]), a.shape).copy())
    return solving.solve(a, unit)


def _sides(a: Tensor | Scalar, b: Tensor | Scalar, function: str) -> tuple[Array, Array, bool]:
    """Matrices, their right sides as matrices, and whether these were vectors.

    Raises:
        Refused: They don't fit.
    """
    left, right = (real(one) for one in together(a, b, least="float"))
    vectors = right.ndim == left.ndim - 1
    sides = expand(right, right.ndim) if vectors else right
    square = left.ndim > 1 and left.shape[-1] == left.shape[-2]
    if not square or sides.shape[:-1] != left.shape[:-1]:
        message = f"{function}: a of {list(left.shape)}, b of {list(right.shape)}"
        raise Refused(message, at="call")
    return _regular(left, function), sides, vectors


@defines("ops.solve")
def solve(a: Tensor | Scalar, b: Tensor | Scalar) -> Tensor:
    """The x of ``a x = b``, for vectors or matrices b."""
    left, right, vectors = _sides(a, b, "solve")
    made = solving.solve(left, right)
    return squeeze(made, made.ndim - 1) if vectors else made


@defines("ops.solve_triangular")
def solve_triangular(a: Tensor | Scalar, b: Tensor | Scalar, lower: bool = False) -> Tensor:
    """The x of ``t x = b``, t being the upper or lower triangle of a."""
    left, right, vectors = _sides(a, b, "solve_triangular")
    triangle = (np.tril if lower else np.triu)(np.asarray(left.value.real, np.float64))
    _regular(left.arithmetic.exact(triangle), "solve_triangular")
    made = solving.solve_triangular(left, right, lower=lower)
    return squeeze(made, made.ndim - 1) if vectors else made


@defines("ops.det")
def det(x: Tensor | Scalar) -> Tensor:
    """The determinant of every square matrix."""
    return solving.determinant(matrices(x, "det", square=True))


@defines("ops.slogdet")
def slogdet(x: Tensor | Scalar) -> list[Tensor]:
    """Sign of the determinant, and the logarithm of its size: 0 and -inf of a singular matrix.

    Raises:
        Unsupported: There are several matrices: it is said that the input must be one.
    """
    a = _one(x, "slogdet")
    found = solving.determinant(a)
    if found.value.real != 0:
        found.arithmetic.jump(found, found.value.real)
    sign = found.arithmetic.exact(np.sign(found.value.real))
    return [sign, f.log(f.choose(found.value.real < 0, -found, found))]


@defines("ops.logdet")
def logdet(x: Tensor | Scalar) -> Tensor:
    """The logarithm of the determinant of a symmetric matrix that is positive definite.

    Raises:
        Unsupported: It isn't, or there are several: it is said that the input must be one.
    """
    a = _one(x, "logdet")
    _definite(a, "logdet")
    return f.log(solving.determinant(a))


def _one(x: Tensor | Scalar, function: str) -> Array:
    a = matrices(x, function, square=True)
    if a.ndim > 2:  # noqa: PLR2004 (rows and columns)
        message = f"{function} of several matrices is documented not to be taken"
        raise Unsupported(message)
    return a


def _definite(a: Array, function: str) -> None:
    values = np.asarray(a.value.real, np.float64)
    symmetric = np.array_equal(values, np.swapaxes(values, -1, -2))
    if not symmetric or (np.linalg.eigvalsh(values) <= 0).any():
        message = f"{function} of a matrix that is not symmetric and positive definite"
        raise Unsupported(f"{message} is not in the reference")


@defines("ops.cholesky_inverse", differentiable=False)
def cholesky_inverse(x: Tensor | Scalar, upper: bool = False) -> Tensor:  # noqa: ARG001 (how)
    """The inverse of a symmetric matrix that is positive definite; ``upper`` says how.

    Raises:
        Refused: It isn't symmetric and positive definite.
    """
    a = matrices(x, "cholesky_inverse", square=True)
    try:
        _definite(a, "cholesky_inverse")
    except Unsupported as unsupported:
        raise Refused(str(unsupported), at="call") from None
    return inv(a)


def _singular(a: Array, cutoff: float | None, *, relative: bool, function: str) -> Values:
    """Which singular values count: those above the cutoff.

    Raises:
        Unsupported: One is too near to the cutoff, or to where none is given to zero.
    """
    sizes = np.linalg.svd(np.asarray(a.value.real, np.float64), compute_uv=False)
    largest = sizes.max(axis=-1, keepdims=True, initial=0.0)
    limit = np.zeros_like(largest)
    if cutoff is not None:
        limit = cutoff * largest if relative else np.full_like(largest, cutoff)
    noise = 1e-6 * largest if cutoff is None else 0.0
    near = np.abs(sizes - limit) < _CLEAR * largest
    if cutoff is None:
        near &= sizes > noise
    if near.any():
        message = f"{function}: a singular value next to the limit {cutoff}"
        raise Unsupported(f"{message} is not in the reference")
    return np.asarray(sizes > np.maximum(limit, noise))


@defines("ops.matrix_rank", differentiable=False)
def matrix_rank(x: Tensor | Scalar, tol: float | None = None) -> Tensor:
    """How many singular values exceed ``tol``, in int32."""
    a = matrices(x, "matrix_rank", square=False)
    counts = _singular(a, tol, relative=False, function="matrix_rank").sum(axis=-1)
    return a.arithmetic.whole(np.asarray(counts, np.int32))


def _inverted(a: Array, rcond: float | None, function: str) -> Array:
    """The pseudo-inverse, singular values up to ``rcond`` times the largest taken for zero.

    Raises:
        Unsupported: The gradient is asked for where some are: it is not that of a fixed rank.
    """
    counts = _singular(a, rcond, relative=True, function=function)
    if not counts.all() and a.tracked:
        message = f"the gradient of {function} where singular values count for zero"
        raise Unsupported(f"{message} is not in the reference")
    values = a.value if np.iscomplexobj(a.value) else np.asarray(a.value, np.float64)
    left, sizes, right = np.linalg.svd(values.real, full_matrices=False)
    inverse = np.where(counts, 1 / np.where(counts, sizes, 1.0), 0.0)
    made = np.swapaxes(right, -1, -2) @ (inverse[..., None] * np.swapaxes(left, -1, -2))
    if np.iscomplexobj(values):
        # A step of the iteration that converges to the pseudo-inverse, along an imaginary step.
        made = solving.stepped(values, made)
    whole, _ = iterated(a)
    return solving.pseudo_inverse(a, made, np.broadcast_to(np.square(whole), a.shape))


@defines("ops.pinv")
def pinv(x: Tensor | Scalar, rcond: float | None = None) -> Tensor:
    """The Moore-Penrose inverse ``(…, n, m)`` of every matrix."""
    return _inverted(matrices(x, "pinv", square=False), rcond, "pinv")


@defines("ops.lstsq")
def lstsq(a: Tensor | Scalar, b: Tensor | Scalar, rcond: float | None = None) -> Tensor:
    """The x for which ``a x - b`` is the shortest, and of several the shortest x.

    Raises:
        Refused: ``a`` is no matrix, or b has other rows.
    """
    left, right = (real(one) for one in together(a, b, least="float"))
    if left.ndim != 2 or right.ndim not in {1, 2} or left.shape[0] != right.shape[0]:  # noqa: PLR2004
        message = f"lstsq: a of {list(left.shape)}, b of {list(right.shape)}"
        raise Refused(message, at="call")
    sides = reshape(right, (right.shape[0], 1)) if right.ndim == 1 else right
    made = solving.product(_inverted(left, rcond, "lstsq"), sides)
    return squeeze(made, 1) if right.ndim == 1 else made


@defines("ops.cdist")
def cdist(x: Tensor | Scalar, y: Tensor | Scalar) -> Tensor:
    """Euclid's distance of every vector of one collection from every one of the other.

    Raises:
        Refused: Shapes don't fit.
    """
    a, b = (real(one) for one in together(x, y, least="float"))
    shapes = [list(one.shape) for one in (a, b)]
    if min(a.ndim, b.ndim) < 2 or a.shape[-1] != b.shape[-1]:  # noqa: PLR2004 (vectors of one)
        message = f"cdist of {shapes}"
        raise Refused(message, at="call")
    try:
        lead = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    except ValueError:
        message = f"cdist of {shapes}"
        raise Refused(message, at="call") from None
    ours = real(broadcast_to(a, (*lead, *a.shape[-2:]), "cdist"))
    theirs = real(broadcast_to(b, (*lead, *b.shape[-2:]), "cdist"))
    apart = expand(ours, len(lead) + 1) - expand(theirs, len(lead))
    return f.sqrt((apart * apart).sum(-1))
