"""What a run of the cases that a change touches says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.wording.text import plural, visible

if TYPE_CHECKING:
    from conformance.records.model import Touched, TouchedAdapter

NAMED: Final = 6
"""Functions that are named; of more it says how many."""

REASONS: Final = 3
"""Reasons for a whole run that are told; the others are counted."""


def touched_lines(touched: Touched) -> list[str]:
    """Return what was chosen, by what, and what was not looked at: a sentence a line."""
    lines = [_change(touched)]
    lines += [_adapter(name, one) for name, one in touched.adapters.items()]
    if touched.outside:
        verb = "is" if touched.outside == 1 else "are"
        lines.append(
            f"{plural(touched.outside, 'file')} outside {visible(touched.source)} changed as well, "
            f"and {verb} not looked at."
        )
    return lines


def scope_of(touched: Touched | None) -> str:
    """Return what the cases of a run were chosen by, for its headline; empty where all are run."""
    if touched is None or all(one.everything for one in touched.adapters.values()):
        return ""
    return f", chosen by what changed since {visible(touched.base)},"


def _change(touched: Touched) -> str:
    since = f"Since {visible(touched.base)}"
    where = f"of {visible(touched.source)}"
    if not touched.files:
        return f"{since}, no file {where} has changed."
    if not touched.functions:
        return f"{since}, {plural(touched.files, 'file')} {where} changed, and no function."
    named = ", ".join(visible(one) for one in touched.functions[:NAMED])
    rest = len(touched.functions) - NAMED
    more = f" and {rest} more" if rest > 0 else ""
    count = plural(len(touched.functions), "function")
    return f"{since}, {count} in {plural(touched.files, 'file')} {where} changed: {named}{more}."


def _adapter(name: str, one: TouchedAdapter) -> str:
    named = visible(name)
    if one.everything:
        told = "; ".join(visible(reason) for reason in one.everything[:REASONS])
        rest = len(one.everything) - REASONS
        more = f"; and {plural(rest, 'further reason')}" if rest > 0 else ""
        count = plural(one.chosen if one.of is None else one.of, "case")
        return f"{named}: all {count}, as it can't be told which: {told}{more}."
    rests = _rests_on(one)
    if one.imports:
        told = f"{named}: no case enters what changed; one is run"
        return f"{told}, to see that it can be imported{rests}."
    if not one.chosen:
        of = "the cases" if one.of is None else plural(one.of, "case")
        return f"{named}: none of {of} enters anything that changed{rests}."
    unknown = (
        f", {one.unknown:,} of them because nobody knows what they enter" if one.unknown else ""
    )
    verb = "enters" if one.chosen == 1 else "enter"
    cases = plural(one.chosen, "case")
    if one.of is not None:
        cases = f"{one.chosen:,} of {plural(one.of, 'case')}"
    return f"{named}: {cases} {verb} that{unknown}{rests}."


def _rests_on(one: TouchedAdapter) -> str:
    if not one.recorded:
        return ""
    at = f" at {visible(one.commit[:10])}" if one.commit else ""
    versions = ", ".join(f"{name} {text}" for name, text in list(one.versions.items())[:2])
    told = f", by the recording of {visible(one.recorded[:10])}{at} ({visible(versions)})"
    if one.besides:
        told += f"; {plural(one.besides, 'function')} that changed since then count, too"
    return told
