"""Plain YAML scalars as YAML 1.2 reads them (core schema), which is not what PyYAML does.

``1e-5`` is a number, ``no`` and ``on`` are strings, ``010`` is ten and ``0o10`` is eight.
Source: YAML 1.2.2, section 10.3.2.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache

_WORDS: dict[str, bool | float | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
}
_INTEGER = re.compile(r"(?P<decimal>[-+]?[0-9]+)|0o(?P<octal>[0-7]+)|0x(?P<hex>[0-9a-fA-F]+)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_BASES = {"decimal": 10, "octal": 8, "hex": 16}
_LONGEST_INTEGER = 24
"""Digits beyond which an integer can't fit 64 bits, in any of the three bases."""

Scalar = None | bool | int | float | str


class UnfitNumberError(ValueError):
    """A number that neither a 64-bit integer nor a float64 can hold."""


@lru_cache(maxsize=4096)
def plain(text: str) -> Scalar:
    """The value of a scalar written without quotes.

    Raises:
        UnfitNumberError: an integer beyond 64 bits, or a float beyond float64.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    if whole := _INTEGER.fullmatch(text):
        group = whole.lastgroup or "decimal"
        return _integer(whole[group], _BASES[group])
    if _FLOAT.fullmatch(text):
        number = float(text)
        if math.isinf(number):
            raise UnfitNumberError("is beyond what a float64 can hold")
        return number
    return text


def _integer(digits: str, base: int) -> int:
    # Python's own conversion is quadratic and refuses thousands of digits: none such gets there.
    significant = digits.lstrip("+-").lstrip("0")
    number = int(digits, base) if len(significant) <= _LONGEST_INTEGER else None
    if number is None or not -(2**63) <= number < 2**63:
        raise UnfitNumberError("is beyond what a 64-bit integer can hold")
    return number
