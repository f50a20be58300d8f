"""``keras-conformance validate``: exit codes, and what is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.cases.commands import FAULTY, SOUND, say
from conformance.cases.problems import CasesError
from conformance.writing.checking import check

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def validate(paths: Sequence[Path] = (), *, reference: bool = False) -> int:
    """Check case files; every mistake goes to stdout, a line each, and every warning.

    Args:
        paths: Files and folders; none means the whole catalogue.
        reference: Hold the cases against the reference, too.

    Returns:
        0 if all is well, 1 if not. Warnings change nothing about it.
    """
    try:
        found = check(paths, reference=reference)
    except CasesError as error:
        say(str(error), error=True)
        return FAULTY
    for problem in [*found.problems, *found.warnings]:
        say(str(problem))
    if found.unread:
        these = _number(len(found.unread), "case")
        say(f"{these} too large to look for warnings: {', '.join(found.unread[:3])}")
    warned = f", {_number(len(found.warnings), 'warning')}" if found.warnings else ""
    if found.problems:
        sound = _number(found.cases, "sound case")
        say(f"{_number(len(found.problems), 'problem')}, {sound}{warned}")
        return FAULTY
    say(f"{_number(found.cases, 'case')}, no problem{warned}")
    return SOUND


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")
