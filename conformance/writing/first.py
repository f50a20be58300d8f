"""A first file of cases, for whoever begins to write some."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Final

from conformance.cases.loading import ENDINGS, load_file

TEMPLATE: Final = Path(__file__).with_name("first.template")
"""No .yaml itself: in a folder of cases pytest would collect it."""
_PART: Final = re.compile(r"[A-Za-z0-9_.-]+")


class NotWrittenError(Exception):
    """There is no file; the message says why, and what to do."""


def write_first(file: Path) -> list[str]:
    """Write a file of two cases with comments; never in the place of another.

    Args:
        file: Its path; folders that aren't there are made.

    Returns:
        The ids of its cases.

    Raises:
        NotWrittenError: There is one of that name, or it can't be one of cases, or be written.
    """
    if file.suffix not in ENDINGS:
        raise NotWrittenError(f"{file}: a file of cases ends in .yaml or .yml")
    if not _PART.fullmatch(file.stem):
        raise NotWrittenError(
            f"{file}: {file.stem!r} would be part of the cases' ids; letters, digits, '-', '.' and "
            "'_' can be"
        )
    text = TEMPLATE.read_text("utf-8")
    text = text.replace("{file}", shlex.quote(file.as_posix())).replace("{name}", file.stem)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NotWrittenError(f"{file.parent}: {error.strerror or error}") from None
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise NotWrittenError(f"{file} is there already, and nothing is overwritten") from None
    except OSError as error:
        raise NotWrittenError(f"{file}: {error.strerror or error}") from None
    return [case.id for case in load_file(file).checked()]
