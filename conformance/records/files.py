"""Where records are."""

from __future__ import annotations

from pathlib import Path

from conformance.records.wire import RecordsError

RECORDS = "records.jsonl"
"""Name of the record file in a run's folder."""


def find_records(named: str | Path, reports: Path = Path("reports")) -> Path:
    """Find the record file that somebody names.

    Args:
        named: a record file, a run's folder, a run's name, or ``latest``.
        reports: the folder of all runs.

    Raises:
        RecordsError: there is none.
    """
    if str(named) == "latest":
        found = sorted(reports.glob(f"*/{RECORDS}"))
        if not found:
            raise RecordsError(f"no run has left records in {reports}")
        return found[-1]
    for path in (Path(named), reports / named):
        if path.is_file():
            return path
        if (path / RECORDS).is_file():
            return path / RECORDS
    raise RecordsError(
        f"no records at {str(named)!r}: neither a record file, nor a run's folder with a "
        f"{RECORDS}, nor a run of {reports}"
    )


def all_records(named: Path) -> list[Path]:
    """Find the record files at a path: itself, or all those below it.

    Raises:
        RecordsError: there are none.
    """
    found = sorted(named.rglob(RECORDS)) if named.is_dir() else [named]
    if not found:
        raise RecordsError(f"no {RECORDS} in {named} or below it")
    return found
