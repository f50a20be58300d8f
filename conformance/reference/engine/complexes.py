"""Complex numbers as pairs of real arrays, so that the rules of rounding hold by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine.dtypes import COMPLEX

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.engine.array import Array, Values

_NAMES = {parts: name for name, parts in COMPLEX.items()}


@dataclass(frozen=True)
class Complex:
    """``real + i·imag``, both of one shape and one float dtype."""

    real: Array
    imag: Array

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes by axis."""
        return self.real.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.real.ndim

    @property
    def dtype(self) -> str:
        """``complex64`` or ``complex128``."""
        return _NAMES[self.real.dtype]

    @property
    def value(self) -> Values:
        """The numbers as NumPy's complex ones."""
        # Not real + 1j·imag, which makes NaN of an infinity.
        made = np.empty(self.shape, np.complex128)
        made.real, made.imag = self.real.value, self.imag.value
        return made

    def each(self, function: Callable[[Array], Array]) -> Complex:
        """A linear real function, such as a move or a sum, of both parts."""
        return Complex(function(self.real), function(self.imag))

    def __add__(self, other: Complex) -> Complex:
        """Sum."""
        return Complex(self.real + other.real, self.imag + other.imag)

    def __sub__(self, other: Complex) -> Complex:
        """Difference."""
        return Complex(self.real - other.real, self.imag - other.imag)

    def __mul__(self, other: Complex) -> Complex:
        """Product."""
        return Complex(
            self.real * other.real - self.imag * other.imag,
            self.real * other.imag + self.imag * other.real,
        )

    def __truediv__(self, other: Complex) -> Complex:
        """Quotient."""
        size = other.real * other.real + other.imag * other.imag
        above = self * other.conjugate()
        return Complex(above.real / size, above.imag / size)

    def __neg__(self) -> Complex:
        """The same numbers turned around."""
        return Complex(-self.real, -self.imag)

    def conjugate(self) -> Complex:
        """The same numbers with the imaginary part turned around."""
        return Complex(self.real, -self.imag)


def absolute(a: Complex) -> Array:
    """Distance from 0."""
    return f.sqrt(a.real * a.real + a.imag * a.imag)


def angle(a: Complex) -> Array:
    """Angle from the positive real axis, in (-π, π]."""
    return f.arctan2(a.imag, a.real)


def exp(a: Complex) -> Complex:
    """E to the power of every number: ``exp(re)·(cos im + i·sin im)``."""
    size = f.exp(a.real)
    return Complex(size * f.cosine(a.imag), size * f.sine(a.imag))


def equal(a: Complex, b: Complex) -> Values:
    """Where both parts are equal."""
    return np.asarray((a.real.value == b.real.value) & (a.imag.value == b.imag.value))
