"""``keras-conformance atlas``."""

from __future__ import annotations

import sys
from pathlib import Path

from conformance.atlas.entries import Atlas, atlas_of, read_atlas, written
from conformance.atlas.page import rendered, with_atlas
from conformance.records import RecordsError, read
from conformance.records.files import find_records
from conformance.records.output import write_whole


def atlas(records: list[str], reports: Path, into: Path | None) -> int:
    """Show what was answered where nobody documents an answer.

    Args:
        records: Runs, or the JSON that an earlier page was made of, alone.
        reports: The folder in which runs are looked for by name.
        into: A page in Markdown; what it is made of is kept beside it as JSON.

    Returns:
        The exit code: 0, or 2 where something can't be read or written, or holds no such case.
    """
    try:
        found = _found(records, reports)
        if into is None:
            print(rendered(found), end="")  # noqa: T201
            return 0
        page = into.read_text(encoding="utf-8") if into.exists() else "# Atlas\n"
        write_whole(into.with_suffix(".json"), written(found))
        write_whole(into, with_atlas(page, found).encode())
    except (RecordsError, OSError, UnicodeDecodeError) as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 2
    print(f"{len(found.entries):,} calls in {into}", file=sys.stderr)  # noqa: T201
    return 0


def _found(records: list[str], reports: Path) -> Atlas:
    if len(records) == 1 and records[0].endswith(".json"):
        return read_atlas(Path(records[0]))
    found = atlas_of(read(find_records(named, reports), brief=True) for named in records)
    if not found.entries:
        raise RecordsError(
            "no case of these runs knows no right answer: run those of cases/atlas, as in "
            "`keras-conformance run 'atlas/*'`"
        )
    return found
