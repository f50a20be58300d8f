"""``keras-conformance sweep``."""

from __future__ import annotations

import datetime as dt
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from conformance.adapters.host import registry
from conformance.adapters.host.variant import parse_package
from conformance.adapters.shared.naming import base_of
from conformance.cases import CasesError, load_ids
from conformance.cases.choosing import choose, roots
from conformance.environments import BlockedError, PreparationError, VariantError
from conformance.environments.preparing import prepare
from conformance.environments.releases import Release, releases
from conformance.environments.uv import Uv
from conformance.printing import make_console
from conformance.records import RecordsError, read
from conformance.records.output import write_text, write_whole
from conformance.run.driving import drive
from conformance.run.folder import RunFolder
from conformance.run.plan import Plan
from conformance.run.results import Stopped
from conformance.run.session import LEDGER_FOLDER, Settings
from conformance.verdicts.ledger import Ledger
from conformance.versions.columns import column_of
from conformance.versions.sweep import Skipped, sweep_of
from conformance.versions.sweep_text import markdown, terminal
from conformance.wording.text import escaped_json, plural

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from conformance.adapters.host.registry import AdapterSpec
    from conformance.cases.model import Case
    from conformance.versions.sweep import Sweep

DRAWN, UNUSABLE = 0, 2
"""Exit codes: it was drawn, whatever it shows · it could not be."""


def sweep(options: argparse.Namespace) -> int:
    """Run cases over releases, and draw since when each passes; returns the exit code."""
    console = make_console(wide=True)
    settings = Settings(case_seconds=options.case_timeout, catalogues=())
    if options.jobs:
        settings = replace(settings, jobs=options.jobs)
    folder = RunFolder.new(options.reports)
    try:
        registry.select(options.adapter, options.adapter_command)
        package = parse_package(options.package)
        cases = choose(options.patterns, options.folders)
        if options.of_ledger:
            cases = _of_ledger(options, cases)
        row = (
            _named(options.release)
            if options.release
            else _releases(package, options.versions, minor=options.minor)
        )
        console.print(f"{plural(len(row), 'release')} of {package}")
        specs, skipped = _columns(options, package, row)
        drive(Plan.of(cases, specs), settings, folder, console)
        found = sweep_of(read(folder.records, brief=True), package, skipped)
        _write(options, found)
    except (
        registry.RegistryError,
        PreparationError,
        VariantError,
        CasesError,
        RecordsError,
        Stopped,
    ) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a message for whoever called
        return UNUSABLE
    console.print(terminal(found, everything=options.all))
    console.print(f"Records: {folder.records}")
    return DRAWN


def _of_ledger(options: argparse.Namespace, asked: Sequence[Case]) -> list[Case]:
    """Those cases of which the ledger speaks, as far as it does of these adapters.

    Raises:
        CasesError: There are none.
    """
    cases = {case.id: case for case in asked}
    names = [spec.name for spec in registry.select(options.adapter, options.adapter_command)]
    today = dt.datetime.now(tz=dt.UTC).date()
    own = [root / LEDGER_FOLDER for root in roots(options.folders)]
    kept = options.ledger or [folder for folder in own if folder.is_dir()]
    known = {*cases, *load_ids(roots(options.folders))}
    ledger = Ledger.load(kept, known, names, today)
    found = [case for case in cases.values() if any(ledger.about(case.id, name) for name in names)]
    if not found:
        raise CasesError(f"the ledger says nothing of {', '.join(names)}")
    return found


def _named(written: Sequence[str]) -> list[Release]:
    """The releases that were named, oldest first; when they came out nobody asks."""
    try:
        return [Release(version, None) for version in sorted({*map(Version, written)})]
    except InvalidVersion as error:
        raise PreparationError(f"{error}; a release is written like 3.14.1") from None


def _releases(package: str, written: str, *, minor: bool) -> list[Release]:
    try:
        within = SpecifierSet(written)
    except InvalidSpecifier:
        raise PreparationError(
            f"{written!r} does not say which releases; write '>=3.5' or '>=3.5,<3.15'"
        ) from None
    found = releases(Uv.find(), package, within)
    if minor:  # the newest of each, as they come oldest first
        found = list({release.version.release[:2]: release for release in found}.values())
    if not found:
        raise PreparationError(f"there is no release of {package} within {written}")
    return found


def _columns(
    options: argparse.Namespace, package: str, row: Sequence[Release]
) -> tuple[list[AdapterSpec], list[Skipped]]:
    """A column for each release and adapter, its environment made; and what can't be had."""
    specs: list[AdapterSpec] = []
    skipped: list[Skipped] = []
    for adapter in options.adapter:
        for release in row:
            name = column_of(adapter, f"{package}=={release.version}")
            for spec in registry.select([name], options.adapter_command):
                try:
                    specs += prepare([spec])
                except BlockedError:
                    raise
                except PreparationError as problem:
                    version, base = str(release.version), base_of(spec.name)
                    reason = str(problem)
                    skipped.append(Skipped(version=version, adapter=base, reason=reason))
    if not specs:
        raise PreparationError(f"none of the releases can be had; the last: {skipped[-1].reason}")
    return specs, skipped


def _write(options: argparse.Namespace, found: Sweep) -> None:
    if options.json:
        write_whole(
            options.json, escaped_json(msgspec.json.format(msgspec.json.encode(found))) + b"\n"
        )
    if options.markdown:
        write_text(options.markdown, markdown(found))
