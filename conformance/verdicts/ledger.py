"""The ledger: what is known and accepted, held to its word (docs/ledger.md).

An entry excuses a cell only when it fails in just the way that the entry describes: these facets,
with this message, in these versions. Whatever the ledger says that is no longer true is an error,
so that it can only shrink by being read.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec.structs import replace

from conformance.adapters.shared.exporters import ROUTES
from conformance.adapters.shared.naming import base_of
from conformance.cases.problems import Problem, did_you_mean
from conformance.globs import Names, matches
from conformance.verdicts.entries import Entry, read_entries
from conformance.verdicts.model import CellVerdict, FacetVerdict, Known
from conformance.verdicts.text import listed
from conformance.verdicts.writers import narrowed, speaks_of_a_file

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

_UNJUDGED: Final = frozenset(
    {"unsupported", "unspecified", "not-installed", "not-run", "xfail", "xpass"}
)
"""Outcomes that say nothing about an entry (the last two: it was applied already)."""

_FAILS: Final = frozenset({"fail", "error"})

_FATAL: Final = frozenset({"crash", "timeout"})
"""Outcomes that leave an adapter without its process."""


LEDGER_SAYS: Final = " [ledger: "
"""Begins what the ledger adds to the message of a cell that it does not excuse; ``]`` ends it."""


_BACKEND: Final = re.compile(r"keras-[a-z][a-z0-9_]*")
"""The name of an adapter that exists for whoever has that backend."""

_SLIP: Final = 0.85
"""How alike two names are of which one is taken for the other, misspelt."""


@dataclass(slots=True)
class Tally:
    """What the cells of a run have shown of an entry, in numbers by adapter."""

    shown: Counter[str] = field(default_factory=Counter)
    gone: Counter[str] = field(default_factory=Counter)
    """Cells in which something passes that the entry says fails."""
    otherwise: Counter[str] = field(default_factory=Counter)
    """Cells that still fail, and not as the entry says."""
    cells: set[tuple[str, str]] = field(default_factory=set)
    """Case and adapter of those in ``gone``."""


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
    remarks: list[Problem] = field(default_factory=list)
    """The same of ledgers that are others' to keep: told, and no fault of the run."""
    _others: set[str] = field(default_factory=set)
    """Ids of entries in ledgers that are others' to keep."""
    _by_case: dict[str, list[Entry]] = field(default_factory=dict)
    _by_adapter: dict[str, frozenset[str]] = field(default_factory=dict)
    """Adapter name to the ids of the entries that are about it."""
    _names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The names under which entries may speak of an adapter."""
    _tally: dict[str, Tally] = field(default_factory=dict)
    """By entry, what the cells of this run have shown of it."""

    @classmethod
    def load(  # noqa: PLR0913 - each is a list of what the ledger is held against
        cls,
        paths: Iterable[Path],
        catalogue_ids: Collection[str],
        adapters: Iterable[str],
        today: dt.date,
        *,
        known_as: Mapping[str, str] | None = None,
        of_others: Collection[Path] = (),
    ) -> Ledger:
        """Read the ledger.

        Args:
            paths: files, and folders of ``*.yaml``. A path that does not exist is a problem.
            catalogue_ids: ids of *all* cases of the catalogue that the ledger belongs to, not only
                of those that this run has selected.
            adapters: names of all adapters that are known, installed or not.
            today: entries whose ``review_by`` lies before are problems.
            known_as: by adapter, another name under which ledgers speak of it.
            of_others: those of the paths that somebody else keeps, as the ledger of a packaged
                catalogue: what is wrong with them is a remark, and what has been mended is.

        Returns:
            The ledger. Entries that are unsound are left out, and are problems.
        """
        ledger = cls(entries=[], problems=[])
        catalogue = Names(catalogue_ids)
        names = {name: _names(name, (known_as or {}).get(name, "")) for name in adapters}
        ledger._names = names
        seen: dict[str, Entry] = {}
        for path in paths:
            others = path in of_others
            for file in files_of([path]):
                entries, problems = read_entries(file)
                (ledger.remarks if others else ledger.problems).extend(problems)
                for entry in entries:
                    if others:
                        ledger._others.add(entry.id)
                    if entry.id in seen:
                        first = seen[entry.id].place
                        at = f"the first is at {first.file}:{first.line}"
                        ledger._complain(entry, "id", f"{entry.id!r} is taken", at)
                        continue
                    seen[entry.id] = entry
                    ledger.entries.append(entry)
                    ledger._resolve(entry, catalogue, names)
                    if entry.review_by < today:
                        ledger._complain(
                            entry,
                            "review_by",
                            f"{entry.id} was to be reviewed by {entry.review_by}",
                            "look whether it still holds; then move the date or remove the entry",
                        )
        return ledger

    def _complain(self, entry: Entry, key: str, message: str, hint: str = "") -> None:
        problem = Problem(place=entry.place, key=key, message=message, hint=hint)
        (self.remarks if entry.id in self._others else self.problems).append(problem)

    def _resolve(
        self,
        entry: Entry,
        catalogue: Names,
        adapters: Mapping[str, tuple[str, ...]],
    ) -> None:
        """Find the cases and adapters that an entry is about."""
        named: set[str] = set()
        for pattern in entry.cases:
            found = catalogue.fitting(pattern)
            if not found:
                hint = did_you_mean(pattern, catalogue)
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
                for adapter, names in adapters.items()
                if any(matches(pattern, name) for name in names)
            ]
            if not about and not _may_be_elsewhere(pattern, adapters):
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
        excused = [one for one in held.passing if self._may_pass(one.entry, cell.adapter, versions)]
        if len(excused) < len(held.passing):
            return replace(
                cell,
                outcome="xpass",
                message="; ".join(passing.text for passing in held.passing),
                known=known[0] if known else None,
                judged=cell.outcome,
            )
        mended = {one.entry.id: _known(one.entry, cell) for one in excused}
        cell = replace(cell, mended=list(mended.values()))
        if not known:
            return cell
        return replace(
            cell, outcome="xfail", known=known[0], also_known=known[1:], judged=cell.outcome
        )

    def _may_pass(self, entry: Entry, adapter: str, versions: Mapping[str, str]) -> bool:
        """Tell whether it is no fault of this run that something of an entry passes."""
        return entry.id in self._others or not _tells(entry, adapter, versions)

    def hold(self, cell: CellVerdict, versions: Mapping[str, str]) -> Held | None:
        """Say what the entries that are about a cell make of it; None where none is.

        Args:
            cell: a verdict, as judged.
            versions: as for :meth:`apply`.
        """
        names = self._names.get(cell.adapter, (cell.adapter, base_of(cell.adapter)))
        about = [
            entry
            for entry in self.about(cell.case, cell.adapter)
            if entry.holds(versions, *names) and speaks_of_a_file(entry, cell, versions)
        ]
        if not about or cell.outcome in _UNJUDGED or cell.broken:
            return None
        held = _weigh(cell, about, versions)
        for entry in held.covering:
            self._noted(entry).shown[base_of(cell.adapter)] += 1
        for entry in {one.entry.id: one.entry for one in held.passing}.values():
            if _tells(entry, cell.adapter, versions):
                self._noted(entry).gone[base_of(cell.adapter)] += 1
                self._noted(entry).cells.add((cell.case, base_of(cell.adapter)))
        for entry in {entry.id: entry for entry in _objecting(held, about)}.values():
            self._noted(entry).otherwise[base_of(cell.adapter)] += 1
        return held

    def _noted(self, entry: Entry) -> Tally:
        return self._tally.setdefault(entry.id, Tally())

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

    def stale(self) -> list[Problem]:
        """List what of the ledger no longer holds, by the cells of this run, with what to do.

        Cells that were not judged say nothing: unsupported, not installed, given up. Development
        releases don't count either.
        """
        return list(self._stale(others=False).values())

    def stale_of_others(self) -> list[Problem]:
        """List the same of ledgers that others keep."""
        return list(self._stale(others=True).values())

    def idle(self) -> dict[str, Problem]:
        """Return the entries that cells of this run contradict and none shows, by their ids."""
        return {
            name: problem
            for name, problem in self._stale(others=False).items()
            if not self._tally[name].shown
        }

    def covered(self) -> list[str]:
        """List the ids of the entries that covered a cell of this run."""
        return [entry.id for entry in self.entries if self._noted(entry).shown]

    def _stale(self, *, others: bool) -> dict[str, Problem]:
        return {
            entry.id: self._outdated(entry, tally)
            for entry in self.entries
            if (tally := self._tally.get(entry.id))
            and tally.gone
            and (entry.id in self._others) == others
        }

    def _outdated(self, entry: Entry, tally: Tally) -> Problem:
        """Say what of an entry is over, and how the ledger is to be changed."""
        gone, shown = list(tally.gone), list(tally.shown)
        unjudged = {base_of(name) for name in self.adapters_of(entry)} - {*gone, *shown}
        message = f"{entry.id} no longer shows on {listed(gone, limit=9)}"
        if both := sorted({*gone} & {*shown}):
            hint = f"on {listed(both)} in other cases it does: take out those that pass"
        elif shown:
            hint = f"on {listed(shown, limit=9)} it does: end its range there, or say so in adapter"
        elif tally.otherwise:
            names = listed(tally.otherwise, limit=9)
            hint = f"on {names} it fails in another way: see what that is, then correct the entry"
        elif unjudged:
            rest = listed(sorted(unjudged), limit=9)
            hint = f"not judged in this run: {rest}; run these before it is removed"
        elif left := [
            f"{case} on {name}"
            for case in self.cases_of(entry)
            for name in gone
            if (case, name) not in tally.cells
        ]:
            rest = listed(left, limit=3)
            hint = f"not judged in this run: {rest}; run what is left before it is removed"
        else:
            hint = "remove it"
        return Problem(place=entry.place, key="", message=message, hint=hint)


def _may_be_elsewhere(pattern: str, adapters: Iterable[str]) -> bool:
    """Tell whether a name stands for a Keras backend: there are more than any machine has.

    What looks like a slip of the pen does not.
    """
    close = difflib.get_close_matches(pattern, adapters, n=1, cutoff=_SLIP)
    return bool(_BACKEND.fullmatch(pattern)) and not close


def _tells(entry: Entry, adapter: str, versions: Mapping[str, str]) -> bool:
    """Tell whether what passes shows that an entry is over.

    Not in development releases, nor in an exported file, where the entry doesn't name its adapter:
    it has what Keras's graph has, and needn't have what deviates in Keras by itself.
    """
    base = base_of(adapter)
    by_keras_alone = base in ROUTES and not any(matches(one, base) for one in entry.adapters)
    return not by_keras_alone and not entry.in_development(versions)


def _names(adapter: str, known_as: str) -> tuple[str, ...]:
    """The names under which entries may speak of an adapter."""
    return tuple(dict.fromkeys(filter(None, (adapter, base_of(adapter), known_as))))


def files_of(paths: Iterable[Path]) -> Iterable[Path]:
    """Go through the files of a ledger: a folder stands for its ``*.yaml``, at any depth."""
    for path in paths:
        if path.is_dir():
            yield from sorted(path.rglob("*.yaml"))
        else:
            yield path


def hold_alone(cell: CellVerdict, entry: Entry, versions: Mapping[str, str]) -> Held:
    """Say what one entry by itself makes of a cell, whatever its conditions on versions.

    Args:
        cell: a verdict, as judged.
        entry: the entry.
        versions: those of the cell's adapter; files of others may be of other releases.
    """
    return _weigh(cell, [entry], versions)


def _weigh(cell: CellVerdict, about: list[Entry], versions: Mapping[str, str]) -> Held:
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
                told = f"{entry.id} says {entry.outcome}, and it passes"
                held.passing.append(Objection(entry, "outcome", told))
            elif objection:
                held.objections.append(objection)
            else:
                held.covering.append(entry)
                whole = True
            continue
        found, unlike = _facets(entry, by_name, about, versions)
        if found:
            held.covering.append(entry)
            covered |= found
        held.objections.extend(unlike)
        held.passing.extend(
            Objection(
                entry,
                "facets",
                f"{entry.id} says that {name} fails, and it passes",
            )
            for name in entry.facets
            if name in by_name and narrowed(entry, by_name[name], about, versions).outcome == "pass"
        )
    held.passing[:] = [one for one in held.passing if not one.entry.sometimes]
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


def _objecting(held: Held, about: Iterable[Entry]) -> Iterable[Entry]:
    """The entries that a cell which still fails is not as they say."""
    if any(not objection.key for objection in held.objections):
        return about  # what fails is covered by none of them
    return [objection.entry for objection in held.objections]


def _whole_cell(entry: Entry, cell: CellVerdict) -> Objection | None:
    """Say why an entry about an outcome does not cover a cell; None when it does."""
    if cell.outcome != entry.outcome:
        return Objection(entry, "outcome", f"{entry.id} says {entry.outcome}, not {cell.outcome}")
    messages = [v.message for v in cell.facets if v.outcome in _FAILS] or [cell.message]
    if all(entry.signed(message) for message in messages):
        return None
    told = f"{entry.id} expects another message: {listed(map(repr, entry.signatures))}"
    return Objection(entry, "signature", told)


def _facets(
    entry: Entry,
    by_name: Mapping[str, FacetVerdict],
    about: Sequence[Entry],
    versions: Mapping[str, str],
) -> tuple[set[str], list[Objection]]:
    """Find the failing facets that an entry covers, and those that fail in another way."""
    found: set[str] = set()
    unlike: list[Objection] = []
    for name in entry.facets:
        verdict = by_name.get(name)
        if verdict is not None:
            verdict = narrowed(entry, verdict, about, versions)
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
