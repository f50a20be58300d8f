"""The last step of a run: from its records to the report and the summary on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from conformance.printing import make_console
from conformance.records import RecordsError, read
from conformance.report import summary, summary_text, write_all

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.records import Run
    from conformance.run.folder import RunFolder


class Closed(NamedTuple):
    """What is to be printed at the end of a run."""

    summary: str
    problem: str
    """Why there is no report; empty where there is one."""


def close_run(folder: RunFolder, *, colour: bool, width: int) -> Closed:
    """Write the run's report and what lies beside it; the summary to print.

    A report that can't be written, on a full disk, costs nobody the summary.

    Args:
        folder: The run's folder, with its records.
        colour: Whether the terminal shows colours.
        width: Columns of the terminal.

    Raises:
        RecordsError: The records cannot be read.
    """
    run = read(folder.records)
    shown, problem = _written(run, folder)
    if not colour:
        return Closed(summary_text(run, shown, width=width).rstrip("\n"), problem)
    console = make_console(force_terminal=True, width=width)
    with console.capture() as capture:
        console.print(summary(run, shown))
    return Closed(capture.get().rstrip("\n"), problem)


def _written(run: Run, folder: RunFolder) -> tuple[Path | None, str]:
    """The report's path once it is written, or None and why it isn't."""
    try:
        write_all(run, folder.report)
    except (OSError, RecordsError) as error:
        why = (error.strerror if isinstance(error, OSError) else "") or str(error)
        told = (
            f"the report could not be written: {why}. The record is whole; "
            f"`keras-conformance report {_shown(folder.path)}` makes the report of it"
        )
        return None, told
    return _shown(folder.report), ""


def close_stopped(folder: RunFolder, *, colour: bool, width: int) -> str:
    """The summary of what was recorded of a run that could not go on; empty where nothing was."""
    try:
        return close_run(folder, colour=colour, width=width).summary
    except RecordsError:
        return ""


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
