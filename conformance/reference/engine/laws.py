"""Answers that are not one array of numbers: laws of what is drawn, and properties.

No generator is imitated. A law says which answers are possible, how likely each is and which
numbers share a draw; real draws are judged by it, and imagined ones made from it (``drawing``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.reference.engine.array import Array, Values
    from conformance.reference.engine.conversion import Tensor


@dataclass(frozen=True)
class Choice:
    """Each draw picks one of a few answers.

    Attributes:
        options: The answers; they broadcast to the shape of the whole.
        probabilities: Of each option; empty where the documentation doesn't promise any.
    """

    options: Sequence[Array]
    probabilities: Sequence[float] = ()


@dataclass(frozen=True)
class Affine:
    """``location + scale · θ`` with a continuous distribution of θ.

    Attributes:
        location: Of the shape of the answer.
        scale: Broadcasts to it.
        law: ``normal`` of mean 0 and variance 1, ``uniform`` over [low, high], or ``truncated``:
            the normal one without what lies outside of [low, high].
        low: Least draw, where there is one.
        high: Largest draw, likewise.
    """

    location: Array
    scale: Array
    law: Literal["normal", "uniform", "truncated"]
    low: float = 0.0
    high: float = 1.0


@dataclass(frozen=True)
class Bounds:
    """Nothing is promised but a range; ``None``: open on that side."""

    low: float | None = None
    high: float | None = None


Named = Literal[
    "normal", "truncated", "uniform", "gamma", "beta", "binomial", "integers", "categories"
]
"""The distributions that Keras's documentation names."""


@dataclass(frozen=True)
class Distribution:
    """Each number is drawn by itself from a distribution that has a name.

    Attributes:
        name: ``normal`` and ``truncated`` (at two deviations) have ``mean`` and ``deviation``;
            ``uniform``, and ``integers``, ``low`` and ``high``, which is no possible number;
            ``gamma`` has ``alpha``, ``beta`` that and ``beta``; ``binomial`` has ``counts`` and
            ``probabilities``; ``categories`` has ``odds``, of each category along the last axis.
        parameters: As float64. They broadcast to the shape of the answer; ``odds`` do so without
            their last axis.
    """

    name: Named
    parameters: Mapping[str, Values]


@dataclass(frozen=True)
class Permutation:
    """Every line of numbers along an axis in another order, each order as likely.

    Whether the lines move together is not promised.

    Attributes:
        array: What is put in another order.
        axis: Along which; not negative.
    """

    array: Array
    axis: int


@dataclass(frozen=True)
class Drawn:
    """What a layer draws.

    Attributes:
        shape: Of the answer, batch axis included.
        draws: The same, with 1 for each axis along which all numbers share a draw.
        law: Of each draw.
        dtype: Of the answer.
    """

    shape: tuple[int, ...]
    draws: tuple[int, ...]
    law: Choice | Affine | Bounds | Distribution | Permutation
    dtype: str = "float32"


@dataclass(frozen=True)
class DataSized:
    """An answer of which only the data tell some sizes, so that a symbolic call can't state them.

    Attributes:
        array: The answer.
        axes: Those whose size isn't known before.
    """

    array: Tensor
    axes: tuple[int, ...]
