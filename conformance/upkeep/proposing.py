"""Entries for what no entry covers yet, to be finished by hand."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from conformance.adapters.shared.naming import base_of
from conformance.wording.text import plainest, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.upkeep.evidence import Judged
    from conformance.verdicts.ledger import Ledger
    from conformance.verdicts.model import CellVerdict

REVIEW_AFTER = dt.timedelta(days=182)
"""How long a proposed entry holds before somebody must look at it again."""

_FAILING = frozenset({"fail", "error", "crash", "timeout"})
_FAILS = frozenset({"fail", "error"})
_NUMBER = re.compile(r"[(\[{'\"]*[-+]?\d")
_COUNTED = frozenset({"output", "input", "call", "step", "of"})
"""Words whose number belongs to the signature: ``output 0``."""
_SHORTEST = 8
"""Characters of a signature that tell anything; a shorter one is taken whole, numbers included."""
_LONGEST = 120


class _Kind(NamedTuple):
    """What cells have in common that one entry can cover."""

    case: str
    """The written case, without what it varies."""
    outcome: str
    """How the whole cell ends; empty where facets fail."""
    facets: tuple[str, ...]
    signatures: tuple[str, ...]


class Proposal(NamedTuple):
    """An entry to be: all but its reason, which nobody but a person can give."""

    id: str
    adapters: list[str]
    cases: list[str]
    outcome: str
    facets: list[str]
    signatures: list[str]
    example: str
    """The first cell's message."""
    versions: str

    def yaml(self, today: dt.date) -> str:
        """Return the entry as it stands in a ledger's file, comment and all, ending in a line feed.

        Args:
            today: its ``review_by`` is :data:`REVIEW_AFTER` later.
        """
        return "\n".join(self._lines(today)) + "\n"

    def _lines(self, today: dt.date) -> Iterator[str]:
        yield f"# {_one_line(self.example)}"
        if self.versions:
            yield f"# Seen with {_one_line(self.versions)}."
        yield f"- id: {self.id}"
        yield f"  adapter: {_flow(self.adapters)}"
        if len(self.cases) == 1:
            yield f"  cases: {_scalar(self.cases[0])}"
        else:
            yield "  cases:"
            yield from (f"    - {_scalar(case)}" for case in self.cases)
        if self.outcome:
            yield f"  outcome: {_scalar(self.outcome)}"
        else:
            yield f"  facets: [{', '.join(map(_scalar, self.facets))}]"
        yield f"  signature: {_flow(self.signatures)}"
        yield "  kind:  # bug, by-design, removed or precision"
        yield '  reason: ""  # what it does instead, and why'
        yield f"  review_by: {today + REVIEW_AFTER}"


def proposals(ledger: Ledger, recorded: Iterable[Judged]) -> list[Proposal]:
    """Propose entries for the failures that no entry covers.

    Cells are put together where one entry can cover them: variants of one case that fail in the
    same facets with messages that differ in numbers only, on whichever adapters show all of it.
    A cell that an entry covers wrongly (another message, say) is left to ``ledger check``.

    Args:
        ledger: what is known already; its ids are not taken again.
        recorded: what was judged.
    """
    found: dict[_Kind, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    examples: dict[_Kind, tuple[str, str]] = {}
    for one in recorded:
        kind = _kind(ledger, one)
        if kind is None:
            continue
        cell = one.verdict
        versions = ", ".join(f"{name} {text}" for name, text in list(one.versions.items())[:3])
        examples.setdefault(kind, (f"{base_of(cell.adapter)}: {cell.message}", versions))
        found[kind][base_of(cell.adapter)].append(cell.case)
    taken = {entry.id for entry in ledger.entries}
    result = []
    for kind, by_adapter in found.items():
        same: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for adapter, cases in by_adapter.items():
            same[tuple(dict.fromkeys(cases))].append(adapter)
        for alike, adapters in same.items():
            example, versions = examples[kind]
            result.append(
                Proposal(
                    id=_identifier(kind, adapters, taken),
                    adapters=adapters,
                    cases=list(alike),
                    outcome=kind.outcome,
                    facets=list(kind.facets),
                    signatures=list(kind.signatures),
                    example=example,
                    versions=versions,
                )
            )
    return result


def signature(message: str) -> str:
    """Return what of a message will stand in the next run, too: up to its first number."""
    words = plainest(message).split()
    kept: list[str] = []
    for word in words:
        if _NUMBER.match(word) and not (kept and kept[-1] in _COUNTED):
            break
        kept.append(word)
    text = " ".join(kept)
    return (text if len(text) >= _SHORTEST else " ".join(words))[:_LONGEST].rstrip()


def _kind(ledger: Ledger, one: Judged) -> _Kind | None:
    """What a cell needs an entry for; None where it needs none."""
    cell = one.verdict
    if cell.outcome not in _FAILING or cell.broken:
        return None  # a fault of the suite or of the case is to be mended, not written down
    held = ledger.hold(cell, one.versions)
    failing = [facet for facet in cell.facets if facet.outcome in _FAILS]
    if held is not None:
        wrong = [objection for objection in held.objections if objection.key]
        if wrong or not held.objections:
            return None
        covered = {name for entry in held.covering for name in entry.facets}
        failing = [facet for facet in failing if facet.facet not in covered]
    case = cell.case.partition("[")[0]
    if cell.outcome == "fail" and failing:
        signatures = dict.fromkeys(signature(facet.message) for facet in failing)
        return _Kind(case, "", tuple(facet.facet for facet in failing), tuple(signatures))
    return _Kind(case, cell.outcome, (), tuple(_whole_cell(cell)))


def _whole_cell(cell: CellVerdict) -> Iterable[str]:
    messages = [facet.message for facet in cell.facets if facet.outcome in _FAILS]
    return dict.fromkeys(signature(message) for message in messages or [cell.message])


def _identifier(kind: _Kind, adapters: list[str], taken: set[str]) -> str:
    """A name that says where, what and how, and is not taken yet."""
    who = adapters[0] if len(adapters) == 1 else "several"
    what = re.sub(r"[^a-z0-9._-]+", "-", kind.case.rsplit("/", 1)[-1].lower()).strip("-") or "case"
    name = f"{who}-{what}-{kind.outcome or kind.facets[0]}".lower()
    name = re.sub(r"[^a-z0-9._-]+", "-", name).strip("-._") or "entry"
    free, number = name, 1
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    taken.add(free)
    return free


def _flow(texts: list[str]) -> str:
    if len(texts) == 1:
        return _scalar(texts[0])
    return f"[{', '.join(map(_scalar, texts))}]"


def _scalar(text: str) -> str:
    """A text as YAML that cannot be taken for anything else: JSON, where a bare word might."""
    if re.fullmatch(r"[a-z][a-z0-9_/.-]*", text):
        return text
    return quoted(text)


def _one_line(text: str) -> str:
    """A text for a comment: printable, on one line, and not long."""
    words = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"
