"""The HTML report: one file that opens offline, with nothing in it from elsewhere.

What it shows comes from frameworks, cases and records, and all of it is text to the browser: the
template escapes, the script only ever sets ``textContent``, and the content security policy lets
no other script, style, image or connection through than those that are named by their hashes.
"""

from __future__ import annotations

import base64
import functools
import gzip
import hashlib
from collections import Counter
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup
from msgspec.structs import replace

from conformance.porting import bites, own, porting_rows
from conformance.records import Run, read
from conformance.records.output import whole
from conformance.report import overview
from conformance.report.baseline import Baseline
from conformance.report.columns import Columns
from conformance.report.details import Details
from conformance.report.exporters import exporters
from conformance.report.level import level_line
from conformance.report.packing import packed, without_collecting
from conformance.report.past import past
from conformance.report.terminal import headline
from conformance.report.touched import touched_lines
from conformance.report.views import FAILS, VIEWS
from conformance.report.written import Written
from conformance.wording.causes import SAID, causes
from conformance.wording.text import json_of, one_line, plural, shown, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGES = {
    "overview": "Overview",
    "matrix": "Matrix",
    "adapter": "Adapters",
    "porting": "Porting",
    "exporters": "Exporters",
    "precision": "Precision",
    "versions": "Versions",
    "about": "About",
}
"""The pages, in the order of the navigation; the page of a case is opened from the others."""
ALONE = ("overview", "exporters", "about")
"""Those that need no script."""
PROGRAM, LICENCES, STARTER = "report.js", "licences.txt", "starter.js"


def write_html(
    run: Run | Path,
    out: Path,
    *,
    baseline: Run | None = None,
    history: Path | None = None,
    everything: bool = False,
) -> Path:
    """Writes the report of a run.

    Args:
        run: the run, or the path of its record file.
        out: the file to write; its folder is made where missing. It is replaced at once when the
            report is complete, so that a reader never sees half of one.
        baseline: an earlier run; what changed since is shown. Reading it briefly is enough.
        history: a history of past runs; what they said is shown.
        everything: leave out no details, however large the file becomes.

    Returns:
        ``out``.

    Raises:
        HistoryError: the history cannot be read.
        ColumnsError: it is not clear which adapters of the baseline to compare with which.
        RecordsError: the record file cannot be read.
        WriteError: the report cannot be written.
    """
    with without_collecting():
        page = _render(
            read(run) if isinstance(run, Path) else run, baseline, history, everything=everything
        )
        return _write(page, out)


def _write(page: Iterator[str], out: Path) -> Path:
    with whole(out) as file:
        file.writelines(part.encode() for part in page)
    return out


def bundled(name: str) -> str:
    """Returns a file of the bundle; empty where this copy was built without Node."""
    file = resources.files("conformance.report") / "bundle" / name
    return file.read_text("utf-8") if file.is_file() else ""


def _render(run: Run, old: Run | None, history: Path | None, *, everything: bool) -> Iterator[str]:
    program, style = bundled(PROGRAM), _template("report.css")
    baseline = Baseline.of(run, old) if old else None
    columns = Columns(run, Written(run), baseline.changes if baseline else {})
    found = causes(run)
    groups, left = overview.sections(run, found)
    pages = _pages(run, columns, Details(run, found, everything=everything)) if program else {}
    told = past(history, found) if history else {"trend": [], "cases": {}}
    if pages:
        pages["past"] = Markup(packed(told))  # noqa: S704
    files = exporters(run)
    totals = sum(columns.counts.values(), start=Counter[str]())
    template = _environment().get_template("report.html.j2")
    page = template.stream(
        run=run,
        policy=_policy([program, _template(STARTER)] if program else [], style),
        style=Markup(style),  # noqa: S704 - our own file
        headline=headline(run, found),
        level=level_line(run.header.level),
        touched=touched_lines(run.header.touched) if run.header.touched else [],
        pages=[
            (page, name)
            for page, name in PAGES.items()
            if (program or page in ALONE) and (files or page != "exporters")
        ],
        exporters=files,
        interactive=bool(program),
        views=VIEWS,
        fails=FAILS,
        adapters=overview.adapters(run, columns.counts),
        totals={one: count for one in VIEWS if (count := totals[one])},
        planned=sum(totals.values()),
        missing=len(run.missing()),
        sections=groups,
        sections_left=left,
        baseline=baseline.shown() if baseline else None,
        link=_safe_link,
        said=SAID,
        licences=bundled(LICENCES),
        **pages,
    )
    page.enable_buffering(64)
    return page


@functools.cache
def _environment() -> jinja2.Environment:
    """The templates' environment, which keeps those that it has compiled."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("conformance.report"),
        autoescape=True,
        finalize=_finalize,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(shown=shown, one_line=one_line, visible=visible, plural=plural)
    return environment


def _pages(run: Run, columns: Columns, details: Details) -> dict[str, Markup | Iterator[Markup]]:
    """What only the script reads, and the script. All of it is base64, or our own."""
    code = gzip.compress(bundled(PROGRAM).encode(), mtime=0)
    return {
        "table": Markup(packed(columns.index(details.of))),  # noqa: S704
        "written": Markup(packed(columns.written.details())),  # noqa: S704
        "porting": Markup(packed(json_of(_guides(run)))),  # noqa: S704
        "chunks": map(Markup, details.chunks),
        "program": Markup(base64.b64encode(code).decode("ascii")),  # noqa: S704
        "starter": Markup(_template(STARTER)),  # noqa: S704
    }


def _guides(run: Run) -> list[dict[str, Any]]:
    """A guide for each native adapter: what bites, and its rows with the layers' own arguments."""
    rows = porting_rows([run])
    found = []
    for adapter in dict.fromkeys(row.adapter for row in rows):
        mine = [row for row in rows if row.adapter == adapter]
        shown_rows = [
            replace(row, ways=[replace(way, arguments=own(way)) for way in row.ways], files={})
            for row in mine
        ]
        found.append({"adapter": adapter, "bites": bites(mine), "rows": shown_rows})
    return found


def _template(name: str) -> str:
    folder = resources.files("conformance.report") / "templates"
    return folder.joinpath(name).read_text("utf-8")


def _policy(scripts: list[str], style: str) -> str:
    named = " ".join(f"'{_hash(script)}'" for script in scripts) or "'none'"
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {named}",
            f"style-src '{_hash(style)}'",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def _finalize(value: Any) -> Any:
    """Every string that the template prints passes here; markup of our own does not change."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(value, 60_000)
    return value


def _safe_link(url: str) -> str:
    """The address if a click on it can only open a web page, else nothing."""
    return url if url.startswith(("https://", "http://")) else ""
