"""``keras-conformance validate``, ``list`` and ``schema``: each returns an exit code."""

from __future__ import annotations

import fnmatch
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.cases.levels import LevelError, at_level
from conformance.cases.loading import ENDINGS, Catalogue, load
from conformance.cases.problems import CasesError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.cases.model import Case

SOUND = 0
FAULTY = 1
"""Something is wrong with the cases, or nothing was found."""
USAGE = 2


def validate(paths: Sequence[str | Path] = ()) -> int:
    """Check case files; every mistake goes to stdout, a line each.

    Args:
        paths: Files and folders; none means the whole catalogue.

    Returns:
        0 if all is well, 1 if not.
    """
    catalogue = _loaded(paths)
    if catalogue is None:
        return FAULTY
    for problem in catalogue.problems:
        _say(str(problem))
    if catalogue.problems:
        sound = _number(len(catalogue.cases), "sound case")
        _say(f"{_number(len(catalogue.problems), 'problem')}, {sound}")
        return FAULTY
    _say(f"{_number(len(catalogue.cases), 'case')}, no problem")
    return SOUND


def list_cases(
    patterns: Sequence[str] = (),
    *,
    as_json: bool = False,
    paths: Sequence[str | Path] = (),
    level: int | None = None,
) -> int:
    """Print the ids and titles of cases.

    Args:
        patterns: Case files; or globs over whole ids (``documents/dense/*``), or plain text within
            them; a case that fits one of these is listed. None lists every case. Brackets are taken
            literally, as ids have them.
        as_json: Print a JSON list of ``{id, title, source, file, line, facets, digest}`` instead.
        paths: Files and folders; none means the whole catalogue.
        level: Only the cases of this level of what ``paths`` hold.

    Returns:
        0; 1 if nothing fits or the files have problems (which go to stderr); 2 if there is no such
        level.
    """
    named = [one for one in patterns if Path(one).suffix in ENDINGS and Path(one).is_file()]
    patterns = [one for one in patterns if one not in named]
    catalogue = _loaded([*paths, *named])
    if catalogue is None:
        return FAULTY
    for problem in catalogue.problems:
        _say(str(problem), error=True)
    try:
        cases = catalogue.cases if level is None else at_level(catalogue.cases, level)
    except LevelError as error:
        _say(str(error), error=True)
        return USAGE
    found = [case for case in cases if _fits(case.id, patterns)]
    if as_json:
        _say(json.dumps([_row(case) for case in found], indent=2, ensure_ascii=False))
    else:
        width = max((len(case.id) for case in found), default=0)
        for case in found:
            _say(f"{case.id:<{width}}  {case.title}")
    if not found:
        _say(f"no case fits {' or '.join(patterns) or 'anything'}", error=True)
    return SOUND if found and not catalogue.problems else FAULTY


def schema() -> int:
    """Print the JSON Schema of a case file.

    Returns:
        0.
    """
    from conformance.cases.schema import json_schema

    _say(json.dumps(json_schema(), indent=2))
    return SOUND


def _loaded(paths: Sequence[str | Path]) -> Catalogue | None:
    try:
        return load([Path(path) for path in paths] or None)
    except CasesError as error:
        _say(str(error), error=True)
        return None


def _fits(case_id: str, patterns: Sequence[str]) -> bool:
    return not patterns or any(_matches(case_id, pattern) for pattern in patterns)


def _matches(case_id: str, pattern: str) -> bool:
    if "*" in pattern or "?" in pattern:
        return fnmatch.fnmatchcase(case_id, pattern.replace("[", "[[]"))
    return pattern in case_id


def _row(case: Case) -> dict[str, object]:
    source = {key: getattr(case.source, key) for key in case.source.__struct_fields__}
    return {
        "id": case.id,
        "title": case.title,
        "source": {key: value for key, value in source.items() if value},
        "file": case.place.file,
        "line": case.place.line,
        "facets": case.program.facets,
        "digest": case.digest,
    }


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")


def _say(text: str, *, error: bool = False) -> None:
    # A file may hold any text; what the terminal's encoding can't show mustn't end the command.
    stream = sys.stderr if error else sys.stdout
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "replace").decode(encoding) + "\n")
