"""When to give up: after deaths in a row over one group of cases, the group; over many, all."""

from __future__ import annotations

from collections import Counter


class Deaths:
    """How often an adapter's process died in a row, with no case answered in between."""

    def __init__(self, limit: int) -> None:
        """Begin with none.

        Args:
            limit: Deaths in a row after which a group of cases is given up; groups in a row whose
                cases cost a process, after which the adapter is.
        """
        self._limit = limit
        self._row: Counter[str] = Counter()
        self._given_up: set[str] = set()

    def died(self, case: str) -> None:
        """Count a death over a case."""
        group = _group(case)
        self._row[group] += 1
        if self._row[group] >= self._limit:
            self._given_up.add(group)

    def answered(self) -> None:
        """Begin to count anew; groups stay given up."""
        self._row.clear()

    def skips(self, case: str) -> bool:
        """Tell whether a case is not to be tried, as its group is given up."""
        return _group(case) in self._given_up

    def why_skipped(self, case: str) -> str:
        """Say why it isn't."""
        return (
            f"not tried: {self._limit} cases of {_group(case)} in a row ended the adapter's process"
        )

    def why_given_up(self) -> str:
        """Say why the adapter is not to be started any more; empty while it is."""
        if len(self._row) < self._limit:
            return ""
        return (
            f"given up: its process died {self._row.total()} times in a row, over {len(self._row)} "
            "groups of cases"
        )


def _group(case: str) -> str:
    """The written case that a case is a variant of: what stands before its square bracket."""
    return case.partition("[")[0]
