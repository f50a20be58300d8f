"""Standalone scripts for the report's cells, where there is room for them."""

from __future__ import annotations

import logging
import shlex
from typing import TYPE_CHECKING

from conformance.wording.outcomes import deviates

if TYPE_CHECKING:
    from conformance.records import Run
    from conformance.records.model import CellLine

MOST = 150
"""Scripts of a large run: they are text that compresses badly, and a command makes them."""

NOT_TRIED = frozenset({"unsupported", "unspecified", "not-installed", "not-run"})

_log = logging.getLogger(__name__)


class Scripts:
    """Makes the script of one cell after the other."""

    def __init__(self, run: Run, *, everything: bool) -> None:
        """Takes the run whose cells will be asked for.

        Args:
            run: the run.
            everything: make the scripts of cells that pass, too, and any number of them.
        """
        self._run = run
        self._everything = everything
        self._made = 0

    def of(self, cell: CellLine) -> tuple[str, str]:
        """Returns the cell's script, or an empty one with the reason why there is none."""
        # Here, not above: the scripts know the reference's layers, and a terminal summary
        # is not to wait for those.
        from conformance.repro.script import NoScript, script

        verdict = cell.verdict
        case = self._run.cases.get(verdict.case)
        if verdict.outcome in NOT_TRIED:
            return "", "The case was not run here, so there is nothing to show."
        if case is None:
            return "", "The record holds no such case."
        if not self._everything and (self._made >= MOST or not deviates(verdict.outcome)):
            command = ["keras-conformance", "repro", verdict.case, "--adapter", verdict.adapter]
            return "", f"Left out to keep this file small. To get it: {shlex.join(command)}"
        self._made += 1
        try:
            return script(case, cell, self._run.adapters.get(verdict.adapter)), ""
        except NoScript as reason:
            return "", str(reason)
        except Exception as error:  # noqa: BLE001 - an odd record costs one script, not the report
            _log.warning("no script for %s on %s", verdict.case, verdict.adapter, exc_info=True)
            return "", f"No script could be made: {type(error).__name__}: {error}"
