"""Where a run's files go: ``reports/<UTC time>-<suffix>/``."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

RECORDS = "records.jsonl"
REPORT = "report.html"


class FolderError(Exception):
    """A run's folder cannot be found or made. The text says what to do."""


@dataclass(frozen=True)
class RunFolder:
    """One run's folder below ``reports/``."""

    path: Path

    @property
    def name(self) -> str:
        """The run's unique name: sortable UTC time and a random suffix."""
        return self.path.name

    @property
    def records(self) -> Path:
        """The record file."""
        return self.path / RECORDS

    @property
    def report(self) -> Path:
        """The HTML report."""
        return self.path / REPORT

    @classmethod
    def new(cls, reports: Path) -> RunFolder:
        """A fresh folder; it comes into being with its first file."""
        stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H%M%SZ")
        return cls(reports / f"{stamp}-{secrets.token_hex(2)}")

    @classmethod
    def to_resume(cls, reports: Path, which: str) -> RunFolder:
        """The folder of an earlier run.

        Args:
            reports: The folder of all runs.
            which: A run's name, folder or record file, or ``latest``.

        Raises:
            FolderError: There is none.
        """
        if which == "latest":
            found = sorted(path.parent for path in reports.glob(f"*/{RECORDS}"))
            if not found:
                raise FolderError(f"nothing to resume: no run has left records in {reports}")
            return cls(found[-1])
        for path in (Path(which), reports / which):
            folder = path.parent if path.name == RECORDS else path
            if (folder / RECORDS).is_file():
                return cls(folder)
        raise FolderError(
            f"nothing to resume at {which!r}: neither a run's folder nor its {RECORDS}; "
            f"runs are kept in {reports}"
        )


def utc_now() -> str:
    """The time in UTC, ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
