"""Untrusted values and texts as pieces of Python source that can be nothing else."""

from __future__ import annotations

import keyword
import math
from typing import Any

from conformance.adapters.worker.failure import Unsupported


def literal(value: Any) -> str:
    """A JSON value as a Python expression without any name in it but ``float``.

    Raises:
        TypeError: The value is not one that JSON can carry.
    """
    if value is None or isinstance(value, (bool, int, str)):
        return repr(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else f'float("{value}")'
    if isinstance(value, (list, tuple)):
        parts = [literal(part) for part in value]
        if isinstance(value, list):
            return f"[{', '.join(parts)}]"
        return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
    if isinstance(value, dict):
        pairs = [f"{literal(key)}: {literal(part)}" for key, part in value.items()]
        return f"{{{', '.join(pairs)}}}"
    raise TypeError(f"{type(value).__name__} is not a value of JSON")


def identifier(text: str) -> str:
    """A name of Python, unchanged.

    Raises:
        Unsupported: The text is none.
    """
    if not (text.isascii() and text.isidentifier()) or keyword.iskeyword(text):
        raise Unsupported(f"{text!r} cannot be written as a name in Python")
    return text


def comment(text: str, limit: int = 500) -> str:
    """Text that stays inside its comment: nothing but printable characters on one line."""
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[:limit])
    return f"# {shown}{' ...' if len(text) > limit else ''}"
