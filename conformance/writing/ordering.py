"""One order of the keys of each case: lines are moved, and nothing else of a file changes.

A YAML library that writes what it has read would fold long lines, align comments anew and quote
otherwise. Here whole lines change places: those of a key, with the comments above it. What comes
out is read again, and is only taken if it says the same and every line of it was there before.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from conformance.cases.building import KEYS
from conformance.cases.loading import shown
from conformance.cases.model import Place
from conformance.cases.problems import Log, Problem
from conformance.cases.reading import Map, Seq, plain_value, read_bytes

if TYPE_CHECKING:
    from conformance.cases.reading import Document

ORDER = KEYS
"""The keys of a case in their order; others stand behind them, as they are written."""

_MARK = "\ufeff"
"""What some editors write at a file's beginning."""


class Ordered(NamedTuple):
    """A file with the keys of its cases in order.

    Attributes:
        text: What the file should hold.
        moved: The places of the cases whose keys were in another order.
        stuck: Those of cases that can't be put in order line by line, each with the reason.
    """

    text: str
    moved: list[Problem]
    stuck: list[Problem]


def ordered(content: bytes, file: str) -> Ordered | None:
    """Put the keys of each case in order.

    Args:
        content: Of a file of cases.
        file: How problems name it.

    Returns:
        None for what is no list of cases in sound YAML, of which ``validate`` says more.
    """
    log = Log(file)
    document = read_bytes(content, log)
    if document is None or log.noted or not isinstance(document.value, Seq):
        return None
    mark = _MARK if content.startswith(_MARK.encode()) else ""
    lines = content.decode("utf-8-sig").split("\n")
    found = _in_one_go(lines, document)
    if found is None:
        found = _one_by_one(lines, document)
    lines, stuck = found
    moved = [index for index in _wanting(document) if index not in stuck]

    def problem(index: int, message: str) -> Problem:
        line, column = document.value.at[index]
        keys = ", ".join(_in_order(document.value[index]))
        place = Place(file=file, line=line, column=column)
        return Problem(place=place, key="", message=message, expected=keys)

    return Ordered(
        mark + "\n".join(lines),
        [problem(index, "the keys are in another order") for index in moved],
        [problem(index, f"the keys stay in their order: {why}") for index, why in stuck.items()],
    )


def _in_one_go(lines: list[str], document: Document) -> tuple[list[str], dict[int, str]] | None:
    """All cases in order, and why some aren't; None where the file would say something else."""
    result, stuck = lines, {}
    for index in _wanting(document):
        changed = _reordered(result, document, index)
        if changed is None:
            stuck[index] = "not each of them begins a line of its own"
        else:
            result = changed
    return (result, stuck) if _same(lines, result, document) else None


def _one_by_one(lines: list[str], document: Document) -> tuple[list[str], dict[int, str]]:
    """The same, without the cases that would say something else."""
    result, stuck = lines, {}
    for index in _wanting(document):
        changed = _reordered(result, document, index)
        if changed is None:
            stuck[index] = "not each of them begins a line of its own"
        elif _same(lines, changed, document):
            result = changed
        else:
            stuck[index] = "in another one the case would not say the same"
    return result, stuck


def _wanting(document: Document) -> list[int]:
    """The cases whose keys are in another order."""
    return [
        index
        for index, tree in enumerate(document.value)
        if isinstance(tree, Map) and list(tree) != _in_order(tree)
    ]


def put_in_order(file: Path) -> Ordered | None:
    """The same of a file; None as well where it can't be read."""
    try:
        return ordered(file.read_bytes(), shown(file))
    except OSError:
        return None


def write(file: Path, text: str) -> None:
    """Put a text in a file's place, at once or not at all.

    Raises:
        OSError: It can't be written.
    """
    target = file.resolve()
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    new = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(text.encode())
        new.chmod(target.stat().st_mode & 0o7777)
        new.replace(target)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def _in_order(tree: Map) -> list[str]:
    known = [key for key in ORDER if key in tree]
    return [*known, *(key for key in tree if key not in ORDER)]


def _reordered(lines: list[str], document: Document, index: int) -> list[str] | None:
    """All lines of the file with one case in order; None where its lines can't be moved."""
    tree: Map = document.value[index]
    starts = [tree.key_at(key)[0] - 1 for key in tree]
    column = tree.key_at(next(iter(tree)))[1] - 1
    heads = [lines[start][:column] for start in starts]
    if len(set(starts)) < len(starts) or [head.strip(" ") for head in heads] != [
        "-",
        *[""] * (len(heads) - 1),
    ]:
        return None
    stop = _stop(lines, document.lines(index).stop - 1, column)
    blocks = _blocks(lines, starts, stop, column)
    blocks[0][0] = " " * column + blocks[0][0][column:]
    by_key = dict(zip(tree, blocks, strict=True))
    body = [line for key in _in_order(tree) for line in by_key[key]]
    first = next(i for i, line in enumerate(body) if not _is_remark(line))
    # What stands above the key that comes first goes above the dash, and begins where that does.
    margin = " " * heads[0].index("-")
    above = [f"{margin}{line.lstrip(' ')}" if line.strip() else line for line in body[:first]]
    rest = [heads[0] + body[first][column:], *body[first + 1 :]]
    return [*lines[: starts[0]], *above, *rest, *lines[stop:]]


def _stop(lines: list[str], stop: int, column: int) -> int:
    """The line behind a case's last: comments and blank lines below it are the next one's."""
    while _is_remark(lines[stop - 1]) and _indent(lines[stop - 1]) < column:
        stop -= 1
    return stop


def _blocks(lines: list[str], starts: list[int], stop: int, column: int) -> list[list[str]]:
    """The lines of each key, with the comments above it."""
    firsts = []
    for position, start in enumerate(starts):
        first = start
        while (
            position
            and first - 1 > starts[position - 1]
            and _is_remark(lines[first - 1])
            and _indent(lines[first - 1]) <= column
        ):
            first -= 1
        firsts.append(first)
    return [lines[a:b] for a, b in zip(firsts, [*firsts[1:], stop], strict=True)]


def _is_remark(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _indent(line: str) -> int:
    """Where a line begins; a blank one nowhere."""
    return len(line) - len(line.lstrip(" ")) if line.strip() else -1


def _same(before: list[str], after: list[str], document: Document) -> bool:
    """Whether a file still says the same, and each of its lines is there still."""
    log = Log("")
    read = read_bytes("\n".join(after).encode(), log)
    if read is None or log.noted or _told(read) != _told(document):
        return False
    there, now = (sorted(line.lstrip(" -") for line in some) for some in (before, after))
    return there == now


def _told(document: Document) -> str:
    """What a file says, whatever the order of its keys. Here NaN is itself, and 1 is not 1.0."""
    return json.dumps(plain_value(document.value), sort_keys=True)
