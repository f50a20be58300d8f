"""``keras-conformance validate`` and ``new``: exit codes, and what is printed."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from conformance.cases.commands import FAULTY, SOUND, USAGE, say
from conformance.cases.loading import case_files, shown
from conformance.cases.problems import CasesError
from conformance.writing import first, ordering
from conformance.writing.checking import check

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def validate(
    paths: Sequence[Path] = (),
    *,
    reference: bool = False,
    in_order: bool = False,
    look_only: bool = False,
) -> int:
    """Check case files; every mistake goes to stdout, a line each, and every warning.

    Args:
        paths: Files and folders; none means the whole catalogue.
        reference: Hold the cases against the reference, too.
        in_order: Put the keys of each case in one order first, in the files themselves.
        look_only: Say which files that would change, and leave them as they are.

    Returns:
        0 if all is well, 1 if not, 2 on wrong usage. Warnings change nothing about it.
    """
    if in_order and not paths:
        say("--format: which files? The packaged cases stay as they are", error=True)
        return USAGE
    if look_only and not in_order:
        say("--check goes with --format; without it nothing is written anyway", error=True)
        return USAGE
    sorted_out = not in_order or _put_in_order(paths, look_only=look_only)
    try:
        found = check(paths, reference=reference)
    except CasesError as error:
        say(str(error), error=True)
        return FAULTY
    for problem in [*found.problems, *found.warnings]:
        say(str(problem))
    if found.unread:
        these = _number(len(found.unread), "case")
        say(f"{these} too large to look for warnings: {', '.join(found.unread)}")
    warned = f", {_number(len(found.warnings), 'warning')}" if found.warnings else ""
    if found.problems:
        sound = _number(found.cases, "sound case")
        say(f"{_number(len(found.problems), 'problem')}, {sound}{warned}")
        return FAULTY
    say(f"{_number(found.cases, 'case')}, no problem{warned}")
    return SOUND if sorted_out else FAULTY


def new(file: Path) -> int:
    """Write a first file of cases.

    Returns:
        0; 2 where there is a file already, or none can be written.
    """
    try:
        ids = first.write_first(file)
    except first.NotWrittenError as reason:
        say(str(reason), error=True)
        return USAGE
    name = shlex.quote(str(file))
    say(f"{file}: {_number(len(ids), 'case')}, the first of them {ids[0]}. What now?")
    say(f"  keras-conformance validate --reference {name}")
    say(f"  keras-conformance run {name} --adapter keras-torch")
    return SOUND


def _put_in_order(paths: Sequence[Path], *, look_only: bool) -> bool:
    """Put the keys of each case in order, or tell where they aren't; whether they are now."""
    sound = True
    for file in case_files(paths):
        found = ordering.put_in_order(file)
        if found is None or not (found.moved or found.stuck):
            continue
        for problem in [*(found.moved if look_only else []), *found.stuck]:
            say(str(problem))
        sound = sound and not (found.stuck or (look_only and found.moved))
        if found.moved and not look_only:
            try:
                ordering.write(file, found.text)
            except OSError as error:
                say(f"{shown(file)}: can't be written: {error.strerror or error}", error=True)
                sound = False
                continue
            say(f"{shown(file)}: {_number(len(found.moved), 'case')} put in order")
    return sound


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")
