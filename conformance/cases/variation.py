"""``vary``, ``unless`` and ``combine``: what varies, which combinations there are, their names.

An *axis* is one line of ``vary``: one path into the case, or several that vary together, and the
values that they take. A *combination* is the index of one value for each axis.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from conformance.cases import combining, fields
from conformance.cases.combining import Clause, Combination, TooManyError
from conformance.cases.fields import spelled
from conformance.cases.problems import Where, described, did_you_mean
from conformance.cases.reading import Map, Seq, plain_value, size

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from conformance.cases.reading import At

MAX_AXES = 24
MAX_VALUES = 500
"""Values of one key."""
MAX_CLAUSES = 200
MAX_CASES = 10_000
"""Concrete cases of one written case."""
MAX_WORK = 5_000_000
"""Values of one written case times its concrete cases: seconds of reading."""

_UNVARIED = frozenset({"id", "vary", "unless", "combine"})
_LAYER = re.compile(r"[A-Z][A-Za-z0-9]*")
_READABLE = re.compile(r"[A-Za-z0-9_.+-]+")


class Axis(NamedTuple):
    """One line of ``vary``."""

    key: str
    """As written."""
    paths: list[str]
    """Full paths into the case."""
    values: list[list[Any]]
    """For each value of the axis, what each path gets."""
    places: list[list[At]]
    labels: list[str]
    """For each value of the axis, what an id says of it: ``strides=2``."""


class Variation(NamedTuple):
    """How one written case becomes several."""

    axes: list[Axis]
    combinations: list[Combination]

    def label(self, combination: Combination) -> str:
        """``strides=2,padding=same``."""
        pairs = zip(self.axes, combination, strict=True)
        return ",".join(axis.labels[index] for axis, index in pairs)

    def values(self, combination: Combination) -> dict[str, Any]:
        """What varies, by full path, as values that JSON has: NaN and infinities are spelled."""
        return {
            path: spelled(plain_value(value))
            for axis, index in zip(self.axes, combination, strict=True)
            for path, value in zip(axis.paths, axis.values[index], strict=True)
        }

    def apply(self, tree: Map, combination: Combination, where: Where) -> Map:
        """The case with the combination's values in it; parts that don't vary are shared."""
        varied = tree.copy()
        for key in _UNVARIED - {"id"}:
            varied.pop(key, None)
        fresh: set[int] = {id(varied)}
        vary: Map = tree["vary"]
        for axis, index in zip(self.axes, combination, strict=True):
            settings = zip(axis.paths, axis.values[index], axis.places[index], strict=True)
            for path, value, at in settings:
                places = vary.key_at(axis.key), at
                _set(varied, path.split("."), value, Where(where.log, path, at), fresh, places)
        return varied


def read_variation(tree: Map, where: Where, keys: Collection[str]) -> Variation | None:
    """What varies in a case, and in which combinations.

    Args:
        tree: The case, which has a ``vary``.
        where: Its place.
        keys: The keys of a case.

    Returns:
        Where the log says that something is wrong, a sample of combinations in which each value
        stands once, to look for more; None where nothing that varies could be read.
    """
    problems = where.log.noted
    axes = _axes(tree, where, keys)
    clauses = _clauses(tree, where, axes) if axes else []
    place = where.value(tree, "combine")
    how = fields.choice(tree.get("combine", "product"), place, list(combining.WAYS))
    if not axes:
        return None
    sample = Variation(axes, _sampled(axes, clauses)[: MAX_WORK // size(tree)])
    if how is None or where.log.noted > problems:
        return sample
    counts = [len(axis.values) for axis in axes]
    most = min(MAX_CASES, MAX_WORK // size(tree))
    try:
        combinations = combining.WAYS[how](counts, clauses, most)
    except TooManyError as error:
        where.key(tree, "vary").refuse(str(error), hint="use `combine: pairwise`, or vary less")
        return sample
    if not combinations:
        where.key(tree, "unless").refuse("leaves out every combination")
        return sample
    _refuse_unused(axes, combinations, where)
    return Variation(axes, combinations)


def _sampled(axes: list[Axis], clauses: list[Clause]) -> list[Combination]:
    """The first value of each axis, and then each other one in its turn, but for what is left out.

    Of a clause that was not read whole nothing is known, and it leaves out what its rest does.
    """
    first = (0,) * len(axes)
    turns = [
        (*first[:position], index, *first[position + 1 :])
        for position, axis in enumerate(axes)
        for index in range(1, len(axis.values))
    ]

    def left_out(one: Combination) -> bool:
        return any(
            clause and all(one[position] in hits for position, hits in clause.items())
            for clause in clauses
        )

    return [one for one in (first, *turns) if not left_out(one)] or [first]


def _refuse_unused(axes: list[Axis], combinations: list[Combination], where: Where) -> None:
    for position, axis in enumerate(axes):
        used = {combination[position] for combination in combinations}
        for index in range(len(axis.values)):
            if index not in used:
                place = where._replace(path=f"vary.{axis.key}.{index}", at=axis.places[index][0])
                place.refuse("is in no combination", hint="`unless` leaves out every one with it")


def _axes(tree: Map, where: Where, keys: Collection[str]) -> list[Axis]:
    place = where.value(tree, "vary")
    vary = tree["vary"]
    if not isinstance(vary, Map) or not vary:
        place.mistyped("a mapping of keys to lists of values", vary)
        return []
    if len(vary) > MAX_AXES:
        place.refuse(f"varies {len(vary)} things", expected=f"at most {MAX_AXES}")
        return []
    full = {key: _paths(key, tree, place.key(vary, key), keys) for key in vary}
    taken: dict[str, str] = {}
    for key, paths in full.items():
        for path in paths:
            if path in taken:
                place.key(vary, key).refuse(f"{path} varies twice", hint=f"also in {taken[path]!r}")
            taken[path] = key
    shown = {path: _short(path, taken) for path in taken}
    axes = []
    for key, paths in full.items():
        if not paths:
            continue
        read = _axis_values(vary[key], place.value(vary, key), len(paths))
        if read is not None:
            axes.append(Axis(key, paths, *read, _labels([shown[p] for p in paths], paths, read[0])))
    return axes


def _short(path: str, among: Iterable[str]) -> str:
    """The last part of a path; all of it where another path ends alike, or in a mere number."""
    last = path.rsplit(".", 1)[-1]
    alike = sum(other.rsplit(".", 1)[-1] == last for other in among if _is_asked(other))
    return path if alike > 1 or last.isdecimal() else last


def _is_asked(path: str) -> bool:
    """Whether a path is part of what is asked; what is expected can't tell two cases apart."""
    return not path.startswith("expect.")


def _paths(key: str, tree: Map, where: Where, keys: Collection[str]) -> list[str]:
    """The full paths that a key of ``vary`` names; empty where it can't name any."""
    found = []
    for written in key.split(","):
        path = written.strip()
        first = path.split(".", 1)[0]
        if first in _UNVARIED or not all(path.split(".")):
            where.refuse(f"{path!r} can't vary")
            return []
        named = any(key in tree for key in ("layer", "function", "object", "application"))
        if first in keys and not (named and path == "config"):
            found.append(path)
        elif named and first != "config":
            found.append(f"config.{path}")
        elif first in keys:
            found.append(path)
        else:
            where.refuse(
                f"{first!r} is no key of a case",
                expected="the path of a key, such as input.shape or model.0.Dense.units",
                hint=did_you_mean(first, keys),
            )
            return []
    return found


def _axis_values(
    value: object, where: Where, width: int
) -> tuple[list[list[Any]], list[list[At]]] | None:
    if not isinstance(value, Seq) or not 0 < len(value) <= MAX_VALUES:
        where.mistyped(f"a list of 1 to {MAX_VALUES} values", value)
        return None
    if width == 1:
        return [[one] for one in value], [[at] for at in value.at]
    rows: list[list[Any]] = []
    places: list[list[At]] = []
    for index, row in enumerate(value):
        if isinstance(row, Seq) and len(row) == width:
            rows.append(list(row))
            places.append(row.at)
        else:
            where.item(value, index).refuse(
                f"is {described(row)}", expected=f"a list of {width}: a value for each key"
            )
    return (rows, places) if len(rows) == len(value) else None


def _labels(shown: list[str], paths: list[str], rows: list[list[Any]]) -> list[str]:
    """Readable and different for every value of an axis: ``padding=same,strides=2``.

    As many keys of those that vary together as it takes to tell the values apart; where that
    doesn't do, the position of a value among them.
    """
    asked = [column for column, path in enumerate(paths) if _is_asked(path)] or [0]
    for width in range(1, len(asked) + 1):
        columns = asked[:width]
        named = [[_value_name(row[column]) for column in columns] for row in rows]
        labels = [
            ",".join(f"{shown[c]}={name}" for c, name in zip(columns, row, strict=True))
            for row in named
        ]
        if not any(None in row for row in named) and len(set(labels)) == len(labels):
            return labels
    found: list[str] = []
    for index, row in enumerate(rows):
        label = f"{shown[asked[0]]}={_value_name(row[asked[0]]) or ''}"
        unclear = label.endswith("=") or label in found
        found.append(f"{label}#{index}" if unclear else label)
    return found


def _value_name(value: Any) -> str | None:
    """The text of a scalar, ``2x1`` of a list, the name of a layer; None for anything else."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        return value if _READABLE.fullmatch(value) else None
    if isinstance(value, list):
        parts = [None if isinstance(one, (list, dict)) else _value_name(one) for one in value]
        return None if None in parts or not parts else "x".join(part or "" for part in parts)
    only = str(next(iter(value))) if len(value) == 1 else ""
    return only if _LAYER.fullmatch(only) else None


def _clauses(tree: Map, where: Where, axes: list[Axis]) -> list[Clause]:
    if "unless" not in tree:
        return []
    place = where.value(tree, "unless")
    value = tree["unless"]
    if not isinstance(value, Seq) or not 0 < len(value) <= MAX_CLAUSES:
        place.mistyped(f"a list of 1 to {MAX_CLAUSES} {{key: values}} that leave cases out", value)
        return []
    names = {}
    for position, axis in enumerate(axes):
        for column, path in enumerate(axis.paths):
            names[path] = position, column
            names.setdefault(path.removeprefix("config."), (position, column))
        for column, path in enumerate(axis.paths):
            names.setdefault(path.rsplit(".", 1)[-1], (position, column))
    return [_clause(one, place.item(value, i), axes, names) for i, one in enumerate(value)]


def _clause(
    value: object, where: Where, axes: list[Axis], names: dict[str, tuple[int, int]]
) -> Clause:
    clause: Clause = {}
    if not isinstance(value, Map) or not 0 < len(value) <= len(names):
        where.mistyped("{key: values}", value)
        return clause
    for key, wanted in value.items():
        if key not in names:
            where.key(value, key).refuse(
                "doesn't vary",
                expected=f"one of {', '.join(axis.key for axis in axes)}",
                hint=did_you_mean(key, names),
            )
            continue
        position, column = names[key]
        at = where.value(value, key)
        has = [row[column] for row in axes[position].values]
        listed = wanted if isinstance(wanted, Seq) else [wanted]
        if len(listed) > MAX_VALUES:
            at.mistyped(f"at most {MAX_VALUES} values", wanted)
            continue
        hits: set[int] = set()
        for alternative in listed:
            found = {i for i, one in enumerate(has) if _same(one, alternative)}
            if not found:
                whole = any(_same(one, wanted) for one in has)
                at.refuse(
                    f"{plain_value(alternative)!r} is no value of {key}",
                    expected=f"one of {', '.join(str(plain_value(one)) for one in has[:8])}",
                    hint=f"for the list itself write [{plain_value(wanted)}]" if whole else "",
                )
            hits |= found
        clause[position] = clause[position] & hits if position in clause else frozenset(hits)
    return clause


def _same(one: Any, other: Any) -> bool:
    """Equality that keeps ``1`` and ``true`` apart, as YAML does."""
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _set(  # noqa: PLR0913, PLR0917 - one value, where it goes and where it comes from
    tree: Map,
    path: list[str],
    value: object,
    where: Where,
    fresh: set[int],
    places: tuple[At, At],
) -> None:
    """Put a value at a path, copying only what lies on the way and isn't this variant's yet.

    ``places`` are those of the key of ``vary`` and of the value.
    """
    at = where.at
    parent: Map | Seq = tree
    for depth, part in enumerate(path[:-1]):
        child = _get(parent, part)
        if isinstance(child, str) and child == path[depth + 1]:
            name, child = child, Map(at)  # `Flatten` on the way to `Flatten.data_format`
            child.put(name, None, at, at)
        elif child is None:
            child = Map(at)
        elif id(child) in fresh:
            parent = child
            continue
        elif isinstance(child, (Map, Seq)):
            child = child.copy()
        if not isinstance(child, (Map, Seq)) or not _put(parent, part, child, places):
            where.refuse(f"there is nothing at {'.'.join(path[: depth + 1])} that could be varied")
            return
        fresh.add(id(child))
        parent = child
    if not _put(parent, path[-1], value, places):
        where.refuse("there is nothing that could be varied", expected="the index of an item")


def _get(parent: Map | Seq, part: str) -> Any:
    if isinstance(parent, Map):
        return parent.get(part)
    return parent[int(part)] if part.isdecimal() and int(part) < len(parent) else None


def _put(parent: Map | Seq, part: str, value: object, places: tuple[At, At]) -> bool:
    key_at, at = places
    if isinstance(parent, Map):
        container = isinstance(value, (Map, Seq)) and part in parent
        parent.put(
            part,
            value,
            parent.key_places.get(part, key_at),
            parent.value_at(part) if container else at,
        )
        return True
    if not part.isdecimal() or int(part) >= len(parent):
        return False
    parent[int(part)] = value
    parent.at[int(part)] = at
    return True
