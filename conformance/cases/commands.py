"""``keras-conformance list`` and ``schema``: each returns an exit code."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from conformance.cases.choosing import chosen, roots
from conformance.cases.levels import LevelError, of_catalogues
from conformance.cases.loading import load
from conformance.cases.problems import CasesError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conformance.cases.model import Case

SOUND = 0
FAULTY = 1
"""Something is wrong with the cases, or nothing was found."""
USAGE = 2


def list_cases(
    words: Sequence[str] = (),
    *,
    as_json: bool = False,
    folders: Sequence[Path] = (),
    level: int | str | None = None,
) -> int:
    """Print the ids and titles of cases.

    Args:
        words: Which: as :func:`conformance.cases.choosing.choose` takes them, or plain text within
            ids. None lists every case.
        as_json: Print a JSON list of ``{id, title, source, file, line, facets, digest}`` instead.
        folders: Catalogues beside the packaged one.
        level: Only the cases of this level of their catalogue.

    Returns:
        0; 1 if nothing is meant or the files have problems (which go to stderr); 2 if there is no
        such level.
    """
    try:
        found = chosen(words, folders, parts=True)
    except CasesError as error:
        say(str(error), error=True)
        return FAULTY
    for problem in found.problems:
        say(str(problem), error=True)
    try:
        cases = found.cases
        if level is not None:
            whole = (load([root]).cases for root in roots(folders))
            cases = of_catalogues(cases, level, whole)
    except LevelError as error:
        say(str(error), error=True)
        return USAGE
    if as_json:
        say(json.dumps([_row(case) for case in cases], indent=2, ensure_ascii=False))
    else:
        width = max((len(case.id) for case in cases), default=0)
        for case in cases:
            say(f"{case.id:<{width}}  {case.title}")
    if not cases:
        say("no case is of that level" if level else "there is no case", error=True)
    return SOUND if cases and not found.problems else FAULTY


def schema() -> int:
    """Print the JSON Schema of a case file.

    Returns:
        0.
    """
    from conformance.cases.schema import json_schema

    say(json.dumps(json_schema(), indent=2))
    return SOUND


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


def say(text: str, *, error: bool = False) -> None:
    """Print a line; a file may hold any text, which the terminal's encoding may lack."""
    stream = sys.stderr if error else sys.stdout
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "replace").decode(encoding) + "\n")
