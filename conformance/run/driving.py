"""What the commands that run something share: a run to its end, with progress to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from conformance.records import RecordsError
from conformance.run.results import Stopped
from conformance.run.session import Session, Settings
from conformance.verdicts.model import FAILING
from conformance.wording.text import plural

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from conformance.adapters.host.host import AdapterProcess
    from conformance.records.model import CellLine
    from conformance.run.folder import RunFolder
    from conformance.run.plan import Plan
    from conformance.verdicts.ledger import Ledger


def drive(  # noqa: PLR0913 - what a run consists of
    plan: Plan,
    settings: Settings,
    folder: RunFolder,
    console: Console,
    *,
    resume: bool = False,
    launched: Mapping[str, AdapterProcess] | None = None,
    ledger: Ledger | None = None,
) -> bool:
    """Run a plan to its end, with live progress.

    Args:
        plan: What to run.
        settings: How.
        folder: Where to record it.
        console: Where to show how far it is.
        resume: Go on with the record in the folder.
        launched: Processes of the plan's adapters that run already, by name.
        ledger: The ledger, where it has been opened already.

    Returns:
        Whether anything in it is not as it should be.

    Raises:
        RecordsError: The record cannot be opened.
        Stopped: The run could not go on, or not be recorded.
    """
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[found]}", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        tasks = {
            name: progress.add_task(name, total=len(cases), found="")
            for name, cases in plan.cells.items()
        }
        failing = dict.fromkeys(tasks, 0)

        def show(line: CellLine) -> None:
            adapter = line.verdict.adapter
            failing[adapter] += line.verdict.outcome in FAILING
            found = f"{failing[adapter]} not conforming" if failing[adapter] else ""
            progress.update(tasks[adapter], advance=1, found=found)
            left = progress.tasks[tasks[adapter]]
            if not console.is_terminal and left.finished:
                told = f", {found}" if found else ""
                console.print(f"{adapter}: {plural(len(plan.cells[adapter]), 'case')}{told}")

        with Session(
            plan,
            settings,
            folder=folder,
            resume=resume,
            on_cell=show,
            launched=launched,
            ledger=ledger,
        ) as session:
            for cell, line in session.recorder.done.items() if session.recorder else ():
                progress.update(tasks[cell.adapter], advance=1)
                failing[cell.adapter] += line.verdict.outcome in FAILING
            session.engine.results.wait()
            try:
                problems = session.finish()
            except RecordsError as error:
                raise Stopped(str(error)) from error
    return bool(problems) or any(failing.values())
