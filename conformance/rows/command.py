"""``keras-conformance rows``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import msgspec

from conformance.records import RecordsError
from conformance.records.output import write_text
from conformance.rows.state import rows as look
from conformance.rows.table import table
from conformance.rows.tracking import TrackingError, track

if TYPE_CHECKING:
    import argparse

CONFORMING, FAILING, USAGE = 0, 1, 2


def rows(options: argparse.Namespace) -> int:
    """Say of every row whether it conforms; 1 where one does not, or proves nothing."""
    if not options.folder.is_dir():
        return _refuse(f"{options.folder} is no folder")
    try:
        expected = [*options.expect, *(_names(options.rows) if options.rows else [])]
    except (msgspec.MsgspecError, UnicodeError) as error:
        return _refuse(f"--rows wants the rows as JSON, each with a name: {error}")
    found = look(options.folder, expected, days=options.days, last=options.last)
    if not found:
        return _refuse(f"nothing ran: there is no row in {options.folder}")
    text = table(found)
    print(text, end="")  # noqa: T201
    try:
        if options.markdown:
            write_text(options.markdown, text)
        if options.track:
            for told in track(options.track, found, options.link):
                print(told)  # noqa: T201
    except (RecordsError, TrackingError) as error:
        return _refuse(str(error))
    return CONFORMING if all(row.conforms for row in found) else FAILING


class _Named(msgspec.Struct):
    """Of a row as the workflow has it, what is needed here."""

    name: str


def _names(rows: str) -> list[str]:
    return [row.name for row in msgspec.json.decode(rows, type=list[_Named])]


def _refuse(message: str) -> int:
    print(message, file=sys.stderr)  # noqa: T201 - a message for whoever called
    return USAGE
