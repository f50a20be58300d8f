"""The commands ``run``, ``adapters`` and ``repro`` of ``keras-conformance``."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from rich.console import Console

from conformance.adapters import registry
from conformance.cases import CasesError
from conformance.environments import PreparationError
from conformance.environments.preparing import prepare
from conformance.records import RecordsError
from conformance.report.touched import touched_lines
from conformance.run.closing import close_run, keep
from conformance.run.driving import drive, launching, select_cases
from conformance.run.engine import Stopped
from conformance.run.folder import FolderError, RunFolder
from conformance.run.plan import Plan
from conformance.run.session import Settings
from conformance.run.shard import Shard, ShardError
from conformance.run.touched import NOTHING, Narrowing
from conformance.touched.map import MapError
from conformance.touched.source import SourceError

if TYPE_CHECKING:
    import argparse

    from conformance.adapters.host import AdapterProcess

USAGE = 2


def run(options: argparse.Namespace) -> int:
    """Run cases on adapters, with live progress, a summary and a report."""
    console = Console()
    with ExitStack() as stack:
        try:
            return _run(options, console, stack)
        except (
            registry.RegistryError,
            PreparationError,
            CasesError,
            FolderError,
            MapError,
            RecordsError,
            ShardError,
            SourceError,
            Stopped,
        ) as error:
            print(error, file=sys.stderr)  # noqa: T201 - a message for whoever called
            return USAGE


def _run(options: argparse.Namespace, console: Console, stack: ExitStack) -> int:
    specs = registry.select(options.adapter, options.adapter_command)
    narrowing = _narrowing(options)
    settings = Settings(case_seconds=options.case_timeout, ledgers=tuple(options.ledger))
    if options.jobs:
        settings = replace(settings, jobs=options.jobs)
    launched: dict[str, AdapterProcess] = {}
    if narrowing:
        specs = prepare(specs, console.print)
        launched = stack.enter_context(launching(specs[: settings.jobs], settings))
    cases = select_cases(options.patterns)
    if not narrowing:
        specs = prepare(specs, console.print)
    plan = Plan.of(cases, specs)
    if narrowing:
        narrowing.choose(specs)
        plan = narrowing.of(plan)
        if plan.touched:
            for line in touched_lines(plan.touched):
                print(line)  # noqa: T201
        if not plan.cells:
            print(NOTHING)  # noqa: T201
            return 0
    if options.shard:
        plan = Shard.parse(options.shard).of(plan)
    folder = (
        RunFolder.to_resume(options.reports, options.resume)
        if options.resume
        else RunFolder.new(options.reports)
    )
    resume = options.resume is not None
    failed = drive(plan, settings, folder, console, resume=resume, launched=launched)
    print(close_run(folder, colour=console.is_terminal, width=console.width))  # noqa: T201
    problem = keep(folder, options.history) if options.history else ""
    if problem:
        print(problem, file=sys.stderr)  # noqa: T201
    return int(failed or bool(problem))


def _narrowing(options: argparse.Namespace) -> Narrowing | None:
    """What ``--touched-by`` asks for; None where it is not given."""
    if options.touched_by is not None:
        return Narrowing(options.touched_by, options.source, options.recording)
    if options.source is not None or options.recording:
        raise SourceError("--source and --recording belong to --touched-by")
    return None


def adapters(options: argparse.Namespace) -> int:
    """List the adapters, and whether they are installed here."""
    try:
        specs = registry.select(options.adapter, options.adapter_command)
    except registry.RegistryError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return USAGE
    width = max(len(spec.name) for spec in specs)
    for spec in specs:
        missing = () if spec.variant else spec.missing()
        state = f"not installed: {', '.join(missing)}" if missing else "installed"
        if spec.variant:
            state = "made when it is first run"
        print(f"{spec.name:<{width}}  {spec.problem or state}")  # noqa: T201
    return 0


def repro(options: argparse.Namespace) -> int:
    """Print the standalone script of one cell, from the records of a run."""
    from conformance.records import read
    from conformance.report.repro import NoScript, script

    try:
        found = read(RunFolder.to_resume(options.reports, options.run).records)
        cell = found.cells.get((options.case, options.adapter))
        if cell is None or options.case not in found.cases:
            print(  # noqa: T201
                f"{options.case} on {options.adapter} is not in the run {found.header.run}; "
                "run it first, or name another run with --run",
                file=sys.stderr,
            )
            return USAGE
        text = script(found.cases[options.case], cell, found.adapters.get(options.adapter))
    except (FolderError, RecordsError, NoScript) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return USAGE
    print(text)  # noqa: T201
    return 0
