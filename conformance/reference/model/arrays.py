"""What a program feeds as arrays of an arithmetic, and when nearness to kinks is watched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference.engine.arithmetic import Arithmetic, Variance
from conformance.reference.engine.complexes import Complex
from conformance.reference.engine.dtypes import COMPLEX, DIGITS

if TYPE_CHECKING:
    from conformance.cases.model import InputSpec, Target
    from conformance.reference.engine.array import Array, Values


def fed_to_function(arithmetic: Arithmetic, spec: InputSpec, values: Values) -> Array | Complex:
    """What a function is called with: an input, or a complex one."""
    if spec.dtype not in COMPLEX:
        return fed(arithmetic, spec, values)
    parts = arithmetic.at(COMPLEX[spec.dtype])
    return Complex(parts.leaf(values.real), parts.leaf(values.imag))


def fed(arithmetic: Arithmetic, spec: InputSpec | Target, values: Values) -> Array:
    """An input; floats travel as float32, whatever dtype is declared for them."""
    precision = spec.dtype if spec.dtype in DIGITS else arithmetic.precision
    return arithmetic.at(precision).fed(values)


def watching(arithmetic: Arithmetic, *, on: bool) -> None:
    """Note how far numbers are from kinks, or no longer."""
    if isinstance(arithmetic, Variance):
        arithmetic.watch_kinks = on
