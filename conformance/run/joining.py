"""``keras-conformance merge``: one run and one report of what several machines have recorded."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.printing import make_console
from conformance.records import RecordsError
from conformance.records.files import all_records
from conformance.records.merging import merge as merge_records
from conformance.run.closing import close_run
from conformance.run.folder import RunFolder

if TYPE_CHECKING:
    import argparse

USAGE = 2


def merge(options: argparse.Namespace) -> int:
    """Join records; returns what the whole run would have returned, or 2."""
    folder = RunFolder(options.output)
    try:
        paths = [path for named in options.records for path in all_records(Path(named))]
        in_order = merge_records(paths, folder.records, partial=options.partial)
    except RecordsError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a message for whoever called
        return USAGE
    console = make_console()
    closed = close_run(folder, colour=console.is_terminal, width=console.width)
    print(closed.summary)  # noqa: T201
    if closed.problem:
        print(closed.problem, file=sys.stderr)  # noqa: T201
    return int(not in_order or bool(closed.problem))
