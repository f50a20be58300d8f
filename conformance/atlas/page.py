"""The atlas as a page in Markdown: who agrees, call by call."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from conformance.atlas.entries import Atlas, atlas_of
from conformance.wording.kept import KeptPage
from conformance.wording.text import escaped, one_line, plural

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.atlas.entries import Entry

BEGIN = "<!-- atlas: made by `keras-conformance atlas`; what stands below is not edited by hand -->"
"""What stands above it in a page stays."""

LONGEST = 160
"""Characters of a call or an answer in a table."""

_OF = {
    "gradients": "gradients of ",
    "mask": "mask of ",
    "state": "variables after ",
    "losses": "losses of ",
}
"""What stands before a call of which something else than its values is told."""


def rendered(atlas: Atlas) -> str:
    """Return all entries, function by function, ending in a line feed."""
    split = sum(len(set(entry.answers.values())) > 1 for entry in atlas.entries)
    count = plural(len(atlas.entries), "call")
    lines = [
        f"{count}, of which {split:,} are not answered alike by {len(atlas.versions)} adapters:",
        "",
        *(f"- {escaped(name)}: {escaped(told)}" for name, told in atlas.versions.items()),
    ]
    groups = itertools.groupby(
        sorted(atlas.entries, key=lambda entry: (_function(entry), _written(entry))), key=_function
    )
    for function, entries in groups:
        lines += ["", f"## `{function}`"]
        for unsaid, alike in itertools.groupby(entries, key=lambda entry: entry.unsaid):
            lines += ["", _prose(unsaid), "", *_table(alike)]
    return "\n".join(lines) + "\n"


def _table(entries: Iterable[Entry]) -> list[str]:
    lines = ["| call | answer | by |", "| --- | --- | --- |"]
    for entry in entries:
        call = f"{_OF.get(entry.facet, '')}`{_short(entry.call)}`"
        for answer, names in _groups(entry).items():
            everybody = len(names) > 1 and len(names) == len(entry.answers)
            by = f"all {len(names)}" if everybody else ", ".join(names)
            lines.append(f"| {call} | {escaped(_short(answer))} | {escaped(by)} |")
            call = ""
    return lines


def _groups(entry: Entry) -> dict[str, list[str]]:
    """Who gave each answer, the answer of the most first."""
    found: dict[str, list[str]] = {}
    for adapter, answer in entry.answers.items():
        found.setdefault(answer, []).append(adapter)
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))


def _prose(text: str) -> str:
    """What a case says, in which back quotes mark code."""
    return escaped(one_line(text)).replace("\\`", "`")


def _short(text: str) -> str:
    text = one_line(text).replace("|", "\\|").replace("`", "'")
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _function(entry: Entry) -> str:
    return entry.call.partition("(")[0]


def _written(entry: Entry) -> tuple[str, str]:
    return entry.case.partition("[")[0], entry.case


ATLAS = KeptPage(
    kind=Atlas,
    name="atlas",
    heading="# Atlas\n",
    mark=BEGIN,
    collect=atlas_of,
    rendered=rendered,
    size=lambda atlas: len(atlas.entries),
    unit="calls",
    nothing="no case of these runs knows no right answer: run those of cases/atlas, as in "
    "`keras-conformance run 'atlas/*'`",
)
"""What was answered where nobody documents an answer: `keras-conformance atlas`."""
