"""What changed since the baseline, as the report shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from conformance.comparing import compare
from conformance.comparing.words import LOOKS, headline, outcomes
from conformance.wording.text import one_line

if TYPE_CHECKING:
    from conformance.comparing import CellChange, Change, Diff
    from conformance.records import Run

ROWS: Final = 30
"""Changes that the first page lists; the matrix has them all."""

TONES: Final[dict[Change, str]] = {
    "regression": "worse",
    "fixed": "better",
    "still-failing": "same",
    "drift": "same",
}
"""Whether a change is good or bad news; the others are neither."""

LISTED: Final = frozenset(
    {
        "regression",
        "fixed",
        "disappeared",
        "drift",
        "answer-changed",
        "inconclusive",
        "environment-changed",
    }
)
"""Changes that are listed one by one; what still fails is below on the page anyway."""


@dataclass(frozen=True)
class Baseline:
    """The comparison of a run with an earlier one."""

    diff: Diff
    changes: dict[tuple[str, str], Change]
    """By case and column of the newer run."""

    @classmethod
    def of(cls, run: Run, old: Run) -> Baseline:
        """Compare.

        Args:
            run: the run that is reported.
            old: the baseline; reading it briefly is enough.

        Raises:
            ColumnsError: it is not clear which adapters to compare with which.
        """
        diff = compare(old, run)
        columns = {column.adapter: column.new for column in diff.columns if column.new}
        return cls(
            diff,
            {
                (line.case, columns[line.adapter]): line.change
                for line in diff.changes
                if line.change != "removed" and line.adapter in columns
            },
        )

    def shown(self) -> dict[str, Any]:
        """Return what the first page's template shows."""
        diff = self.diff
        columns = {column.adapter: column.new or column.adapter for column in diff.columns}
        told = [line for line in diff.changes if line.change in LISTED]
        return {
            "headline": headline(diff),
            "name": diff.old.run,
            "started": diff.old.started,
            "kinds": [
                {
                    "name": change,
                    "count": f"{count:,}",
                    "word": LOOKS[change].word,
                    "symbol": LOOKS[change].symbol,
                    "tone": TONES.get(change, "other"),
                    "here": change != "removed",
                }
                for change, count in diff.counts.items()
                if count and change != "unchanged"
            ],
            "environment": [
                f"{column.adapter}: {', '.join(map(str, column.versions))}"
                for column in diff.columns
                if column.versions
            ],
            "notes": [one_line(note) for note in diff.notes],
            "rows": [_row(line, columns) for line in told[:ROWS]],
            "more": max(0, len(told) - ROWS),
        }


def _row(line: CellChange, columns: dict[str, str]) -> dict[str, Any]:
    return {
        "word": LOOKS[line.change].word,
        "tone": TONES.get(line.change, "other"),
        "case": line.case,
        "adapter": line.adapter,
        "column": columns[line.adapter],
        "here": line.new is not None,
        "outcomes": outcomes(line),
        "message": one_line(line.message),
        "because": line.because,
    }
