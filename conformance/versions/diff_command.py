"""``keras-conformance diff 'keras==3.14.1' 'keras==3.15.1'``: run both, then compare."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.adapters.host import registry
from conformance.cases import CasesError
from conformance.cases.choosing import beside, catalogues, choose
from conformance.comparing import ColumnsError, compare
from conformance.comparing.columns import Pair
from conformance.comparing.command import show
from conformance.comparing.model import UNUSABLE
from conformance.ending import Terminated, terminable
from conformance.environments import PreparationError, VariantError
from conformance.environments.preparing import prepare
from conformance.printing import make_console
from conformance.records import RecordsError, read
from conformance.run.folder import FolderError, RunFolder
from conformance.run.plan import Plan
from conformance.run.results import Stopped
from conformance.run.session import Session, Settings
from conformance.versions.columns import two_sides
from conformance.versions.so_far import Watch

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from rich.console import Console

INTERRUPTED = 130
"""Exit code of a comparison that Ctrl-C ended before both sides were through: it is one of what
both have judged. One that SIGTERM ended has the code of that signal."""


def is_variant(text: str | None) -> bool:
    """Whether this says a version, and names no record."""
    return text is not None and "=" in text and not Path(text).exists()


def diff_versions(options: argparse.Namespace) -> int:
    """Run the cases with both versions, as columns of one run; then as ``diff`` of records.

    Returns:
        The exit code of docs/versions.md.
    """
    console = make_console(wide=True)
    try:
        sides = two_sides(options.adapter or (), options.old, options.new, options.adapter_command)
        cases = choose(options.patterns, options.folders)
        pairs = [Pair(adapter, old.name, new.name) for adapter, old, new in sides]
        folder = _folder(options, pairs)
        groups = [prepare([old, new], console.print) for _, old, new in sides]
        plan = Plan.of(cases, [spec for group in groups for spec in group], abreast=groups)
        ended = _run(options, plan, pairs, folder, console)
        run = read(folder.records, brief=True)
        found = compare(run, run, pairs=pairs, so_far=ended != 0)
        show(found, markdown=options.markdown, json=options.json, everything=options.all)
    except (
        registry.RegistryError,
        PreparationError,
        VariantError,
        CasesError,
        FolderError,
        RecordsError,
        ColumnsError,
        Stopped,
    ) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a message for whoever called
        return UNUSABLE
    console.print(f"Records: {folder.records}")
    if ended:
        console.print(f"Interrupted. The same command with --resume {folder.name} goes on.")
    return ended or found.exit_code


def _folder(options: argparse.Namespace, pairs: Sequence[Pair]) -> RunFolder:
    """A new run's folder, or that of the run to go on with.

    Raises:
        FolderError: There is none, or it holds another run.
        RecordsError: Its record can't be read.
    """
    if options.resume is None:
        return RunFolder.new(options.reports)
    folder = RunFolder.to_resume(options.reports, options.resume)
    there = read(folder.records, brief=True).header.plan
    if not any(column in there for pair in pairs for column in (pair.old, pair.new)):
        raise FolderError(
            f"{folder.name} is no comparison of {options.old} and {options.new}: it is a run of "
            f"{', '.join(there)}. Name the one to go on with: --resume RUN"
        )
    return folder


def _run(
    options: argparse.Namespace,
    plan: Plan,
    pairs: Sequence[Pair],
    folder: RunFolder,
    console: Console,
) -> int:
    """Run both versions beside each other.

    Returns:
        0 when both are through; else :data:`INTERRUPTED`, or a signal's code.

    Raises:
        RecordsError: The record cannot be written.
        Stopped: The run could not go on.
    """
    settings = Settings(
        case_seconds=options.case_timeout,
        ledgers=tuple(options.ledger),
        catalogues=tuple(catalogues(options.patterns, options.folders)),
        beside=tuple(beside(options.patterns)),
    )
    if options.jobs:
        settings = replace(settings, jobs=options.jobs)
    watch = Watch(console, pairs, len(plan.cases))
    resume = options.resume is not None
    try:
        with (
            terminable(),
            watch,
            Session(plan, settings, folder=folder, resume=resume, on_cell=watch.cell) as session,
        ):
            watch.begin_with(session.recorder.done.values() if session.recorder else ())
            session.engine.results.wait()
            session.finish()
    except KeyboardInterrupt as why:
        if not folder.records.exists():
            raise
        return why.exit_code if isinstance(why, Terminated) else INTERRUPTED
    return 0
