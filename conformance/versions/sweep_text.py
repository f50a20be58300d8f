"""A sweep for people: in the terminal, and as Markdown."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.table import Table
from rich.text import Text

from conformance.report.text import escaped, one_line, plural, visible
from conformance.versions.likeness import passes

if TYPE_CHECKING:
    from rich.console import RenderableType

    from conformance.verdicts.model import Outcome
    from conformance.versions.sweep import Course, Row, Sweep

SHOWN: Final = 40
"""Rows that are shown unless all are asked for."""

_MARKS: Final = {True: ("✓", "green"), False: ("✗", "red"), None: ("·", "dim")}


def terminal(sweep: Sweep, *, everything: bool = False) -> RenderableType:
    """A sweep as a rich renderable: what changed, then what never passes.

    Args:
        sweep: What was found.
        everything: Show every row, those that always pass among them.
    """
    table = Table(box=None, pad_edge=False, show_header=True, header_style="bold")
    table.add_column("case", overflow="fold")
    table.add_column("adapter", no_wrap=True)
    table.add_column(Text(_ends(sweep)), no_wrap=True)
    table.add_column("", overflow="fold")
    rows, left = _rows(sweep, everything=everything)
    for row in rows:
        table.add_row(Text(visible(row.case)), Text(row.adapter), _strip(row), Text(row.said))
    parts: list[RenderableType] = [table] if rows else []
    if left:
        parts.append(Text(f"… and {left:,} more: --all, --json", style="dim"))
    parts += [
        Text(f"skipped on {one.adapter}: {sweep.package} {one.version}: {one_line(one.reason)}")
        for one in sweep.skipped
    ]
    return Group(*parts, Text(f"{headline(sweep)}.", style="bold"))


def markdown(sweep: Sweep) -> str:
    """The same for a step summary."""
    rows, left = _rows(sweep, everything=False)
    lines = [f"**{escaped(headline(sweep))}.**", ""]
    if rows:
        lines += [f"| case | adapter | {_ends(sweep)} | |", "| --- | --- | --- | --- |"]
        lines += [
            f"| {escaped(row.case)} | {escaped(row.adapter)} | `{_strip(row)}` | {row.said} |"
            for row in rows
        ]
    if left:
        lines += ["", f"… and {left:,} more."]
    lines += [
        f"- skipped on {escaped(one.adapter)}: {one.version}: {escaped(one_line(one.reason))}"
        for one in sweep.skipped
    ]
    return "\n".join([*lines, ""])


def headline(sweep: Sweep) -> str:
    """The whole in one sentence, without its full stop."""
    counts = Counter(row.course for row in sweep.rows)
    over = plural(len(sweep.releases), "release")
    told = f"{plural(len(sweep.rows), 'case')} over {over} of {sweep.package}"
    if sweep.releases:
        told += f" ({_ends(sweep)})"
    words: dict[Course, str] = {
        "always": "pass in all",
        "changed": "changed",
        "never": "pass in none",
        "untold": "could not be tried",
    }
    parts = [f"{counts[course]:,} {word}" for course, word in words.items() if counts[course]]
    return f"{told}: {', '.join(parts) or 'nothing was tried'}"


def _rows(sweep: Sweep, *, everything: bool) -> tuple[list[Row], int]:
    """The rows to show, what changed first, and how many more there are."""
    if everything:
        return list(sweep.rows), 0
    rank = {"changed": 0, "never": 1, "untold": 2}
    wanted = [row for row in sweep.rows if row.course in rank]
    wanted.sort(key=lambda row: rank[row.course])
    return wanted[:SHOWN], max(0, len(wanted) - SHOWN)


def _ends(sweep: Sweep) -> str:
    ends = dict.fromkeys([sweep.releases[0], sweep.releases[-1]]) if sweep.releases else ()
    return " … ".join(ends)


def _strip(row: Row) -> Text:
    """One mark a release."""
    text = Text()
    for outcome in row.outcomes:
        text.append(*_mark(outcome))
    return text


def _mark(outcome: Outcome | None) -> tuple[str, str]:
    return _MARKS[None if outcome is None else passes(outcome)]
