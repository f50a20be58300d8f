"""The commands ``run``, ``adapters`` and ``repro`` of ``keras-conformance``."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from rich.console import Console

from conformance.adapters import registry
from conformance.cases import CasesError
from conformance.environments import PreparationError
from conformance.environments.preparing import prepare
from conformance.records import RecordsError
from conformance.run.closing import close_run, keep
from conformance.run.driving import drive, select_cases
from conformance.run.engine import Stopped
from conformance.run.folder import FolderError, RunFolder
from conformance.run.plan import Plan
from conformance.run.session import Settings
from conformance.run.shard import Shard, ShardError

if TYPE_CHECKING:
    import argparse

USAGE = 2


def run(options: argparse.Namespace) -> int:
    """Run cases on adapters, with live progress, a summary and a report."""
    console = Console()
    try:
        specs = registry.select(options.adapter, options.adapter_command)
        cases = select_cases(options.patterns)
        specs = prepare(specs, console.print)
        folder = (
            RunFolder.to_resume(options.reports, options.resume)
            if options.resume
            else RunFolder.new(options.reports)
        )
        settings = Settings(case_seconds=options.case_timeout, ledgers=tuple(options.ledger))
        if options.jobs:
            settings = replace(settings, jobs=options.jobs)
        plan = Plan.of(cases, specs)
        if options.shard:
            plan = Shard.parse(options.shard).of(plan)
        failed = drive(plan, settings, folder, console, resume=options.resume is not None)
    except (
        registry.RegistryError,
        PreparationError,
        CasesError,
        FolderError,
        RecordsError,
        ShardError,
        Stopped,
    ) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a message for whoever called
        return USAGE
    print(close_run(folder, colour=console.is_terminal, width=console.width))  # noqa: T201
    problem = keep(folder, options.history) if options.history else ""
    if problem:
        print(problem, file=sys.stderr)  # noqa: T201
    return int(failed or bool(problem))


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
        case, adapter = found.cases[options.case], found.adapters.get(options.adapter)
        text = script(case, cell, adapter, options.facet)
    except (FolderError, RecordsError, NoScript) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return USAGE
    print(text)  # noqa: T201
    return 0
