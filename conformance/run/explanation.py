"""A failing cell in words, for a terminal: what, where, expected, observed, by how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.wording.text import plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.cases.model import Case, Source
    from conformance.records.model import CellLine
    from conformance.verdicts.model import Comparison, FacetVerdict, Worst

SHOWN = 3
"""Arrays of one facet that are shown; the rest are counted."""


def explain(case: Case, line: CellLine) -> str:
    """The failure of one case on one adapter, ready to print."""
    verdict = line.verdict
    parts = [
        f"{case.id} on {verdict.adapter}: {verdict.outcome}",
        f"  {case.title}",
        f"  written at {case.place.file}:{case.place.line}; source: {_source(case.source)}",
    ]
    failing = [facet for facet in verdict.facets if facet.outcome in {"fail", "error"}]
    if verdict.message and not (len(failing) == 1 and verdict.message.endswith(failing[0].message)):
        parts.append(f"  {verdict.message}")
    for facet in failing:
        parts.extend(_facet(facet))
    blocked = [facet.facet for facet in verdict.facets if facet.outcome == "blocked"]
    if blocked:
        parts.append(f"  not judged because of this: {', '.join(blocked)}")
    if line.stderr.strip():
        parts.append("  the adapter's process printed last:")
        parts.extend(f"    {text}" for text in line.stderr.strip().splitlines()[-8:])
    return "\n".join(parts)


def _source(source: Source) -> str:
    told = [
        f"document {source.document}, claim {', '.join(source.claim)}" if source.document else "",
        source.keras or "",
        source.issue or "",
    ]
    return "; ".join(text for text in told if text)


def _facet(facet: FacetVerdict) -> Iterator[str]:
    yield f"  {facet.facet}: {facet.message}"
    if not facet.comparisons and (facet.expected is not None or facet.observed is not None):
        yield f"    expected {facet.expected}"
        yield f"    observed {facet.observed}"
    if facet.raised_in:
        yield f"    raised in {facet.raised_in[0]}"
    if facet.behaves_like:
        yield f"    behaves like: {facet.behaves_like}"
    off = [c for c in facet.comparisons if c.message or (c.margin is not None and c.margin > 1)]
    for comparison in off[:SHOWN]:
        yield from _comparison(comparison)
    if len(off) > SHOWN:
        yield f"    … and {plural(len(off) - SHOWN, 'more array')}"


def _comparison(comparison: Comparison) -> Iterator[str]:
    told = f": {comparison.message}" if comparison.message else ""
    yield f"    {comparison.what}{told}"
    if comparison.worst:
        rows = [("index", "expected", "observed", "times the tolerance")]
        rows += [_row(worst, comparison.share(worst)) for worst in comparison.worst]
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        for row in rows:
            yield "      " + "  ".join(
                text.rjust(width) for text, width in zip(row, widths, strict=True)
            )


def _row(worst: Worst, share: float | str) -> tuple[str, str, str, str]:
    return (
        str(worst.index),
        _number(worst.expected),
        _number(worst.observed),
        f"{share:.3g}" if isinstance(share, float) else str(share),
    )


def _number(value: float | str) -> str:
    return f"{value:.9g}" if isinstance(value, float) else str(value)
