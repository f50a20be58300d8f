"""The last step of a run: from its records to the report and the summary on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.printing import make_console
from conformance.records import RecordsError, read
from conformance.report import summary, summary_text, write_all

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.run.folder import RunFolder


def close_run(folder: RunFolder, *, colour: bool, width: int) -> str:
    """Write the run's report and what lies beside it; the summary to print.

    Args:
        folder: The run's folder, with its records.
        colour: Whether the terminal shows colours.
        width: Columns of the terminal.

    Raises:
        RecordsError: The records cannot be read.
    """
    run = read(folder.records)
    write_all(run, folder.report)
    shown = _shown(folder.report)
    if not colour:
        return summary_text(run, shown, width=width).rstrip("\n")
    console = make_console(force_terminal=True, width=width)
    with console.capture() as capture:
        console.print(summary(run, shown))
    return capture.get().rstrip("\n")


def keep(folder: RunFolder, history: Path) -> str:
    """Add the run to a history of past runs.

    Returns:
        What went wrong, for the terminal; empty when all is well.
    """
    from conformance.history import HistoryError, add

    try:
        add(history, [read(folder.records, brief=True)])
    except (HistoryError, RecordsError) as error:
        return f"the run is not in the history: {error}"
    return ""


def _shown(path: Path) -> Path:
    """A path as short as it can be from here."""
    from pathlib import Path

    try:
        return path.absolute().relative_to(Path.cwd())
    except ValueError:
        return path
