"""``keras-conformance diff 'keras==3.14.1' 'keras==3.15.1'``: run both, then compare."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.adapters import registry
from conformance.adapters.naming import SEPARATOR
from conformance.cases import CasesError
from conformance.comparing import ColumnsError, compare
from conformance.comparing.command import show
from conformance.comparing.model import UNUSABLE
from conformance.environments import PreparationError, Variant, VariantError
from conformance.environments.preparing import prepare
from conformance.printing import make_console
from conformance.records import RecordsError, read
from conformance.run.driving import drive, select_cases
from conformance.run.engine import Stopped
from conformance.run.folder import RunFolder
from conformance.run.plan import Plan
from conformance.run.session import Settings

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence


def is_variant(text: str | None) -> bool:
    """Whether this says a version, and names no record."""
    return text is not None and "=" in text and not Path(text).exists()


def diff_versions(options: argparse.Namespace) -> int:
    """Run the cases with both versions, as columns of one run; then as ``diff`` of records."""
    console = make_console()
    settings = Settings(case_seconds=options.case_timeout, ledgers=tuple(options.ledger))
    if options.jobs:
        settings = replace(settings, jobs=options.jobs)
    folder = RunFolder.new(options.reports)
    try:
        sides = _sides(options.old, options.new)
        adapters = options.adapter or _concerned(sides)
        columns = [
            f"{adapter}{SEPARATOR}{text}"
            for text in (options.old, options.new)
            for adapter in adapters
        ]
        cases = select_cases(options.cases)
        specs = prepare(registry.select(columns, options.adapter_command), console.print)
        drive(Plan.of(cases, specs), settings, folder, console)
        run = read(folder.records, brief=True)
        patterns = [f"*{SEPARATOR}{side.label}" for side in sides]
        found = compare(run, run, old_columns=patterns[0], new_columns=patterns[1])
        show(found, markdown=options.markdown, json=options.json, everything=options.all)
    except (
        registry.RegistryError,
        PreparationError,
        VariantError,
        CasesError,
        RecordsError,
        ColumnsError,
        Stopped,
    ) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a message for whoever called
        return UNUSABLE
    console.print(f"Records: {folder.records}")
    return found.exit_code


def _sides(old: str, new: str) -> list[Variant]:
    sides = [Variant.parse(old), Variant.parse(new)]
    if sides[0].label == sides[1].label:
        raise VariantError(f"both sides would be named {sides[0].label}: nothing to compare")
    return sides


def _concerned(sides: Sequence[Variant]) -> list[str]:
    """The adapters that are installed and need what differs.

    Raises:
        VariantError: It cannot be told, or there are none.
    """
    named = {pin.package for side in sides for pin in side.pins}
    named |= {checkout.package for side in sides for checkout in side.checkouts}
    found = [
        spec.name
        for spec in registry.built_in().values()
        if not spec.missing() and named & {name.replace("_", "-") for name in spec.requires}
    ]
    if not found:
        raise VariantError("say on which adapters to compare: --adapter NAME")
    return found
