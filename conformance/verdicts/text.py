"""Words and numbers for a reader: short, on one line, and harmless in a terminal.

Everything that an adapter sends is untrusted. A framework's error message may hold terminal
escapes, right-to-left overrides or a megabyte of repetition; none of it may reach a terminal, a log
or the report as it is.
"""

from __future__ import annotations

import math
import unicodedata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MESSAGE_LIMIT = 800
"""Characters of a framework's own message that are kept: enough for its first sentences."""

NAME_LIMIT = 120
"""Characters that are kept of a name (of a layer, a weight, a dtype) that an adapter sent."""

LARGEST_COUNT = 10**15
"""Whole numbers beyond it are no counts or sizes of anything, and no JSON reader keeps them."""

_ITEMS = 64
"""Entries that are kept of a list or mapping that an adapter sent."""

_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
"""Unicode categories that a reader can't see or that move the others about."""


def clean(text: str, limit: int = MESSAGE_LIMIT) -> str:
    r"""Give untrusted text on one line, control characters written out, cut to a length.

    Args:
        text: what a framework or an adapter said.
        limit: number of characters to keep, at least 2.

    Returns:
        The text with each run of white space as one blank and each invisible character as its
        escape (``\x1b``, ``\u202e``); an ellipsis says that something was cut.
    """
    # A little more than the limit is enough to know that it must be cut; the white space that
    # collapses is the reason for the factor. A megabyte is never walked through.
    words = " ".join(text[: 4 * limit].split())
    cut = len(words) > limit or len(text) > 4 * limit
    words = words[: limit - 1]
    if not (words.isascii() and words.isprintable()):
        words = "".join(_visible(character) for character in words)[: limit - 1]
    return words + "…" if cut else words


def _visible(character: str) -> str:
    if unicodedata.category(character) in _HIDDEN_CATEGORIES:
        code = ord(character)
        return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"  # noqa: PLR2004 - one byte
    return character


def tame(value: Any) -> Any:
    """Make a small JSON value out of an untrusted one: clean strings, capped lists."""
    if isinstance(value, str):
        return clean(value, NAME_LIMIT)
    if isinstance(value, dict):
        items = list(value.items())[:_ITEMS]
        return {clean(str(key), NAME_LIMIT): tame(item) for key, item in items}
    if isinstance(value, (list, tuple)):
        return [tame(item) for item in value[:_ITEMS]]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) and abs(value) > LARGEST_COUNT:
        return count(value)
    return value


def shape(sizes: Sequence[int | None] | None) -> str:
    """Write a shape as Keras does: ``(None, 20, 10)``, ``(4,)``, ``()``."""
    if sizes is None:
        return "nothing"
    inner = ", ".join("None" if size is None else count(size, "") for size in sizes[:_ITEMS])
    return f"({inner},)" if len(sizes) == 1 else f"({inner})"


def count(value: int, separator: str = ",") -> str:
    """Write a whole number: ``14,714,688``.

    A number of thousands of digits, which an adapter may send, can't even be written by Python.
    """
    if abs(value) > LARGEST_COUNT:
        return f"{'-' * (value < 0)}(over {LARGEST_COUNT:.0e})"
    return f"{value:{separator}}"


def number(value: float | str) -> str:
    """Write a number with the nine digits that tell two float32 apart."""
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def times(value: float | str) -> str:
    """Write a multiple of the tolerance: ``1.02``, ``3.1``, ``12,345``, ``1.2e+08``."""
    if isinstance(value, str):
        return value
    # Just beyond the tolerance, two digits would read as if it had been kept.
    return f"{value:.3g}" if value < 10 else f"{value:,.0f}" if value < 1e5 else f"{value:.1e}"  # noqa: PLR2004 - digits that fit


def are(count: int) -> str:
    """The verb for so many: ``is`` for one."""
    return "is" if count == 1 else "are"


def place(what: str, index: Sequence[int]) -> str:
    """Name an element: ``output 0 at [1, 3]``; just ``loss`` for a scalar."""
    return f"{what} at [{', '.join(map(str, index))}]" if index else what


def listed(items: Iterable[str], limit: int = 5) -> str:
    """Join names with commas; beyond the limit, say how many more there are."""
    names = list(items)
    head = ", ".join(names[:limit])
    return f"{head} and {len(names) - limit} more" if len(names) > limit else head
