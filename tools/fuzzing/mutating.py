"""Sound inputs made unsound: bytes, lines and JSON values, by a seeded generator."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random

ODD_TEXTS = (
    "",
    " ",
    "nan",
    "-inf",
    "null",
    "*",
    "**",
    "[",
    "a" * 300,
    "../../x",
    "\x00",
    "\x1b[31m",
    "\u202e",
    "\u2028",
    "\ufffe",
    "\ud83d\ude00",
    "é",
    "- id: x",
    "<script>",
    "]]>",
    "{{7*7}}",
    "`",
    "|",
    "1/0",
    "keras.layers.Dense",
)
ODD_NUMBERS = (0, -1, 1, 2, 2**31, 2**63, -(2**63), 10**30, 0.5, 1e308, -0.0)
ODD_BYTES = (
    *(b"\x00", b"\xff", b"\xc3", b"\n", b"\r", b"\t", b'"', b"'", b"\\", b"{", b"}", b"[", b"]"),
    *(b":", b",", b"- ", b"#", b"&a ", b"*a", b"!!x ", b"%", b"9" * 30, b"e999", b"NaN", b"null"),
    *(b"\xe2\x80\xae", b"\xed\xa0\x80", b"[" * 200, b"{a: " * 80, b"\xef\xbb\xbf", b"---\n", b"<<"),
)
_MOST_CHANGES = 4
_DEEP = 400
"""Lists inside each other: more than anything reads, and less than Python's own limit twice."""


def of_bytes(rng: random.Random, data: bytes) -> bytes:
    """Return the bytes with a few changes anywhere."""
    for _ in range(rng.randint(1, _MOST_CHANGES)):
        at = rng.randrange(len(data) + 1)
        to = min(len(data), at + rng.choice((1, 1, 2, 8, 60)))
        match rng.randrange(6):
            case 0:
                data = data[:at] + rng.choice(ODD_BYTES) + data[at:]
            case 1:
                data = data[:at] + data[to:]
            case 2:
                data = data[:at] + rng.randbytes(to - at) + data[to:]
            case 3:
                data = data[:to] + data[at:to] * rng.choice((1, 2, 30)) + data[to:]
            case 4:
                data = data[:at]
            case _:
                data = data[:at] + rng.choice(ODD_BYTES) + data[to:]
    return data


def of_lines(rng: random.Random, data: bytes) -> bytes:
    """Return the lines with some repeated, left out, exchanged or changed."""
    lines = data.splitlines(keepends=True) or [b""]
    for _ in range(rng.randint(1, _MOST_CHANGES)):
        at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
        match rng.randrange(4):
            case 0:
                lines.insert(other, lines[at])
            case 1 if len(lines) > 1:
                del lines[at]
            case 2:
                lines[at], lines[other] = lines[other], lines[at]
            case _:
                lines[at] = of_bytes(rng, lines[at])
    return b"".join(lines)


def of_json(rng: random.Random, value: Any) -> Any:
    """Change a JSON value in a few places, whatever stands there; returns it."""
    for _ in range(rng.randint(1, _MOST_CHANGES)):
        places = list(_places(value))
        if not places:
            return _odd(rng, value)
        holder, key = rng.choice(places)
        _change(rng, holder, key)
    return value


def of_json_in_kind(rng: random.Random, value: Any) -> Any:
    """Change a JSON value so that each part stays of its kind: what a schema may well admit."""
    for _ in range(rng.randint(1, _MOST_CHANGES)):
        places = list(_places(value))
        if not places:
            return value
        holder, key = rng.choice(places)
        before = holder[key]
        alike = [one[at] for one, at in places if type(one[at]) is type(before)]
        if isinstance(before, list | dict) and before and rng.random() < 0.5:  # noqa: PLR2004
            before.pop(rng.choice(list(before)) if isinstance(before, dict) else -1)
        elif isinstance(before, bool) or before is None or rng.random() < 0.6:  # noqa: PLR2004
            holder[key] = json.loads(json.dumps(rng.choice(alike)))
        elif isinstance(before, str):
            holder[key] = before + rng.choice(ODD_TEXTS)
        elif isinstance(before, int):
            holder[key] = rng.choice((0, 1, before + 1, -before, 2**31, 2**62))
        elif isinstance(before, list):
            before += json.loads(json.dumps(before))
    return value


def json_bytes(value: Any) -> bytes:
    """Encode as what wrote it would."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")


def _change(rng: random.Random, holder: Any, key: Any) -> None:
    match rng.randrange(6):
        case 0:
            holder[key] = _odd(rng, holder[key])
        case 1:
            del holder[key]
        case 2 if isinstance(holder, dict):
            holder[rng.choice(ODD_TEXTS)] = holder.pop(key)
        case 2 | 3 if isinstance(holder, list):
            holder.insert(rng.randrange(len(holder) + 1), holder[key])
        case 4:
            others = list(_places(holder))
            holder[key] = json.loads(json.dumps(rng.choice(others)[0]))
        case _:
            holder[key] = _odd(rng, holder[key])


def _odd(rng: random.Random, value: Any) -> Any:
    """Something else in the place of a value."""
    others = (
        rng.choice(ODD_TEXTS),
        rng.choice(ODD_NUMBERS),
        rng.choice((None, True, False, [], {})),
        [value],
        {rng.choice(ODD_TEXTS): value},
        f"{value}{rng.choice(ODD_TEXTS)}" if isinstance(value, str) else rng.choice(ODD_NUMBERS),
        _deep(rng.choice((3, 40, _DEEP))),
    )
    return rng.choice(others)


def _deep(depth: int) -> Any:
    made: Any = 1
    for _ in range(depth):
        made = [made]
    return made


def _places(value: Any) -> Any:
    """Every holder of a value, with the key: those below first, without recursion."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            found = list(one.items())
        elif isinstance(one, list):
            found = list(enumerate(one))
        else:
            continue
        for key, item in found:
            yield one, key
            waiting.append(item)
