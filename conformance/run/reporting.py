"""The command ``report``: a run's report again, from its records."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.comparing import ColumnsError
from conformance.history import HistoryError
from conformance.records import RecordsError, read
from conformance.records.files import RECORDS, find_records
from conformance.records.merging import merge
from conformance.report import write_all
from conformance.report.packing import without_collecting

if TYPE_CHECKING:
    import argparse

    from conformance.records import Run

USAGE = 2


def report(options: argparse.Namespace) -> int:
    """Write the report and what lies beside it; returns 2 where the records can't be used."""
    try:
        with without_collecting():
            output = _write(options)
    except (RecordsError, ColumnsError, HistoryError, OSError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a message for whoever called
        return USAGE
    print(output)  # noqa: T201
    return 0


def _write(options: argparse.Namespace) -> Path:
    """The report's path, once it is written."""
    records = [find_records(named, options.reports) for named in options.records]
    output: Path = options.output or records[0].with_name("report.html")
    baseline = (
        read(find_records(options.baseline, options.reports), brief=True)
        if options.baseline
        else None
    )
    return write_all(
        read(records[0]) if len(records) == 1 else _joined(records),
        output,
        baseline=baseline,
        history=options.history,
        everything=options.everything,
    )


def _joined(records: list[Path]) -> Run:
    """Several records as one run: shards, or adapters of several machines.

    Raises:
        RecordsError: they are not one run.
    """
    with tempfile.TemporaryDirectory() as folder:
        joined = Path(folder) / RECORDS
        merge(records, joined)
        return read(joined)
