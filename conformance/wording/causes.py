"""What does not conform, grouped by cause across cases and adapters.

A report of nine hundred cells is read in five seconds only when one cause is one row. Known
deviations have their cause in the ledger. For the others it is guessed, carefully: failures are
one cause when they fail in the same facet and look the same but for numbers and names of cases.
Wrong numbers look all the same, so they are grouped only by case with its variants, or by the named
fault that explains them. What is of another kind than expected (no mask at all, another dtype) is
one cause in all cases.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from conformance.records.witnesses import Witnesses
from conformance.verdicts.ledger import LEDGER_SAYS
from conformance.wording.outcomes import LOOKS, deviates
from conformance.wording.text import one_line

if TYPE_CHECKING:
    from conformance.records import Run
    from conformance.records.model import CellLine
    from conformance.records.witnesses import Blame
    from conformance.verdicts.model import FacetVerdict, Known, Outcome

SAID: Final[dict[Blame, str]] = {
    "": "",
    "case": "no implementation conforms: suspect the case or the reference",
    "keras": "all Keras backends that ran it share it, and nothing else does: Keras's own",
}
"""What is said of a cause by whom it speaks against."""

_RANK = {outcome: rank for rank, outcome in enumerate(LOOKS)}
_NUMBER = re.compile(r"0x[0-9a-f]+|[-+]?\d[\d_,.]*(e[-+]?\d+)?", re.IGNORECASE)

_KIND = re.compile(r"(?:expected ([a-z]+\d*), )?observed ([a-z]+\d*)$")
"""A kind: `expected float64, observed float32`, `expected one of (5, 5), observed none`; a size is
`observed (5, 4)`."""


@dataclass(slots=True)
class Cause:
    """One reason for which cells do not conform."""

    outcome: Outcome
    """The gravest among the cells."""
    facet: str
    """The first facet that fails; empty when the cell failed as a whole."""
    headline: str
    """One line, made visible."""
    known: Known | None = None
    behaves_like: str = ""
    cells: list[tuple[str, str]] = field(default_factory=list)
    """Case and adapter of every cell."""
    broken: str = ""
    """Who of the suite is at fault, where the framework isn't."""
    objections: Counter[str] = field(default_factory=Counter)
    """What the ledger says of cells that an entry is about and doesn't cover: in how many."""
    blame: Blame = ""
    """Whom it speaks against besides the adapters that show it."""

    @property
    def adapters(self) -> Counter[str]:
        """How many cells each adapter has of it."""
        return Counter(adapter for _, adapter in self.cells)

    @property
    def cases(self) -> list[str]:
        """The cases that it shows in, without repetition."""
        return list(dict.fromkeys(case for case, _ in self.cells))


def first_fault(line: CellLine) -> FacetVerdict | None:
    """Returns the first facet that fails or raises: its successors often only follow from it."""
    facets = line.verdict.facets
    return next((facet for facet in facets if facet.outcome in {"fail", "error"}), None)


def alike(message: str, case: str) -> str:
    """Returns what a message has in common with its like: its first line without any numbers."""
    return _NUMBER.sub("#", one_line(message).replace(case, "<case>"))


def causes(run: Run) -> tuple[list[Cause], list[Cause]]:
    """Groups every cell that does not conform.

    Returns:
        Unexpected causes and known ones; in each, the gravest first, then the most frequent.
    """
    found: dict[tuple[str, ...], Cause] = {}
    for cell in run.planned():
        outcome: Outcome = run.cells.outcome(*cell) or "not-run"
        if not deviates(outcome):
            continue
        key, cause = _cause(cell[0], outcome, run.cells.get(cell))
        cause = found.setdefault(key, cause)
        cause.cells.append(cell)
        if said := _objection(run.cells.get(cell)):
            cause.objections[said] += 1
        cause.outcome = min(cause.outcome, outcome, key=_RANK.__getitem__)
    witnesses = Witnesses(run)
    for cause in found.values():
        if cause.outcome != "not-run" and not cause.broken:
            cause.blame = witnesses.blame(cause.cases)
    ordered = sorted(found.values(), key=lambda cause: (_RANK[cause.outcome], -len(cause.cells)))
    return (
        [cause for cause in ordered if cause.outcome != "xfail"],
        [cause for cause in ordered if cause.outcome == "xfail"],
    )


def _objection(line: CellLine | None) -> str:
    """What the ledger says against a cell that it does not excuse; often nothing."""
    if line is None or line.verdict.outcome == "xfail":
        return ""
    return one_line(line.verdict.message.partition(LEDGER_SAYS)[2].removesuffix("]"))


def _cause(case: str, outcome: Outcome, line: CellLine | None) -> tuple[tuple[str, ...], Cause]:
    if line is None:
        text = "The run ended before these cells had a verdict."
        return ("not-run",), Cause("not-run", "", text)
    verdict = line.verdict
    if outcome == "xfail" and verdict.known:
        known = verdict.known
        facet = known.facets[0] if known.facets else ""
        return ("known", known.entry), Cause("xfail", facet, one_line(known.reason), known)
    fault = first_fault(line) if outcome in {"fail", "error"} else None
    text = (fault.message if fault else "") or verdict.message or LOOKS[outcome].meaning
    facet = fault.facet if fault else ""
    cause = Cause(outcome, facet, one_line(text), behaves_like=fault.behaves_like if fault else "")
    cause.broken = verdict.broken
    if fault and fault.behaves_like:
        return (outcome, facet, "behaves", fault.behaves_like), cause
    kind = _KIND.search(text.partition("; ")[0]) if fault and fault.margin is None else None
    if kind:
        return (outcome, facet, "kind", kind[1] or "", kind[2]), cause
    if fault and (fault.margin is not None or fault.comparisons):
        return (outcome, facet, "case", case.partition("[")[0]), cause
    return (outcome, facet, "message", alike(text, case)), cause
