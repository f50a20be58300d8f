"""How the page's data travel in it: columns of one letter a cell, JSON, gzip, base64.

A verdict of 45,000 is one letter in a string that gzip then folds; a margin is a letter on a
logarithmic scale. So the whole table is a few tens of kilobytes, and a browser has it unpacked in
some milliseconds. The script's side of it is ``web/src/data.js``.
"""

from __future__ import annotations

import base64
import contextlib
import gc
import gzip
import math
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

NOTHING: Final = " "
"""The letter of a cell that has no such value."""
FIRST: Final = 0x30
"""The letter of the number 0 (``0``); those of greater numbers follow it in Unicode."""

SURROGATES: Final = range(0xD800, 0xE000)
"""Characters that can't stand alone in UTF-8."""

OCTAVES: Final = 64
"""Exponent of the smallest number that the scale tells from 0: ``2 ** -64``."""
TOP: Final = 40
"""Exponent of the largest; what is beyond is held there."""
STEPS: Final = 4
"""Steps of the scale in one octave: 19 % each."""


@contextlib.contextmanager
def without_collecting() -> Iterator[None]:
    """Make many small objects, none of them cyclic, without looking for cycles among them."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def packed(value: Any, level: int = 9) -> str:
    """Return a value as JSON, gzip, base64.

    Args:
        value: anything that msgspec can write as JSON.
        level: gzip's, 1 to 9.
    """
    data = gzip.compress(msgspec.json.encode(value), compresslevel=level, mtime=0)
    return base64.b64encode(data).decode("ascii")


def letter(number: int) -> str:
    """Return the letter of a small number, without surrogates: those can't travel."""
    code = FIRST + number
    return chr(code if code < SURROGATES.start else code + len(SURROGATES))


def logarithmic(value: float | None) -> str:
    """Return the letter of a positive number on the logarithmic scale.

    Args:
        value: None has no size and is :data:`NOTHING`; 0 is the first letter.
    """
    if value is None or math.isnan(value):
        return NOTHING
    if value <= 2.0**-OCTAVES:
        return letter(0)
    if value >= 2.0**TOP:
        return letter((OCTAVES + TOP) * STEPS)
    return letter(1 + round(STEPS * (math.log2(value) + OCTAVES)))


class Table:
    """Distinct values in the order in which they were first seen."""

    def __init__(self) -> None:
        """Begins empty."""
        self.values: list[Any] = []
        self._number: dict[Hashable, int] = {}

    def number(self, key: Hashable, value: Any = None) -> int:
        """Return the number of a value.

        Args:
            key: what tells values apart.
            value: what is kept for a new key; default: the key itself.
        """
        found = self._number.get(key)
        if found is None:
            found = self._number[key] = len(self.values)
            self.values.append(key if value is None else value)
        return found
