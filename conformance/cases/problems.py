"""What is wrong in a file, said so that whoever wrote it can mend it at once.

Nothing in this room raises for a mistake in a file: each is noted in a :class:`Log` with its place,
and reading goes on, so that one look shows all of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from msgspec import Struct

from conformance.cases.model import Place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.cases.tree import Map, Seq

T = TypeVar("T")

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![^\s,\]}])")

_LONGEST_SHOWN = 60
"""Characters of a wrong value that a message quotes."""
_LONGEST_LINE = 1_000
"""Characters of a problem's line; the arguments of the richest layer need 700."""


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One mistake in a file.

    Its text is one line: ``file:line:column: key: message; expected …; hint``.
    """

    place: Place
    """Where: the file as the reader would open it from here, not relative to a catalogue."""
    key: str
    """Path of the key, as ``vary`` would write it: ``model.0.Dense.units``. Empty for a file."""
    message: str
    expected: str = ""
    hint: str = ""
    warning: bool = False
    """Whether the file can be used as it is all the same."""

    def __str__(self) -> str:
        """The problem in one line, its place first, as compilers and editors write it."""
        place = f"{self.place.file}:{self.place.line}:{self.place.column}"
        if self.warning:
            place += ": warning"
        parts = [f"{self.key}: {self.message}" if self.key else self.message]
        if self.expected:
            parts.append(f"expected {self.expected}")
        if self.hint:
            parts.append(self.hint)
        # Keys and names are whatever stands in the file: a line stays a line, and readable.
        said = "; ".join(parts).replace("\n", "\\n")
        return f"{place}: {said if len(said) <= _LONGEST_LINE else said[:_LONGEST_LINE] + '…'}"


class CasesError(Exception):
    """Cases can't be used as they are; carries every :class:`Problem` that was found."""

    def __init__(self, message: str, problems: Iterable[Problem] = ()) -> None:
        """Keep the problems, for whoever wants to show them in another way."""
        self.problems = list(problems)
        super().__init__("\n".join([message, *map(str, self.problems)]))


class Log:
    """The problems of one file, each once, in the order of their places."""

    def __init__(self, file: str) -> None:
        """Start with none. ``file`` is written in front of every problem."""
        self.file = file
        self.noted = 0
        """How often something was noted, repetitions included: what a reader compares to see
        whether what it has read is sound."""
        self._found: dict[tuple[int, int, str, str], Problem] = {}
        self._lines: list[str] = []

    def read(self, text: str) -> None:
        """Keep the file's text, for what a value alone doesn't tell of how it is written."""
        self._lines = text.split("\n")

    def number_at(self, at: tuple[int, int]) -> str:
        """The number that is written at a 1-based line and column; empty where there is none."""
        line = self._lines[at[0] - 1] if at[0] <= len(self._lines) else ""
        found = _NUMBER.match(line, at[1] - 1)
        return found[0] if found else ""

    def add(
        self,
        at: tuple[int, int],
        key: str,
        message: str,
        *,
        expected: str = "",
        hint: str = "",
    ) -> None:
        """Note a problem at a 1-based line and column; the same one twice counts once."""
        self.noted += 1
        place = Place(file=self.file, line=at[0], column=at[1])
        problem = Problem(place=place, key=key, message=message, expected=expected, hint=hint)
        self._found.setdefault((*at, key, message), problem)

    def sorted(self) -> list[Problem]:
        """All of them, from the top of the file to its end."""
        return sorted(self._found.values(), key=lambda p: (p.place.line, p.place.column))


class Where(NamedTuple):
    """The place of one value: what a reader of that value needs to complain about it."""

    log: Log
    path: str
    at: tuple[int, int]

    def refuse(self, message: str, *, expected: str = "", hint: str = "") -> None:
        """Note a problem with this value."""
        self.log.add(self.at, self.path, message, expected=expected, hint=hint)

    def mistyped(self, expected: str, value: object, *, hint: str = "") -> None:
        """Note that this value is of another type than expected."""
        self.refuse(f"is {described(value)}", expected=expected, hint=hint)

    def value(self, parent: Map, key: str) -> Where:
        """The place of the value of one key of the mapping that is here."""
        return Where(self.log, f"{self.path}.{key}" if self.path else key, parent.value_at(key))

    def key(self, parent: Map, key: str) -> Where:
        """The place of one key itself."""
        return Where(self.log, f"{self.path}.{key}" if self.path else key, parent.key_at(key))

    def item(self, parent: Seq, index: int) -> Where:
        """The place of one item of the list that is here."""
        return Where(
            self.log, f"{self.path}.{index}" if self.path else str(index), parent.at[index]
        )


def described(value: object) -> str:
    """A value in the words of YAML: ``the string 'ten'``, ``a list of 3``."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, (int, float)):
        return f"the number {shortened(repr(value))}"
    if isinstance(value, str):
        return f"the string {shortened(repr(value))}"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return f"a mapping of {', '.join(map(shortened, list(value)[:3]))}" if value else "{}"
    return f"a {type(value).__name__}"


def shortened(text: str) -> str:
    """A text that fits into a message."""
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"


def closest(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The known word that was probably meant, or None if none is as near as ``cutoff``."""
    if len(word) > _LONGEST_SHOWN:
        return None
    folded: dict[str, str] = {}
    for name in known:
        folded.setdefault(name.lower(), name)
    if word.lower() in folded:
        return folded[word.lower()]
    import difflib  # only when something is wrong

    near = difflib.get_close_matches(word.lower(), folded, n=1, cutoff=cutoff)
    return folded[near[0]] if near else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``did you mean 'units'?``, or nothing."""
    meant = closest(word, known)
    return f"did you mean {meant!r}?" if meant else ""
