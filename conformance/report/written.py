"""The cases as they were written: one entry of a file may have become hundreds of cases.

Title, source, reason and YAML belong to the entry, so that the page carries them once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conformance.report.packing import Table
from conformance.wording.text import LISTING_LIMIT, json_of, visible

if TYPE_CHECKING:
    from conformance.records import Run
    from conformance.records.model import CaseLine

KERAS: Final = "keras."
LAYERS: Final = "keras.layers."


class Written:
    """The entries of a run's cases."""

    def __init__(self, run: Run) -> None:
        """Sorts the cases by entry."""
        self.families, self.groups = Table(), Table()
        entries = Table()
        self.of: list[int] = []
        """Number of each case's entry."""
        self.suffixes: list[str] = []
        """What a case's id has behind its entry's: ``[padding=same]``."""
        for case in run.header.cases:
            line = run.cases.get(case)
            stem, bracket, rest = case.partition("[")
            key: tuple[Any, ...] = (stem,)
            if line:
                place = line.place
                # An entry may vary the layer itself, and each layer has its own row in the matrix.
                group = group_of(stem, line)
                key = (stem, place.file, place.line, place.column, line.title, line.yaml, group)
            self.of.append(entries.number(key, (stem, line)))
            self.suffixes.append(visible(bracket + rest))
        self._entries: list[tuple[str, CaseLine | None]] = entries.values
        self.index = [self._indexed(stem, line) for stem, line in self._entries]
        """What the table needs of each entry: id, title, numbers of family and group, words."""

    def details(self) -> list[dict[str, Any]]:
        """Return what the page of a case shows of its entry."""
        return [_details(line) for _, line in self._entries]

    def _indexed(self, stem: str, line: CaseLine | None) -> list[Any]:
        family = family_of(stem)
        group = group_of(stem, line)
        return [
            visible(stem),
            visible(line.title if line else ""),
            self.families.number(visible(family)),
            self.groups.number(visible(group)),
            _words(line),
        ]


def family_of(case: str) -> str:
    """Return the id without its last part: ``documents/dense``."""
    return case.split("[", 1)[0].rpartition("/")[0] or case


def group_of(case: str, line: CaseLine | None) -> str:
    """Return the layer, function or object that a case is about, else its family: ``Conv2D``.

    Where it is one, that one: an entry may speak of one and vary to its kin.
    """
    symbol = line.source.keras if line else None
    if line and line.kind != "model":
        return line.symbols[0] if len(line.symbols) == 1 else family_of(case)
    if line and symbol and symbol.startswith(LAYERS) and len(line.program.model.nodes) == 1:
        return line.program.model.nodes[0].layer
    if symbol and symbol.startswith(KERAS):
        return symbol.removeprefix(LAYERS).removeprefix(KERAS)
    return family_of(case)


def _words(line: CaseLine | None) -> str:
    """What a search finds an entry by, besides its id and title."""
    if line is None:
        return ""
    source = line.source
    words = [*source.claim, source.document or "", source.keras or "", source.issue or ""]
    words += dict.fromkeys(node.layer for node in line.program.model.nodes)
    return visible(" ".join(filter(None, words)))


def _details(line: CaseLine | None) -> dict[str, Any]:
    if line is None:
        return {}
    place = line.place
    return {
        "yaml": visible(line.yaml, LISTING_LIMIT),
        "source": json_of(line.source),
        "place": visible(f"{place.file}:{place.line}:{place.column}"),
        "why": visible(line.why or ""),
    }
