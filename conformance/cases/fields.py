"""Readers of one value each: what it must be, and what to say when it isn't.

A reader returns None when it has refused the value; the reason is in the log then. Where null is
a value of its own, the reader says so in its name and returns a pair.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from conformance.cases.model import decimals
from conformance.cases.problems import Where, described, did_you_mean, shortened
from conformance.cases.reading import Map, Seq, plain_value

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

MAX_RANK = 16
"""Axes of an array. Keras's own layers end at five, NumPy at 64."""
MAX_ELEMENTS = 2**26
"""Numbers of one array, batch included: 512 MiB as float64. More is refused before allocation."""

DTYPES = (
    "float32",
    "float64",
    "float16",
    "bfloat16",
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
)
"""Keras's names of the dtypes of numbers that an input can have."""
MAX_DIGITS = 64
"""Characters of a number up to which its noughts are looked at."""
COMPLEX = "complex64"
"""What an array of a function can hold besides; its numbers are written as pairs."""
MAX_STRING = 4_096
"""Characters of one string of an input."""

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
"""Names of nodes and inputs: Keras forbids '/', and old TensorFlow everything beyond these."""

_SHOWN_KEYS = 20
"""Unknown keys of one mapping that are told one by one: looking for what was meant takes time."""
_FALSE_FRIENDS = frozenset({"yes", "no", "on", "off", "y", "n", "Yes", "No", "On", "Off"})


def mapping(
    value: object,
    where: Where,
    known: Collection[str],
    *,
    required: Iterable[str] = (),
    what: str = "",
) -> Map | None:
    """A mapping. Keys that are unknown or missing are noted, and the mapping returned still."""
    if not isinstance(value, Map):
        where.mistyped(f"a mapping{f' of {what}' if what else ''}", value)
        return None
    refuse_unknown(value, where, known, "is not a key that is known here")
    for key in required:
        if key not in value:
            where.refuse(f"the key {key!r} is missing")
    return value


def refuse_unknown(
    value: Map, where: Where, known: Collection[str], message: str, meant: Collection[str] = ()
) -> None:
    """Note the keys that aren't known: the first few one by one, and how many more there are.

    Args:
        value: The mapping.
        where: Its place.
        known: The keys that it may have, as the message lists them.
        message: What to say of another key.
        meant: Further keys that it may have, which the message doesn't list.
    """
    unknown = [key for key in value if key not in known and key not in meant]
    for key in unknown[:_SHOWN_KEYS]:
        where.key(value, key).refuse(
            message,
            expected=f"one of {', '.join(known)}" if known else "none",
            hint=did_you_mean(key, [*known, *meant]),
        )
    if len(unknown) > _SHOWN_KEYS:
        where.refuse(f"has {len(unknown) - _SHOWN_KEYS:,} more keys that are not known here")


def items(value: object, where: Where, what: str) -> Seq | None:
    """A list that isn't empty."""
    if not isinstance(value, Seq):
        where.mistyped(f"a list of {what}", value)
        return None
    if not value:
        where.refuse("is empty", expected=f"a list of {what}")
        return None
    return value


def text(value: object, where: Where, what: str = "a text") -> str | None:
    """A string with something in it."""
    if not isinstance(value, str):
        hint = "put quotes around it" if isinstance(value, (int, float)) else ""
        where.mistyped(what, value, hint=hint)
        return None
    if not value.strip():
        where.refuse("is empty", expected=what)
        return None
    return value


def line(value: object, where: Where, what: str = "one sentence in one line") -> str | None:
    """A string of one line."""
    found = text(value, where, what)
    if found is not None and "\n" in found.strip("\n"):
        where.refuse("has several lines", expected=what)
        return None
    return found.strip() if found is not None else None


def word(value: object, where: Where, pattern: re.Pattern[str], what: str) -> str | None:
    """A string of a given form."""
    found = text(value, where, what)
    if found is not None and not pattern.fullmatch(found):
        where.mistyped(what, value)
        return None
    return found


def choice(value: object, where: Where, known: Sequence[str]) -> str | None:
    """One of some words."""
    if isinstance(value, str) and value in known:
        return value
    hint = did_you_mean(value, known) if isinstance(value, str) else ""
    where.mistyped(f"one of {', '.join(known)}", value, hint=hint)
    return None


def whole(value: object, where: Where, *, least: int, most: int, what: str) -> int | None:
    """An integer in a range; bool is none."""
    if isinstance(value, bool) or not isinstance(value, int):
        where.mistyped(what, value)
        return None
    if not least <= value <= most:
        limit = f"at least {least}" if value < least else f"at most {most:,}"
        where.refuse(f"is {value:,}", expected=f"{what}, {limit}")
        return None
    return value


def sizes(value: object, where: Where, *, nullable: bool = False) -> list[int | None] | None:
    """A shape: a list of sizes, empty for a scalar; null for any size where that makes sense."""
    what = "a list of sizes, such as [null, 20, 10]" if nullable else "a list of sizes"
    if not isinstance(value, Seq):
        hint = f"write [{value}]" if type(value) is int else ""
        where.mistyped(what, value, hint=hint)
        return None
    if len(value) > MAX_RANK:
        where.refuse(f"has {len(value)} axes", expected=f"at most {MAX_RANK}")
        return None
    found: list[int | None] = []
    sound = True
    for index, size in enumerate(value):
        if size is None and nullable:
            found.append(None)
            continue
        one = whole(size, where.item(value, index), least=0, most=2**53, what="a size")
        sound = sound and one is not None
        found.append(one)
    return found if sound else None


def shape(value: object, where: Where) -> list[int] | None:
    """A shape of known sizes."""
    found = sizes(value, where)
    return None if found is None else [size for size in found if size is not None]


def not_too_many(axes: Sequence[int], where: Where) -> bool:
    """Whether an array of this shape has at most :data:`MAX_ELEMENTS` numbers; notes it if not."""
    if math.prod(axes) <= MAX_ELEMENTS:
        return True
    written = "x".join(map(str, axes))
    where.refuse(
        f"makes an array of {written} = {math.prod(axes):,} numbers",
        expected=f"at most {MAX_ELEMENTS:,} numbers, batch included",
    )
    return False


def flag(value: object, where: Where) -> bool | None:
    """True or false, as YAML 1.2 writes them."""
    if isinstance(value, bool):
        return value
    hint = ""
    if isinstance(value, str) and value in _FALSE_FRIENDS:
        hint = f"in YAML 1.2 {value} is a string"
    where.mistyped("true or false", value, hint=hint)
    return None


def json_value(value: object, where: Where) -> Any:
    """Any value that JSON can carry, as plain dicts and lists.

    NaN and infinity are refused: JSON has no words for them.
    """
    if type(value) is float and not math.isfinite(value):
        where.refuse(f"is {value}, which JSON can't carry")
        return 0.0
    if isinstance(value, Map):
        return {key: json_value(item, where.value(value, key)) for key, item in value.items()}
    if isinstance(value, Seq):
        return [json_value(item, where.item(value, index)) for index, item in enumerate(value)]
    return value


def array(
    value: object, where: Where, *, strings: bool = False, digits: bool = False
) -> tuple[Any, list[int]] | None:
    """A literal array: nested lists of numbers (or of booleans) without ragged edges.

    Args:
        value: What is written.
        where: Its place.
        strings: Lists of strings are meant instead.
        digits: Numbers stay as they are written where their noughts say more: ``0.50``.

    Returns:
        The nested lists, with NaN and infinities as the strings ``nan``, ``inf`` and ``-inf``
        (which NumPy reads as numbers, and ``0.50`` likewise), and the shape.
    """
    found: list[int] = []
    level: object = value
    while isinstance(level, Seq):
        found.append(len(level))
        level = level[0] if level else None
    if len(found) > MAX_RANK:
        where.refuse(f"has {len(found)} axes", expected=f"at most {MAX_RANK}")
        return None
    one = _string if strings else _as_written if digits else _number
    numbers = _regular(value, where, found, one)
    return None if numbers is None else (numbers[0], found)


def spelled(value: Any) -> Any:
    """Plain values with NaN and infinities as the strings ``nan``, ``inf`` and ``-inf``."""
    if isinstance(value, dict):
        return {key: spelled(one) for key, one in value.items()}
    if isinstance(value, list):
        return [spelled(one) for one in value]
    return repr(value) if isinstance(value, float) and not math.isfinite(value) else value


def _regular(
    value: object,
    where: Where,
    axes: Sequence[int],
    read: Callable[[object, Where], tuple[Any] | None],
) -> tuple[Any] | None:
    """The nested lists as they travel, in a tuple of one (a number may be falsy), or None."""
    if not axes:
        return read(value, where)
    if not isinstance(value, Seq):
        where.mistyped(f"a list of {axes[0]}, like its neighbours", value)
        return None
    if len(value) != axes[0]:
        where.refuse(
            f"is a list of {len(value)}", expected=f"a list of {axes[0]}, like its neighbours"
        )
        return None
    rows = [_regular(item, where.item(value, i), axes[1:], read) for i, item in enumerate(value)]
    sound = [row[0] for row in rows if row is not None]
    return (sound,) if len(sound) == len(rows) else None


def _number(value: object, where: Where) -> tuple[Any] | None:
    if type(value) is float and not math.isfinite(value):
        return (repr(value),)
    if isinstance(value, (int, float)):
        return (value,)
    where.mistyped("a number", value, hint="lists of one axis must be equally long and deep")
    return None


def _as_written(value: object, where: Where) -> tuple[Any] | None:
    """A number, or its text where that has noughts behind the point that the number forgets."""
    found = _number(value, where)
    if found is None or type(found[0]) is not float:
        return found
    text = where.log.number_at(where.at)
    if not 0 < len(text) <= MAX_DIGITS or float(text) != found[0]:
        return found  # it is an alias, and what it names stands elsewhere
    return (text,) if decimals(text) > decimals(found[0]) else found


def _string(value: object, where: Where) -> tuple[str] | None:
    if not isinstance(value, str):
        where.mistyped("a string", value, hint="put it in quotes")
        return None
    if len(value) > MAX_STRING or "\0" in value or any("\ud800" <= c <= "\udfff" for c in value):
        where.refuse(
            f"is {described(value)}",
            expected=f"at most {MAX_STRING:,} characters, none of them zero or half of one",
        )
        return None
    return (value,)


def permutation(value: object, where: Where, rank: int) -> list[int] | None:
    """An order of the axes 0 to rank-1."""
    if isinstance(value, Seq) and sorted(map(repr, value)) == sorted(map(repr, range(rank))):
        return list(value)
    every = ", ".join(map(str, range(rank)))
    where.refuse(
        f"is {shortened(str(plain_value(value)))}"
        if isinstance(value, Seq)
        else f"is {described(value)}",
        expected=f"each of the axes {every} once, in the new order" if rank else "no axes",
        hint="the batch axis is not counted",
    )
    return None
