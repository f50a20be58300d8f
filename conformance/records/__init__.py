"""The records of a run: a JSON-lines file that is written as the run goes and read by reports.

:class:`Writer` appends lines, :func:`read` gives back a :class:`Run`. The lines themselves are in
:mod:`conformance.records.model`; the file's grammar is in docs/report.md.
"""

from __future__ import annotations

from conformance.records.cells import Cells
from conformance.records.reader import Run, read
from conformance.records.wire import RecordsError
from conformance.records.writer import Writer

__all__ = ["Cells", "RecordsError", "Run", "Writer", "read"]
