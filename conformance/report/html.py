"""The HTML report: one file that opens offline, with nothing in it from elsewhere.

What it shows comes from frameworks, cases and records, and all of it is text to the browser: the
template escapes, the script only ever sets ``textContent``, and the content security policy lets
no other script, style, image or connection through than the two that are named by their hashes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import tempfile
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup

from conformance.records import Run, read
from conformance.report import payload
from conformance.report.causes import Cause, causes, first_fault
from conformance.report.outcomes import LOOKS
from conformance.report.terminal import headline, versions_of
from conformance.report.text import one_line, shown, visible
from conformance.verdicts.model import FAILING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.verdicts.model import FacetVerdict

SCRIPTS = ("tools.js", "matrix.js", "panel.js", "main.js")
"""The page's one script, in parts."""
CASES_SHOWN = 200
"""Cells that are linked under one cause."""


def write_html(run: Run | Path, out: Path) -> Path:
    """Writes the report of a run.

    Args:
        run: the run, or the path of its record file.
        out: the file to write; its folder is made where missing. It is replaced at once when the
            report is complete, so that a reader never sees half of one.

    Returns:
        ``out``.

    Raises:
        RecordsError: the record file cannot be read.
        OSError: the report cannot be written.
    """
    if isinstance(run, Path):
        run = read(run)
    out.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.writelines(_render(run))
        Path(name).chmod(0o644)
        Path(name).replace(out)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return out


def _render(run: Run) -> Iterator[str]:
    script, style = "\n".join(map(_template, SCRIPTS)), _template("report.css")
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("conformance.report"),
        autoescape=True,
        finalize=_finalize,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(shown=shown, one_line=one_line)
    unexpected, known = causes(run)
    totals = run.counts()
    page = environment.get_template("report.html.j2").stream(
        run=run,
        policy=_policy(script, style),
        script=Markup(script),  # noqa: S704 - our own file
        style=Markup(style),  # noqa: S704 - our own file
        headline=headline(run),
        looks=LOOKS,
        adapters=[_adapter(run, name) for name in run.header.plan],
        totals={outcome: count for outcome in LOOKS if (count := totals[outcome])},
        planned=sum(totals.values()),
        missing=len(run.missing()),
        sections=[
            (_groups(run, unexpected), "unexpected"),
            (_groups(run, known), "known"),
        ],
        failing=FAILING,
        index=_data(payload.index(run)),
        chunks=(Markup(chunk) for chunk in payload.details(run)),  # noqa: S704 - base64
        link=_safe_link,
    )
    page.enable_buffering(64)
    return page


def _template(name: str) -> str:
    folder = resources.files("conformance.report") / "templates"
    return folder.joinpath(name).read_text("utf-8")


def _policy(script: str, style: str) -> str:
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src '{_hash(script)}'",
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
        return visible(value)
    return value


def _data(value: object) -> Markup:
    """JSON that can stand in a script element: nothing in it can end the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    escaped = text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    return Markup(escaped)  # noqa: S704 - escaped in the line above


def _safe_link(url: str) -> str:
    """The address if a click on it can only open a web page, else nothing."""
    return url if url.startswith(("https://", "http://")) else ""


def _adapter(run: Run, name: str) -> dict[str, Any]:
    line = run.adapters.get(name)
    counts = run.counts(name)
    total = sum(counts.values())
    # One failure among thousands must still be seen: no part is thinner than the eye can find.
    weights = {outcome: max(counts[outcome] / total, 0.006) for outcome in LOOKS if counts[outcome]}
    scale = 1000 / sum(weights.values()) if weights else 0
    bars, x = [], 0.0
    for outcome, weight in weights.items():
        bars.append({"outcome": outcome, "x": round(x, 2), "width": round(scale * weight, 2)})
        x += scale * weight
    return {
        "name": name,
        "line": line,
        "versions": versions_of(line) if line else "never introduced itself",
        "counts": counts,
        "bars": bars,
        "total": total,
    }


def _groups(run: Run, found: list[Cause]) -> list[dict[str, Any]]:
    return [_group(run, cause) for cause in found]


def _group(run: Run, cause: Cause) -> dict[str, Any]:
    first = run.cells.get(cause.cells[0])
    fault = first_fault(first) if first else None
    by_case: dict[str, list[str]] = {}
    for case, adapter in cause.cells[:CASES_SHOWN]:
        by_case.setdefault(case, []).append(adapter)
    counts = cause.adapters
    return {
        "cause": cause,
        "look": LOOKS[cause.outcome],
        "pair": _pair(fault) if fault else None,
        "adapters": [
            (name, counts[name], _elsewhere(run, cause, name)) for name in run.header.plan
        ],
        "cases": [
            (case, run.cases[case].title if case in run.cases else "", names)
            for case, names in by_case.items()
        ],
        "more": max(0, len(cause.cells) - CASES_SHOWN),
    }


def _pair(fault: FacetVerdict) -> tuple[str, str] | None:
    """Expected and observed, unless the message tells them already."""
    expected, observed = shown(fault.expected), shown(fault.observed)
    told = expected in fault.message and observed in fault.message
    return None if told else (expected, observed)


def _elsewhere(run: Run, cause: Cause, adapter: str) -> str:
    """What an adapter without this fault says to the same cases: a pass, or nothing."""
    outcomes = {run.cells.outcome(case, adapter) or "not-run" for case in cause.cases}
    if outcomes == {"pass"}:
        return "pass"
    return outcomes.pop() if len(outcomes) == 1 else ""
