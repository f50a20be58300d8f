"""Text of unknown origin, made harmless to show.

Messages come out of frameworks, and whoever writes a framework, a case or a record chooses their
bytes. Escaping markup is the template's work; here, what a terminal or a browser would obey or
hide becomes visible instead: control characters, the sequences that recolour or retitle a
terminal, characters that reverse or hide neighbouring text.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

import msgspec

MESSAGE_LIMIT = 8_000
"""Characters of a message that are shown."""
LISTING_LIMIT = 60_000
"""Characters of YAML, scripts and process output that are shown."""

# Controls but for line feed and tab (few fonts have their pictures); soft hyphen; Arabic letter
# mark; zero-width characters and direction marks; line and paragraph separators; bidi embeddings,
# overrides and isolates; invisible operators; byte-order mark; annotation anchors; lone
# surrogates; tags.
_HIDDEN = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)

_SENTENCE = re.compile(r".+?[.!?](?=\s+[A-Z`(]|$)")
"""Up to a full stop that another sentence follows: not the one in ``e.g. this`` or ``3.15.1``."""

# In JSON a control character is an escape, and a number that is none is null.
_ODD_IN_JSON = (b"\\u", b"\\r", b"\\b", b"\\f", b"\x7f", b"null")


def visible(text: str, limit: int = MESSAGE_LIMIT) -> str:
    """Returns ``text`` with nothing in it that acts or hides, cut to ``limit`` characters.

    Line feeds and tabs stay. Carriage return and line feed together become a line feed.
    """
    if len(text) <= limit and text.isprintable():
        return text  # by far the most, and at a tenth of the cost
    cut = ""
    if len(text) > limit:
        cut = f" … [cut here: {len(text):,} characters in all]"
        text = text[:limit]
    text = text.replace("\r\n", "\n")
    return _HIDDEN.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", text) + cut


def one_line(text: str, limit: int = 240) -> str:
    """Returns the first line of ``text`` that is not blank, made visible and cut."""
    lines = [line.strip() for line in text[: 10 * limit].splitlines()]
    first = next(filter(None, lines), "")
    return visible(first if len(first) <= limit else first[: limit - 1] + "…", limit)


def tree(value: Any, limit: int = MESSAGE_LIMIT) -> Any:
    """Returns a JSON value with every string in it made visible."""
    if isinstance(value, str):
        return visible(value, limit)
    if isinstance(value, dict):
        return {visible(str(key), limit): tree(item, limit) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [tree(item, limit) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def json_of(value: object, limit: int = MESSAGE_LIMIT) -> msgspec.Raw:
    """Returns the JSON of a struct or plain value, with every string in it made visible.

    NaN and infinity become strings. Almost all values have nothing to make visible; one look at
    their JSON tells, at a twentieth of the cost of walking through them.
    """
    data = msgspec.json.encode(value)
    plain = len(data) <= limit and not any(odd in data for odd in _ODD_IN_JSON)
    if not plain or not (data.isascii() or data.decode("utf-8").isprintable()):
        data = msgspec.json.encode(tree(msgspec.to_builtins(value), limit))
    return msgspec.Raw(data)


def shown(value: Any, limit: int = 400) -> str:
    """Returns a value of a verdict as a reader of Keras's documentation would write it.

    A shape is a tuple with ``None``; anything else is JSON.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return visible(value, limit)
    if isinstance(value, list) and value and all(_is_size(item) for item in value):
        inner = ", ".join("None" if item is None else str(item) for item in value)
        return visible(f"({inner},)" if len(value) == 1 else f"({inner})", limit)
    return visible(json.dumps(value, ensure_ascii=False, default=str), limit)


def listed(names: list[str]) -> str:
    """Returns names as a sentence has them: ``a, b and c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def first_sentence(text: str, limit: int = 200) -> str:
    """Returns the first sentence of a text, on one line, made visible and cut."""
    words = " ".join(text[: 10 * limit].split())
    sentence = _SENTENCE.match(words)
    return one_line(sentence[0] if sentence else words, limit)


def plural(count: int, word: str) -> str:
    """Returns a number with its noun: ``1 case``, ``2,000 cases``, ``3 entries``."""
    if count == 1:
        return f"1 {word}"
    return f"{count:,} {word[:-1] + 'ies' if word.endswith('y') else word + 's'}"


def lacking(missing: int) -> str:
    """Says of a partial run how much of it is missing."""
    return f"{plural(missing, 'planned cell')} {'has' if missing == 1 else 'have'} no verdict"


def escaped(text: str) -> str:
    """Returns text that Markdown and HTML show as it is, on one line and not as a link."""
    text = visible(text).replace("\n", " ").replace("\\", "\\\\")
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = re.sub(r"([|`*_\[\]#~])", r"\\\1", text)
    return re.sub(r"(?i)(https?|www|mailto)(:|\.)", "\\1\u2060\\2", text)


def _is_size(value: Any) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool))
