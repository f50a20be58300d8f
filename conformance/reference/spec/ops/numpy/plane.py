"""Complex numbers: their parts, their angles, and what they are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference.engine import complexes
from conformance.reference.engine import functions as f
from conformance.reference.engine.array import reshape
from conformance.reference.engine.complexes import Complex
from conformance.reference.engine.conversion import arithmetic_of, as_array, floats, real
from conformance.reference.engine.dtypes import COMPLEX
from conformance.reference.engine.structure import stack, take
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.ops.base import broadcasting
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.array import Array
    from conformance.reference.engine.conversion import Scalar, Tensor


@defines("ops.imag", differentiable=False)
def imag(x: Tensor | Scalar) -> Tensor:
    """Imaginary part.

    Raises:
        Unsupported: Of a real number: Keras speaks of complex ones, and frameworks differ.
    """
    a = as_array(x, arithmetic_of(x))
    if not isinstance(a, Complex):
        message = f"imag of {a.dtype} is not in the reference: Keras documents complex numbers"
        raise Unsupported(message)
    return a.imag


@defines("ops.angle", differentiable=False)
def angle(x: Tensor | Scalar) -> Tensor:
    """Angle from the positive real axis: of a real number 0 or π; integers in floatx."""
    a = as_array(x, arithmetic_of(x))
    if isinstance(a, Complex):
        return complexes.angle(a)
    number = floats(a)
    return f.arctan2(number.arithmetic.constant(0.0, number.shape), number)


@defines("ops.polar", differentiable=False)
def polar(abs_: Tensor | Scalar, angle: Tensor | Scalar) -> Tensor:
    """The complex number of this size and angle.

    Raises:
        Unsupported: Of anything but float32 and float64, which complex numbers are made of.
    """
    size, turn = (real(x) for x in broadcasting(abs_, angle))
    _parts(size, "polar")
    return Complex(size * f.cosine(turn), size * f.sine(turn))


def _parts(a: Array, function: str) -> None:
    if a.dtype not in COMPLEX.values():
        message = f"{function} of {a.dtype} is not in the reference: no complex dtype holds it"
        raise Unsupported(message)


@defines("ops.view_as_complex", differentiable=False)
def view_as_complex(x: Tensor | Scalar) -> Tensor:
    """Pairs along the last axis as complex numbers.

    Raises:
        Refused: The last axis holds no pairs.
    """
    a = real(as_array(x, arithmetic_of(x)))
    if not a.ndim or a.shape[-1] != 2:  # noqa: PLR2004 (real and imaginary part)
        message = f"view_as_complex of the shape {a.shape}: the last axis is to hold pairs"
        raise Refused(message, at="call")
    _parts(a, "view_as_complex")
    parts = (reshape(take(a, a.ndim - 1, i, i + 1), a.shape[:-1]) for i in range(2))
    return Complex(*parts)


@defines("ops.view_as_real", differentiable=False)
def view_as_real(x: Tensor | Scalar) -> Tensor:
    """Real and imaginary parts side by side along a new last axis.

    Raises:
        Unsupported: Of real numbers: Keras speaks of complex ones.
    """
    a = as_array(x, arithmetic_of(x))
    if not isinstance(a, Complex):
        message = f"view_as_real of {a.dtype} is not in the reference"
        raise Unsupported(message)
    return stack([a.real, a.imag], a.ndim)
