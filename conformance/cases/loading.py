"""Files and folders of cases to a :class:`Catalogue`."""

from __future__ import annotations

import os
import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from conformance.cases import building, variation
from conformance.cases.building import CaseReader
from conformance.cases.model import Case
from conformance.cases.problems import CasesError, Log, Problem, Where
from conformance.cases.reading import Document, Map, Seq, read_file
from conformance.cases.repeating import few_repeats

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

ROOT_NAMES = frozenset({"cases", "catalogue"})
"""Folders with these names are the root of a catalogue: ids count from there."""
NOT_CASES = frozenset({"capabilities", "divergences"})
"""Folders below a catalogue that hold something else."""
MAX_PROBLEMS = 500
"""Of one file. It is read no further then: looking for what was meant takes time."""
ENDINGS = frozenset({".yaml", ".yml"})

_ID = re.compile(r"[a-z0-9][a-z0-9._-]*")
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
    package = Path(__file__).parents[1]
    for root in (package / "catalogue", package.parent / "cases"):
        if root.is_dir():
            return root
    raise CasesError(
        f"there is no catalogue: neither {package}/catalogue nor {package.parent}/cases"
    )


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
    seen = _all_files(given)
    for file in seen:
        one = load_file(file)
        cases += one.cases
        problems += one.problems
    problems += _repeated(cases)
    if not seen:
        where = ", ".join(map(str, given)) or "no path at all"
        raise CasesError(f"there is no case file in {where}")
    return Catalogue(cases=cases, problems=problems)


def load_ids(paths: Sequence[Path | str]) -> set[str]:
    """The ids of every sound case below these paths.

    Expanding a large catalogue takes a second or two. What this process has read by
    :func:`load` or :func:`load_file`, and what has not changed since, is not read again.
    """
    ids: set[str] = set()
    for file in _all_files(map(Path, paths)):
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
    log = Log(_shown(file))
    below = _below(file, None if root is None else Path(root))
    for part in below.with_suffix("").parts:
        if not _FILE_PART.fullmatch(part):
            message = f"{part!r} would be part of the cases' ids"
            log.add((1, 1), "", message, expected="letters, digits, '-', '.' and '_' in file names")
    state = _state(file)
    document = read_file(file, log)
    cases: list[Case] = []
    if document is not None:
        cases = few_repeats(list(_cases(document, below, log)))
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


def _all_files(paths: Iterable[Path]) -> list[Path]:
    """Every case file at or below the paths, once."""
    return list(dict.fromkeys(file.absolute() for path in paths for file in _files(path)))


def _cases(document: Document, below: Path, log: Log) -> Iterator[Case]:
    top = document.value
    if not isinstance(top, Seq) or not top:
        Where(log, "", (1, 1)).mistyped("a list of cases: '- id: …'", top)
        return
    # What the YAML reader has complained of, and gone on from, can't be trusted to be meant so.
    doubtful = {problem.place.line for problem in log.sorted()}
    reader = CaseReader(below.as_posix())
    prefix = below.with_suffix("").as_posix()
    lines: dict[str, int] = {}
    for index, tree in enumerate(top):
        where = Where(log, "", top.at[index])
        if log.noted > MAX_PROBLEMS:
            where.refuse(f"is not read, nor is what follows: {MAX_PROBLEMS} problems are enough")
            return
        if not isinstance(tree, Map):
            where.mistyped("a case: a mapping that begins with `id`", tree)
            continue
        before = log.noted
        name = _id(tree, where)
        if name in lines:
            where.value(tree, "id").refuse(
                f"the id {name!r} is taken", hint=f"by the case in line {lines[name]}"
            )
        elif name is not None:
            lines[name] = where.at[0]
        case_id = f"{prefix}/{name or index}"
        found = list(_expanded(tree, where, reader, case_id, document.excerpt(index)))
        # All of a written case or nothing: a variant can share a mistake that shows in another.
        if log.noted == before and doubtful.isdisjoint(document.lines(index)):
            yield from found


def _id(tree: Map, where: Where) -> str | None:
    if "id" not in tree:
        where.refuse("the key 'id' is missing")
        return None
    name = tree["id"]
    if isinstance(name, str) and _ID.fullmatch(name):
        return name
    where.value(tree, "id").mistyped("lower case letters, digits, '-', '.' and '_'", name)
    return None


def _expanded(
    tree: Map, where: Where, reader: CaseReader, case_id: str, yaml: str
) -> Iterator[Case]:
    if "vary" not in tree:
        for key in ("unless", "combine"):
            if key in tree:
                where.key(tree, key).refuse("is here without `vary`")
        case = reader.read(tree, where, case_id=case_id, yaml=yaml, variation={})
        if case is not None:
            yield case
        return
    plan = variation.read_variation(tree, where, building.KEYS)
    if plan is None:
        return
    for combination in plan.combinations:
        varied = plan.apply(tree, combination, where)
        full_id = f"{case_id}[{plan.label(combination)}]"
        values: dict[str, Any] = plan.values(combination)
        case = reader.read(varied, where, case_id=full_id, yaml=yaml, variation=values)
        if case is not None:
            yield case


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


def _shown(file: Path) -> str:
    """The path as one would type it here."""
    try:
        return file.absolute().relative_to(Path.cwd()).as_posix()
    except (ValueError, OSError):
        return str(file)


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
