"""What a run of a level says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.wording.text import plural, visible

if TYPE_CHECKING:
    from conformance.records.model import LevelOf


def level_line(level: LevelOf | None) -> str:
    """Return which cases were chosen by a level, and what comes next; empty without one."""
    if level is None:
        return ""
    cases = plural(level.chosen, "case")
    if level.cases is not None:
        cases = f"{level.chosen:,} of {plural(level.cases, 'case')}"
    if not level.level:
        return f"The covering selection: {cases} ({visible(level.holds)})."
    more = f" Level {level.level + 1} asks for more." if level.level < level.of else ""
    return f"Level {level.level} of {level.of}: {cases} ({visible(level.holds)}).{more}"
