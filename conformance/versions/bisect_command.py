"""``keras-conformance bisect``."""

from __future__ import annotations

import datetime as dt
import re
import sys
from typing import TYPE_CHECKING, Any

import msgspec
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version
from rich.text import Text

from conformance.adapters.registry import RegistryError
from conformance.cases import CasesError
from conformance.environments import PreparationError, VariantError
from conformance.environments.releases import no_such_release, release_at, releases
from conformance.environments.uv import Uv
from conformance.environments.variant import Pin, parse_package
from conformance.printing import make_console
from conformance.records.files import write_whole
from conformance.records.wire import RecordsError
from conformance.report.text import listed, one_line, plural, visible
from conformance.run import machine
from conformance.run.driving import select_cases
from conformance.run.engine import Stopped
from conformance.run.session import Settings
from conformance.versions.bisect import Bisection, Unchanged
from conformance.versions.probing import Prober

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
_SAID = {
    "broke": "the first release that does not conform",
    "mended": "the release that mended it",
    "changed": "the first release that answers otherwise (neither conforms)",
}


def bisect(options: argparse.Namespace) -> int:
    """Find the first release that changed the verdict on a case; returns the exit code."""
    console = make_console(soft_wrap=True)
    jobs = options.jobs or machine.usable_cores()
    settings = Settings(case_seconds=options.case_timeout, jobs=jobs, catalogues=())
    try:
        package = parse_package(options.package)
        case = _case(options.case)
        prober = Prober(case, options.adapter, package, options.adapter_command, settings)
        row = _row(package, options.good, options.bad)
        console.print(
            f"{visible(case.id)} on {options.adapter}: {plural(len(row), 'release')} of {package} "
            f"from {row[0].version} to {row[-1].version}"
        )
        width = max(len(str(release.version)) for release in row)
        bisection = Bisection(
            prober, row, width=jobs, tell=lambda step: console.print(_line(step, width))
        )
        try:
            found = bisection.run()
        except Unchanged:
            found = None
        console.print(_conclusion(package, row, found))
        if options.json:
            write_whole(options.json, _json(options, package, bisection.steps, found))
    except (
        RegistryError,
        PreparationError,
        VariantError,
        CasesError,
        RecordsError,
        Stopped,
    ) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a message for whoever called
        return UNUSABLE
    if found is None:
        return SAME
    return VAGUE if found.untold else FOUND


def _case(named: str) -> Case:
    found = select_cases([named])
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


def _line(step: Step, width: int) -> Text:
    release, verdict = step.release, step.probe.verdict
    text = Text(f"  {release.version!s:<{width}}  {release.published or ''!s:<10}  ")
    if verdict is None:
        return text.append("skipped", "yellow").append(f"  {one_line(step.probe.untold)}")
    passes = verdict.outcome == "pass"
    text.append(f"{verdict.outcome:<7}", "green" if passes else "red")
    if step.like == "neither":
        text.append("  like neither end:")
    return text if passes else text.append(f"  {one_line(_message(step))}")


def _message(step: Step) -> str:
    verdict = step.probe.verdict
    if verdict is None:
        return step.probe.untold
    failing = (f.message for f in verdict.facets if f.outcome in {"fail", "error"} and f.message)
    return next(failing, verdict.message)


def _conclusion(package: str, row: Sequence[Release], found: Found | None) -> Text:
    if found is None:
        return Text(
            f"Nothing changed: {package} {row[0].version} and {row[-1].version} make the same of "
            "it. It may have changed and changed back: `keras-conformance sweep` tries them all.",
            "bold",
        )
    out = f" ({found.after.published})" if found.after.published else ""
    if not found.untold:
        said = f"{package} {found.after.version}{out} is {_SAID[found.what]}"
        return Text(f"{said}; {found.before.version} is the last before it.", "bold")
    names = listed([str(release.version) for release in found.untold])
    return Text(
        f"{package} {found.before.version} is the last before, and {found.after.version}{out} is "
        f"known to be otherwise; {names} between them could not be tried.",
        "bold",
    )


def _json(
    options: argparse.Namespace, package: str, steps: Sequence[Step], found: Found | None
) -> bytes:
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
                "message": _message(step),
            }
            for step in steps
        ],
        "found": found
        and {
            "what": found.what,
            "before": str(found.before.version),
            "after": str(found.after.version),
            "untold": [str(release.version) for release in found.untold],
        },
    }
    return msgspec.json.format(msgspec.json.encode(told)) + b"\n"
