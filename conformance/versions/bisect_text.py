"""A bisection for people: a line for each release that was tried, and what was found in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from conformance.versions.likeness import conforms
from conformance.wording.text import listed, one_line, plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.environments.releases import Release
    from conformance.versions.bisect import Found, Step, What

_SAID: Final[dict[What, str]] = {
    "came": "the first release that has it",
    "went": "the first release that no longer has it",
    "broke": "the first release that does not conform",
    "mended": "the release that mended it",
    "changed": "the first release that answers otherwise (neither conforms)",
}
_KNOWN: Final[dict[What, str]] = {"came": "to have it", "went": "not to have it"}
_WIDTH: Final = len("not there")


def line(step: Step, width: int) -> Text:
    """One release that was tried.

    Args:
        step: The release and what it makes of the case.
        width: Columns of the longest version.
    """
    release, verdict = step.release, step.probe.verdict
    text = Text(f"  {release.version!s:<{width}}  {release.published or ''!s:<10}  ")
    if verdict is None:
        word, style = ("not there", "cyan") if step.probe.lacks else ("skipped", "yellow")
        return text.append(f"{word:<{_WIDTH}}", style).append(f"  {one_line(message(step))}")
    passes = verdict.outcome == "pass"
    text.append(verdict.outcome if passes else f"{verdict.outcome:<{_WIDTH}}", _style(passes))
    if step.like == "neither":
        text.append("  like neither end:")
    return text if passes else text.append(f"  {one_line(message(step))}")


def message(step: Step) -> str:
    """Why a release does not conform, or has no verdict."""
    verdict = step.probe.verdict
    if verdict is None:
        return step.probe.lacks or step.probe.untold
    failing = (f.message for f in verdict.facets if f.outcome in {"fail", "error"} and f.message)
    return next(failing, verdict.message)


def conclusion(package: str, steps: Sequence[Step], found: Sequence[Found]) -> Iterator[Text]:
    """What was found, a sentence or two for each border.

    Args:
        package: Whose releases.
        steps: All that was tried; the two ends first.
        found: The borders, oldest first.
    """
    if not found:
        yield Text(_same(package, steps), "bold")
    alone = len(found) == 1
    for border in found:
        said = _border(package, border, steps)
        if border.what in {"came", "went"}:
            said += f" {_among(border, steps) if alone else _next_to(border, steps)}"
        yield Text(said, "bold")


def _same(package: str, steps: Sequence[Step]) -> str:
    first, last = (step.release.version for step in steps[:2])
    again = "`keras-conformance sweep` tries them all."
    if steps[0].probe.lacks:
        return (
            f"Neither {package} {first} nor {last} has it: {one_line(message(steps[0]))}. It may "
            f"have been there between them: {again}"
        )
    return (
        f"Nothing changed: {package} {first} and {last} make the same of it. It may have changed "
        f"and changed back: {again}"
    )


def _border(package: str, border: Found, steps: Sequence[Step]) -> str:
    before, after = border.before.version, border.after.version
    out = f" ({border.after.published})" if border.after.published else ""
    if border.between:
        said = (
            f"{package} {before} is the last before, and {after}{out} is known "
            f"{_KNOWN.get(border.what, 'to be otherwise')}; {_untold(border.between, steps)}."
        )
    else:
        said = f"{package} {after}{out} is {_SAID[border.what]}; {before} is the last before it."
    if border.what in {"came", "went"}:
        lacking = border.before if border.what == "came" else border.after
        said = f"{said[:-1]}: {one_line(message(_step(lacking, steps)))}."
    return said


def _untold(between: Sequence[Release], steps: Sequence[Step]) -> str:
    """Why the releases between two tell nothing."""
    tried = {step.release: step for step in steps}
    lacking = [release for release in between if tried[release].probe.lacks]
    others = [release for release in between if release not in lacking]
    parts = []
    if others:
        parts.append(f"{_names(others)} between them could not be tried")
    if lacking:
        parts.append(f"{_names(lacking)} between them {_verb(lacking)} not have it")
    return " and ".join(parts)


def _among(border: Found, steps: Sequence[Step]) -> str:
    """How often the case conforms among the releases that have it; no change was found there."""
    judged = [step for step in steps if step.probe.verdict]
    good = [step for step in judged if step.probe.verdict and conforms(step.probe.verdict)]
    where = "from there on" if border.what == "came" else "before"
    tried = plural(len(judged), "release")
    if good and len(good) < len(judged):
        return (
            f"It conforms in {len(good)} of the {tried} that were tried {where}: it changed, and "
            "changed back. `keras-conformance sweep` tries them all."
        )
    if len(judged) == 1:
        return f"It {'conforms' if good else 'does not conform'} in the one that was tried {where}."
    return f"It conforms in {'all' if good else 'none'} of the {tried} that were tried {where}."


def _next_to(border: Found, steps: Sequence[Step]) -> str:
    """Whether the case conforms in the release with it that is next to the border."""
    release = border.after if border.what == "came" else border.before
    verdict = _step(release, steps).probe.verdict
    does = "conforms" if verdict and conforms(verdict) else "does not conform"
    return f"It {does} in {release.version}."


def _step(release: Release, steps: Sequence[Step]) -> Step:
    return next(step for step in steps if step.release == release)


def _names(releases: Sequence[Release]) -> str:
    return listed([str(release.version) for release in releases])


def _verb(releases: Sequence[Release]) -> str:
    return "does" if len(releases) == 1 else "do"


def _style(passes: bool) -> str:  # noqa: FBT001 - it is the one thing that it depends on
    return "green" if passes else "red"
