"""Taking out of a ledger's files what no longer holds, and touching nothing else.

Lines are taken out of the text; the YAML is never written anew, so that comments, order and
quotation marks stay what somebody made them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conformance.cases.problems import Log
from conformance.cases.reading import read_file, read_text
from conformance.cases.tree import Map, Seq

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from conformance.cases.tree import Document
    from conformance.globs import Names
    from conformance.verdicts.entries import Entry


@dataclass(slots=True)
class Cut:
    """What is taken out of one file."""

    path: Path
    text: str = ""
    """The file without it."""
    removed: list[str] = field(default_factory=list)
    """For people: ``entry old-bug``, ``old-bug: layers/core/dense``."""
    left: list[str] = field(default_factory=list)
    """What should go and can't be cut out of its line: with its place, to be done by hand."""


def prune(
    path: Path,
    entries: Iterable[Entry],
    catalogue: Names,
    is_over: Callable[[Entry, list[str]], bool],
) -> Cut | None:
    """Take out of a file the entries, and the cases of entries, that describe nothing any more.

    Args:
        path: a file of the ledger.
        entries: its sound entries.
        catalogue: ids of all cases.
        is_over: whether an entry describes nothing of some cases any more.

    Returns:
        The cut; None where there is nothing to take out, or the file can't be read.
    """
    document = read_file(path, Log(str(path)))
    if document is None or not isinstance(document.value, Seq):
        return None
    # Not the reader's text: line ends stay what they are.
    lines = path.read_bytes().decode().splitlines(keepends=True)
    by_line = {entry.place.line: entry for entry in entries}
    cut = Cut(path)
    gone: set[int] = set()
    kept = 0
    for index, value in enumerate(document.value):
        entry = by_line.get(document.value.at[index][0])
        dead = _dead(entry, catalogue, is_over) if entry else []
        if entry is None or not dead:
            kept += 1
            continue
        if len(dead) == len(entry.cases):
            gone |= _whole_entry(document, index, lines)
            cut.removed.append(f"entry {entry.id}")
            continue
        kept += 1
        for position in dead:
            told = f"{entry.id}: {entry.cases[position]}"
            line = _line_of_case(value, position, lines)
            if line is None:
                at = value["cases"].at[position]
                cut.left.append(f"{path}:{at[0]}:{at[1]}: {told}")
            else:
                gone.add(line)
                cut.removed.append(told)
    if not cut.removed and not cut.left:
        return None
    cut.text = _without(lines, gone) + ("" if kept else "[]\n")
    _verify(cut, kept)
    return cut


def _dead(entry: Entry, catalogue: Names, is_over: Callable[[Entry, list[str]], bool]) -> list[int]:
    """Positions of the entry's cases and patterns that describe nothing."""
    found = []
    for position, pattern in enumerate(entry.cases):
        cases = catalogue.fitting(pattern)
        if not cases or is_over(entry, cases):
            found.append(position)
    return found


def _whole_entry(document: Document, index: int, lines: list[str]) -> set[int]:
    """The lines of an entry, from 1, with the comment above it, if it is its alone."""
    numbers = document.lines(index)
    first, stop = numbers.start, numbers.stop
    while stop - 1 > first and _is_between(lines[stop - 2]):
        stop -= 1
    above = first
    while above > 1 and lines[above - 2].startswith("#"):
        above -= 1
    shared = stop <= len(lines) and lines[stop - 1].startswith("-")
    heads_file = above == 1  # may as well speak of the whole file
    gone = set(range(first if shared or heads_file else above, stop))
    start = min(gone)
    # One empty line between what is left is enough.
    if start > 1 and not lines[start - 2].strip():
        while stop <= len(lines) and not lines[stop - 1].strip():
            gone.add(stop)
            stop += 1
    return gone


def _is_between(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _line_of_case(entry: Map, position: int, lines: list[str]) -> int | None:
    """The line, from 1, of one item of an entry's ``cases``; None where it has none of its own."""
    listed = entry["cases"]
    if not isinstance(listed, Seq):
        return None
    number, column = listed.at[position]
    line = lines[number - 1]
    before = line[: column - 1]
    after = lines[number] if number < len(lines) else ""
    continues = after.strip() and len(after) - len(after.lstrip()) >= column - 1
    return number if before.strip() == "-" and not continues else None


def _without(lines: list[str], gone: set[int]) -> str:
    kept = [line for number, line in enumerate(lines, 1) if number not in gone]
    while kept and not kept[-1].strip():
        kept.pop()
    return "".join(kept)


def _verify(cut: Cut, kept: int) -> None:
    """See that what is left is sound YAML with as many entries as it should have.

    Raises:
        RuntimeError: it isn't; the file has not been touched.
    """
    log = Log(str(cut.path))
    document = read_text(cut.text, log)
    problems = log.sorted()
    if document is None or problems or len(document.value) != kept:
        told = "; ".join(map(str, problems)) or "another number of entries"
        raise RuntimeError(f"{cut.path}: pruning it would have broken it ({told}); nothing is done")
