"""``keras-conformance exporters``."""

from __future__ import annotations

import sys
from pathlib import Path

from conformance.exporting.page import rendered, with_table
from conformance.exporting.table import Table, read_table, table_of, written
from conformance.records import RecordsError, read
from conformance.records.files import find_records
from conformance.records.output import write_whole


def exporters(records: list[str], reports: Path, into: Path | None) -> int:
    """Show which layer comes out of Keras by which way.

    Args:
        records: Runs, or the JSON that an earlier page was made of, alone.
        reports: The folder in which runs are looked for by name.
        into: A page in Markdown; what it is made of is kept beside it as JSON.

    Returns:
        The exit code: 0, or 2 where something can't be read or written, or tells of no exporter.
    """
    try:
        found = _found(records, reports)
        if into is None:
            print(rendered(found), end="")  # noqa: T201
            return 0
        page = into.read_text(encoding="utf-8") if into.exists() else "# Exporters\n"
        write_whole(into.with_suffix(".json"), written(found))
        write_whole(into, with_table(page, found).encode())
    except (RecordsError, OSError, UnicodeDecodeError) as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 2
    print(f"{len(found.counts):,} rows in {into}", file=sys.stderr)  # noqa: T201
    return 0


def _found(records: list[str], reports: Path) -> Table:
    if len(records) == 1 and records[0].endswith(".json"):
        return read_table(Path(records[0]))
    found = table_of(read(find_records(named, reports), brief=True) for named in records)
    if not found.counts:
        raise RecordsError(
            "no exporter answered anything in these runs: run some, as in "
            "`keras-conformance run 'layers/*' --adapter savedmodel-tensorflow`"
        )
    return found
