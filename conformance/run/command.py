"""The commands ``run``, ``adapters`` and ``repro`` of ``keras-conformance``."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from conformance.adapters.host import registry
from conformance.environments import PreparationError
from conformance.environments.preparing import prepare
from conformance.printing import make_console
from conformance.run.launching import launching
from conformance.run.machine import usable_cores

if TYPE_CHECKING:
    import argparse

    from conformance.adapters.host.host import AdapterProcess

USAGE = 2


def run(options: argparse.Namespace) -> int:
    """Run cases on adapters, with live progress, a summary and a report."""
    console = make_console()
    with ExitStack() as stack:
        launched: dict[str, AdapterProcess] = {}
        try:
            specs = registry.select(options.adapter, options.adapter_command)
            if options.touched_by is not None:
                specs = prepare(specs, console.print)
                most = specs[: options.jobs or usable_cores()]
                launched = stack.enter_context(launching(most, options.case_timeout))
        except (registry.RegistryError, PreparationError) as error:
            print(error, file=sys.stderr)  # noqa: T201 - a message for whoever called
            return USAGE
        # The rest takes a second to import, while the adapters start.
        from conformance.run.running import run_cases

        return run_cases(options, specs, launched, console)


def adapters(options: argparse.Namespace) -> int:
    """List the adapters, and whether they are installed here."""
    try:
        specs = registry.select(options.adapter or ["*"], options.adapter_command)
    except registry.RegistryError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return USAGE
    width = max(len(spec.name) for spec in specs)
    for spec in specs:
        missing = () if spec.variant else spec.missing()
        state = f"not installed: {', '.join(missing)}" if missing else "installed"
        if spec.variant:
            state = "made when it is first run"
        elif spec.by_name and not missing:
            state += "; runs where it is named"
        print(f"{spec.name:<{width}}  {spec.problem or state}")  # noqa: T201
    return 0


def repro(options: argparse.Namespace) -> int:
    """Print the standalone script of one cell, from the records of a run."""
    from conformance.records import RecordsError, read
    from conformance.repro.script import NoScript, script
    from conformance.run.folder import FolderError, RunFolder

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
