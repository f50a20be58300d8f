"""The rows as a table in Markdown, and one row's failure as the text of an issue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.comparing.markdown import markdown as diff_markdown
from conformance.comparing.words import LOOKS as LOOKS_OF_CHANGES
from conformance.report.terminal import markdown as run_markdown
from conformance.report.terminal import versions_of
from conformance.wording.causes import causes
from conformance.wording.outcomes import LOOKS
from conformance.wording.text import escaped, one_line, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.comparing import Change
    from conformance.rows.state import Row

FAULTS_SHOWN = 5
_TOLD: tuple[Change, ...] = ("regression", "fixed", "disappeared", "drift", "inconclusive")


def table(rows: Sequence[Row]) -> str:
    """Return all rows in one table, ending in a line feed."""
    failing = [row for row in rows if not row.conforms]
    told = (
        f"{len(failing)} of {plural(len(rows), 'row')} to be looked at"
        if failing
        else "all conform"
    )
    lines = [
        f"### keras-conformance, by row: {told}",
        "",
        "| row | state | conforming | known | unexpected | since the last time | frameworks |",
        "| --- | --- | ---: | ---: | ---: | --- | --- |",
    ]
    lines += [_line(row) for row in rows]
    for row in failing:
        lines += ["", f"**{escaped(row.name)}**", ""]
        lines += [f"- {told}" for told in _why(row)]
    for row in rows:
        if row.since is not None and {"regression", "fixed"} & row.since.counts.keys():
            lines += ["", f"#### {escaped(row.name)}, since the last time", ""]
            lines.append(diff_markdown(row.since).rstrip("\n"))
    return "\n".join(lines) + "\n"


def issue(row: Row, link: str) -> str:
    """Return what an issue says of a failing row.

    Args:
        row: the row.
        link: address of the run that found it; empty where there is none.
    """
    lines = [f"The row **{escaped(row.name)}** of the conformance matrix needs a look.", ""]
    lines += [f"- {told}" for told in _why(row)]
    if link:
        lines += ["", f"Found by {link}, where the report is."]
    if row.run is not None:
        lines += ["", run_markdown(row.run).rstrip("\n")]
    lines += [
        "",
        "This issue is kept up to date: the next run of the matrix rewrites or closes it.",
    ]
    return "\n".join(lines) + "\n"


def _line(row: Row) -> str:
    look = LOOKS["pass"] if row.conforms else LOOKS["not-run" if row.run is None else "fail"]
    state = "conforms" if row.conforms else "proves nothing" if row.faults else "does not conform"
    if row.run is None:
        return f"| {escaped(row.name)} | {look.symbol} {state} | | | | | |"
    counts = row.run.counts()
    versions = dict.fromkeys(
        filter(None, (versions_of(row.run.adapters.get(name)) for name in row.run.header.plan))
    )
    return (
        f"| {escaped(row.name)} | {look.symbol} {state} | {counts['pass']:,} | "
        f"{counts['xfail'] or ''} | {row.unexpected or ''} | {_since(row)} | "
        f"{escaped('; '.join(versions))} |"
    )


def _since(row: Row) -> str:
    if row.since is None:
        return ""
    told = [
        f"{LOOKS_OF_CHANGES[change].symbol} {row.since.counts[change]:,} "
        f"{LOOKS_OF_CHANGES[change].word}"
        for change in _TOLD
        if change in row.since.counts
    ]
    return ", ".join(told) or "as before"


def _why(row: Row) -> list[str]:
    told = [escaped(one_line(fault)) for fault in row.faults[:FAULTS_SHOWN]]
    if len(row.faults) > FAULTS_SHOWN:
        told.append(f"… and {plural(len(row.faults) - FAULTS_SHOWN, 'more fault')} of the run")
    if row.run is not None and row.unexpected:
        unexpected, _ = causes(row.run)
        told.append(
            f"{plural(row.unexpected, 'unexpected result')} under "
            f"{plural(len(unexpected), 'cause')}"
        )
    return told
