"""Whether two runs held a case to the same: the truth, and how far rounding may move it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.comparing.pairing import Cell
    from conformance.records import Run


class Rules:
    """The rules of two runs, compared case by case."""

    def __init__(self, old: Run, new: Run) -> None:
        """Look at the whole: the same rule needs no second look."""
        self._same = old is new or (old.header.rule != "" and old.header.rule == new.header.rule)
        self.untold = not self._same and not (old.header.rule and new.header.rule)
        """Whether a record is too old to tell what its cases were held to."""

    def differ(self, old: Cell, new: Cell) -> bool:
        """Tell whether a case was held to something else in NEW.

        The reference may have been rewritten and say the same of this case: then it does not
        differ. Where a side tells nothing (an older record, a reference that failed), it is taken
        to be the same.
        """
        if self._same:
            return False
        before, after = old.line, new.line
        if not (before and before.held_to and after and after.held_to):
            return False
        return before.held_to != after.held_to
