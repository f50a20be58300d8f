"""``keras-conformance bisect``."""

from __future__ import annotations

import datetime as dt
import re
import sys
from typing import TYPE_CHECKING, Any

import msgspec
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from conformance.adapters.host import registry
from conformance.adapters.host.variant import Pin, parse_package
from conformance.cases import CasesError
from conformance.cases.choosing import choose
from conformance.environments import PreparationError, VariantError
from conformance.environments.releases import no_such_release, release_at, releases
from conformance.environments.uv import Uv
from conformance.printing import make_console
from conformance.records.output import write_whole
from conformance.records.wire import RecordsError
from conformance.run import machine
from conformance.run.results import Stopped
from conformance.run.session import Settings
from conformance.versions.bisect import Bisection
from conformance.versions.bisect_text import conclusion, line, message
from conformance.versions.probing import Prober
from conformance.wording.text import escaped_json, plural, visible

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from conformance.cases.model import Case
    from conformance.environments.releases import Release
    from conformance.versions.bisect import Found, Step

FOUND, SAME, UNUSABLE, VAGUE = 0, 1, 2, 3
"""Exit codes: the release is named · both ends make the same of the case · it could not be searched
· it is one of several, as those between could not be tried."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def bisect(options: argparse.Namespace) -> int:
    """Find the first release that changed the verdict on a case; returns the exit code."""
    console = make_console(soft_wrap=True)
    jobs = options.jobs or machine.usable_cores()
    settings = Settings(case_seconds=options.case_timeout, jobs=jobs, catalogues=())
    try:
        package = parse_package(options.package)
        registry.select([options.adapter], options.adapter_command)
        case = _case(options)
        prober = Prober(case, options.adapter, package, options.adapter_command, settings)
        row = _row(package, options.good, options.bad)
        console.print(
            f"{visible(case.id)} on {options.adapter}: {plural(len(row), 'release')} of {package} "
            f"from {row[0].version} to {row[-1].version}"
        )
        width = max(len(str(release.version)) for release in row)
        bisection = Bisection(
            prober, row, width=jobs, tell=lambda step: console.print(line(step, width))
        )
        found = bisection.run()
        for said in conclusion(package, bisection.steps, found):
            console.print(said)
        if options.json:
            write_whole(options.json, _json(options, package, bisection.steps, found))
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
    if not found:
        return SAME
    return VAGUE if any(border.between for border in found) else FOUND


def _case(options: argparse.Namespace) -> Case:
    named = options.case
    found = choose([named], options.folders)
    if len(found) > 1:
        raise CasesError(f"{named} names {len(found)} cases, {found[0].id} among them: name one")
    return found[0]


def _row(package: str, good: str, bad: str) -> list[Release]:
    """The releases from one end to the other, oldest first."""
    uv = Uv.find()
    ends = sorted(_version(uv, package, text) for text in (good, bad))
    if ends[0] == ends[1]:
        raise PreparationError(f"both ends are {package} {ends[0]}: there is nothing between them")
    within = SpecifierSet(f">={ends[0]},<={ends[1]}")
    row = releases(uv, package, within, prereleases=any(end.is_prerelease for end in ends))
    known = {release.version for release in row}
    for end in ends:
        if end not in known:
            raise PreparationError(
                no_such_release(uv, Pin(package, end)) or f"{package} {end} is not among them"
            )
    return row


def _version(uv: Uv, package: str, text: str) -> Version:
    """A version as it stands, or the newest that was out on a day."""
    if _DATE.fullmatch(text):
        try:
            return release_at(uv, package, dt.date.fromisoformat(text))
        except ValueError:
            raise PreparationError(f"{text!r} is no date") from None
    try:
        return Version(text)
    except InvalidVersion:
        raise PreparationError(
            f"{text!r} is neither a version (3.14.1) nor a date (2026-05-31)"
        ) from None


def _json(
    options: argparse.Namespace, package: str, steps: Sequence[Step], found: Sequence[Found]
) -> bytes:
    borders = {border.what in {"came", "went"}: border for border in found}
    told: dict[str, Any] = {
        "case": options.case,
        "adapter": options.adapter,
        "package": package,
        "steps": [
            {
                "version": str(step.release.version),
                "published": step.release.published,
                "outcome": step.probe.verdict.outcome if step.probe.verdict else None,
                "like": step.like,
                "message": message(step),
            }
            for step in steps
        ],
        "found": _border(borders.get(False)),
        "there": _border(borders.get(True)),
    }
    return escaped_json(msgspec.json.format(msgspec.json.encode(told))) + b"\n"


def _border(border: Found | None) -> dict[str, Any] | None:
    return border and {
        "what": border.what,
        "before": str(border.before.version),
        "after": str(border.after.version),
        "untold": [str(release.version) for release in border.between],
    }
