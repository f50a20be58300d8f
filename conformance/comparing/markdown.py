"""A comparison as Markdown: a comment on a pull request, the step summary of a CI job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.comparing.grouping import groups
from conformance.comparing.words import LOOKS, NOT_YET, facet_text, headline, outcomes
from conformance.wording.text import escaped, listed, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.comparing.grouping import Group
    from conformance.comparing.model import Change, Column, Diff

SHOWN = 20
"""Groups of one change that are listed; a comment may have 65,536 characters."""
CASES_SHOWN = 3
NOTES_SHOWN = 10
_LISTED: tuple[Change, ...] = (
    "regression",
    "fixed",
    "disappeared",
    "appeared",
    "drift",
    "answer-changed",
    "tolerance-changed",
    "case-changed",
    "environment-changed",
    "inconclusive",
)
"""Changes that are listed one by one; the others are counted."""


def markdown(diff: Diff) -> str:
    """Return a comparison in Markdown, ending in a line feed."""
    shown = [change for change in LOOKS if diff.counts.get(change)]
    rows = [
        f"### keras-conformance: {escaped(headline(diff))}",
        "",
        "| adapter | what changed | " + " | ".join(LOOKS[change].word for change in shown) + " |",
        "| --- | --- |" + " ---: |" * len(shown),
    ]
    for column in diff.columns:
        numbers = " | ".join(f"{column.counts.get(change, 0) or ''}" for change in shown)
        rows.append(f"| {escaped(column.adapter)} | {_changed(column)} | {numbers} |")
    found = groups(diff.changes)
    for change in _LISTED:
        rows += _section(change, [group for group in found if group.change == change])
    if diff.suspects:
        rows += ["", "**Suspect cases**: no adapter conforms in NEW", ""]
        rows += [f"- {escaped(case)}" for case in diff.suspects[:SHOWN]]
        rows += _more(len(diff.suspects), SHOWN)
    if diff.notes:
        rows += ["", "**To be known**", ""]
        rows += [f"- {escaped(one_line(note))}" for note in diff.notes[:NOTES_SHOWN]]
        rows += _more(len(diff.notes), NOTES_SHOWN)
    return "\n".join(rows) + "\n"


def _section(change: Change, found: list[Group]) -> Iterator[str]:
    if not found:
        return
    look = LOOKS[change]
    yield from ("", f"**{look.word.capitalize()}**: {look.meaning}", "")
    yield from (f"- {_group(group)}" for group in found[:SHOWN])
    yield from _more(len(found), SHOWN)


def _group(group: Group) -> str:
    first = group.cells[0]
    text = f"{LOOKS[group.change].symbol} {outcomes(first)} on "
    text += listed([escaped(name) for name in group.adapters])
    if first.facets:
        text += f" ({escaped(', '.join(map(facet_text, first.facets)))})"
    if group.headline:
        text += f": {escaped(group.headline)}"
    cases = ", ".join(escaped(case) for case in group.cases[:CASES_SHOWN])
    rest = len(group.cases) - CASES_SHOWN
    text += f". In {cases}" + (f" and {rest:,} more" if rest > 0 else "")
    if group.because:
        text += f". Changed: {escaped(', '.join(group.because))}"
    if group.known:
        text += f". Known: {escaped(', '.join(group.known))}"
    return text


def _changed(column: Column) -> str:
    if column.old is None or column.new is None:
        return "only in NEW" if column.old is None else "only in OLD"
    if not column.counts:
        return NOT_YET
    return escaped(", ".join(map(str, column.versions))) or "nothing"


def _more(count: int, shown: int) -> list[str]:
    return [f"- … and {count - shown:,} more"] if count > shown else []
