"""``keras-conformance diff``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import msgspec

from conformance.comparing.columns import ColumnsError
from conformance.comparing.diff import compare
from conformance.comparing.model import UNUSABLE
from conformance.printing import make_console
from conformance.records import RecordsError, read
from conformance.records.files import find_records
from conformance.records.output import write_text, write_whole
from conformance.wording.text import escaped_json

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from conformance.comparing.model import Diff


def diff(options: argparse.Namespace) -> int:
    """Compare two records, or two columns of one; returns the exit code of docs/records.md."""
    if options.new is None and not (options.old_column and options.new_column):
        print(  # noqa: T201
            "diff wants two records, or one and two of its columns: --old COLUMN --new COLUMN",
            file=sys.stderr,
        )
        return UNUSABLE
    if options.resume is not None:
        print(  # noqa: T201
            "--resume goes on with a comparison of two versions; these are records: there is "
            "nothing to run",
            file=sys.stderr,
        )
        return UNUSABLE
    if idle := _of_versions(options):
        print(  # noqa: T201
            f"{idle} belongs to a comparison of two versions, which are run first; these are "
            "records, and all of them is compared",
            file=sys.stderr,
        )
        return UNUSABLE
    try:
        old = read(find_records(options.old, options.reports), brief=True)
        new = old
        if options.new is not None:
            new = read(find_records(options.new, options.reports), brief=True)
        found = compare(old, new, old_columns=options.old_column, new_columns=options.new_column)
        show(found, markdown=options.markdown, json=options.json, everything=options.all)
    except (RecordsError, ColumnsError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a message for whoever called
        return UNUSABLE
    return found.exit_code


def _of_versions(options: argparse.Namespace) -> str:
    """What was given that only a comparison of two versions has a use for; empty: nothing."""
    given = {
        "CASE": options.patterns,
        "--cases": options.folders,
        "--adapter": options.adapter,
        "--adapter-command": options.adapter_command,
        "--ledger": options.ledger,
        "--jobs": options.jobs,
    }
    return next((name for name, value in given.items() if value), "")


def show(diff: Diff, *, markdown: Path | None, json: Path | None, everything: bool = False) -> None:
    """Print a comparison, and write it to the files that are named.

    Args:
        diff: the comparison.
        markdown: file for Markdown; written whole or not at all, like the other.
        json: file for JSON.
        everything: list what is counted otherwise.

    Raises:
        RecordsError: a file can't be written.
    """
    from conformance.comparing.terminal import summary

    make_console(wide=True).print(summary(diff, everything=everything))
    if json:
        write_whole(json, escaped_json(msgspec.json.format(msgspec.json.encode(diff))) + b"\n")
    if markdown:
        from conformance.comparing.markdown import markdown as text

        write_text(markdown, text(diff))
