"""``keras-conformance repro``: run one case now, and print what shows its deviation."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from conformance.adapters.host import registry
from conformance.adapters.shared.naming import base_of
from conformance.cases import CasesError
from conformance.cases.choosing import choose
from conformance.environments import PreparationError
from conformance.environments.preparing import prepare
from conformance.records.model import AdapterLine, CellLine
from conformance.reducing.bench import Bench
from conformance.reducing.reduction import reduce
from conformance.repro.script import NoScript, script
from conformance.repro.short import TooLong, short_script
from conformance.run.lines import case_line

if TYPE_CHECKING:
    import argparse

    from conformance.adapters.host.observation import Hello
    from conformance.reducing.reduction import Reduced

SHOWN, UNUSABLE = 0, 2
"""Exit codes: a script was printed · there is none."""


def repro(options: argparse.Namespace) -> int:
    """Print the script to stdout, and on stderr what was done to get it."""
    try:
        found, hello = _reduced(options)
        text = _text(found, hello, options.facet)
    except (registry.RegistryError, PreparationError, CasesError, NoScript) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a message for whoever called
        return UNUSABLE
    if not found.facet:
        outcome = found.trial.verdict.outcome
        print(f"# nothing deviates ({outcome}): not reduced", file=sys.stderr)  # noqa: T201
    print(text, end="")  # noqa: T201
    return SHOWN


def _reduced(options: argparse.Namespace) -> tuple[Reduced, Hello]:
    """Run the case, and make it smaller.

    Raises:
        CasesError: It is not one case on one adapter.
        NoScript: It can't be run, or has no answer.
    """
    cases = choose([options.case], options.folders)
    specs = prepare(registry.select([options.adapter], options.adapter_command))
    if len(cases) > 1 or len(specs) > 1:
        what = f"{len(cases)} cases on {', '.join(spec.name for spec in specs)}"
        raise CasesError(f"one case on one adapter is shown, and this means {what}")
    missing = specs[0].missing()
    if missing:
        raise NoScript(f"{specs[0].name}: not installed here: {', '.join(missing)}")
    with Bench(specs[0]) as bench:
        if bench.hello.status != "ready":
            raise NoScript(f"{specs[0].name}: {bench.hello.status}: {bench.hello.reason}")
        found = reduce(cases[0], bench.judge, options.seconds, options.facet)
    if found is None:
        raise NoScript(
            f"{cases[0].id} has no answer on {specs[0].name} to write a script of; `run` "
            "it, and take the script with --run"
        )
    return found, bench.hello


def _text(found: Reduced, hello: Hello, asked: str | None) -> str:
    if found.facet:
        try:
            return short_script(
                found.case,
                found.trial.verdict,
                found.trial.expected,
                facet=found.facet,
                versions=hello.versions,
            )
        except TooLong as reason:
            print(f"# not on a few lines: {reason}", file=sys.stderr)  # noqa: T201
    case = case_line(found.case, answer=found.trial.expected)
    base = base_of(found.trial.verdict.adapter)
    adapter = AdapterLine(name=base, status="ready", versions=hello.versions)
    cell = CellLine(digest=found.case.digest, verdict=found.trial.verdict)
    return script(case, cell, adapter, found.facet or asked, found.trial.expected)
