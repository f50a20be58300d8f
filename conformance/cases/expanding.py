"""One file's text to its concrete cases: what is written, each with ``vary`` resolved.

Cases that have been expanded before come from :mod:`~conformance.cases.store`, and whoever finds
all of them there needs neither this module nor the YAML parser.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from conformance.cases import building, variation
from conformance.cases.building import CaseReader
from conformance.cases.problems import Where
from conformance.cases.reading import Map, Seq, read_bytes, read_file
from conformance.cases.repeating import few_repeats
from conformance.cases.starting import few_as_made

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conformance.cases.model import Case
    from conformance.cases.problems import Log
    from conformance.cases.reading import Document

MAX_PROBLEMS = 500
"""Of one file. It is read no further then: looking for what was meant takes time."""

_ID = re.compile(r"[a-z0-9][a-z0-9._-]*")


def expand(file: Path, content: bytes | None, below: Path, log: Log) -> list[Case]:
    """Check and expand one file of cases.

    Args:
        file: The file.
        content: What is in it; None where it is to be read yet.
        below: Its path below its catalogue.
        log: Takes every problem.

    Returns:
        Every sound case.
    """
    document = read_file(file, log) if content is None else read_bytes(content, log)
    return [] if document is None else few_as_made(few_repeats(list(_cases(document, below, log))))


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
