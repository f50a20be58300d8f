"""One answer and its arrays: truths, and the spread that honest rounding gives each number."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec.structs import replace

from conformance.reference.answer.expectation import Expected, ExpectedProperty
from conformance.reference.engine.arithmetic import THIRD, Variance
from conformance.reference.engine.complexes import Complex
from conformance.reference.engine.dtypes import unit
from conformance.reference.engine.structure import stack

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.invariants import Invariants
    from conformance.reference.answer.expectation import Expectation
    from conformance.reference.engine.array import Array, Values


CLEARANCE = 64.0
"""How far every number must be from every kink, as a multiple of its rounding error τ."""

LOWERED_CLEARANCE = 20.0
"""The same where operations are declared to be coarser: beyond what any number may be off. With the
wide clearance next to no data of tensorfloat32's τ would serve."""

TRIES = 200
"""Seeds that are tried until the data are clear."""


@dataclass(frozen=True)
class Rule:
    """How far honest rounding may move numbers: as float32 does, but for coarser operations."""

    lowered: Mapping[str, float]
    """Rounding units by operation, of those that are declared to be coarser."""

    @property
    def clearance(self) -> float:
        """How far every number must be from every kink, as a multiple of its rounding error τ."""
        return LOWERED_CLEARANCE if self.lowered else CLEARANCE

    def arithmetic(self, **options: Any) -> Variance:
        """Numbers beside their variance, with :class:`Variance`'s other options."""
        return Variance(lowered=self.lowered, **options)

    def watching(self) -> Variance:
        """The same, which ends where a number comes too near to a kink."""
        return self.arithmetic(least=self.clearance)


HONEST_RULE = Rule(MappingProxyType({}))
"""All work is float32's."""


@dataclass(frozen=True)
class Answer:
    """What :func:`evaluate` returns.

    Attributes:
        expectation: What must come out; its arrays are named in ``arrays``.
        feeds: float32 arrays by the names of docs/architecture.md.
        arrays: Truths (float64, bool) and spreads (float32).
    """

    expectation: Expectation
    feeds: dict[str, Values] = field(default_factory=dict)
    arrays: dict[str, Values] = field(default_factory=dict)


def near_kink(near: Exception) -> str:
    """Why a seed won't do whose data lie next to a kink."""
    return (
        f"a number is only {near.args[0]:.3g} times its rounding error away from "
        "a kink (relu at 0, a tie in a pooling window), where gradients jump"
    )


def not_clear(reason: str) -> str:
    """What to do where no seed serves."""
    return (
        f"none of {TRIES} seeds serves: {reason}. Use data: normal and weights: normal, make the "
        "case smaller, or leave the facet out (`without`)"
    )


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

    def enter_law(
        self, name: str, law: Invariants
    ) -> tuple[list[Expected], list[ExpectedProperty]]:
        """Keep what is true of an answer whose numbers are not unique."""
        outputs = [
            Expected(shape=list(shape), dtype=dtype, tensor="")
            for shape, dtype in zip(law.shapes, law.dtypes, strict=True)
        ]
        properties = []
        for index, one in enumerate(law.properties):
            names = dict[str, str]()
            for part, values in (("truth", one.truth), ("spread", one.spread)):
                if values is not None:
                    names[part] = f"{part}/{name}/property/{index}"
                    self.arrays[names[part]] = np.asarray(values, order="C")
            properties.append(
                ExpectedProperty(
                    kind=one.kind, outputs=list(one.outputs), how=one.how, axis=one.axis, **names
                )
            )
        return outputs, properties


def spread_of(a: Array) -> Values:
    """``sqrt(s² + value²/3)`` in units of u, as float32; an infinity has none."""
    spread = np.sqrt(a.variance + THIRD * np.square(a.value))
    return np.asarray(np.where(np.isinf(a.value), 0.0, spread), np.float32)


def tau(a: Array) -> Values:
    """The rounding error τ of every number."""
    return np.asarray(
        unit(a.arithmetic.precision) * np.sqrt(a.variance + THIRD * np.square(a.value))
    )
