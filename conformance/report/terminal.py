"""The end of a run in the terminal, and the same in short as Markdown for a step summary."""

from __future__ import annotations

import io
from collections import Counter
from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from conformance.printing import make_console
from conformance.report.level import level_line
from conformance.report.precision import precision_head, precision_lines
from conformance.report.touched import scope_of, touched_lines
from conformance.report.views import BROKEN, VIEWS, seen
from conformance.wording.causes import SAID, causes
from conformance.wording.text import escaped, first_sentence, listed, one_line, plural, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from conformance.records import Run
    from conformance.records.model import AdapterLine
    from conformance.wording.causes import Cause

SHOWN = 20
"""Unexpected causes that are listed; the rest are counted, and all are in the HTML report."""
NAMED = 3
"""Adapters that the headline names; of more it says how many."""
NAME_WIDTH = 40
"""Columns that an adapter's name may claim in a narrow terminal."""
GAP = 2
"""Columns between two columns of a table."""
VERSION_WIDTH = 16
"""Columns that a version may claim likewise."""
REASON = 160
"""Characters of an adapter's reason for what it doesn't support."""
SYMBOLS_SHOWN = 4
"""Up to so many layers, functions or objects, it is told of which the cases of a cause are."""
OBJECTIONS_SHOWN = 3
"""What the ledger says against one cause, at most."""
CASES_SHOWN = 3
"""Cases that are named under one cause."""


def summary(run: Run, report: Path | None = None) -> RenderableType:
    """Returns the end of a run as a rich renderable.

    Args:
        run: what was recorded.
        report: path of the HTML report, printed last.
    """
    unexpected, known = causes(run)
    parts: list[RenderableType] = [Text(text, "bold red") for text in precision_lines(run)]
    parts += [_Counts(run), *_unsupported(run), *_unasked(run)]
    if unexpected:
        parts += [Text(""), Text("Does not conform", style="bold red")]
        for cause in unexpected[:SHOWN]:
            parts += _cause(run, cause)
        if len(unexpected) > SHOWN:
            parts.append(Text(f"… and {plural(len(unexpected) - SHOWN, 'more cause')}"))
    parts += _problems(run)
    if told := level_line(run.header.level):
        parts += [Text(""), Text(told)]
    if run.header.touched:
        parts += [Text(""), *map(Text, touched_lines(run.header.touched))]
    partial = ". The run is partial" if run.partial else ""
    parts += [Text(""), Text(f"{headline(run, (unexpected, known))}{partial}.", style="bold")]
    if known:
        parts.append(Text(_told_of(known), "yellow"))
        if not unexpected:  # the question was whether anything is different
            parts += _known(known)
    parts += [Text(line, "yellow") for line in _mended(run)]
    if report:
        parts.append(Text(f"Report: {report}", overflow="fold", no_wrap=True))
    return Group(*parts)


def _problems(run: Run) -> list[RenderableType]:
    parts: list[RenderableType] = []
    if run.problems or run.notes:
        parts += [Text(""), Text("Problems of the run", style="bold yellow")]
        parts += [
            Padding(Text(one_line(text)), (0, 0, 0, 4)) for text in (*run.problems, *run.notes)
        ]
    if run.remarks:
        parts += [Text(""), Text("For those who keep the catalogue", style="dim bold")]
        parts += _listed(run.remarks)
    return parts


def summary_text(run: Run, report: Path | None = None, width: int = 100) -> str:
    """Returns :func:`summary` as plain text without any terminal sequences."""
    console = make_console(file=io.StringIO(), width=width, no_color=True, force_terminal=False)
    with console.capture() as capture:
        console.print(summary(run, report))
    return "\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n"


def headline(run: Run, found: tuple[list[Cause], list[Cause]] | None = None) -> str:
    """Returns the whole run in one sentence, without its full stop.

    Before it stands what is not held to float32.

    Args:
        run: what was recorded.
        found: its causes, where the caller has them already.
    """
    return precision_head(run) + _sentence(run, found or causes(run))


def _sentence(run: Run, found: tuple[list[Cause], list[Cause]]) -> str:
    unexpected, known = found
    cells = sum(len(cause.cells) for cause in unexpected)
    where = list(dict.fromkeys(name for cause in unexpected for name in cause.adapters))
    adapters = plural(len(run.header.plan), "adapter")
    cases = plural(len(run.header.cases), "case")
    if level := run.header.level:
        of = f" of {level.of}" if level.level else ""
        cases = f"{cases} of {level.name}{of}"
    scope = f"{cases}{scope_of(run.header.touched)} on {adapters}"
    if not run.header.cases or not run.header.plan:
        return "Nothing was planned, so nothing is known"
    if cells:
        names = listed(where) if len(where) <= NAMED else f"{len(where)} of them"
        return f"{scope}: {plural(cells, 'unexpected result')} on {names}"
    if not run.counts()["pass"]:
        all_known = ", and whatever deviates, deviates as the ledger says" if known else ""
        return f"{scope}: nothing passed{all_known}"
    if known:
        return f"{scope}: whatever deviates, deviates as the ledger says"
    return f"{scope}: everything that was judged conforms"


def markdown(run: Run) -> str:
    """Returns a short summary in Markdown, for the step summary of a CI job."""
    unexpected, known = causes(run)
    counted = seen(run)
    shown = _shown(counted.values())
    rows = [
        f"### keras-conformance: {escaped(headline(run))}"
        + (" (partial run)" if run.partial else ""),
        "",
        *(line for text in precision_lines(run) for line in (escaped(text), "")),
        *_markdown_choice(run),
        "| adapter | versions | " + " | ".join(VIEWS[one].word for one in shown) + " |",
        "| --- | --- |" + " ---: |" * len(shown),
    ]
    for name in run.header.plan:
        versions = escaped(versions_of(run.adapters.get(name)))
        numbers = " | ".join(str(counted[name][one] or "") for one in shown)
        rows.append(f"| {escaped(name)} | {versions} | {numbers} |")
    if unexpected:
        rows += ["", "**Does not conform**", ""]
        rows += [f"- {_markdown_cause(cause)}" for cause in unexpected[:SHOWN]]
        if len(unexpected) > SHOWN:
            rows.append(f"- … and {plural(len(unexpected) - SHOWN, 'more cause')}")
    if known:
        rows += ["", f"{_told_of(known)}."]
        if not unexpected:
            rows += ["", *(f"- {escaped(line)}" for line in _known_lines(known))]
    rows += [line for text in _mended(run) for line in ("", f"{escaped(text)}.")]
    if left := [text.plain for text in _unasked(run)]:
        rows += ["", "**Not asked**", "", *(f"- {escaped(one_line(text))}" for text in left[1:])]
    if run.remarks:
        rows += ["", "**For those who keep the catalogue**", ""]
        rows += [f"- {escaped(one_line(text))}" for text in run.remarks[:SHOWN]]
    if run.problems or run.notes:
        rows += ["", "**Problems of the run**", ""]
        rows += [f"- {escaped(one_line(text))}" for text in (*run.problems, *run.notes)]
    return "\n".join(rows) + "\n"


def _markdown_choice(run: Run) -> list[str]:
    """By what the cases were chosen, and an empty line; nothing for a run of all."""
    touched = run.header.touched
    told = [level_line(run.header.level), *(touched_lines(touched) if touched else [])]
    lines = [f"- {escaped(line)}" for line in told if line]
    return [*lines, ""] if lines else []


def versions_of(adapter: AdapterLine | None) -> str:
    """Returns the adapter's two leading versions: the framework's, and Keras's or the next."""
    if adapter is None:
        return ""
    if adapter.status != "ready":
        return adapter.status.replace("-", " ")
    return one_line(
        ", ".join(f"{name} {text}" for name, text in list(adapter.versions.items())[:2])
    )


class _Counts:
    """How many cells of each adapter ended how: a table, or lines where a terminal is too narrow.

    Nothing is cut: first the versions go on below, then the headings, then each adapter is a line.
    """

    def __init__(self, run: Run) -> None:
        counted = seen(run)
        self._shown = _shown(counted.values())
        self._rows = [
            (visible(name), versions_of(run.adapters.get(name)), counted[name])
            for name in run.header.plan
        ]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        widths = self._widths(options.max_width)
        if widths is not None:
            yield self._table(widths)
            return
        for name, versions, counts in self._rows:
            told = [f"{VIEWS[one].word} {counts[one]:,}" for one in self._shown if counts[one]]
            yield Text(f"{name} ({versions}): {', '.join(told) or 'nothing'}")

    def _widths(self, room: int) -> list[int] | None:
        """The columns' widths, or nothing where no table of them has room."""
        longest = max([len("adapter"), *(len(name) for name, _, _ in self._rows)])
        words = [len(word) for _, versions, _ in self._rows for word in versions.split()]
        least = max(len("versions"), min(max(words, default=0), VERSION_WIDTH))
        titles = [_title(one) for one in self._shown]
        for widths in (list(map(len, titles)), [max(map(len, t.split())) for t in titles]):
            rest = room - sum(widths) - GAP * (len(widths) + 1)
            name = min(longest, max(rest - least, min(longest, NAME_WIDTH)))
            if rest - name >= least:
                return [name, rest - name, *widths]
        return None

    def _table(self, widths: Sequence[int]) -> Table:
        table = Table(box=None, pad_edge=False, header_style="dim")
        table.add_column("adapter", overflow="fold", width=widths[0])
        table.add_column("versions", overflow="fold", width=widths[1])
        for one, width in zip(self._shown, widths[2:], strict=True):
            table.add_column(_title(one), justify="right", overflow="fold", width=width)
        for name, versions, counts in self._rows:
            told = [Text(str(counts[one] or ""), style=VIEWS[one].style) for one in self._shown]
            table.add_row(Text(name), Text(versions, style="dim"), *told)
        return table


def _title(view: str) -> str:
    return f"{VIEWS[view].symbol} {VIEWS[view].word}"


def unasked(run: Run, adapter: str) -> str:
    """Returns the facets that passes of an adapter leave out, and how often; empty where none."""
    counts = run.unasked(adapter)
    told = [f"{facet} in {count:,}" for facet, count in counts.most_common()]
    return listed(told) if told else ""


def _unasked(run: Run) -> list[Text]:
    """What the passes say nothing of: facets that an adapter can't be asked for."""
    lines: list[Text] = []
    for name in run.header.plan:
        if told := unasked(run, name):
            passed = run.counts(name)["pass"]
            passes = "the one pass" if passed == 1 else f"{passed:,} passes"
            lines.append(Text(f"  {visible(name)}: of {passes}, {told}", style="dim"))
    title = Text("Not asked, as the adapter has no notion of it", "dim bold")
    return [title, *lines] if lines else []


def _told_of(known: Sequence[Cause]) -> str:
    cells = sum(len(cause.cells) for cause in known)
    return f"{plural(cells, 'known deviation')} under {plural(len(known), 'ledger entry')}"


def _known(known: Sequence[Cause]) -> list[RenderableType]:
    return [Padding(Text(line, "dim"), (0, 0, 0, 4)) for line in _known_lines(known)]


def _known_lines(known: Sequence[Cause]) -> Iterator[str]:
    """The entries that apply: id, where it shows, and the first sentence of its reason."""
    for cause in known[:SHOWN]:
        entry, reason = (cause.known.entry, cause.known.reason) if cause.known else ("", "")
        where = f"{plural(len(cause.cells), 'cell')} of {_adapters_of(cause)}"
        yield f"{visible(entry)} ({where}): {first_sentence(reason)}"
    if len(known) > SHOWN:
        rest = plural(len(known) - SHOWN, "more entry")
        yield f"… and {rest}: the report lists all"


def _adapters_of(cause: Cause) -> str:
    """Returns the adapters that show a cause, or how many, where they are too many to name."""
    names = [visible(name) for name in cause.adapters]
    return listed(names) if len(names) <= NAMED else f"{len(names)} adapters"


def _unsupported(run: Run) -> list[RenderableType]:
    """What adapters can't do, in their own words, the most frequent first."""
    found: dict[str, Counter[str]] = {}
    for cell in run.planned():
        if run.cells.outcome(*cell) == "unsupported":
            reason = one_line(run.cells[cell].verdict.message, REASON)
            found.setdefault(cell[1], Counter())[reason] += 1
    lines: list[RenderableType] = []
    for name, reasons in found.items():
        for reason, count in reasons.most_common(NAMED):
            told = f"  {visible(name)}: {plural(count, 'case')}: {reason}"
            lines.append(Text(told, style="dim"))
        if len(reasons) > NAMED:
            left = sum(count for _, count in reasons.most_common()[NAMED:])
            more = plural(len(reasons) - NAMED, "further reason")
            lines.append(Text(f"  {visible(name)}: {plural(left, 'case')} for {more}", style="dim"))
    title = Text("Not supported, as the adapter says", "dim bold")
    return [title, *lines] if lines else []


def _mended(run: Run) -> list[str]:
    """What the ledger says deviates and no longer does, where that is no fault of the run."""
    found = run.mended()
    if not found:
        return []
    cells = sum(counts.total() for counts in found.values())
    entries = plural(len(found), "ledger entry")
    adapters = list(dict.fromkeys(name for counts in found.values() for name in counts))
    where = listed([visible(name) for name in adapters])
    return [f"{plural(cells, 'known deviation')} under {entries} no longer shown by {where}"]


def _listed(texts: list[str]) -> list[RenderableType]:
    lines: list[RenderableType] = [
        Padding(Text(one_line(text)), (0, 0, 0, 4)) for text in texts[:SHOWN]
    ]
    if len(texts) > SHOWN:
        lines.append(Padding(Text(f"… and {len(texts) - SHOWN} more"), (0, 0, 0, 4)))
    return lines


def _cause(run: Run, cause: Cause) -> Iterable[RenderableType]:
    look = VIEWS[BROKEN] if cause.broken else VIEWS[cause.outcome]
    title = Text(f"{look.symbol} {look.word}", style=look.style)
    title.append(f" {cause.facet}" if cause.facet else "", style="bold")
    title.append(f" on {listed([visible(name) for name in cause.adapters])}", style="default")
    yield title
    lines = [Text(cause.headline)]
    if cause.behaves_like:
        lines.append(Text(f"behaves like: {one_line(cause.behaves_like)}"))
    lines += [Text(line, style="yellow") for line in _objections(cause)]
    if cause.blame:
        lines.append(Text(SAID[cause.blame]))
    for case in cause.cases[:CASES_SHOWN]:
        title_of = run.cases[case].title if case in run.cases else ""
        lines.append(
            Text(visible(case), style="cyan").append(f"  {one_line(title_of, 60)}", style="dim")
        )
    if len(cause.cases) > CASES_SHOWN:
        more = len(cause.cases) - CASES_SHOWN
        lines.append(Text(f"… and {plural(more, 'more case')}{_subjects(run, cause)}"))
    yield Padding(Group(*lines), (0, 0, 0, 4))


def _objections(cause: Cause) -> Iterator[str]:
    """What the ledger says against it, and of how many of its cells, where not of all."""
    for said, count in cause.objections.most_common(OBJECTIONS_SHOWN):
        of = "" if count == len(cause.cells) else f" ({count:,} of {len(cause.cells):,} cells)"
        yield f"ledger: {said}{of}"
    left = len(cause.objections) - OBJECTIONS_SHOWN
    if left > 0:
        yield f"ledger: … and {plural(left, 'more objection')}"


def _subjects(run: Run, cause: Cause) -> str:
    """What all cases of a cause are about: `` (9 in all: 5 of ops.sum, 4 of ops.prod)``."""
    counts = Counter(
        symbol for case in cause.cases if case in run.cases for symbol in run.cases[case].symbols
    )
    if not counts or len(counts) > SYMBOLS_SHOWN:
        return ""
    told = listed([f"{count:,} of {visible(symbol)}" for symbol, count in counts.most_common()])
    return f" ({len(cause.cases):,} in all: {told})"


def _markdown_cause(cause: Cause) -> str:
    look = VIEWS[BROKEN] if cause.broken else VIEWS[cause.outcome]
    cases = ", ".join(escaped(case) for case in cause.cases[:CASES_SHOWN])
    rest = len(cause.cases) - CASES_SHOWN
    more = f" and {rest} more" if rest > 0 else ""
    where = listed([escaped(name) for name in cause.adapters])
    text = f"{look.symbol} {look.word} **{escaped(cause.facet)}** on {where}: "
    ledger = "".join(f"; {escaped(line)}" for line in _objections(cause))
    return f"{text}{escaped(cause.headline)} ({cases}{more}){ledger}".replace(" ****", "")


def _shown(counted: Iterable[Counter[str]]) -> list[str]:
    """The columns of the table: what is there at all, and always failures and passes."""
    counts = sum(counted, Counter())
    return [one for one in VIEWS if counts[one] or one in {"fail", "pass"}]
