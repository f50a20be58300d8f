"""A capability file out of a run: what was unsupported is excluded, what deviated is pending."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from conformance.facets import MODEL
from conformance.upkeep.evidence import without_ledger
from conformance.verdicts.capabilities import KINDS
from conformance.wording.text import plainest, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.records import Run
    from conformance.records.model import CellLine

_OWN: Final = re.compile(r"'[^']*'|\"[^\"]*\"|=\S+|\b[A-Z]\w*|[-+]?\d[\d.]*|\b\w*_\w*\b")
"""What differs from case to case in a reason: names, numbers, values."""
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)*")
_FEWEST: Final = 12
"""Characters that tell a reason; a shorter one is taken whole."""
_LONGEST: Final = 100
_DEVIATES: Final = frozenset({"fail", "error", "crash", "timeout"})


class _Excluded(NamedTuple):
    facets: tuple[str, ...]
    says: str


def statement(run: Run, adapter: str) -> str:
    """Return a capability file that a run of this adapter would be held to without a complaint.

    Args:
        run: a run, best of everything.
        adapter: one of its columns.

    Returns:
        YAML, ending in a line feed. Reasons are empty where only a person knows them.
    """
    kinds = _kinds(run, adapter)
    excluded, pending, families = _gather(run, adapter, kinds)
    told = run.adapters.get(adapter)
    versions = list(told.versions.items()) if told else []
    name = told.known_as if told and told.known_as else adapter.partition("@")[0]
    lines = [f"adapter: {_bare(name)}"]
    if versions:
        package, version = versions[0]
        lines.append(f"when: {{{_bare(package)}: {_scalar('>=' + version.partition('+')[0])}}}")
    if kinds not in ([], [MODEL]):
        lines.append(f"kinds: [{', '.join(map(_bare, kinds))}]")
    if excluded:
        lines.append("excluded:")
        for group, count in sorted(excluded.items(), key=lambda item: (item[0].facets, -item[1])):
            lines += _group(group, count)
    if pending:
        lines.append("pending:")
        for family, cases in pending.items():
            pattern = [f"{family}*"] if cases == families[family] else sorted(cases)
            lines += [f"  - cases: {_flow(pattern)}", '    reason: ""  # what is missing']
    return "\n".join(lines) + "\n"


def _kinds(run: Run, adapter: str) -> list[str]:
    """The kinds of cases of which the adapter answers any, as models are always."""
    answered = {MODEL}
    for case, column in run.planned():
        line = run.cells.get((case, column)) if column == adapter else None
        if line is not None and case in run.cases:
            outcome = line.verdict.judged or line.verdict.outcome
            if outcome != "unsupported":
                answered.add(run.cases[case].kind)
    return [kind for kind in KINDS if kind in answered]


def _gather(
    run: Run, adapter: str, kinds: list[str]
) -> tuple[Counter[_Excluded], dict[str, set[str]], dict[str, set[str]]]:
    """What was unsupported, with numbers; by family, the cases that deviate, and all of them."""
    excluded: Counter[_Excluded] = Counter()
    blocked: Counter[str] = Counter()
    pending: dict[str, set[str]] = {}
    families: dict[str, set[str]] = {}
    for case, column in run.planned():
        line = run.cells.get((case, column)) if column == adapter else None
        if line is None:
            continue
        if case in run.cases and run.cases[case].kind not in kinds:
            continue
        family = case.partition("[")[0]
        families.setdefault(family, set()).add(case)
        judged = without_ledger(line.verdict)
        blocked.update(one.facet for one in judged.facets if one.outcome == "blocked")
        if line.verdict.outcome in _DEVIATES and not judged.broken:
            pending.setdefault(family, set()).add(case)
        else:
            excluded.update(set(_reasons(line)))
    excluded = _merged(excluded)
    for facet, count in blocked.items():
        # Not asked, as something failed before it. The day that is mended, it is asked, too.
        groups = [group for group in excluded if group.facets == (facet,)]
        if groups:
            excluded[max(groups, key=excluded.__getitem__)] += count
    return excluded, pending, families


def _reasons(line: CellLine) -> Iterable[_Excluded]:
    found = [one for one in line.verdict.facets if one.outcome == "unsupported"]
    if line.verdict.outcome == "unsupported" and not found:
        yield _Excluded((), _constant(line.verdict.message))
    for facet in found:
        yield _Excluded((facet.facet,), _constant(facet.message))


def _merged(groups: Counter[_Excluded]) -> Counter[_Excluded]:
    """Put groups together whose reasons hold the reason of another."""
    found: Counter[_Excluded] = Counter()
    for group, count in sorted(groups.items(), key=lambda item: len(item[0].says)):
        wider = (one for one in found if one.facets == group.facets and one.says in group.says)
        found[next(wider, group)] += count
    return found


def _constant(reason: str) -> str:
    """The longest part of a reason that is no name, number or value."""
    reason = plainest(reason)
    parts = [part.strip(" ,;:.()") for part in _OWN.split(" ".join(reason.split()))]
    longest = max(parts, key=len)
    return (longest if len(longest) >= _FEWEST else reason)[:_LONGEST].rstrip()


def _group(group: _Excluded, count: int) -> list[str]:
    facets = [f"    facets: [{', '.join(map(_bare, group.facets))}]"] if group.facets else []
    return [
        '  - cases: "*"',
        *facets,
        f"    says: {_scalar(group.says)}",
        '    reason: ""',
        f"    cap: {count}",
    ]


def _flow(texts: list[str]) -> str:
    return _scalar(texts[0]) if len(texts) == 1 else f"[{', '.join(map(_scalar, texts))}]"


def _bare(text: str) -> str:
    """A name as it stands, where nothing else could be read in it."""
    return text if _NAME.fullmatch(text) else _scalar(text)


def _scalar(text: str) -> str:
    return quoted(text)
