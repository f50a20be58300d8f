"""Where the suite's own cases lie, and what folders they are in.

Nothing is imported here, so that pytest's plugin may ask in every process.
"""

from __future__ import annotations

from pathlib import Path

NOT_CASES = frozenset({"capabilities", "divergences"})
"""Folders of a catalogue that hold other things."""


def places() -> tuple[Path, Path]:
    """Where a catalogue may lie: in the package, or beside it in a checkout."""
    package = Path(__file__).parent
    return package / "catalogue", package.parent / "cases"


def suites() -> list[str]:
    """The top folders of the catalogue, each the first part of its cases' ids; none without one."""
    root = next((place for place in places() if place.is_dir()), None)
    if root is None:
        return []
    return sorted(
        path.name
        for path in root.iterdir()
        if path.is_dir() and path.name not in NOT_CASES and path.name[0] != "."
    )
