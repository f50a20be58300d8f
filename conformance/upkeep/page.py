"""The part of a page that tells what recorded runs showed, in Markdown."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from conformance.adapters.shared.naming import KERAS_3, base_of
from conformance.globs import matches
from conformance.wording.text import escaped, inline, plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from conformance.upkeep.showing import Asked, Column, Fault, Shown

HEADING: Final = "## What runs showed"
_CASES_LISTED: Final = 20
_COMMAND: Final = "keras-conformance ledger show"
_SECTION: Final = re.compile(r"(?ms)^## (.+?)\n(.*?)(?=^## |\Z)")
_ALL: Final = re.compile(r"every backend|^keras( 3)?:")
"""In the title of a finding about Keras itself."""
_ADAPTER: Final = re.compile(r"[a-z]+-[a-z]+")
_NAMED: Final = re.compile(r"`([^`\n]+/[^`\n]+)`")


class Finding(NamedTuple):
    """A section of a page of findings."""

    page: str
    """Its name, without the ending."""
    title: str
    cases: frozenset[str]
    """Ids and patterns that it names, without what is varied in them."""

    @property
    def link(self) -> str:
        """A link to it from the folder above."""
        anchor = re.sub(r"[^\w\- ]", "", self.title.lower()).replace(" ", "-")
        return f"[{self.title}](findings/{self.page}.md#{anchor})"


class _Deviation(NamedTuple):
    what: str
    kind: str


def findings_in(pages: Mapping[str, str]) -> list[Finding]:
    """List the sections of pages of findings.

    Args:
        pages: name without ending, and text.
    """
    return [
        Finding(page, title, frozenset(one.partition("[")[0] for one in _NAMED.findall(body)))
        for page, text in pages.items()
        for title, body in _SECTION.findall(text)
    ]


def section(shown: Shown, findings: Sequence[Finding]) -> str:
    """Render what runs showed: an overview, then each column, then what is Keras's own.

    Args:
        shown: what was counted.
        findings: what the faults are linked to.

    Returns:
        Markdown with its heading, ending in a line feed.
    """
    shown = inline(shown)
    columns, names = shown.columns, _names(shown.columns)
    comment = f"<!-- Rendered by `{_COMMAND}`; change the ledger, not this part. -->"
    lines = [HEADING, "", comment]
    lines += [
        "",
        "Recorded runs, held against the ledger of now. A *known deviation* has an entry there,",
        "checked by hand; *unsupported* is what an adapter has no notion of.",
        "",
        *_overview(columns, names),
    ]
    for column in columns:
        lines += ["", f"### {names[column.name]}", "", *_told(column, shown.faults, findings)]
    lines += _everywhere(shown, names, findings)
    return "\n".join(lines) + "\n"


def with_section(page: str, rendered: str) -> str:
    """Return a page with its section about runs replaced; appended where it has none."""
    start = re.search(rf"(?m)^{re.escape(HEADING)}$", page)
    if start is None:
        return f"{page.rstrip()}\n\n{rendered}"
    after = re.search(r"(?m)^## ", page[start.end() :])
    rest = f"\n{page[start.end() + after.start() :]}" if after else ""
    return page[: start.start()] + rendered + rest


def _names(columns: Iterable[Column]) -> dict[str, str]:
    """How each column is called: by its adapter, where no other column has the same."""
    count = Counter(base_of(column.name) for column in columns)
    return {
        column.name: escaped(base_of(column.name))
        if count[base_of(column.name)] == 1
        else escaped(column.name)
        for column in columns
    }


def _overview(columns: Iterable[Column], names: Mapping[str, str]) -> list[str]:
    rows = []
    for column in columns:
        outcomes = Counter(column.outcomes)
        passed, known = outcomes.pop("pass", 0), outcomes.pop("xfail", 0)
        left_out = outcomes.pop("unsupported", 0)
        cases = _number(column.planned)
        if column.planned < column.catalogue:
            cases += f" of {_number(column.catalogue)}"
        numbers = " | ".join(map(_number, (passed, known, left_out, outcomes.total())))
        rows.append(f"| {names[column.name]} | {_versions(column)} | {cases} | {numbers} |")
    return [
        "| column | versions | cases | pass | known deviation | unsupported | not explained |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
        *rows,
    ]


def _told(column: Column, faults: Mapping[str, Fault], findings: Sequence[Finding]) -> list[str]:
    lines = [
        f"`{column.name}`, run on {column.day} with Python {escaped(column.python)}.",
        "",
        "| facet | asked | pass | known deviation | not explained | blocked | unsupported |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        *(_facet(name, asked) for name, asked in column.facets.items()),
    ]
    own = _gathered(column, faults, findings, everywhere=False)
    everywhere = sum(cells for entry, cells in column.faults.items() if faults[entry].everywhere)
    if own:
        lines += ["", "| what deviates | kind | cases |", "| --- | --- | ---: |"]
        lines += [f"| {one.what} | {one.kind} | {_number(n)} |" for one, n in own.most_common()]
    if everywhere:
        count = plural(everywhere, "known deviation")
        # The backend has no part in these.
        lines += ["", f"{count} more: [Keras's own](#kerass-own)."]
    if column.other:
        lines += ["", f"Not explained: {_listed(_shortened(column.other))}."]
    if column.mended:
        lines += ["", f"No longer shown, of what the ledger knows: {_listed(column.mended)}."]
    return lines


def _facet(name: str, asked: Asked) -> str:
    numbers = (asked.passed, asked.known, asked.other, asked.blocked, asked.unsupported)
    return f"| {name} | {_number(asked.asked)} | {' | '.join(map(_number, numbers))} |"


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"`{name}` ({cells:,})" for name, cells in counts.items())


def _shortened(cases: Mapping[str, int]) -> Mapping[str, int]:
    """Cells by case, or by file of cases where that were too many to read."""
    if len(cases) <= _CASES_LISTED:
        return cases
    found: Counter[str] = Counter()
    for case, cells in cases.items():
        found[case.rpartition("/")[0]] += cells
    return found


def _everywhere(shown: Shown, names: Mapping[str, str], findings: Sequence[Finding]) -> list[str]:
    """What is known of every Keras backend, by how many cases show it on each column."""
    table: defaultdict[_Deviation, dict[str, int]] = defaultdict(dict)
    for column in shown.columns:
        mine = _gathered(column, shown.faults, findings, everywhere=True)
        for deviation, count in mine.items():
            table[deviation][column.name] = count
    if not table:
        return []
    with_any = [
        one.name for one in shown.columns if any(one.name in counts for counts in table.values())
    ]
    lines = [
        "",
        "### Keras's own",
        "",
        "Faults of Keras itself, by the number of cases that show them on each column.",
        "",
        f"| what deviates | kind | {' | '.join(names[name] for name in with_any)} |",
        f"| --- | --- |{' ---: |' * len(with_any)}",
    ]
    for deviation, counts in sorted(table.items(), key=lambda item: -sum(item[1].values())):
        numbers = " | ".join(_number(counts.get(name, 0)) for name in with_any)
        lines.append(f"| {deviation.what} | {deviation.kind} | {numbers} |")
    return lines


def _gathered(
    column: Column,
    faults: Mapping[str, Fault],
    findings: Sequence[Finding],
    *,
    everywhere: bool,
) -> Counter[_Deviation]:
    """Cells by what they show; entries of one finding and kind are one."""
    found: Counter[_Deviation] = Counter()
    for entry, cells in column.faults.items():
        fault = faults[entry]
        if fault.everywhere == everywhere:
            finding = _finding(fault, findings, base_of(column.name))
            what = finding.link if finding else _page_of(entry, fault, findings)
            found[_Deviation(what.replace("|", "\\|"), fault.kind)] += cells
    return found


def _page_of(entry: str, fault: Fault, findings: Iterable[Finding]) -> str:
    """An entry with a link to the page where its family's findings are, where there is one."""
    there = any(one.page == fault.file for one in findings)
    return f"[`{entry}`](findings/{fault.file}.md)" if there else f"`{entry}`"


def _finding(fault: Fault, findings: Iterable[Finding], adapter: str) -> Finding | None:
    """The finding about this adapter that names most of a fault's cases."""
    found: list[tuple[tuple[bool, int], Finding]] = []
    for one in findings:
        named = sum(any(matches(pattern, case) for pattern in one.cases) for case in fault.cases)
        if one.page != fault.file or not named:
            continue
        if fault.everywhere:
            here, of_all = _about_all(one), one.title.count(KERAS_3) > 1
        else:
            here, of_all = _about(one, adapter), _about_all(one)
        if here or of_all:
            found.append(((here, named), one))
    return max(found, key=lambda item: item[0])[1] if found else None


def _about(finding: Finding, adapter: str) -> bool:
    return adapter in (finding.page, *_ADAPTER.findall(finding.title))


def _about_all(finding: Finding) -> bool:
    return bool(_ALL.search(finding.title))


def _versions(column: Column) -> str:
    return escaped(", ".join(f"{name} {text}" for name, text in column.versions.items()))


def _number(count: int) -> str:
    return f"{count:,}"
