"""Writing measured ranges into a ledger's files, and touching nothing else.

Only the lines of ``when``, ``except`` and ``since`` are written anew; comments, order and quotation
marks of everything else stay.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from conformance.cases.problems import Log
from conformance.cases.reading import read_file
from conformance.cases.tree import Map, Seq
from conformance.upkeep.ranges import exceptions_of, range_of, states_exceptions
from conformance.verdicts.entries import read_entries
from conformance.verdicts.releases import parsed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from conformance.upkeep.measuring import Measured
    from conformance.upkeep.ranges import Range
    from conformance.verdicts.entries import Entry

_ORDER: Final = ("when", "except", "since")
_BEFORE: Final = {"when": "kind", "except": "kind", "since": "review_by"}
"""The key before which one is put that is not there yet."""


class _Key(NamedTuple):
    name: str
    at: tuple[int, int]


@dataclass(slots=True)
class Rewritten:
    """What a file becomes."""

    path: Path
    text: str = ""
    changed: list[str] = field(default_factory=list)
    """For people: ``keras-x: when {keras: ">=3.0"} becomes {keras: ">=3.9.0"}``."""
    left: list[str] = field(default_factory=list)
    """What has to be done by hand, and why."""


def rewrite(path: Path, measured: Measured) -> Rewritten | None:
    """Write ranges into one file.

    Args:
        path: a file of the ledger.
        measured: in which releases the entries show.

    Returns:
        None where nothing in it changes.

    Raises:
        RuntimeError: what would be written is no sound ledger; the file has not been touched.
    """
    document = read_file(path, Log(str(path)))
    if document is None or not isinstance(document.value, Seq):
        return None
    entries = {entry.place.line: entry for entry in read_entries(path)[0]}
    lines = path.read_bytes().decode().splitlines(keepends=True)
    result = Rewritten(path)
    # From the end, so that the places of what stands above stay right.
    for index in reversed(range(len(document.value))):
        entry = entries.get(document.value.at[index][0])
        marks = measured.entries.get(entry.id) if entry else None
        found = range_of(measured.releases, marks) if marks else None
        if entry is None or found is None:
            continue
        if found.vague:
            result.left.append(f"{path}:{entry.place.line}: {entry.id}: {found.vague}")
            continue
        _rewrite_entry(document.value[index], entry, _texts(entry, found, measured), lines, result)
    if not result.changed and not result.left:
        return None
    result.text = "".join(lines)
    result.changed.reverse()
    result.left.reverse()
    return result


def _texts(entry: Entry, found: Range, measured: Measured) -> dict[str, str]:
    """What the keys should say; an empty text takes the key away."""
    package = measured.package
    others = {name: str(when) for name, when in entry.when.items() if name != package}
    own = ""
    if not states_exceptions(entry, measured):
        own = _within(found, entry.when.get(package, SpecifierSet()))
    when = {**others, **({package: own} if own else {})}
    return {
        "when": _flow(when) if when else "",
        "except": _nested(exceptions_of(entry, found, measured)),
        "since": _since(found, entry.since, package.replace("-", " ").capitalize()),
    }


def _within(found: Range, written: SpecifierSet) -> str:
    """The condition on versions: what was measured, by the written bounds where these agree.

    A bound that somebody found by bisecting is finer than a sweep of a few releases.
    """
    ends = {one.operator: one.version for one in written}
    begin = _bound(ends.get(">="), found.before, found.first)
    end = _bound(ends.get("<"), found.last, found.after) if found.after else ""
    if not found.before and ">=" in ends and Version(ends[">="]) <= Version(found.first):
        begin = ends[">="]
    return ",".join([*([f">={begin}"] if begin else []), *([f"<{end}"] if end else [])])


def _bound(written: str | None, before: str, measured: str) -> str:
    """A bound between two releases: the written one if it lies there, else the later one."""
    if not before or written is None:
        return measured if before else ""
    lies = Version(before) < Version(written) <= Version(measured)
    return written if lies else measured


def _since(found: Range, written: str, name: str) -> str:
    """Since when it shows: what is written, unless that was measured to be otherwise."""
    said = re.match(rf"{name} (\d[\w.]*)( or earlier)?", written)
    measured = f"{name} {found.first}" + ("" if found.before else " or earlier")
    version = parsed(said[1].rstrip(".")) if said else None
    if said is None or version is None:  # of another package, or of nothing
        return written or measured
    if found.before:
        agrees = Version(found.before) < version <= Version(found.first) and not said[2]
    else:
        agrees = version < Version(found.first) or (
            version == Version(found.first) and bool(said[2])
        )
    return written if agrees else measured


def _written(condition: SpecifierSet) -> str:
    """A condition as people write it: the lower end first."""
    ends = sorted(condition, key=lambda one: (one.operator.startswith("<"), one.version))
    return ",".join(map(str, ends))


def _nested(exceptions: Mapping[str, Mapping[str, SpecifierSet]]) -> str:
    """Exceptions as they stand behind their key; an empty text for none."""
    parts = [
        f"{name}: {_flow({of: _written(one) for of, one in when.items()})}"
        for name, when in exceptions.items()
    ]
    return f"{{{', '.join(parts)}}}" if parts else ""


def _flow(conditions: Mapping[str, str]) -> str:
    parts = [f'{name}: "{text}"' for name, text in conditions.items()]
    return f"{{{', '.join(parts)}}}"


def _rewrite_entry(
    value: Map, entry: Entry, texts: Mapping[str, str], lines: list[str], result: Rewritten
) -> None:
    for key in reversed(_ORDER):
        text = texts[key]
        if key in value:
            _replace(_Key(key, value.key_at(key)), text, entry, lines, result)
        elif text:
            place = next((k for k in (_BEFORE[key], "review_by") if k in value), None)
            at = value.key_at(place)[0] if place else entry.place.line + 1
            lines.insert(at - 1, f"  {key}: {text}\n")
            result.changed.append(f"{entry.id}: {key} {text}")


def _replace(key: _Key, text: str, entry: Entry, lines: list[str], result: Rewritten) -> None:
    number, column = key.at
    line = lines[number - 1]
    written = re.fullmatch(rf"(\s*(?:- )?{key.name}:\s+)(.*?)((?:\s+#.*)?\s*)", line)
    after = lines[number] if number < len(lines) else ""
    continues = after.strip() and len(after) - len(after.lstrip()) > column - 1
    if written is None or continues:
        should = f"{key.name} should say {text or 'nothing'}"
        result.left.append(f"{result.path}:{number}: {entry.id}: {should}")
        return
    if _same(key.name, written[2], text, entry):
        return
    result.changed.append(f"{entry.id}: {key.name} {written[2]} becomes {text or 'nothing'}")
    if text:
        lines[number - 1] = f"{written[1]}{text}{written[3]}"
    else:
        del lines[number - 1]


def _same(key: str, written: str, text: str, entry: Entry) -> bool:
    """Whether a key says already what it should, in other words."""
    if key == "since":
        return written == text
    if key == "except":
        return text == _nested(entry.exceptions)
    wanted = re.findall(r'([\w.-]+): "([^"]*)"', text)
    return {name: str(when) for name, when in entry.when.items()} == {
        name: str(SpecifierSet(condition)) for name, condition in wanted
    }


def verify(result: Rewritten, before: int) -> None:
    """See that a rewritten file is a sound ledger with as many entries as before.

    Raises:
        RuntimeError: it isn't.
    """
    entries, problems = read_entries(result.path)
    if problems or len(entries) != before:
        told = "; ".join(map(str, problems)) or f"{len(entries)} entries instead of {before}"
        raise RuntimeError(f"{result.path}: writing the ranges would have broken it ({told})")
