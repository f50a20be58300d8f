"""Files and folders of cases to a :class:`Catalogue`.

A file whose content has been expanded before comes from :mod:`~conformance.cases.store`.
"""

from __future__ import annotations

import os
import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from conformance.cases import store
from conformance.cases.model import Case
from conformance.cases.problems import CasesError, Log, Problem
from conformance.suites import NOT_CASES, places

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

ROOT_NAMES = frozenset({"cases", "catalogue"})
"""Folders with these names are the root of a catalogue: ids count from there."""
MAX_KEPT = 2**20
"""Bytes of a file up to which its cases are kept: twenty times the largest of the catalogue."""
ENDINGS = frozenset({".yaml", ".yml"})

_FILE_PART = re.compile(r"[A-Za-z0-9_.-]+")


class Catalogue(Struct, frozen=True, kw_only=True, dict=True):
    """Cases in the order of their files, and everything that is wrong with those files."""

    cases: list[Case] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @cached_property
    def by_id(self) -> dict[str, Case]:
        """The cases by their full ids."""
        return {case.id: case for case in self.cases}

    def checked(self) -> list[Case]:
        """The cases, if nothing is wrong.

        Raises:
            CasesError: something is; it says what.
        """
        if self.problems:
            count = len(self.problems)
            raise CasesError(
                f"{count} problem{'s' if count > 1 else ''} in the cases:", self.problems
            )
        return self.cases


def default_root() -> Path:
    """The catalogue that came with the package, else the checkout's ``cases/`` beside it.

    Raises:
        CasesError: there is neither.
    """
    for root in places():
        if root.is_dir():
            return root
    raise CasesError(f"there is no catalogue: neither {' nor '.join(map(str, places()))}")


def is_packaged(root: Path) -> bool:
    """Tell whether a catalogue's root is the one that came with the installed package."""
    return root.resolve() == (Path(__file__).parents[1] / "catalogue").resolve()


def load(paths: Sequence[Path | str] | None = None) -> Catalogue:
    """Read, check and expand case files.

    Args:
        paths: Files and folders; folders are walked. By default, the whole catalogue.

    Returns:
        Every sound case, and every problem. A path that doesn't exist is a problem as well.
    """
    given = [default_root()] if paths is None else [Path(path) for path in paths]
    cases: list[Case] = []
    problems: list[Problem] = []
    seen = case_files(given)
    for file in seen:
        one = load_file(file)
        cases += one.cases
        problems += one.problems
    problems += _repeated(cases)
    if not seen:
        where = ", ".join(map(str, given)) or "no path at all"
        raise CasesError(f"there is no case file in {where}")
    return Catalogue(cases=cases, problems=problems)


def case_files(paths: Iterable[Path]) -> list[Path]:
    """Every case file at or below the paths, once."""
    return list(dict.fromkeys(file.absolute() for path in paths for file in _files(path)))


def shown(file: Path) -> str:
    """The path as one would type it here, and as problems name it."""
    try:
        return file.absolute().relative_to(Path.cwd()).as_posix()
    except (ValueError, OSError):
        return str(file)


def holds_any(path: Path) -> bool:
    """Tell whether there is a case file at a path or below it."""
    return next(_files(path), None) is not None


def load_ids(paths: Sequence[Path | str]) -> set[str]:
    """The ids of every sound case below these paths.

    Expanding a large catalogue takes a second or two. What this process has read by
    :func:`load` or :func:`load_file`, and what has not changed since, is not read again.
    """
    ids: set[str] = set()
    for file in case_files(map(Path, paths)):
        state, found = _read_ids.get(file, (None, frozenset()))
        if state is None or state != _state(file):
            found = frozenset(case.id for case in load_file(file).cases)
        ids |= found
    return ids


def load_file(path: Path | str, root: Path | str | None = None) -> Catalogue:
    """Read, check and expand one file of cases.

    Args:
        path: The file.
        root: The folder from which ids count. By default, the nearest folder above the file
            that is named ``cases`` or ``catalogue``, else the file's own.
    """
    file = Path(path)
    log = Log(shown(file))
    below = _below(file, None if root is None else Path(root))
    for part in below.with_suffix("").parts:
        if not _FILE_PART.fullmatch(part):
            message = f"{part!r} would be part of the cases' ids"
            log.add((1, 1), "", message, expected="letters, digits, '-', '.' and '_' in file names")
    state = _state(file)
    cases = _cases(file, below, log)
    if root is None:
        _read_ids[file.absolute()] = state, frozenset(case.id for case in cases)
    return Catalogue(cases=cases, problems=log.sorted())


_read_ids: dict[Path, tuple[object, frozenset[str]]] = {}
"""What each file was when it was last read, and the ids of its cases."""


def _state(file: Path) -> object:
    """Differs once the file has changed; None where there is none."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _cases(file: Path, below: Path, log: Log) -> list[Case]:
    """The cases of a file, expanded now or, if it had no problem, before."""
    content = _content(file)
    kept = None
    if content is not None and not log.noted:
        kept = store.find(below.as_posix(), content)
    if kept is not None:
        return kept
    from conformance.cases.expanding import expand  # mostly there is nothing to expand

    cases = expand(file, content, below, log)
    if content is not None and not log.noted:
        store.keep(below.as_posix(), content, cases)
    return cases


def _content(file: Path) -> bytes | None:
    """What is in a file; None where that can't be told, or is too much to be kept."""
    try:
        if not file.is_file():
            return None
        with file.open("rb", buffering=0) as stream:
            content = stream.read(MAX_KEPT + 1)
    except OSError:
        return None
    return content if len(content) <= MAX_KEPT else None


def _files(path: Path) -> Iterator[Path]:
    """The file itself, or every case file below a folder, in the order of their names."""
    if not path.is_dir():
        yield path
        return
    for folder, inner, files in os.walk(path):
        inner[:] = sorted(name for name in inner if name not in NOT_CASES and name[0] != ".")
        for name in sorted(files):
            if Path(name).suffix in ENDINGS and name[0] != ".":
                yield Path(folder, name)


def _below(file: Path, root: Path | None) -> Path:
    """The file's path below its catalogue."""
    absolute = file.absolute()
    if root is not None and absolute.is_relative_to(root.absolute()):
        return absolute.relative_to(root.absolute())
    for folder in absolute.parents:
        if folder.name in ROOT_NAMES:
            return absolute.relative_to(folder)
    return Path(file.name)


def _repeated(cases: list[Case]) -> list[Problem]:
    """Ids that two files give, such as ``a.yaml`` and ``a.yml``."""
    seen: dict[str, Case] = {}
    problems = []
    for case in cases:
        first = seen.setdefault(case.id, case)
        if first is not case and first.place.file != case.place.file:
            message = f"the id {case.id!r} is taken"
            hint = f"by {first.place.file}:{first.place.line}"
            problems.append(Problem(place=case.place, key="id", message=message, hint=hint))
    return problems
