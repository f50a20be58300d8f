"""Which cases are meant: what every command, and pytest, take for the name of some.

A word is a file or folder of cases; an id, as ``keras-conformance list`` prints it; a glob over
ids; or a file and an id in it, ``FILE::ID``, as pytest prints its items.
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.cases.loading import ENDINGS, ROOT_NAMES, Catalogue, default_root, holds_any, load
from conformance.cases.problems import CasesError
from conformance.globs import matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conformance.cases.model import Case
    from conformance.cases.problems import Problem

WITHIN = "::"
"""Between a file and the id of a case in it."""
_ALIKE = 3
"""Ids at most that are shown where a word means none."""


def choose(
    words: Sequence[str],
    folders: Sequence[Path] = (),
    catalogue: Sequence[Case] | None = None,
) -> list[Case]:
    """The cases that some words mean, each once, in the order of the words.

    Args:
        words: Files, folders, ids, globs over ids in which ``*`` stands for any characters, and
            ``FILE::ID``; none means all.
        folders: Further catalogues, whose cases ids and globs mean as well.
        catalogue: The cases of the catalogues, where they have been read already.

    Raises:
        CasesError: A file is faulty or isn't there, or a word means nothing.
    """
    known = None if catalogue is None else Catalogue(cases=list(catalogue))
    return chosen(words, folders, known).checked()


def chosen(
    words: Sequence[str],
    folders: Sequence[Path] = (),
    catalogue: Catalogue | None = None,
    *,
    parts: bool = False,
) -> Catalogue:
    """The cases that some words mean, and what is wrong with the files that were read for them.

    Args:
        words: As :func:`choose` takes them.
        folders: Likewise.
        catalogue: Likewise.
        parts: A word that is no id means the ids that hold it.

    Raises:
        CasesError: A file isn't there, or a word means nothing.
    """
    found: dict[str, Case] = {}
    problems: dict[Problem, None] = {}
    files = [Path(word) for word in words if _is_there(word)]
    if files:
        read = load(files)
        found.update(read.by_id)
        problems.update(dict.fromkeys(read.problems))
    for word in words or ["*"]:
        if _is_there(word):
            continue
        file, separator, name = word.partition(WITHIN)
        if separator and _is_there(file):
            read = load([file])
            meant = _within(Path(file), name, read)
        else:
            read = catalogue = catalogue or load(roots(folders))
            meant = _named(word, read.by_id) or [
                case for case in read.cases if parts and word in case.id
            ]
            if not meant and not read.problems:
                raise CasesError(_none(word, read.by_id))
        found.update((case.id, case) for case in meant)
        problems.update(dict.fromkeys(read.problems))
    return Catalogue(cases=list(found.values()), problems=list(problems))


def every_case(folders: Sequence[Path] = ()) -> list[Case]:
    """The cases of the packaged catalogue and of others beside it.

    Raises:
        CasesError: A folder isn't there, or something in it is wrong.
    """
    return load(roots(folders)).checked()


def roots(folders: Sequence[Path] = ()) -> list[Path]:
    """The packaged catalogue's folder, and others beside it.

    Raises:
        CasesError: One of them isn't there, or holds no case file.
    """
    for folder in folders:
        if not folder.exists():
            raise CasesError(f"--cases {folder}: there is no such file or folder")
        if not holds_any(folder):
            raise CasesError(f"--cases {folder}: there is no case file in it")
    return [default_root(), *folders]


def catalogues(words: Sequence[str], folders: Sequence[Path] = ()) -> list[Path]:
    """The folders whose ledgers and capability files apply: the packaged one, and one's own.

    Args:
        words: As :func:`choose` takes them; of folders among them, theirs apply.
        folders: As :func:`choose` takes them.

    Raises:
        CasesError: One of the folders isn't there.
    """
    named = [Path(word) for word in words if _is_there(word) and Path(word).is_dir()]
    found = {path.resolve(): path for path in reversed([*roots(folders), *named])}
    return list(reversed(found.values()))


def beside(words: Iterable[str]) -> list[Path]:
    """The files that lie with those which are named: what a ledger of one's own may speak of.

    Args:
        words: As :func:`choose` takes them.

    Returns:
        Files and folders of cases: of a file its catalogue, or else what lies in its folder; of a
        folder itself.
    """
    found: dict[Path, None] = {}
    for word in words:
        path = Path(word if _is_there(word) else word.partition(WITHIN)[0])
        if path.is_dir():
            found[path] = None
        elif path.is_file():
            found.update(dict.fromkeys(_with_it(path.absolute())))
    return list(found)


def own_name(case_id: str) -> str:
    """The part of an id that the file says: ``last-axis``, its variation included."""
    head, bracket, variation = case_id.partition("[")
    return f"{head.rsplit('/', 1)[-1]}{bracket}{variation}"


def no_such_case(file: Path, name: str, cases: Sequence[Case]) -> str:
    """What is said of a name that none of a file's cases has."""
    holds = _some([own_name(case.id) for case in cases])
    return f"there is no case {name!r} in {file}; it holds {holds}"


def _with_it(file: Path) -> list[Path]:
    for folder in file.parents:
        if folder.name in ROOT_NAMES:
            return [folder]
    return sorted(one for one in file.parent.iterdir() if one.suffix in ENDINGS)


def _within(file: Path, name: str, read: Catalogue) -> list[Case]:
    """The cases of a file that a name means: whole id or own part, adapter behind it or not."""
    cases = read.cases
    for word in (name, name.rpartition("[")[0]):  # ``last-axis[keras-torch]``, as pytest prints it
        meant = [case for case in cases if word and means(word, case.id)]
        if meant:
            return meant
    if read.problems:
        return []
    raise CasesError(no_such_case(file, name, cases))


def means(word: str, case_id: str) -> bool:
    """Tell whether a word means a case: its id or own part of it, whole or as a glob.

    What is written in the file stands for all its variations.
    """
    own = own_name(case_id)
    written = (own.partition("[")[0], case_id.partition("[")[0])
    return matches(word, case_id) or matches(word, own) or word in written


def _named(word: str, cases: dict[str, Case]) -> list[Case]:
    if "*" in word:
        return [case for case in cases.values() if matches(word, case.id)]
    if word in cases:  # there may be thousands of them
        return [cases[word]]
    # The id as it is written in the file stands for all its variations.
    return [case for case in cases.values() if case.id.partition("[")[0] == word]


def _none(word: str, cases: dict[str, Case]) -> str:
    if Path(word).suffix in ENDINGS or Path(word.partition(WITHIN)[0]).suffix in ENDINGS:
        return f"{word}: there is no such file"
    said = f"no case is named {word!r}, and there is no such file or folder"
    holding = [one for one in cases if word in one]
    if holding and "*" not in word:
        return f"{said}; '*{word}*' would mean {len(holding)}: {_some(holding)}"
    alike = difflib.get_close_matches(word, cases, _ALIKE)
    hint = f"did you mean {_some(alike)}? " if alike else ""
    return f"{said}; {hint}`keras-conformance list` shows all"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _ALIKE} more" if len(names) > _ALIKE else ""
    return f"{', '.join(names[:_ALIKE])}{more}"


def _is_there(word: str) -> bool:
    try:
        return bool(word) and Path(word).exists()
    except (OSError, ValueError):  # a name that is too long, or holds what no name may
        return False
