"""What lies beside the HTML report: the same run for terminals, pull requests, badges and CI.

All of it is made from the records, like the report itself.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import quoteattr

from conformance.records.output import whole, write_text
from conformance.report.html import write_html
from conformance.report.terminal import markdown, summary_text
from conformance.report.views import BROKEN, VIEWS, view
from conformance.wording.outcomes import fails
from conformance.wording.text import plural, visible

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conformance.records import Run

REPORT: Final = "report.html"
SUMMARY, MARKDOWN, BADGE, JUNIT = "summary.txt", "summary.md", "badge.json", "junit.xml"

_SKIPPED: Final = frozenset({"unsupported", "unspecified", "not-installed", "xfail"})
_ERRORS: Final = frozenset({"error", "crash", "timeout", "not-run", "stale", BROKEN})


def write_all(
    run: Run,
    report: Path,
    *,
    baseline: Run | None = None,
    history: Path | None = None,
    everything: bool = False,
) -> Path:
    """Write the report, and beside it the summaries, the badge and JUnit's XML.

    Args:
        run: the run.
        report: the HTML file; the others have fixed names in its folder.
        baseline: as for :func:`conformance.report.html.write_html`.
        history: likewise.
        everything: likewise.

    Returns:
        The HTML file.

    Raises:
        HistoryError: the history cannot be read.
        ColumnsError: it is not clear which adapters of the baseline to compare with which.
        WriteError: a file cannot be written.
    """
    write_html(run, report, baseline=baseline, history=history, everything=everything)
    folder = report.parent
    write_text(folder / SUMMARY, summary_text(run, report))
    write_text(folder / MARKDOWN, markdown(run))
    write_text(folder / BADGE, json.dumps(badge(run), indent=1) + "\n")
    with whole(folder / JUNIT) as file:
        file.writelines(part.encode() for part in junit(run))
    return report


def badge(run: Run) -> dict[str, Any]:
    """Return what shields.io's endpoint badge wants: no percentage, what is unexpected."""
    counts = run.counts()
    bad = sum(count for outcome, count in counts.items() if fails(outcome))
    if not run.header.cases or not run.header.plan or not counts["pass"]:
        message, colour = "nothing passed", "lightgrey"
    elif bad:
        message, colour = f"{bad:,} unexpected of {counts.total():,}", "red"
    elif run.partial:
        message, colour = "partial run", "lightgrey"
    elif run.problems:
        message, colour = "faulty run", "orange"
    else:
        known = f", {plural(counts['xfail'], 'known deviation')}" if counts["xfail"] else ""
        message, colour = f"{counts['pass']:,} conform{known}", "brightgreen"
    return {
        "schemaVersion": 1,
        "label": "keras conformance",
        "message": message,
        "color": colour,
        "isError": bool(bad),
    }


def junit(run: Run) -> Iterator[str]:
    """Yield JUnit's XML: a suite an adapter, a test a case. Only what does not pass has a text."""
    counts = run.counts()
    yield '<?xml version="1.0" encoding="utf-8"?>\n'
    yield f"<testsuites name={_quoted(run.header.run)} tests={_quoted(counts.total())}>\n"
    for adapter in run.header.plan:
        indices = run.header.plan[adapter]
        cases = run.header.cases
        chosen = cases if indices is None else [cases[at] for at in indices]
        seen = {case: view(run, case, adapter) for case in chosen}
        of = list(seen.values())
        failures = sum(one in {"fail", "xpass"} for one in of)
        errors, skipped = sum(one in _ERRORS for one in of), sum(one in _SKIPPED for one in of)
        yield (
            f"<testsuite name={_quoted(adapter)} tests={_quoted(len(of))} "
            f"failures={_quoted(failures)} errors={_quoted(errors)} skipped={_quoted(skipped)} "
            f"timestamp={_quoted(run.started)}>\n"
        )
        yield from (_testcase(run, case, adapter, one) for case, one in seen.items())
        yield "</testsuite>\n"
    yield "</testsuites>\n"


def _testcase(run: Run, case: str, adapter: str, seen: str) -> str:
    head = f"<testcase classname={_quoted(adapter)} name={_quoted(case)}"
    if seen == "pass":
        return f"{head}/>\n"
    line = run.cells.get((case, adapter))
    told = (line.verdict.message if line else "") or VIEWS[seen].meaning
    tag = "skipped" if seen in _SKIPPED else "error" if seen in _ERRORS else "failure"
    kind = "" if tag == "skipped" else f" type={_quoted(seen)}"
    return f"{head}><{tag}{kind} message={_quoted(f'{VIEWS[seen].word}: {told}')}/></testcase>\n"


def _quoted(value: object) -> str:
    """An attribute's value; nothing in it acts or is forbidden in XML."""
    return quoteattr(visible(str(value)).replace("\n", " ").replace("\t", " "))
