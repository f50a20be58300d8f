"""What is asked of a model, whatever it is made of, and arrays on their way to the wire."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_ARRAYS = 4_000
"""Answers from inside a model that are sent; those after them are not looked at."""
MOST_BYTES = 256 * 2**20
"""Bytes of all of them together: half of the largest frame."""


class Opened(Protocol):
    """A model that has been opened."""

    def told(self) -> dict[str, Any]:
        """``framework``, ``inputs``, ``trains``, ``notes``: an ``Opened`` of ``told.py``."""

    def infer(self, inputs: Sequence[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """What it answers in inference, and what is seen inside on the way."""

    def train(
        self, inputs: Sequence[Any], targets: Sequence[Any], settings: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The loss of each step, the variables before and after, and then as ``infer``."""


class Sent:
    """Arrays by name, up to what a frame holds."""

    def __init__(self) -> None:
        """Hold none yet."""
        self.arrays: dict[str, Any] = {}
        self.left_out = 0
        self._bytes = 0

    def put(self, name: str, array: Any) -> str | None:
        """Keep an array; None where there is no room left for it."""
        if len(self.arrays) >= MOST_ARRAYS or self._bytes + array.nbytes > MOST_BYTES:
            self.left_out += 1
            return None
        self.arrays[name] = array
        self._bytes += array.nbytes
        return name


def finite(number: float) -> float | None:
    """A number as JSON can carry it."""
    return number if math.isfinite(number) else None


def flat(value: Any) -> list[Any]:
    """What lists, tuples and dictionaries hold, in order; None and texts are left out."""
    if isinstance(value, dict):
        return [one for part in value.values() for one in flat(part)]
    if isinstance(value, (list, tuple)):
        return [one for part in value for one in flat(part)]
    return [] if value is None or isinstance(value, str) else [value]
