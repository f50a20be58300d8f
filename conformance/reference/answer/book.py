"""The arrays of one answer: truths, and the spread that honest rounding gives each number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec.structs import replace

from conformance.reference.answer.expectation import Expected
from conformance.reference.engine.arithmetic import THIRD
from conformance.reference.engine.complexes import Complex
from conformance.reference.engine.dtypes import unit
from conformance.reference.engine.structure import stack

if TYPE_CHECKING:
    from conformance.reference.engine.array import Array, Values


class Book:
    """Collects truths and spreads under their names."""

    def __init__(self) -> None:
        """Start empty."""
        self.arrays: dict[str, Values] = {}

    def enter(self, name: str, a: Array | Complex) -> Expected:
        """Keep one array's truth and, unless it is exact, its spread.

        Those of a complex array are pairs, real and imaginary part, along one axis more.
        """
        if isinstance(a, Complex):
            pairs = stack([a.real, a.imag], a.ndim)
            return replace(self.enter(name, pairs), shape=list(a.shape), dtype=a.dtype)
        if a.integers is not None:
            return self.enter_whole(name, a.integers)
        self.arrays[f"truth/{name}"] = np.asarray(a.value, order="C")
        spread = ""
        if a.quantum is None:
            spread = f"spread/{name}"
            self.arrays[spread] = spread_of(a)
        return Expected(shape=list(a.shape), dtype=a.dtype, tensor=f"truth/{name}", spread=spread)

    def enter_whole(self, name: str, values: Values) -> Expected:
        """Keep integers or booleans, which must come out exactly."""
        self.arrays[f"truth/{name}"] = np.asarray(values, order="C")
        return Expected(shape=list(values.shape), dtype=values.dtype.name, tensor=f"truth/{name}")


def spread_of(a: Array) -> Values:
    """``sqrt(s² + value²/3)`` in units of u, as float32; an infinity has none."""
    spread = np.sqrt(a.variance + THIRD * np.square(a.value))
    return np.asarray(np.where(np.isinf(a.value), 0.0, spread), np.float32)


def tau(a: Array) -> Values:
    """The rounding error τ of every number."""
    return np.asarray(
        unit(a.arithmetic.precision) * np.sqrt(a.variance + THIRD * np.square(a.value))
    )
