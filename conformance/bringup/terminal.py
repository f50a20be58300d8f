"""What ``next`` prints: a table of causes, each with what helps to mend it underneath.

Nothing is folded: an id or a command that is folded can't be copied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.wording.text import plural, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.bringup.model import Cause, Next

SHOWN: Final = 12
"""Causes that are listed, and facets; --all lists all of them."""
LAYERS: Final = 4
"""Layers that are named of a cause."""
WIDTH: Final = 150
"""Characters of what a cause is called."""
ALIKE: Final = 60
"""Characters by which a cause's name is found in a message, which may be cut."""
INDENT: Final = " " * 24


def lines(answer: Next, *, everything: bool = False) -> Iterator[str]:
    """The lines of the answer.

    Args:
        answer: the answer.
        everything: list all causes and facets.
    """
    yield from _head(answer)
    shown = answer.causes if everything else answer.causes[:SHOWN]
    if shown:
        width = max(len(one.kind) for one in shown)
        yield ""
        yield f"{'unlocks':>9}{'first':>7}{'behind':>8}  {'what':<{width}}"
        for cause in shown:
            yield from _cause(cause, width)
    if rest := answer.causes[len(shown) :]:
        cases = sum(one.unlocks + one.before for one in rest)
        causes = plural(len(rest), "more cause")
        yield f"… and {causes}, of {plural(cases, 'case')}: --all lists them"
    yield from _unasked(answer, everything=everything)
    yield from _foot(answer)


def _head(answer: Next) -> Iterator[str]:
    versions = ", ".join(f"{name} {text}" for name, text in list(answer.versions.items())[:3])
    told = f" ({visible(versions)})" if versions else ""
    yield f"{visible(answer.adapter)}{told}, by the run {visible(answer.run)}"
    if answer.level:
        yield answer.level
    counts = [f"{answer.passing:,} of {plural(answer.cases, 'case')} pass"]
    if answer.deviating:
        counts.append(f"{answer.deviating:,} deviate")
    if answer.unsupported:
        counts.append(f"{answer.unsupported:,} are unsupported")
    if answer.absent:
        counts.append(f"{answer.absent:,} are of what this release does not have")
    if answer.unjudged:
        counts.append(f"{answer.unjudged:,} were not judged")
    yield ", ".join(counts) + f": {plural(len(answer.causes), 'cause')}."
    for reason in answer.broken[:3]:
        yield f"Not judged: {visible(reason)}"


def _cause(cause: Cause, width: int) -> Iterator[str]:
    what = visible(cause.what)
    what = what if len(what) <= WIDTH else what[: WIDTH - 1] + "…"
    marks = [f"known: {visible(cause.entry)}"] if cause.entry else []
    marks += [f"{cause.pending:,} pending"] if cause.pending else []
    mark = f"  [{'; '.join(marks)}]" if marks else ""
    numbers = f"{cause.unlocks:>9,}{cause.before or '':>7}{cause.behind or '':>8}"
    yield f"{numbers}  {cause.kind:<{width}}  {what}{mark}"
    if cause.reason:
        yield f"{INDENT}  {visible(cause.reason)}"
    if cause.what[:ALIKE] not in cause.message:
        yield f"{INDENT}  {visible(cause.message)}"
    if cause.where:
        yield f"{INDENT}  raised in {visible(cause.where)}"
    for shared in cause.shared:
        passing = "none that passes"
        if shared.passing:
            passing = f"{plural(shared.passing, 'case')} that pass"
        entered = f"entered by {shared.entered:,} of its cases and {passing}"
        yield f"{INDENT}  {visible(shared.function)}: {entered}"
    if len(cause.layers) > 1:
        yield f"{INDENT}  {_layers(cause)}"
    if cause.unjudged:
        cases = plural(cause.unjudged, "case")
        holds = "holds" if cause.unjudged == 1 else "hold"
        yield f"{INDENT}  behind it, {cases} {holds} what is not judged yet"
    yield f"{INDENT}  $ {visible(cause.command)}"


def _layers(cause: Cause) -> str:
    named = [f"{visible(name)} {count:,}" for name, count in list(cause.layers.items())[:LAYERS]]
    rest = len(cause.layers) - len(named)
    more = f" and {rest} more" if rest else ""
    return f"in {', '.join(named)}{more}"


def _unasked(answer: Next, *, everything: bool) -> Iterator[str]:
    if not answer.unasked:
        return
    yield ""
    yield "Could not be asked, in cases that were judged otherwise:"
    shown = answer.unasked if everything else answer.unasked[:SHOWN]
    width = max(len(one.facet) for one in shown)
    for one in shown:
        cases = plural(one.cases, "case")
        yield f"  {visible(one.facet):<{width}}  {cases:>12}  {visible(one.reason)}"
    if rest := len(answer.unasked) - len(shown):
        yield f"  … and {rest} more: --all lists them"


def _foot(answer: Next) -> Iterator[str]:
    yield ""
    if answer.partial:
        yield "The run is partial: there may be more."
    if answer.causes:
        yield (
            "unlocks: cases of which it is the only cause. first: cases of which it is the first, "
            "with others behind. behind: cases that have it behind another."
        )
    elif answer.passing == answer.cases:
        yield "Nothing to mend."
    for one in answer.recordings:
        at = f" at {visible(one.commit[:10])}" if one.commit else ""
        yield f"Functions by the recording of {visible(one.package)} of {one.recorded[:10]}{at}."
    if answer.no_recording:
        yield (
            f"No functions are named: {visible(answer.no_recording)}. "
            "`keras-conformance touched record --source PACKAGE` makes one."
        )
