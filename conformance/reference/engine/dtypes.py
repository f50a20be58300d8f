"""Float dtypes: their rounding unit, what they hold exactly, and Keras's policies of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

Values = NDArray[Any]

DIGITS: Final = {"float64": 53, "float32": 24, "float16": 11, "bfloat16": 8}
"""Significand bits by dtype, the hidden one included."""

NARROW: Final = frozenset({"float16", "bfloat16"})
"""Dtypes that don't hold every float32."""


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


def promoted(dtypes: Sequence[str]) -> str:
    """The float dtype in which numbers of several meet: the widest; of the two narrow ones float32.

    Keras's type promotion, which is JAX's: https://docs.jax.dev/en/latest/type_promotion.html.
    """
    if set(dtypes) >= NARROW:
        dtypes = [*dtypes, "float32"]
    return max(dtypes, key=DIGITS.__getitem__)


def held(values: Values, dtype: str) -> Values:
    """The nearest numbers that a float dtype holds, ties to even, as float64."""
    numbers = np.asarray(values, np.float64)
    if dtype == "float64":
        return numbers
    single = numbers.astype(np.float32)
    if dtype == "float16":
        single = single.astype(np.float16).astype(np.float32)
    elif dtype == "bfloat16":
        bits = single.view(np.uint32).astype(np.uint64)
        bits += np.uint64(0x7FFF) + ((bits >> np.uint64(16)) & np.uint64(1))
        short = (bits.astype(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32)
        single = np.where(np.isnan(single), single, short)
    return np.asarray(single, np.float64)
