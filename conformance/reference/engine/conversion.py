"""From one dtype to another, and operands brought to the dtype in which they meet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from conformance.reference.engine.array import Array, cast
from conformance.reference.engine.complexes import Complex
from conformance.reference.engine.dtypes import (
    COMPLEX,
    DIGITS,
    WHOLE,
    floating,
    held,
    promoted,
)
from conformance.reference.errors import Unsupported

if TYPE_CHECKING:
    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Values

Tensor = Array | Complex
"""What stands where Keras has a tensor."""

Scalar = bool | int | float | complex
"""A Python number, which is weak: it takes the dtype of the arrays that it meets."""


def fed(arithmetic: Arithmetic, values: Values, dtype: str = "") -> Tensor:
    """An array that is fed.

    Args:
        arithmetic: What it is computed with.
        values: Its numbers; floats may be held in a wider dtype than is declared.
        dtype: Keras's name of the declared dtype; that of ``values`` without one.
    """
    dtype = dtype or values.dtype.name
    if dtype in WHOLE:
        return arithmetic.whole(np.asarray(values, dtype))
    if dtype in COMPLEX:
        parts = arithmetic.at(COMPLEX[dtype])
        return Complex(parts.leaf(np.real(values)), parts.leaf(np.imag(values)))
    return arithmetic.at(dtype).leaf(values)


def constant(arithmetic: Arithmetic, value: Scalar, dtype: str) -> Tensor:
    """A number that a formula or an argument holds, as an array of a dtype.

    Raises:
        Unsupported: An integer dtype doesn't hold it.
    """
    if dtype in COMPLEX:
        parts = arithmetic.at(COMPLEX[dtype])
        number = complex(value)
        return Complex(parts.constant(number.real), parts.constant(number.imag))
    if isinstance(value, complex):
        message = f"the complex number {value} as {dtype} is not in the reference"
        raise Unsupported(message)
    if dtype not in WHOLE:
        return arithmetic.at(dtype).constant(float(value))
    if dtype == "bool":
        return arithmetic.whole(np.asarray(bool(value)))
    try:
        return arithmetic.whole(np.asarray(int(value), dtype))
    except (OverflowError, ValueError):
        message = f"{value!r} is no {dtype}: what it becomes is documented nowhere"
        raise Unsupported(message) from None


def arithmetic_of(*operands: object) -> Arithmetic:
    """The arithmetic of the first array among operands and in lists of them.

    Raises:
        Unsupported: There is none.
    """
    left = [*operands]
    while left:
        x = left.pop(0)
        if isinstance(x, Array):
            return x.arithmetic
        if isinstance(x, Complex):
            return x.real.arithmetic
        if isinstance(x, list | tuple):
            left = [*x, *left]
    message = "a function of Python numbers alone is not in the reference: give it an array"
    raise Unsupported(message)


def dtype_of(*operands: Tensor | Scalar) -> str:
    """The dtype in which operands meet."""
    return promoted([x.dtype if isinstance(x, Array | Complex) else x for x in operands])


def as_array(x: Tensor | Scalar, arithmetic: Arithmetic, dtype: str = "") -> Tensor:
    """An operand as an array of a dtype; without one, arrays stay and scalars take their own."""
    if isinstance(x, Array | Complex):
        return convert(x, dtype) if dtype else x
    return constant(arithmetic, x, dtype or promoted([x]))


def together(
    *operands: Tensor | Scalar,
    least: Literal["", "float"] = "",
    arithmetic: Arithmetic | None = None,
) -> list[Tensor]:
    """Operands in the dtype in which they meet.

    Args:
        operands: Arrays and Python scalars.
        least: ``float``: integers meet in floatx, as in a quotient.
        arithmetic: That of the answer; needed if all are scalars.
    """
    arithmetic = arithmetic or arithmetic_of(*operands)
    dtype = floating(dtype_of(*operands)) if least else dtype_of(*operands)
    return [as_array(x, arithmetic, dtype) for x in operands]


def convert(a: Tensor, dtype: str) -> Tensor:
    """An array in another dtype.

    A float becomes an integer by leaving out what follows the point, a boolean by being other than
    zero; an integer that is too large for another wraps; a complex number loses its imaginary part.

    Raises:
        Unsupported: A float that the integer dtype doesn't hold, NaN and infinities included.
            Frameworks differ there and Keras documents nothing.
    """
    if a.dtype == dtype:
        return a
    if isinstance(a, Complex):
        return _of_complex(a, dtype)
    if dtype in COMPLEX:
        part = real(convert(a, COMPLEX[dtype]))
        return Complex(part, part.arithmetic.constant(0.0, a.shape))
    if a.integers is not None:
        return _of_integers(a, a.integers, dtype)
    return cast(a, dtype) if dtype in DIGITS else _integers_of(a, dtype)


def _of_complex(a: Complex, dtype: str) -> Tensor:
    if dtype == "bool":
        parts = [whole(convert(part, "bool")) for part in (a.real, a.imag)]
        return a.real.arithmetic.whole(parts[0] | parts[1])
    if dtype not in COMPLEX:
        return convert(a.real, dtype)
    return Complex(cast(a.real, COMPLEX[dtype]), cast(a.imag, COMPLEX[dtype]))


def _of_integers(a: Array, integers: Values, dtype: str) -> Array:
    if dtype in DIGITS:
        return a.arithmetic.at(dtype).leaf(held(integers, dtype))
    made = integers != 0 if dtype == "bool" else integers.astype(dtype)
    return a.arithmetic.whole(np.asarray(made))


def _integers_of(a: Array, dtype: str) -> Array:
    values = a.value.real
    if dtype == "bool":
        a.arithmetic.jump(a, values)
        return a.arithmetic.whole(values != 0)
    info = np.iinfo(dtype)
    cut = np.trunc(values)
    # The largest integers are no floats: what is below max + 1, which is one, is held.
    if not ((cut >= float(info.min)) & (cut < float(info.max) + 1.0)).all():
        message = f"floats beyond the range of {dtype} are cast to it: Keras documents no answer"
        raise Unsupported(message)
    near = np.rint(values)
    # From -1 to 1 everything becomes 0: there is no step at 0.
    a.arithmetic.jump(a, np.where(near == 0, 1.0 - np.abs(values), values - near))
    return a.arithmetic.whole(np.asarray(cut.astype(dtype)))


def floats(x: Tensor | Scalar) -> Array:
    """An operand of a function that only floats have: integers and booleans in floatx.

    Raises:
        Unsupported: It is complex.
    """
    return real(together(x, least="float")[0])


def real(a: Tensor) -> Array:
    """An array that is not complex.

    Raises:
        Unsupported: It is.
    """
    if isinstance(a, Complex):
        message = "this function of complex numbers is not in the reference"
        raise Unsupported(message)
    return a


def whole(a: Tensor) -> Values:
    """The integers or booleans of an array, exactly.

    Raises:
        Unsupported: It holds floats.
    """
    if isinstance(a, Complex) or a.integers is None:
        message = f"integers or booleans are needed here, not {a.dtype}"
        raise Unsupported(message)
    return a.integers


def booleans(x: Tensor | Scalar, arithmetic: Arithmetic | None = None) -> Values:
    """Whether each number is other than zero."""
    arithmetic = arithmetic or arithmetic_of(x)
    return whole(convert(as_array(x, arithmetic), "bool"))
