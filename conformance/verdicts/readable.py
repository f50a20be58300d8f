"""Whether what is to be judged by can be read at all, asked before anything is run.

What is wrong with single entries is told with the run, which goes on without them. A file that is
no list of entries, or no YAML, would take all of its entries with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.cases.problems import CasesError, Log, Where
from conformance.cases.reading import Map, read_file
from conformance.verdicts.entries import entries_of
from conformance.verdicts.ledger import files_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from conformance.cases.problems import Problem


def check_ledgers(paths: Iterable[Path]) -> None:
    """See that each file of a ledger is a list.

    Args:
        paths: files, and folders of ``*.yaml``.

    Raises:
        CasesError: some are not; every problem of every file is told.
    """
    read = (entries_of(file) for file in files_of(paths))
    _refuse("the ledger", (one.problems for one in read if one.unreadable))


def check_capabilities(paths: Iterable[Path]) -> None:
    """See that each capability file is a mapping.

    Raises:
        CasesError: some are not; every problem of every file is told.
    """
    _refuse("what adapters support", map(_problems, paths))


def _problems(file: Path) -> list[Problem]:
    log = Log(str(file))
    document = read_file(file, log)
    if document is not None and not isinstance(document.value, Map):
        Where(log, "", (1, 1)).mistyped("a mapping that begins with `adapter`", document.value)
    return log.sorted()


def _refuse(what: str, found: Iterable[Iterable[Problem]]) -> None:
    problems = list(_flat(found))
    if problems:
        raise CasesError(f"{what} can't be read:", problems)


def _flat(found: Iterable[Iterable[Problem]]) -> Iterator[Problem]:
    for problems in found:
        yield from problems
