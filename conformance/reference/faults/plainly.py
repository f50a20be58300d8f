"""Functions whose numbers are not unique, as a framework computes them: by NumPy in float32.

The specification answers them with a law; an observation has numbers.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.reference.engine.arithmetic import Result
from conformance.reference.engine.complexes import Complex
from conformance.reference.engine.conversion import arithmetic_of, as_array, floats, real
from conformance.reference.engine.dtypes import FLOATX
from conformance.reference.engine.structure import picked
from conformance.reference.errors import Refused
from conformance.reference.faults.plain_images import images
from conformance.reference.spec.ops.numpy.creation import zeros
from conformance.reference.spec.ops.numpy.indexing import grid_of
from conformance.reference.spec.ops.numpy.likes import zeros_like
from conformance.reference.spec.ops.numpy.sorting import numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Array, Values


def _floats(like: Array, *arrays: Values) -> list[Array]:
    at = like.arithmetic
    return [at.result(Result(np.asarray(values, at.dtype))) for values in arrays]


def _places(like: Array, values: Values) -> Array:
    return like.arithmetic.whole(np.asarray(values, np.int32))


def _real(x: Any) -> Array:
    return real(as_array(x, arithmetic_of(x)))


def qr(x: Any, mode: str = "reduced") -> list[Array]:
    """Factors by Householder's reflections."""
    a = floats(x)
    return _floats(a, *np.linalg.qr(a.value, mode))  # type: ignore[call-overload] # a mode that is a string


def svd(x: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:  # noqa: FBT001, FBT002 (Keras's signature)
    """Vectors on both sides and the values between them."""
    a = floats(x)
    if not compute_uv:
        return _floats(a, np.linalg.svd(a.value, full_matrices, compute_uv=False))[0]
    return _floats(a, *np.linalg.svd(a.value, full_matrices))


def eigh(x: Any) -> list[Array]:
    """Values and vectors of a symmetric matrix."""
    a = floats(x)
    return _floats(a, *np.linalg.eigh(a.value))


def eig(x: Any) -> list[Complex]:
    """Values and vectors of any square matrix."""
    a = floats(x)
    parts = np.linalg.eig(a.value)
    return [Complex(*_floats(a, part.real, part.imag)) for part in parts]


def argsort(x: Any, axis: int | None = -1) -> Array:
    """Places in rising order, equals as they came."""
    a = _real(x)
    return _places(a, np.argsort(numbers(a), axis=axis, kind="stable"))


def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Array:  # noqa: FBT001, FBT002 (Keras's signature)
    """The first place of the largest."""
    a = _real(x)
    return _places(a, np.argmax(numbers(a), axis=axis, keepdims=keepdims))


def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Array:  # noqa: FBT001, FBT002 (Keras's signature)
    """The first place of the smallest."""
    a = _real(x)
    return _places(a, np.argmin(numbers(a), axis=axis, keepdims=keepdims))


def top_k(x: Any, k: int, sorted: bool = True) -> list[Array]:  # noqa: A002, ARG001, FBT001, FBT002 (Keras's signature; what is sorted is in an order too)
    """The largest, the largest first, and their places."""
    a = _real(x)
    falling = np.flip(np.argsort(numbers(a), axis=-1, kind="stable"), -1)[..., :k]
    values = picked(a, np.take_along_axis(grid_of(a.shape), falling, -1))
    return [values, _places(a, falling)]


def argpartition(x: Any, kth: Any, axis: int | None = -1) -> Array:
    """An order whose sides are turned round, so that no other place is parted."""
    a = _real(x)
    values = numbers(a) if axis is not None else numbers(a).reshape(-1)
    place = -1 if axis is None else axis
    rising = np.moveaxis(np.argsort(values, axis=place, kind="stable"), place, -1)
    cuts = sorted(k % rising.shape[-1] for k in (kth if isinstance(kth, list) else [kth]))
    parts, start = [], 0
    for cut in cuts:
        parts += [rising[..., start:cut][..., ::-1], rising[..., cut : cut + 1]]
        start = cut + 1
    order = np.concatenate([*parts, rising[..., start:][..., ::-1]], -1)
    return _places(a, np.moveaxis(order, -1, place))


def empty(shape: Any, dtype: str | None = None, *, arithmetic: Arithmetic) -> Any:
    """Zeros, which nobody promises."""
    return zeros(shape, dtype, arithmetic=arithmetic)


def empty_like(x: Any, dtype: str | None = None) -> Any:
    """Zeros, which nobody promises."""
    return zeros_like(x, dtype)


class Orthogonal:
    """A matrix of orthonormal columns or rows, by Householder's reflections."""

    def __init__(self, gain: float = 1.0, seed: Any = None, *, arithmetic: Arithmetic) -> None:
        """See Keras."""
        self.gain, self.seed, self.arithmetic = gain, seed, arithmetic

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Array:
        """All axes but the last are the matrix's rows.

        Raises:
            Refused: The shape has fewer than two axes.
        """
        if len(shape) < 2:  # noqa: PLR2004 (a matrix)
            message = f"Orthogonal: {list(shape)} is the shape of no matrix"
            raise Refused(message, at="call")
        at = self.arithmetic.at(dtype or FLOATX)
        rows, columns = math.prod(shape[:-1]), shape[-1]
        drawn = np.random.default_rng(self.seed or 0).standard_normal((rows, columns))
        matrix = np.linalg.qr(drawn)[0] if rows >= columns else np.linalg.qr(drawn.T)[0].T
        values = np.asarray(self.gain * matrix, at.dtype).reshape(tuple(shape))
        return at.result(Result(values))


NUMBERS = {
    "initializers.Orthogonal": Orthogonal,
    "ops.argpartition": argpartition,
    "ops.empty": empty,
    "ops.empty_like": empty_like,
    "ops.eig": eig,
    "ops.qr": qr,
    "ops.svd": svd,
    "ops.eigh": eigh,
    "ops.argsort": argsort,
    "ops.argmax": argmax,
    "ops.argmin": argmin,
    "ops.top_k": top_k,
    "dictionary.images": images,
}
"""By symbol."""
