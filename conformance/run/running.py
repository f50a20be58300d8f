"""The command ``run``, once its adapters are known: from the cases to the report."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.cases import CasesError, load
from conformance.cases.choosing import beside, catalogues, choose, roots
from conformance.cases.levels import LevelError
from conformance.environments import PreparationError
from conformance.environments.preparing import prepare
from conformance.history import HistoryError, usable
from conformance.records import RecordsError
from conformance.report.level import level_line
from conformance.report.touched import touched_lines
from conformance.run.closing import close_run, close_stopped, keep
from conformance.run.driving import drive
from conformance.run.folder import FolderError, RunFolder
from conformance.run.level import of_level
from conformance.run.plan import Plan
from conformance.run.results import Stopped
from conformance.run.session import Settings, open_ledger
from conformance.run.shard import Shard, ShardError
from conformance.run.touched import NOTHING, Narrowing
from conformance.touched.map import MapError
from conformance.touched.source import SourceError
from conformance.verdicts.readable import check_capabilities, check_ledgers

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from pathlib import Path

    from rich.console import Console

    from conformance.adapters.host.host import AdapterProcess
    from conformance.adapters.host.registry import AdapterSpec
    from conformance.cases.model import Case
    from conformance.records.model import LevelOf

USAGE = 2


def run_cases(
    options: argparse.Namespace,
    specs: list[AdapterSpec],
    launched: Mapping[str, AdapterProcess],
    console: Console,
) -> int:
    """Run what the options ask for on these adapters.

    Args:
        options: As ``keras-conformance run`` parses them.
        specs: The adapters; where some have been launched, their environments are made.
        launched: Processes of adapters that run already, by name.
        console: Where to show how far it is.

    Returns:
        The exit code.
    """
    try:
        return _run(options, specs, launched, console)
    except (
        PreparationError,
        CasesError,
        FolderError,
        HistoryError,
        LevelError,
        MapError,
        RecordsError,
        ShardError,
        SourceError,
        Stopped,
    ) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a message for whoever called
        return USAGE


def _see_what_is_named(options: argparse.Namespace) -> None:
    """Read what can be read before an hour's work that would rest on it."""
    check_ledgers(options.ledger)
    check_capabilities(options.capabilities)
    if options.history:
        usable(options.history)


def _folder(options: argparse.Namespace) -> RunFolder:
    """The folder of this run: a new one, or that of the run that is gone on with."""
    if options.resume is None:
        return RunFolder.new(options.reports)
    return RunFolder.to_resume(options.reports, options.resume)


def _run(
    options: argparse.Namespace,
    specs: list[AdapterSpec],
    launched: Mapping[str, AdapterProcess],
    console: Console,
) -> int:
    _see_what_is_named(options)
    narrowing = _narrowing(options)
    settings = Settings(
        case_seconds=options.case_timeout,
        ledgers=tuple(options.ledger),
        capabilities=tuple(options.capabilities),
        catalogues=tuple(catalogues(options.patterns, options.folders)),
        beside=tuple(beside(options.patterns)),
    )
    if options.jobs:
        settings = replace(settings, jobs=options.jobs)
    cases, level = _asked(options)
    ledger = None
    if not launched:
        specs = prepare(specs, console.print)
    plan = replace(Plan.of(cases, specs), level=level)
    if narrowing:
        # All that can be read is read before the adapters are waited for.
        ledger = open_ledger(settings, plan)
        narrowing.choose(specs)
        if not narrowing.is_empty():
            narrowing.confirm({name: process.start() for name, process in launched.items()})
        plan = narrowing.of(plan)
        if plan.touched:
            print("\n".join(touched_lines(plan.touched)), flush=True)  # noqa: T201
        if not plan.cells:
            print(NOTHING)  # noqa: T201
            return 0
    if options.shard is not None:
        plan = Shard.parse(options.shard).of(plan)
    folder = _folder(options)
    try:
        failed = drive(
            plan,
            settings,
            folder,
            console,
            resume=options.resume is not None,
            launched=launched,
            ledger=ledger,
        )
    except Stopped:
        if summary := close_stopped(folder, colour=console.is_terminal, width=console.width):
            print(summary)  # noqa: T201
        raise
    return int(_closed(folder, options.history, console) or failed)


def _closed(folder: RunFolder, history: Path | None, console: Console) -> bool:
    """Print the summary, and whatever keeps the report or the history from being written."""
    closed = close_run(folder, colour=console.is_terminal, width=console.width)
    print(closed.summary)  # noqa: T201
    problems = [closed.problem, keep(folder, history) if history else ""]
    for problem in filter(None, problems):
        print(problem, file=sys.stderr)  # noqa: T201
    return any(problems)


def _asked(options: argparse.Namespace) -> tuple[list[Case], LevelOf | None]:
    """The cases that are asked for, and of which level they are, where one is."""
    if options.level is None:
        return choose(options.patterns, options.folders), None
    whole = [load([root]).checked() for root in roots(options.folders)]
    everything = [case for catalogue in whole for case in catalogue]
    cases = choose(options.patterns, options.folders, everything)
    kept, level = of_level(cases, options.level, whole)
    print(level_line(level), flush=True)  # noqa: T201
    return kept, level


def _narrowing(options: argparse.Namespace) -> Narrowing | None:
    """What ``--touched-by`` asks for; None where it is not given."""
    if options.touched_by is not None:
        return Narrowing(options.touched_by, options.source, options.recording)
    if options.source is not None or options.recording:
        raise SourceError("--source and --recording belong to --touched-by")
    return None
