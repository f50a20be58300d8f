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
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from conformance.printing import NO_CHARACTERS, printed

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T", bound=msgspec.Struct)

MESSAGE_LIMIT = 8_000
"""Characters of a message that are shown."""
_LAST_OF_FOUR = 0xFFFF
"""Largest character that four hexadecimal digits name."""
LISTING_LIMIT = 60_000
"""Characters of YAML, scripts and process output that are shown."""


# Controls but for line feed and tab (few fonts have their pictures); soft hyphen; Arabic letter
# mark; zero-width characters and direction marks; line and paragraph separators; bidi embeddings,
# overrides and isolates; invisible operators; byte-order mark; annotation anchors; lone
# surrogates; tags; what Unicode says is no character, which no XML may hold.
_HIDDEN = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    f"\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f{NO_CHARACTERS}]"
)
_UNSEEN = re.compile(f"[\x00-\x08\x0b-\x1f\x7f]|{_HIDDEN.pattern}")

_TAG = re.compile("<(?=[A-Za-z/!?])")
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


def plainest(text: str) -> str:
    """Returns the longest stretch of a text in which nothing acts or hides."""
    return max(_UNSEEN.split(text), key=len)


def quoted(text: str) -> str:
    """Returns a text as JSON and YAML both read it, in double quotes, every odd character escaped.

    What stands for one character takes one escape: YAML knows no pairs of halves.
    """
    data = msgspec.json.encode(text.encode("utf-8", "replace").decode()).decode()
    return _UNSEEN.sub(_escape, data)


def escaped_json(data: bytes) -> bytes:
    """Returns the same JSON with every odd character in it escaped, for whoever looks at it."""
    if data.isascii() and b"\x7f" not in data:
        return data
    return _UNSEEN.sub(_escape_in_json, data.decode()).encode()


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\u{code:04x}" if code <= _LAST_OF_FOUR else f"\\U{code:08x}"


def _escape_in_json(match: re.Match[str]) -> str:
    return json.dumps(match[0])[1:-1]


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


def inline(value: _T) -> _T:
    """Returns a struct of texts that Markdown shows inside a line, as code or not: none ends it.

    The beginning of a tag looks as it did and means nothing.
    """
    told = _each_text(msgspec.to_builtins(value), _inline)
    return msgspec.convert(told, type(value))


def _inline(text: str) -> str:
    return _TAG.sub("\u2039", printed(text).replace("\n", " "))


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {_each_text(key, change): _each_text(item, change) for key, item in value.items()}
    return [_each_text(item, change) for item in value] if isinstance(value, list) else value


def escaped(text: str) -> str:
    """Returns text that Markdown and HTML show as it is, on one line and not as a link."""
    text = visible(text).replace("\n", " ").replace("\\", "\\\\")
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = re.sub(r"([|`*_\[\]#~])", r"\\\1", text)
    return re.sub(r"(?i)(https?|www|mailto)(:|\.)", "\\1\u2060\\2", text)


def _is_size(value: Any) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool))
