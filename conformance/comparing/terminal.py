"""A comparison in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group as Lines
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from conformance.comparing.grouping import groups
from conformance.comparing.words import LOOKS, NOT_YET, facet_text, headline, outcomes
from conformance.wording.text import listed, one_line, plural, visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

    from conformance.comparing.grouping import Group
    from conformance.comparing.model import Change, Column, Diff

SHOWN = 20
"""Groups of one change that are listed; the rest are counted, and all are in the JSON."""
CASES_SHOWN = 3
"""Cases that are named in one group."""
_COUNTED: frozenset[Change] = frozenset({"still-failing", "new", "removed", "unchanged"})
"""Changes that are counted, and listed only when asked for."""


def summary(diff: Diff, *, everything: bool = False) -> RenderableType:
    """Return a comparison as a rich renderable.

    Args:
        diff: the comparison.
        everything: list every group of every change, too.
    """
    parts: list[RenderableType] = [_environments(diff), Text(""), _counts(diff)]
    found = groups(diff.changes)
    for change, look in LOOKS.items():
        mine = [group for group in found if group.change == change]
        if not mine or (change in _COUNTED and not everything):
            continue
        shown = mine if everything else mine[:SHOWN]
        title = Text(f"{look.word.capitalize()}", style=look.style)
        parts += [Text(""), title.append(f": {look.meaning}", style="dim")]
        for group in shown:
            parts += _group(diff, group)
        if len(shown) < len(mine):
            parts.append(Text(f"… and {len(mine) - len(shown):,} more, see --json or --all"))
    if diff.suspects:
        parts += [Text(""), Text("Suspect cases: no adapter conforms in NEW", style="bold yellow")]
        parts += [_indented(Text(visible(case), style="cyan")) for case in diff.suspects[:SHOWN]]
        if len(diff.suspects) > SHOWN:
            parts.append(_indented(Text(f"… and {len(diff.suspects) - SHOWN:,} more")))
    if diff.notes:
        parts += [Text(""), Text("To be known", style="bold yellow")]
        parts += [_indented(Text(one_line(note))) for note in diff.notes]
    parts += [Text(""), Text(f"{headline(diff)}.", style="bold")]
    return Lines(*parts)


def _environments(diff: Diff) -> RenderableType:
    lines = [
        Text(f"{side}  ", style="bold").append(f"{visible(where.run)}, {where.started}", "default")
        for side, where in (("OLD", diff.old), ("NEW", diff.new))
    ]
    lines += [
        Text(f"{_names(column)}: ", style="bold").append(_changed(column), "default")
        for column in diff.columns
    ]
    return Lines(*lines)


def _names(column: Column) -> str:
    if column.old is None or column.new is None or column.old == column.new:
        return visible(column.new or column.old or column.adapter)
    return f"{visible(column.old)} → {visible(column.new)}"


def _changed(column: Column) -> str:
    if column.old is None or column.new is None:
        return "only in NEW" if column.old is None else "only in OLD"
    if not column.versions:
        return "the same environment" if column.counts else NOT_YET
    return visible(", ".join(map(str, column.versions)))


def _counts(diff: Diff) -> Table:
    shown = [change for change in LOOKS if diff.counts.get(change)]
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("adapter", overflow="fold")
    for change in shown:
        table.add_column(LOOKS[change].word, justify="right", overflow="fold")
    for column in diff.columns:
        numbers = [
            Text(f"{column.counts[change]:,}", style=LOOKS[change].style)
            if change in column.counts
            else Text("")
            for change in shown
        ]
        table.add_row(Text(visible(column.adapter)), *numbers)
    return table


def _group(diff: Diff, group: Group) -> Iterable[RenderableType]:
    look, first = LOOKS[group.change], group.cells[0]
    title = Text(f"{look.symbol} {outcomes(first)}", style=look.style)
    title.append(f" on {listed([visible(name) for name in group.adapters])}", style="default")
    yield title
    lines = [Text(", ".join(facet_text(facet) for facet in first.facets))] if first.facets else []
    if group.headline:
        lines.append(Text(group.headline))
    behaves = next((facet.behaves_like for facet in first.facets if facet.behaves_like), "")
    if behaves:
        lines.append(Text(f"behaves like: {one_line(behaves)}"))
    if group.change in {"regression", "fixed", "drift"}:
        cause = ", ".join(group.because)
        lines.append(Text(f"changed: {visible(cause)}" if cause else _NO_CAUSE, style="bold"))
    if group.known:
        lines.append(Text(f"known: {visible(', '.join(group.known))}", style="yellow"))
    suspects = set(diff.suspects)
    for case in group.cases[:CASES_SHOWN]:
        line = Text(visible(case), style="cyan")
        lines.append(line.append("  suspect case", "bold yellow") if case in suspects else line)
    if len(group.cases) > CASES_SHOWN:
        lines.append(Text(f"… and {plural(len(group.cases) - CASES_SHOWN, 'more case')}"))
    yield _indented(Lines(*lines))


_NO_CAUSE = "nothing changed in the environment: chance, or something that no version tells"


def _indented(content: RenderableType) -> Padding:
    return Padding(content, (0, 0, 0, 4))
