"""Changes that look alike, together: three hundred cells with one cause are one thing to read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conformance.wording.causes import alike
from conformance.wording.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.comparing.model import CellChange, Change


@dataclass(slots=True)
class Group:
    """Cells that changed in the same way, as far as their messages tell."""

    change: Change
    headline: str
    """What the first of them says, on one line."""
    cells: list[CellChange] = field(default_factory=list)

    @property
    def adapters(self) -> list[str]:
        """The adapters that it shows on."""
        return list(dict.fromkeys(cell.adapter for cell in self.cells))

    @property
    def cases(self) -> list[str]:
        """The cases that it shows in."""
        return list(dict.fromkeys(cell.case for cell in self.cells))

    @property
    def facets(self) -> list[str]:
        """The facets that make it so."""
        return list(dict.fromkeys(facet.facet for cell in self.cells for facet in cell.facets))

    @property
    def because(self) -> list[str]:
        """What it may be due to."""
        return list(dict.fromkeys(what for cell in self.cells for what in cell.because))

    @property
    def known(self) -> list[str]:
        """The entries of the ledger that cover it."""
        return list(dict.fromkeys(cell.known for cell in self.cells if cell.known))


def groups(changes: Iterable[CellChange]) -> list[Group]:
    """Group changes, in the order of the first of each group.

    Two are alike when they changed in the same way, in the same facets, and their messages differ
    in nothing but numbers. Wrong numbers look all alike, so there the case must be the same, too,
    but for what it varies.
    """
    found: dict[tuple[object, ...], Group] = {}
    for line in changes:
        first = line.facets[0] if line.facets else None
        message = (first.message if first else "") or line.message
        of_numbers = first is not None and first.new_margin is not None
        key = (
            line.change,
            line.old,
            line.new,
            line.known,
            tuple(facet.facet for facet in line.facets),
            line.case.partition("[")[0] if of_numbers else alike(message, line.case),
        )
        group = found.setdefault(key, Group(line.change, one_line(message)))
        group.cells.append(line)
    return list(found.values())
