"""Text from adapter processes, made harmless for whoever prints it."""

from __future__ import annotations

import re
from typing import Any

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_HARMFUL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 but tab and newline, DEL, C1: terminals act on them
    r"\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069"  # bidirectional controls reorder what is read
    r"\ud800-\udfff]"  # lone surrogates cannot be written as UTF-8
)
# What hints at any of these in JSON text, as it stands or escaped. Being too broad only costs time.
_SUSPECT = re.compile(
    r"[\x7f-\x9f\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]|\\[bfr]|\\u(?:00|06|20|[dD])"
)


def harmless(text: str) -> str:
    r"""Make control characters visible instead of effective; newline and tab stay.

    Escape (0x1b) becomes ``\u001b``, others likewise, as few fonts have their pictures; colours
    vanish; carriage returns become newlines, as nothing may overwrite a line that was read.
    """
    text = _COLOUR.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return _HARMFUL.sub(_visible, text)


def is_suspect(json_text: str) -> bool:
    """Whether a JSON text may hold strings that :func:`harmless` would change. Errs towards yes."""
    return _SUSPECT.search(json_text) is not None


def harmless_json(value: Any) -> Any:
    """A JSON value with every string in it, keys included, made harmless.

    Raises:
        UnicodeError: two keys of a mapping would be the same then.
    """
    if isinstance(value, str):
        return harmless(value)
    if isinstance(value, list):
        return [harmless_json(item) for item in value]
    if isinstance(value, dict):
        made = {harmless(key): harmless_json(item) for key, item in value.items()}
        if len(made) < len(value):
            raise UnicodeError("two keys differ in characters alone that nobody can see")
        return made
    return value


def _visible(match: re.Match[str]) -> str:
    return f"\\u{ord(match.group()):04x}"
