"""``keras-conformance history``: add runs, and ask of a case since when it is as it is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from conformance.cases.problems import did_you_mean
from conformance.history.model import HistoryError
from conformance.history.reading import cases_like, points
from conformance.history.since import changes_between, stretches
from conformance.history.writing import add
from conformance.printing import make_console
from conformance.records import RecordsError, read
from conformance.records.files import all_records, find_records
from conformance.wording.outcomes import LOOKS
from conformance.wording.text import visible

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from conformance.history.model import Point
    from conformance.history.since import Stretch

USAGE = 2
_BARS = "▁▂▃▄▅▆▇█"
_CURVE = 24
"""Points of a curve that are drawn, the latest."""
_OVER = "✗"
"""A margin beyond the tolerance."""


def history(options: argparse.Namespace) -> int:
    """Do what is asked; returns the exit code."""
    try:
        if options.what[0] == "add":
            return _add(options)
        if len(options.what) > 1:
            return _refuse("one case at a time, or: history add RECORDS…")
        return _show(options.history, options.what[0])
    except (HistoryError, RecordsError) as error:
        return _refuse(str(error))


def _add(options: argparse.Namespace) -> int:
    named = options.what[1:]
    if not named:
        return _refuse("history add wants records: a file, a run's folder or name, or 'latest'")
    paths = [
        path
        for name in named
        for path in (
            all_records(Path(name))
            if Path(name).is_dir()
            else [find_records(name, options.reports)]
        )
    ]
    for name in add(options.history, (read(path, brief=True) for path in paths)):
        print(f"{name} is in {options.history}")  # noqa: T201
    return 0


def _show(path: Path, case: str) -> int:
    found = points(path, case)
    if not found:
        like = cases_like(path, case)
        if len(like) != 1:
            hint = ", ".join(like[:5]) or did_you_mean(case, cases_like(path, ""))
            return _refuse(f"{path} knows no case {case!r}" + (f"; {hint}" if hint else ""))
        (case,) = like
        found = points(path, case)
    console = make_console()
    console.print(Text(visible(case), style="bold cyan"))
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("adapter", "now", "since", "before", "share of the tolerance"):
        table.add_column(title, overflow="fold")
    for adapter, mine in stretches(found).items():
        table.add_row(Text(visible(adapter)), *_row(mine))
    console.print(table)
    runs = len({point.run for point in found})
    console.print(f"{runs} run{'' if runs == 1 else 's'}", style="dim")
    return 0


def _row(mine: list[Stretch]) -> Iterable[Text]:
    if not mine:
        return [Text("no verdict", style="dim"), Text(""), Text(""), Text("")]
    now = mine[-1]
    look = LOOKS[now.outcome]
    since = Text(_dated(now.first))
    before = Text("")
    if len(mine) == 1:
        since = Text(f"the first run, {_dated(now.first)}")
    else:
        last = mine[-2]
        before = Text(f"{LOOKS[last.outcome].word} until {_dated(last.last)}")
        changed = changes_between(last.last, now.first)
        if last.digest != now.digest:
            changed.insert(0, "the case itself")
        if changed:
            before.append(f"; changed: {visible(', '.join(changed))}", "dim")
    curve = [point.margin for stretch in mine for point in stretch.points]
    return [
        Text(f"{look.symbol} {look.word}", style=look.style),
        since,
        before,
        Text(_curve(curve)),
    ]


def _dated(point: Point) -> str:
    versions = ", ".join(f"{name} {text}" for name, text in list(point.versions.items())[:2])
    day = point.started[:10]
    return visible(f"{day} ({versions})" if versions else day)


def _curve(margins: list[float | None]) -> str:
    """A margin a character, the latest last, and the latest as a number."""
    drawn = "".join(_bar(margin) for margin in margins[-_CURVE:])
    latest = margins[-1]
    return drawn if latest is None else f"{drawn} {latest:.0%}" if latest <= 1 else f"{drawn} over"


def _bar(margin: float | None) -> str:
    if margin is None:
        return "·"
    return _OVER if margin > 1 else _BARS[min(int(margin * len(_BARS)), len(_BARS) - 1)]


def _refuse(message: str) -> int:
    print(message, file=sys.stderr)  # noqa: T201 - a message for whoever called
    return USAGE
