"""The command ``touched``: recordings made, and asked."""

from __future__ import annotations

import functools
import itertools
import sys
import time
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from conformance.adapters.host import registry
from conformance.adapters.shared.naming import base_of
from conformance.cases import CasesError
from conformance.cases.choosing import choose
from conformance.environments import PreparationError
from conformance.environments.preparing import prepare
from conformance.printing import make_console
from conformance.reference.answer.store import Store
from conformance.report.touched import touched_lines
from conformance.run.machine import usable_cores
from conformance.run.oracle import Oracle
from conformance.run.plan import Plan
from conformance.run.touched import Narrowing
from conformance.touched import maps
from conformance.touched.map import MapError, read, write
from conformance.touched.recording import Manner, RecordingError
from conformance.touched.recording import record as make
from conformance.touched.source import Source, SourceError
from conformance.wording.text import plural, visible

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from rich.console import Console

    from conformance.adapters.host.registry import AdapterSpec
    from conformance.cases.model import Case
    from conformance.touched.map import Map

USAGE = 2

TOLD = 500
"""Cases from which it is told in between how far it is, where no bar can be shown."""

SHOWN = 5
"""Cases of which it is told why it isn't known what they enter."""


def _telling(command: Callable[[argparse.Namespace], None]) -> Callable[[argparse.Namespace], int]:
    """A command that returns 0, or says what is wrong and returns 2."""

    @functools.wraps(command)
    def told(options: argparse.Namespace) -> int:
        try:
            command(options)
        except (
            registry.RegistryError,
            PreparationError,
            CasesError,
            MapError,
            RecordingError,
            SourceError,
        ) as error:
            print(error, file=sys.stderr)  # noqa: T201 - a message for whoever called
            return USAGE
        return 0

    return told


@_telling
def record(options: argparse.Namespace) -> None:
    """Record which functions the cases enter, adapter by adapter."""
    console = make_console()
    source = Source.find(options.source)
    specs = prepare(registry.select(options.adapter, options.adapter_command), console.print)
    if options.output and len(specs) > 1:
        raise SourceError("--output takes the recording of one adapter, and several are named")
    cases = choose(options.patterns, options.folders)
    manner = Manner(
        jobs=options.jobs or usable_cores(),
        seconds=options.case_timeout,
        fork=not options.no_fork,
    )
    for spec in specs:
        begin = time.monotonic()
        made = _recorded(spec, source, cases, manner, console)
        kept = maps.keep(made)
        if options.output:
            write(made, options.output)
        _tell(made, spec.name, time.monotonic() - begin)
        print(f"Recording: {options.output or kept}")  # noqa: T201


@_telling
def show(options: argparse.Namespace) -> None:
    """Say which cases a change touches, and what that rests on."""
    narrowing = Narrowing(options.touched_by, options.source, options.recording)
    specs = prepare(registry.select(options.adapter, options.adapter_command))
    narrowing.choose(specs)
    plan = narrowing.of(Plan.of(choose(options.patterns, options.folders), specs))
    lines = touched_lines(plan.touched) if plan.touched else []
    for adapter, cases in plan.cells.items():
        lines += [f"{adapter}  {case}" for case in cases]
    print("\n".join(lines))  # noqa: T201


@_telling
def functions(options: argparse.Namespace) -> None:
    """List the functions that a case enters."""
    for adapter, made in _recordings(options):
        if options.case not in made.cases:
            raise MapError(f"{options.case} is not in the recording of {adapter}")
        for function in made.functions_of(options.case):
            print(f"{adapter}  {visible(str(function))}")  # noqa: T201


@_telling
def cases(options: argparse.Namespace) -> None:
    """List the cases that enter a function, or any of several of the name."""
    for adapter, made in _recordings(options):
        named = [one for one in made.functions() if options.function in {one.name, str(one)}]
        if not named:
            raise MapError(f"no case of {adapter} enters a function {options.function}")
        for function in named:
            for case in made.cases_of(function):
                print(f"{adapter}  {visible(str(function))}  {visible(case)}")  # noqa: T201


def _recordings(options: argparse.Namespace) -> list[tuple[str, Map]]:
    """The recording to ask, for each adapter: that of the files as they are, else the newest.

    Raises:
        MapError: There is none.
    """
    source = Source.find(options.source)
    given = [read(path) for path in options.recording]
    found = []
    for spec in registry.select(options.adapter, options.adapter_command):
        own = [made for made in given if made.context.adapter == base_of(spec.name)]
        made = next(iter(own or maps.candidates(source.package, spec.name, source.now())), None)
        if made is None:
            raise MapError(
                f"{spec.name} has not been recorded: keras-conformance touched record "
                f"--source {options.source} --adapter {spec.name}"
            )
        found.append((spec.name, made))
    return found


def _recorded(
    spec: AdapterSpec, source: Source, cases: Sequence[Case], manner: Manner, console: Console
) -> Map:
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    if not console.is_terminal:
        console.print(f"{spec.name}: recording {plural(len(cases), 'case')}")
    oracle = Oracle(Store())
    steps = {len(cases) * tenth // 10 for tenth in range(1, 10)} if len(cases) >= TOLD else set()
    count = itertools.count(1)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(spec.name, total=len(cases))

        def on_case(_case: str, _problem: str) -> None:
            progress.update(task, advance=1)
            done = next(count)
            if not console.is_terminal and done in steps:
                console.print(f"{spec.name}: {done:,} of {plural(len(cases), 'case')}")

        try:
            return make(spec, source, cases, oracle, manner, on_case=on_case)
        finally:
            oracle.close()


def _tell(made: Map, adapter: str, seconds: float) -> None:
    known = len(made.cases) - len(made.unknown)
    print(  # noqa: T201
        f"{adapter}: {plural(known, 'case')} enter {plural(len(made.functions()), 'function')} of "
        f"{made.context.package}, recorded by {made.means} in {seconds:.0f} s"
    )
    if made.unknown:
        print(f"Always run, as nobody knows what they enter: {len(made.unknown):,}")  # noqa: T201
    for case, reason in list(made.unknown.items())[:SHOWN]:
        print(f"    {visible(case)}: {visible(reason)}")  # noqa: T201
