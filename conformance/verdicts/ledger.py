"""The ledger: what is known and accepted, held to its word (docs/ledger.md).

An entry excuses a cell only when it fails in just the way that the entry describes: these facets,
with this message, in these versions. Whatever the ledger says that is no longer true is an error,
so that it can only shrink by being read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec.structs import replace

from conformance.adapters.naming import base_of
from conformance.cases.problems import Problem, did_you_mean
from conformance.verdicts.entries import Entry, matches, read_entries
from conformance.verdicts.model import CellVerdict, FacetVerdict, Known
from conformance.verdicts.text import listed

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

_UNJUDGED: Final = frozenset({"unsupported", "not-installed", "not-run", "xfail", "xpass"})
"""Outcomes that say nothing about an entry (the last two: it was applied already)."""

_FAILS: Final = frozenset({"fail", "error"})

_FATAL: Final = frozenset({"crash", "timeout"})
"""Outcomes that leave an adapter without its process."""


LEDGER_SAYS: Final = " [ledger: "
"""Begins what the ledger adds to the message of a cell that it does not excuse; ``]`` ends it."""


class Objection(NamedTuple):
    """What an entry says of a cell that is not so."""

    entry: Entry
    key: str
    """The entry's key that is wrong; empty where it is the entry as a whole."""
    text: str
    """It names the entry."""


class Held(NamedTuple):
    """What its entries make of a cell."""

    covering: list[Entry]
    """Those that cover something of it."""
    objections: list[Objection]
    """Why it is not excused."""
    passing: list[Objection]
    """What passes in spite of its entry."""


@dataclass(slots=True)
class Ledger:
    """Entries, resolved against a catalogue and the adapters."""

    entries: list[Entry]
    problems: list[Problem]
    """What is wrong with the ledger itself; the run fails while there is any."""
    _by_case: dict[str, list[Entry]] = field(default_factory=dict)
    _by_adapter: dict[str, frozenset[str]] = field(default_factory=dict)
    """Adapter name to the ids of the entries that are about it."""
    _judged: set[str] = field(default_factory=set)
    """Entries that applied to a judged cell."""
    _used: set[str] = field(default_factory=set)
    """Entries that covered one."""

    @classmethod
    def load(
        cls,
        paths: Iterable[Path],
        catalogue_ids: Collection[str],
        adapters: Sequence[str],
        today: dt.date,
    ) -> Ledger:
        """Read the ledger.

        Args:
            paths: files, and folders of ``*.yaml``. A path that does not exist is a problem.
            catalogue_ids: ids of *all* cases of the catalogue that the ledger belongs to, not only
                of those that this run has selected.
            adapters: names of all adapters that are known, installed or not.
            today: entries whose ``review_by`` lies before are problems.

        Returns:
            The ledger. Entries that are unsound are left out, and are problems.
        """
        ledger = cls(entries=[], problems=[])
        catalogue_ids = dict.fromkeys(catalogue_ids)  # in its order, and quick to ask
        seen: dict[str, Entry] = {}
        for path in files_of(paths):
            entries, problems = read_entries(path)
            ledger.problems += problems
            for entry in entries:
                if entry.id in seen:
                    first = seen[entry.id].place
                    at = f"{first.file}:{first.line}"
                    ledger._complain(entry, "id", f"{entry.id!r} is taken", f"the first is at {at}")
                    continue
                seen[entry.id] = entry
                ledger.entries.append(entry)
                ledger._resolve(entry, catalogue_ids, adapters)
                if entry.review_by < today:
                    ledger._complain(
                        entry,
                        "review_by",
                        f"{entry.id} was to be reviewed by {entry.review_by}",
                        "look whether it still holds; then move the date or remove the entry",
                    )
        return ledger

    def _complain(self, entry: Entry, key: str, message: str, hint: str = "") -> None:
        self.problems.append(Problem(place=entry.place, key=key, message=message, hint=hint))

    def _resolve(
        self, entry: Entry, catalogue_ids: Collection[str], adapters: Sequence[str]
    ) -> None:
        """Find the cases and adapters that an entry is about."""
        named: set[str] = set()
        for pattern in entry.cases:
            if "*" in pattern:
                found = [case for case in catalogue_ids if matches(pattern, case)]
            else:
                found = [pattern] if pattern in catalogue_ids else []
            if not found:
                hint = did_you_mean(pattern, catalogue_ids)
                self._complain(
                    entry,
                    "cases",
                    f"{entry.id}: {pattern!r} matches no case of the catalogue",
                    hint,
                )
            named.update(found)
        if entry.cap is not None and len(named) > entry.cap:
            self._complain(
                entry,
                "cap",
                f"{entry.id}: its patterns match {len(named)} cases, and its cap is {entry.cap}",
                "see whether it means the new cases too",
            )
        for case in named:
            self._by_case.setdefault(case, []).append(entry)
        for pattern in entry.adapters:
            # What is known of an adapter holds for all its columns, as far as `when` lets it.
            about = [
                adapter
                for adapter in adapters
                if matches(pattern, adapter) or matches(pattern, base_of(adapter))
            ]
            if not about:
                hint = did_you_mean(pattern, adapters)
                self._complain(entry, "adapter", f"{entry.id}: {pattern!r} is no adapter", hint)
            for adapter in about:
                self._by_adapter[adapter] = self._by_adapter.get(adapter, frozenset()) | {entry.id}

    def apply(self, cell: CellVerdict, versions: Mapping[str, str]) -> CellVerdict:
        """Hold a cell against the entries that are about it.

        Args:
            cell: a verdict, as judged.
            versions: distribution name to version, as the adapter reported them.

        Returns:
            The same cell where no entry is about it; else what docs/ledger.md says: ``xfail``,
            ``xpass``, or the failure with a message that names the entry.
        """
        held = self.hold(cell, versions)
        if held is None:
            return cell
        if held.objections:
            told = "; ".join(objection.text for objection in held.objections)
            return replace(cell, message=f"{cell.message}{LEDGER_SAYS}{told}]")
        known = [_known(entry, cell) for entry in held.covering]
        if held.passing:
            return replace(
                cell,
                outcome="xpass",
                message="; ".join(passing.text for passing in held.passing),
                known=known[0] if known else None,
                judged=cell.outcome,
            )
        if not known:
            return cell
        return replace(
            cell, outcome="xfail", known=known[0], also_known=known[1:], judged=cell.outcome
        )

    def hold(self, cell: CellVerdict, versions: Mapping[str, str]) -> Held | None:
        """Say what the entries that are about a cell make of it; None where none is.

        Args:
            cell: a verdict, as judged.
            versions: as for :meth:`apply`.
        """
        about = [entry for entry in self.about(cell.case, cell.adapter) if entry.holds(versions)]
        if not about or cell.outcome in _UNJUDGED:
            return None
        self._judged.update(entry.id for entry in about)
        held = _weigh(cell, about)
        self._used.update(entry.id for entry in held.covering)
        return held

    def about(self, case: str, adapter: str) -> list[Entry]:
        """List the entries that speak of a cell, in whatever versions."""
        mine = self._by_adapter.get(adapter, frozenset())
        return [entry for entry in self._by_case.get(case, ()) if entry.id in mine]

    def fatal(self, case: str, adapter: str) -> bool:
        """Tell whether a cell is known to cost an adapter its process, in some version at least."""
        return any(entry.outcome in _FATAL for entry in self.about(case, adapter))

    def cases_of(self, entry: Entry) -> list[str]:
        """List the cases of the catalogue that an entry speaks of."""
        return [case for case, entries in self._by_case.items() if entry in entries]

    def adapters_of(self, entry: Entry) -> list[str]:
        """List the known adapters that an entry speaks of."""
        return [adapter for adapter, entries in self._by_adapter.items() if entry.id in entries]

    def unused(self) -> list[Problem]:
        """List the entries that applied to judged cells of this run and covered none of them.

        Entries whose cells were all unsupported, not installed or not part of the run are not
        among them: nothing is known of those.
        """
        return list(self.idle().values())

    def idle(self) -> dict[str, Problem]:
        """Return :meth:`unused` by the entries' ids."""
        return {
            entry.id: Problem(
                place=entry.place,
                key="",
                message=f"{entry.id} covered nothing in this run",
                hint="remove it, or take out what no longer fails",
            )
            for entry in self.entries
            if entry.id in self._judged and entry.id not in self._used
        }

    def covered(self) -> list[str]:
        """List the ids of the entries that covered a cell of this run."""
        return [entry.id for entry in self.entries if entry.id in self._used]


def files_of(paths: Iterable[Path]) -> Iterable[Path]:
    """Go through the files of a ledger: a folder stands for its ``*.yaml``."""
    for path in paths:
        if path.is_dir():
            yield from sorted(path.glob("*.yaml"))
        else:
            yield path


def _weigh(cell: CellVerdict, about: list[Entry]) -> Held:
    """Hold a cell against its entries."""
    held = Held([], [], [])
    by_name = {verdict.facet: verdict for verdict in cell.facets}
    failing = {verdict.facet for verdict in cell.facets if verdict.outcome in _FAILS}
    covered: set[str] = set()
    whole = False
    for entry in about:
        if entry.outcome is not None:
            objection = _whole_cell(entry, cell)
            if cell.outcome == "pass":
                told = f"{entry.id} says {entry.outcome}, and it passes: remove the entry"
                held.passing.append(Objection(entry, "outcome", told))
            elif objection:
                held.objections.append(objection)
            else:
                held.covering.append(entry)
                whole = True
            continue
        found, unlike = _facets(entry, by_name)
        if found:
            held.covering.append(entry)
            covered |= found
        held.objections.extend(unlike)
        held.passing.extend(
            Objection(
                entry,
                "facets",
                f"{entry.id} says that {name} fails, and it passes: remove the entry or the facet",
            )
            for name in entry.facets
            if name in by_name and by_name[name].outcome == "pass"
        )
    if whole or cell.outcome == "pass" or held.objections:
        return held
    names = listed(entry.id for entry in about)
    uncovered = ""
    if not failing:
        uncovered = f"that it ends in {cell.outcome}"
    elif failing - covered:
        uncovered = listed(sorted(failing - covered))
    if uncovered:
        told = f"{names} does not cover {uncovered}"
        held.objections.append(Objection(about[0], "", told))
    return held


def _whole_cell(entry: Entry, cell: CellVerdict) -> Objection | None:
    """Say why an entry about an outcome does not cover a cell; None when it does."""
    if cell.outcome != entry.outcome:
        return Objection(entry, "outcome", f"{entry.id} says {entry.outcome}, not {cell.outcome}")
    messages = [v.message for v in cell.facets if v.outcome in _FAILS] or [cell.message]
    if all(entry.signed(message) for message in messages):
        return None
    told = f"{entry.id} expects another message: {listed(map(repr, entry.signatures))}"
    return Objection(entry, "signature", told)


def _facets(entry: Entry, by_name: Mapping[str, FacetVerdict]) -> tuple[set[str], list[Objection]]:
    """Find the failing facets that an entry covers, and those that fail in another way."""
    found: set[str] = set()
    unlike: list[Objection] = []
    for name in entry.facets:
        verdict = by_name.get(name)
        if verdict is None or verdict.outcome not in _FAILS:
            continue
        if entry.signed(verdict.message):
            found.add(name)
        else:
            expected = listed(map(repr, entry.signatures))
            told = f"{entry.id} expects another message of {name}: {expected}"
            unlike.append(Objection(entry, "signature", told))
    return found, unlike


def _known(entry: Entry, cell: CellVerdict) -> Known:
    """Say of a covered cell what covers it."""
    failing = [verdict.facet for verdict in cell.facets if verdict.outcome in _FAILS]
    return Known(
        entry=entry.id,
        kind=entry.kind,
        reason=entry.reason,
        facets=[name for name in failing if entry.outcome is not None or name in entry.facets],
        link=entry.link,
    )
