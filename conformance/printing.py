"""What people read in a terminal is printed as it is.

rich takes ``[…]`` in a plain string for its own markup and ``:name:`` for an emoji, in whatever a
console prints, in a table's cells too. The ids of cases have brackets
(``conv2d[strides=2,padding=same]``), and so have paths and what frameworks say. So every console of
the suite is made here, and styles are given by rich's ``Text``.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
from typing import TYPE_CHECKING, Any, TextIO, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment


PICTURES = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"}
PICTURES[0x7F] = "\u2421"
"""What stands for a control character."""
NO_CHARACTERS = "\ud800-\udfff\ufdd0-\ufdef" + "".join(
    f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17)
)
"""What Unicode says is none, within a class of a regular expression."""
_ACTS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
    f"\U000e0000-\U000e007f{NO_CHARACTERS}]"
)
"""What a terminal or a browser would obey, or no XML may hold."""


WIDE = 160
"""Columns of a file or a CI's log: ids are long, and one that is folded can't be searched for."""


def make_console(*, wide: bool = False, **options: Any) -> Console:
    """A console that takes every string literally.

    Args:
        wide: Take :data:`WIDE` columns where it is no terminal, and ``COLUMNS`` does not say.
        options: As of rich's ``Console``.
    """
    # What rich writes to colour and to move is its own; what it prints passes `_harmless` before.
    options.setdefault("file", getattr(sys.stdout, "unfiltered", sys.stdout))
    console = _made({"markup": False, "emoji": False, "highlight": False, **options})
    if wide and not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = WIDE
    return console


def printed(text: str) -> str:
    """Returns a whole text as a terminal or a file of text may get it: nothing in it acts.

    What is merely hidden stays, as Markdown that links nothing hides something on purpose; nothing
    is cut.
    """
    return _ACTS.sub(_picture, text.replace("\r\n", "\n"))


@contextlib.contextmanager
def harmless_streams() -> Iterator[None]:
    """Let nothing that is printed act on a terminal or hide in it, and no text end the command.

    Cases, records and frameworks may hold any text, and a path any bytes: whatever prints them
    passes here, however it came by them. What the terminal's encoding can't show becomes a question
    mark.
    """
    before = sys.stdout, sys.stderr
    for stream in before:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    sys.stdout, sys.stderr = (cast("TextIO", stream and _Harmless(stream)) for stream in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


class _Harmless:
    """A stream that makes visible what is written to it."""

    def __init__(self, stream: TextIO) -> None:
        self.unfiltered = stream

    def write(self, text: str) -> int:
        self.unfiltered.write(_harmless(text))
        return len(text)

    def writelines(self, texts: Iterable[str]) -> None:
        for text in texts:
            self.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.unfiltered, name)


def _harmless(text: str) -> str:
    return text if text.replace("\n", "").isprintable() else printed(text)


def _made(options: dict[str, Any]) -> Console:
    from rich.console import Console as AnyConsole

    class Console(AnyConsole):
        """A console of which each text that it lays out is harmless."""

        def render(
            self, renderable: RenderableType, options: ConsoleOptions | None = None
        ) -> Iterable[Segment]:
            for one in super().render(renderable, options):
                harmless = one.text if one.control else _harmless(one.text)
                yield one if harmless == one.text else type(one)(harmless, one.style)

    return Console(**options)


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    return PICTURES.get(code) or f"⟨U+{code:04X}⟩"
