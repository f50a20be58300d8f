"""A sweep for people: in the terminal, and as Markdown."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from rich.console import Group
from rich.table import Table
from rich.text import Text

from conformance.versions.likeness import passes
from conformance.wording.text import escaped, one_line, plural, visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

    from conformance.verdicts.model import Outcome
    from conformance.versions.sweep import Row, Sweep

SHOWN: Final = 40
"""Rows that are shown unless all are asked for."""


class _Mark(NamedTuple):
    sign: str
    style: str
    """For the terminal, in rich's words."""
    means: str


_PASSES: Final = _Mark("✓", "green", "passes")
_FAILS: Final = _Mark("✗", "red", "does not")
_ABSENT: Final = _Mark("-", "cyan", "not there")
_UNTOLD: Final = _Mark("·", "dim", "could not be told")


def terminal(sweep: Sweep, *, everything: bool = False) -> RenderableType:
    """A sweep as a rich renderable: what changed, then what never passes.

    Args:
        sweep: What was found.
        everything: Show every row, those that always pass among them.
    """
    table = Table(box=None, pad_edge=False, show_header=True, header_style="bold")
    table.add_column("case", overflow="fold")
    table.add_column("adapter", overflow="fold")
    table.add_column(Text(_ends(sweep)), overflow="fold")
    table.add_column("", overflow="fold")
    rows, left = _rows(sweep, everything=everything)
    for row in rows:
        strip = Text.assemble(*((mark.sign, mark.style) for mark in _marks(sweep, row)))
        table.add_row(Text(visible(row.case)), Text(row.adapter), strip, Text(row.said))
    parts: list[RenderableType] = [table, Text(_legend(sweep, rows), style="dim")] if rows else []
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
            f"| {escaped(row.case)} | {escaped(row.adapter)} | `{_strip(sweep, row)}` | "
            f"{escaped(row.said)} |"
            for row in rows
        ]
        lines += ["", escaped(_legend(sweep, rows))]
    if left:
        lines += ["", f"… and {left:,} more."]
    lines += [
        f"- skipped on {escaped(one.adapter)}: {one.version}: {escaped(one_line(one.reason))}"
        for one in sweep.skipped
    ]
    return "\n".join([*lines, ""])


def headline(sweep: Sweep) -> str:
    """The whole in one sentence, without its full stop."""
    counts = Counter(_fate(row) for row in sweep.rows)
    over = plural(len(sweep.releases), "release")
    told = f"{plural(len(sweep.rows), 'case')} over {over} of {sweep.package}"
    if sweep.releases:
        told += f" ({_ends(sweep)})"
    parts = [f"{counts[fate]:,} {word}" for fate, word in _FATES.items() if counts[fate]]
    return f"{told}: {', '.join(parts) or 'nothing was tried'}"


_FATES: Final = {
    "always": "pass in all",
    "changed": "changed",
    "never": "pass in none",
    "wherever": "pass in all that have them",
    "absent": "not there in any",
    "untold": "could not be tried",
}
"""What becomes of cases over the releases, in words."""
_RANKS: Final = ("changed", "never", "untold", "absent", "wherever")
"""Those that are shown, the first first."""


def _fate(row: Row) -> str:
    return "wherever" if row.course == "always" and row.absent else row.course


def _rows(sweep: Sweep, *, everything: bool) -> tuple[list[Row], int]:
    """The rows to show, what changed first, and how many more there are."""
    if everything:
        return list(sweep.rows), 0
    wanted = [row for row in sweep.rows if _fate(row) in _RANKS]
    wanted.sort(key=lambda row: _RANKS.index(_fate(row)))
    return wanted[:SHOWN], max(0, len(wanted) - SHOWN)


def _ends(sweep: Sweep) -> str:
    ends = dict.fromkeys([sweep.releases[0], sweep.releases[-1]]) if sweep.releases else ()
    return " … ".join(ends)


def _marks(sweep: Sweep, row: Row) -> list[_Mark]:
    """One mark a release."""
    return [
        _ABSENT if release in row.absent else _mark(outcome)
        for release, outcome in zip(sweep.releases, row.outcomes, strict=True)
    ]


def _strip(sweep: Sweep, row: Row) -> str:
    return "".join(mark.sign for mark in _marks(sweep, row))


def _mark(outcome: Outcome | None) -> _Mark:
    passed = None if outcome is None else passes(outcome)
    return _UNTOLD if passed is None else _PASSES if passed else _FAILS


def _legend(sweep: Sweep, rows: Iterable[Row]) -> str:
    """What the marks in these rows mean."""
    used = {mark for row in rows for mark in _marks(sweep, row)}
    order = (_PASSES, _FAILS, _ABSENT, _UNTOLD)
    return "   ".join(f"{mark.sign} {mark.means}" for mark in order if mark in used)
