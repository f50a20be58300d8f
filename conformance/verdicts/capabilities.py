"""What an adapter can and can't do, as its owner states it, and what a run makes of that.

A capability file is about one adapter (docs/capabilities.md). Whatever it doesn't name is
supported: an adapter that answers *unsupported* where its file doesn't say so has lost something,
and that is a failure. What is *pending* may fail, and is counted apart.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, field
from msgspec.structs import replace
from packaging.specifiers import SpecifierSet

from conformance.adapters.shared.naming import base_of
from conformance.cases import fields
from conformance.cases.model import Place
from conformance.cases.problems import Log, Problem, Where, did_you_mean
from conformance.cases.reading import Map, Seq, read_file
from conformance.facets import APPLICATION, FUNCTION, MODEL, STEPS
from conformance.globs import matches
from conformance.verdicts import reading
from conformance.verdicts.caps import over
from conformance.verdicts.model import CellVerdict, Known
from conformance.verdicts.releases import holds

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from pathlib import Path

KINDS: Final = (MODEL, FUNCTION, STEPS, APPLICATION)
"""What a file can speak of. One that doesn't say speaks of models, as all did once."""
PENDING: Final = "pending"
"""Kind and entry of the known deviation that a pending cell becomes."""

CAPABILITIES_SAY: Final = " [capabilities: "
"""Begins what a capability file adds to a message; ``]`` ends it."""

_FAILS: Final = frozenset({"fail", "error", "crash", "timeout", "xpass"})
_KEYS: Final = ("adapter", "when", "kinds", "supported", "pending", "excluded")
_GROUP: Final = ("cases", "facets", "says", "cap", "reason")


class Group(Struct, frozen=True, kw_only=True):
    """Cells of which one thing is stated."""

    cases: list[str]
    """Ids or patterns."""
    reason: str
    place: Place
    facets: list[str] = field(default_factory=list)
    """The facets that are excluded; none: whole cases."""
    says: str = ""
    """Text that the adapter's own reason contains."""
    cap: int | None = None
    """How many cells it may excuse in a run of everything."""

    def about(self, case: str) -> bool:
        """Tell whether it speaks of a case."""
        return any(matches(pattern, case) for pattern in self.cases)

    def excuses(self, case: str, facet: str, reason: str) -> bool:
        """Tell whether it is stated that this is not supported.

        Args:
            case: the case's id.
            facet: the facet that is unsupported; empty where the case as a whole is.
            reason: why, in the adapter's words.
        """
        if (facet not in self.facets) if facet else self.facets:
            return False
        return self.says in reason and self.about(case)


class Capabilities(Struct, frozen=True, kw_only=True):
    """One capability file."""

    adapter: str
    when: dict[str, SpecifierSet]
    """Versions that it speaks of; others are held to nothing."""
    kinds: list[str]
    """Kinds of cases that it speaks of, as :func:`conformance.cases.model.kind_of` names them;
    cases of others are held to nothing."""
    supported: list[str]
    """Ids or patterns; empty: everything that is neither pending nor excluded."""
    pending: list[Group]
    excluded: list[Group]
    place: Place


class Claims:
    """The capability files of a run, and what its cells made of them."""

    def __init__(
        self,
        files: Iterable[Path] = (),
        more: Iterable[Path] = (),
        *,
        of_others: Collection[Path] = (),
    ) -> None:
        """Read capability files.

        Args:
            files: those of the catalogues.
            more: those of whoever runs it; they replace what a catalogue says of the same adapter.
            of_others: those of the files that somebody else keeps, as those of a packaged
                catalogue: what is wrong with them is a remark.
        """
        self.problems: list[Problem] = []
        """What is wrong with the files; the run fails while there is any."""
        self.remarks: list[Problem] = []
        """The same of files that are others' to keep: told, and no fault of the run."""
        self._others = frozenset(map(str, of_others))
        self._by_adapter: dict[str, Capabilities] = {}
        for paths in (files, more):
            found: dict[str, Capabilities] = {}
            for path in paths:
                capabilities, problems = read_capabilities(path)
                (self.remarks if path in of_others else self.problems).extend(problems)
                if capabilities is None:
                    continue
                if capabilities.adapter in found:
                    first = found[capabilities.adapter].place.file
                    message = f"{capabilities.adapter} has a capability file already: {first}"
                    self._complain(capabilities.place, message)
                    continue
                found[capabilities.adapter] = capabilities
            self._by_adapter |= found
        self.excused: Counter[str] = Counter()
        """Cells by the group that excuses them, as :func:`_named` calls it."""
        self._caps: dict[str, int] = {}
        self._of_others: set[str] = set()
        """Groups in files that are others' to keep."""
        self._pending: dict[str, Counter[bool]] = {}
        self._about: dict[tuple[str, tuple[tuple[str, str], ...]], bool] = {}

    def apply(
        self,
        cell: CellVerdict,
        versions: Mapping[str, str],
        known_as: str = "",
        *,
        kind: str = MODEL,
    ) -> CellVerdict:
        """Hold a cell against what is stated of its adapter.

        Args:
            cell: a verdict, after the ledger has had its say.
            versions: as the adapter reported them.
            known_as: another name under which the adapter is known.
            kind: of the cell's case.

        Returns:
            The same cell; or, where something is unsupported that should be supported, a failure;
            or, where it fails and is pending, a known deviation.
        """
        stated = self.of(cell.adapter, known_as)
        if stated is None or not self._holds(stated, versions) or cell.outcome == "not-installed":
            return cell
        if kind not in stated.kinds:
            return cell
        if group := _pending(stated, cell.case):
            return self._as_pending(cell, group)
        lost: list[tuple[str, str]] = []
        excusing: set[str] = set()
        for facet, reason in _unsupported(cell):
            group = _excusing(stated, cell.case, facet, reason)
            if group is None:
                lost.append((facet, reason))
                continue
            name = _named(stated, group)
            excusing.add(name)
            if group.cap is not None:
                self._caps[name] = group.cap
                if group.place.file in self._others:
                    self._of_others.add(name)
        self.excused.update(excusing)
        if not lost:
            return cell
        told = "; ".join(f"{facet}: {reason}" if facet else reason for facet, reason in lost)
        said = f"unsupported: {told}{CAPABILITIES_SAY}{stated.adapter} is stated to support it]"
        if cell.outcome in _FAILS:
            return replace(cell, message=f"{cell.message}; {said}")
        return replace(cell, outcome="fail", message=said, judged=cell.judged or cell.outcome)

    def _holds(self, stated: Capabilities, versions: Mapping[str, str]) -> bool:
        """Whether a file is about these versions, which are the same for all cells of a run."""
        key = stated.place.file, tuple(versions.items())
        if key not in self._about:
            self._about[key] = holds(stated.when, versions)
        return self._about[key]

    def of(self, adapter: str, known_as: str = "") -> Capabilities | None:
        """Return what is stated of an adapter; None where nothing is."""
        for name in (adapter, base_of(adapter), known_as):
            if name in self._by_adapter:
                return self._by_adapter[name]
        return None

    def over(self) -> list[str]:
        """List the groups that excuse more cells than they say."""
        own = {name: cap for name, cap in self._caps.items() if name not in self._of_others}
        return over(self.excused, own)

    def over_of_others(self) -> list[str]:
        """List those of files that others keep."""
        return over(self.excused, {name: self._caps[name] for name in self._of_others})

    @property
    def caps(self) -> dict[str, int]:
        """How many cells the groups that excused any may excuse, but those that others keep."""
        return {name: cap for name, cap in self._caps.items() if name not in self._of_others}

    def finished(self) -> list[str]:
        """List the pending groups of which nothing deviates any more."""
        return [
            f"{name}: all {counts[True]} pass; nothing of it is pending any more"
            for name, counts in self._pending.items()
            if counts[True] and not counts[False]
        ]

    def _as_pending(self, cell: CellVerdict, group: Group) -> CellVerdict:
        name = f"{group.place.file}:{group.place.line}: pending {', '.join(group.cases)}"
        passes = cell.outcome == "pass" and not any(_unsupported(cell))
        self._pending.setdefault(name, Counter())[passes] += 1
        if cell.outcome not in _FAILS or cell.broken:
            return cell
        failing = [verdict.facet for verdict in cell.facets if verdict.outcome in _FAILS]
        known = Known(entry=PENDING, kind=PENDING, reason=group.reason, facets=failing)
        return replace(cell, outcome="xfail", known=known, judged=cell.judged or cell.outcome)

    def _complain(self, place: Place, message: str) -> None:
        problem = Problem(place=place, key="adapter", message=message)
        (self.remarks if place.file in self._others else self.problems).append(problem)


def _named(stated: Capabilities, group: Group) -> str:
    what = f"{', '.join(group.facets)} of " if group.facets else ""
    said = f" ({group.says})" if group.says else ""
    cases = ", ".join(group.cases)
    return f"{group.place.file}:{group.place.line}: {stated.adapter}: {what}{cases}{said}"


def _pending(stated: Capabilities, case: str) -> Group | None:
    for group in stated.pending:
        if group.about(case):
            return group
    if not stated.supported or any(matches(pattern, case) for pattern in stated.supported):
        return None
    if any(group.about(case) for group in stated.excluded if not group.facets):
        return None
    reason = "The capability file states nothing of this case."
    return Group(cases=["what is not stated"], reason=reason, place=stated.place)


def _excusing(stated: Capabilities, case: str, facet: str, reason: str) -> Group | None:
    """The group that says that this is not supported; None where none does."""
    for group in stated.excluded:
        if group.excuses(case, facet, reason):
            return group
    return None


def _unsupported(cell: CellVerdict) -> Iterator[tuple[str, str]]:
    """What of a cell is unsupported: facets with their reasons, or the cell as a whole."""
    found = [one for one in cell.facets if one.outcome == "unsupported"]
    if cell.outcome == "unsupported" and not found:
        yield "", cell.message
    # Who was alone in a run has lost nothing.
    yield from ((one.facet, one.message) for one in found if not one.alone)


def read_capabilities(path: Path) -> tuple[Capabilities | None, list[Problem]]:
    """Read a capability file.

    Returns:
        What it states, if it is sound, and everything that is wrong with it.
    """
    log = Log(str(path))
    document = read_file(path, log)
    found = None
    if document is not None:
        found = _capabilities(document.value, Where(log, "", (1, 1)))
    return (None if log.noted else found), log.sorted()


def _capabilities(value: object, where: Where) -> Capabilities | None:
    written = fields.mapping(value, where, _KEYS, required=("adapter",), what="capabilities")
    if written is None:
        return None

    def read(key: str, reader: Callable[[object, Where], Any], default: Any) -> Any:
        return reader(written[key], where.value(written, key)) if key in written else default

    return Capabilities(
        adapter=read("adapter", lambda value, at: fields.text(value, at, "an adapter's name"), "")
        or "",
        when=read("when", reading.when, {}) or {},
        kinds=read("kinds", _kinds, [MODEL]) or [],
        supported=read("supported", reading.texts("a case id or a pattern"), []) or [],
        pending=read("pending", _groups(of_pending=True), []),
        excluded=read("excluded", _groups(of_pending=False), []),
        place=Place(file=where.log.file, line=where.at[0], column=where.at[1]),
    )


def _kinds(value: object, where: Where) -> list[str]:
    """The kinds that a file speaks of."""
    found = reading.texts(f"one of {', '.join(KINDS)}")(value, where) or []
    for kind in found:
        if kind not in KINDS:
            where.refuse(
                f"{kind!r} is no kind of case",
                expected=f"one of {', '.join(KINDS)}",
                hint=did_you_mean(kind, KINDS),
            )
    return found


def _groups(*, of_pending: bool) -> Callable[[object, Where], list[Group]]:
    known = ("cases", "reason") if of_pending else _GROUP
    required = ("cases", "reason") if of_pending else ("cases", "reason", "cap")

    def read(value: object, where: Where) -> list[Group]:
        if not isinstance(value, Seq):
            where.mistyped("a list of mappings, each with cases and a reason", value)
            return []
        found = []
        for index, item in enumerate(value):
            at = where.item(value, index)
            written = fields.mapping(item, at, known, required=required, what="cases and a reason")
            if written is not None:
                found.append(_group(written, at))
        return found

    return read


def _group(written: Map, where: Where) -> Group:
    def read(key: str, reader: Callable[[object, Where], Any], default: Any) -> Any:
        return reader(written[key], where.value(written, key)) if key in written else default

    return Group(
        cases=read("cases", reading.texts("a case id or a pattern"), []) or [],
        reason=read("reason", reading.reason, "") or "",
        facets=read("facets", reading.facets, []) or [],
        says=read("says", fields.text, "") or "",
        cap=read("cap", reading.cap, None),
        place=Place(file=where.log.file, line=where.at[0], column=where.at[1]),
    )
