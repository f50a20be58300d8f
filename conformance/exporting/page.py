"""The table of exporters as a page in Markdown."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from conformance.exporting.table import Table, by_layer, joined, table_of, tallied
from conformance.wording.kept import KeptPage
from conformance.wording.text import escaped, one_line, plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.exporting.table import Befallen, Ending

BEGIN = (
    "<!-- exporters: made by `keras-conformance exporters`; "
    "what stands below is not edited by hand -->"
)
"""What stands above it in a page stays."""

LONGEST = 160
"""Characters of a reason."""

MOST = 3
"""Cases that are named where the same befalls several."""


def rendered(table: Table) -> str:
    """Return the table and what lies behind it, layer by layer, ending in a line feed.

    A way out by which nothing comes out as it is has a line of its own, and no column.
    """
    lost = _lost(table)
    lines = [
        "By the cases of layers that a file can be asked, all where no level stands, on:",
        "",
        *(_asked(table, name) for name in table.versions),
        "",
        *_overview(table, [name for name in table.versions if name not in lost]),
        *(line for name, told in lost.items() for line in ("", told)),
        "",
        "## What doesn't come out as it is",
    ]
    told = [one for one in table.troubles if one.adapter not in lost]
    for layer, groups in by_layer(told, _short).items():
        lines += ["", f"### {escaped(layer)}", "", *_troubles(groups)]
    return "\n".join(lines) + "\n"


def _asked(table: Table, name: str) -> str:
    """A way out with what took part, and which cases it was asked."""
    level = f" ({escaped(table.levels[name])})" if name in table.levels else ""
    return f"- `{escaped(name)}`{level}: {escaped(table.versions[name])}"


def _lost(table: Table) -> dict[str, str]:
    """By the way out by which nothing comes out as it is, in a sentence why."""
    told = {}
    for name in table.versions:
        tallies = [ways.get(name, {}) for ways in table.counts.values()]
        cases = sum(sum(tally.values()) for tally in tallies)
        if cases == 0 or any("passes" in tally for tally in tallies):
            continue
        whys: Counter[tuple[Ending, str]] = Counter()
        for one in table.troubles:
            if one.adapter == name:
                whys[one.ending, _short(one.why)] += len(one.cases)
        ranked = whys.most_common()
        reasons = [f"{ending} {count}: {why}" for (ending, why), count in ranked[:MOST]]
        if len(ranked) > MOST:
            reasons.append(f"and {plural(len(ranked) - MOST, 'more reason')}")
        told[name] = f"`{escaped(name)}`: none of {plural(cases, 'case')}: {'; '.join(reasons)}."
    return told


def _overview(table: Table, names: Sequence[str]) -> list[str]:
    lines = [
        f"| layer | {' | '.join(f'`{escaped(name)}`' for name in names)} |",
        f"| --- |{' --- |' * len(names)}",
    ]
    for layer, told in table.counts.items():
        if not any(told.get(name) for name in names):
            continue
        shown = [_cell(told.get(name, {})) for name in names]
        mark = f"[{escaped(layer)}](#{anchor(layer)})"
        whole = all(set(told.get(name, {})) <= {"passes"} for name in names)
        lines.append(f"| {escaped(layer) if whole else mark} | {' | '.join(shown)} |")
    return lines


def anchor(layer: str) -> str:
    """What a heading is found by."""
    return layer.lower().replace(" ", "-").replace(".", "")


def _cell(tally: Mapping[Ending, int]) -> str:
    """``12`` where all pass, else ``9 of 12``, with what was refused."""
    asked, passed, refused, wrong = tallied(tally)
    if not asked:
        return "-"
    if passed == asked:
        return f"✓ {asked}"
    rest = [f"{refused} refused"] if refused else []
    rest += [f"**{wrong} wrong**"] if wrong else []
    return f"{passed} of {asked}: {', '.join(rest)}"


def _troubles(groups: Sequence[Befallen]) -> list[str]:
    """What happens, by which ways, and to which cases: one line for each that is the same."""
    lines = ["| what | way out | cases |", "| --- | --- | --- |"]
    for one in groups:
        named = [f"`{_plain(case)}`" for case in list(one.cases)[:MOST]]
        more = len(one.cases) - len(named)
        told = ", ".join(named) + (f" and {plural(more, 'more case')}" if more > 0 else "")
        ways = ", ".join(map(escaped, one.ways))
        lines.append(f"| {one.ending}: {one.why} | {ways} | {told} |")
    return lines


def _short(text: str) -> str:
    text = one_line(text).replace("](", "] (")  # an exporter's graph is no link
    return escaped(text if len(text) <= LONGEST else text[: LONGEST - 1] + "…")


def _plain(text: str) -> str:
    return one_line(text).replace("|", "\\|").replace("`", "'")


EXPORTERS = KeptPage(
    kind=Table,
    name="table of exporters",
    heading="# Exporters\n",
    mark=BEGIN,
    collect=table_of,
    rendered=rendered,
    size=lambda table: len(table.counts),
    unit="rows",
    nothing="no exporter answered anything in these runs: run some, as in "
    "`keras-conformance run 'layers/*' --adapter savedmodel-tensorflow`",
    joined=joined,
)
"""Which layer comes out of Keras by which way: `keras-conformance exporters`."""
