"""Keras's dtypes: what each holds, in which dtype several meet, and the policies of them."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

Values = NDArray[Any]

DIGITS: Final = {"float64": 53, "float32": 24, "float16": 11, "bfloat16": 8}
"""Significand bits of the float dtypes, the hidden one included."""

NARROW: Final = frozenset({"float16", "bfloat16"})
"""Dtypes that don't hold every float32."""

UNSIGNED: Final = ("uint8", "uint16", "uint32", "uint64")
SIGNED: Final = ("int8", "int16", "int32", "int64")
WHOLE: Final = ("bool", *UNSIGNED, *SIGNED)
"""Dtypes whose numbers are exact: NumPy has all of them under the same names."""

COMPLEX: Final = {"complex64": "float32", "complex128": "float64"}
"""Complex dtypes with the dtype of their parts."""

DTYPES: Final = (*WHOLE, *DIGITS, *COMPLEX)
"""Every dtype that an array of the reference can have."""

FLOATX: Final = "float32"
"""Keras's ``floatx()``, which no case changes."""

_WEAK: Final = {"int": "int32", "float": FLOATX, "complex": "complex64"}
"""What a Python scalar of each kind is where nothing else says; these three are no array's dtype.

Keras has no weak arrays: a scalar is weak, but what is computed from it alone is not.
"""

# https://docs.jax.dev/en/latest/jep/9263-typepromotion.html, whose lattice keras.ops follows; each
# dtype with those right above it. A Python bool is a bool, the other scalars are weak.
_ABOVE: Final[dict[str, tuple[str, ...]]] = {
    "bool": ("int",),
    "int": ("uint8", "int8"),
    "uint8": ("uint16", "int16"),
    "uint16": ("uint32", "int32"),
    "uint32": ("uint64", "int64"),
    "uint64": ("float",),
    "int8": ("int16",),
    "int16": ("int32",),
    "int32": ("int64",),
    "int64": ("float",),
    "float": ("bfloat16", "float16", "complex"),
    "bfloat16": ("float32",),
    "float16": ("float32",),
    "float32": ("float64", "complex64"),
    "float64": ("complex128",),
    "complex": ("complex64",),
    "complex64": ("complex128",),
    "complex128": (),
}


def holds(values: Values, unit: float) -> bool:
    """Whether a float of this rounding unit and float32's range holds every number exactly."""
    mantissas = np.frexp(values.real)[0] / unit
    return bool((mantissas == np.trunc(mantissas)).all())


@functools.cache
def _from(dtype: str) -> frozenset[str]:
    """A dtype and everything above it."""
    return frozenset({dtype}).union(*(_from(above) for above in _ABOVE[dtype]))


def kind(scalar: complex) -> str:
    """What a Python scalar is in the lattice: ``bool``, or one of the weak kinds."""
    return type(scalar).__name__


def promoted(operands: Sequence[str | complex]) -> str:
    """The dtype in which several meet: the lowest of the lattice that lies above all of them.

    Args:
        operands: Dtypes by name, and Python scalars, which are weak: they only raise the kind.

    Returns:
        A dtype that an array can have; what scalars alone meet in is an int32, a float32 or a
        complex64.
    """
    names = [x if isinstance(x, str) else kind(x) for x in operands]
    above = frozenset.intersection(*(_from(name) for name in names))
    # The lattice has one lowest element of each set: the one from which all others are reached.
    (lowest,) = (name for name in above if _from(name) == above)
    return _WEAK.get(lowest, lowest)


def floating(dtype: str) -> str:
    """In what a function computes that only floats have, such as a quotient: integers in floatx."""
    return FLOATX if dtype in WHOLE else dtype


def summed(dtype: str) -> str:
    """The dtype of a sum or product over axes.

    Small integers are added up in 32 bits, as keras.ops.sum documents by following JAX, and
    NumPy before it: signed ones and booleans in int32, unsigned ones in uint32.
    """
    if dtype in {"bool", "int8", "int16"}:
        return "int32"
    return "uint32" if dtype in {"uint8", "uint16"} else dtype


def unit(dtype: str) -> float:
    """The rounding unit u: half the distance from 1 to the next number, in proportion."""
    return float(2.0 ** -DIGITS[dtype])


def limit(dtype: str) -> float:
    """So many multiples of one power of two can be told apart."""
    return float(2.0 ** DIGITS[dtype])


class Policy(NamedTuple):
    """The argument ``dtype`` of a layer: in what it computes, and in what it keeps variables."""

    compute: str
    variable: str


POLICIES: Final = {
    **{dtype: Policy(dtype, dtype) for dtype in DIGITS},
    **{f"mixed_{dtype}": Policy(dtype, "float32") for dtype in sorted(NARROW)},
}
"""Keras's dtype policies by name."""

DEFAULT: Final = POLICIES["float32"]


def held(values: Values, dtype: str) -> Values:
    """The nearest numbers that a float dtype holds, ties to even, as float64."""
    if dtype == "float64":
        return np.asarray(values, np.float64)
    # Not by way of float64, where integers beyond 2**53 would be rounded twice.
    single = np.asarray(values).astype(np.float32)
    if dtype == "float16":
        single = single.astype(np.float16).astype(np.float32)
    elif dtype == "bfloat16":
        bits = single.view(np.uint32).astype(np.uint64)
        bits += np.uint64(0x7FFF) + ((bits >> np.uint64(16)) & np.uint64(1))
        short = (bits.astype(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32)
        single = np.where(np.isnan(single), single, short)
    return np.asarray(single, np.float64)
