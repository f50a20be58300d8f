"""Standalone scripts for the report's cells, where there is room for them."""

from __future__ import annotations

import logging
import shlex
from typing import TYPE_CHECKING

from conformance.report.outcomes import deviates

if TYPE_CHECKING:
    from conformance.records import Run
    from conformance.records.model import CellLine

PASSING_LIMIT = 2_000
"""Up to so many cells, those that pass get a script, too; beyond, the command makes it."""

_log = logging.getLogger(__name__)


class Scripts:
    """Makes the script of one cell after the other."""

    def __init__(self, run: Run) -> None:
        """Takes the run whose cells will be asked for."""
        self._run = run
        self._passing = len(run.cells) <= PASSING_LIMIT

    def of(self, cell: CellLine) -> tuple[str, str]:
        """Returns the cell's script, or an empty one with the reason why there is none."""
        verdict = cell.verdict
        case = self._run.cases.get(verdict.case)
        command = shlex.join(
            ["keras-conformance", "repro", verdict.case, "--adapter", verdict.adapter]
        )
        if verdict.outcome in {"unsupported", "not-installed", "not-run"}:
            return "", "The case was not run here, so there is nothing to show."
        if case is None:
            return "", "The record holds no such case."
        if not self._passing and not deviates(verdict.outcome):
            return "", f"Left out to keep this file small. To get it: {command}"
        return "", f"To get it: {command}"
