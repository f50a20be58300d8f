"""Cases that fail for one cause, put together and counted, and the order to mend them in."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from conformance.adapters.shared.naming import KERAS_3, base_of
from conformance.bringup.faults import SEVERAL, Faults, faults
from conformance.bringup.model import Cause, Next, Unasked
from conformance.cases.levels import complexity, family, layers_of
from conformance.report.level import level_line
from conformance.upkeep.evidence import without_ledger
from conformance.wording.text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from conformance.bringup.faults import Fault
    from conformance.records import Run
    from conformance.verdicts.model import Known

PENDING: Final = "pending"
"""Kind of what a capability file, and not the ledger, knows."""

_Key = tuple[str, ...]


@dataclass
class _Group:
    """The cases of one cause."""

    faults: dict[str, Fault] = field(default_factory=dict)
    """By case, in the order of the run."""
    unlocks: int = 0
    before: int = 0
    behind: int = 0
    unjudged: int = 0
    pending: int = 0


@dataclass
class _Cells:
    """What the cells of one adapter tell."""

    outcomes: Counter[str] = field(default_factory=Counter)
    absent: int = 0
    broken: dict[str, int] = field(default_factory=dict)
    passing: list[str] = field(default_factory=list)
    faults: dict[str, Faults] = field(default_factory=dict)
    """Of the cases that do not pass."""
    unasked: dict[tuple[str, str], list[str]] = field(default_factory=dict)


class Ranking:
    """The causes for which cases of an adapter do not pass, by one run."""

    def __init__(self, run: Run, adapter: str) -> None:
        """Look at every cell.

        Args:
            run: what was recorded.
            adapter: one of its columns.
        """
        self._run = run
        self._adapter = adapter
        self._at = {case: place for place, case in enumerate(run.header.cases)}
        self._cells = self._look()
        self._singles = self._alone()

    @property
    def passing(self) -> list[str]:
        """The cases that pass."""
        return self._cells.passing

    def next(self, command: Callable[[str], str]) -> Next:
        """Return the answer, without the functions that causes share.

        Args:
            command: makes of a case's id the command that runs it.
        """
        cells, told = self._cells, self._run.adapters.get(self._adapter)
        causes = [self._cause(key, group, command) for key, group in self._groups().items()]
        causes.sort(
            key=lambda one: (-one.unlocks - one.before, -one.unlocks, -one.behind, one.entry)
        )
        unsupported = sum(one.unsupported for one in cells.faults.values())
        return Next(
            run=self._run.header.run,
            adapter=self._adapter,
            versions=told.versions if told else {},
            cases=sum(cells.outcomes.values()),
            passing=len(cells.passing),
            deviating=len(cells.faults) - unsupported,
            unsupported=unsupported,
            absent=cells.absent,
            broken=list(cells.broken),
            unjudged=sum(cells.broken.values()) + cells.outcomes["not-run"],
            level=level_line(self._run.header.level),
            partial=self._run.partial,
            causes=causes,
            unasked=self._unasked(),
        )

    # -- looking -------------------------------------------------------------------------------

    def _look(self) -> _Cells:
        cells = _Cells()
        for case, adapter in self._run.planned():
            if adapter != self._adapter:
                continue
            line = self._run.cells.get((case, adapter))
            if line is None:
                cells.outcomes["not-run"] += 1
                continue
            verdict = without_ledger(line.verdict)
            cells.outcomes[verdict.outcome] += 1
            if verdict.broken or verdict.outcome == "not-installed":
                reason = one_line(verdict.message)
                cells.broken[reason] = cells.broken.get(reason, 0) + 1
            elif verdict.outcome == "unspecified":
                continue
            elif verdict.absent:
                cells.absent += 1
            else:
                found = faults(verdict, _known(line.verdict.known, line.verdict.also_known))
                for facet, reason in found.unasked:
                    cells.unasked.setdefault((facet, reason), []).append(case)
                if found.found:
                    cells.faults[case] = found
                else:
                    cells.passing.append(case)
        return cells

    def _alone(self) -> Counter[_Key]:
        """How many cases of one layer alone go wrong, by kind, facet and layer."""
        counts: Counter[_Key] = Counter()
        for case, found in self._cells.faults.items():
            layers = self._families(case)
            if len(layers) == 1:
                counts.update({(one.kind, one.facet, *layers) for one in found.found})
        return counts

    def _groups(self) -> dict[_Key, _Group]:
        groups: dict[_Key, _Group] = {}
        for case, found in self._cells.faults.items():
            keys: dict[_Key, Fault] = {}
            for one in found.found:
                keys.setdefault(self._key(case, one), one)
            for place, (key, fault) in enumerate(keys.items()):
                group = groups.setdefault(key, _Group())
                group.faults[case] = fault
                group.unlocks += len(keys) == 1
                group.before += len(keys) > 1 and place == 0
                group.behind += place > 0
                group.unjudged += len(keys) == 1 and found.blocked
                group.pending += fault.entry is not None and fault.entry.kind == PENDING
        return groups

    def _key(self, case: str, fault: Fault) -> _Key:
        """What two faults have in common exactly when they are of one cause."""
        if fault.entry is not None and fault.entry.kind != PENDING:
            return ("ledger", fault.entry.entry)
        if fault.kind in {"missing function", "refused argument", "unsupported"}:
            return (fault.kind, self._without_layers(case, fault.common))
        if fault.by_layer:
            return (fault.kind, fault.facet, fault.common, self._guilty(case, fault))
        return (fault.kind, fault.common, self._own_function(fault).partition(":")[0])

    def _guilty(self, case: str, fault: Fault) -> str:
        """The layer of a case that answers wrongly by itself, too; all of them where none does."""
        layers = self._families(case)
        alone = {one: self._singles[fault.kind, fault.facet, one] for one in layers}
        if len(layers) > 1 and any(alone.values()):
            return max(layers, key=alone.__getitem__)
        return " + ".join(layers)

    def _without_layers(self, case: str, text: str) -> str:
        """A text that may name the layer of its case, without that."""
        for layer in self._layers(case):
            text = text.replace(layer, "…")
        return text

    def _layers(self, case: str) -> list[str]:
        line = self._run.cases.get(case)
        return list(dict.fromkeys(layers_of(line.program.model))) if line else []

    def _families(self, case: str) -> list[str]:
        """The layers of a case, without how many dimensions they have."""
        return list(dict.fromkeys(map(family, self._layers(case))))

    def _own_function(self, fault: Fault) -> str:
        """The backend's own function among those that an exception came through, if any is."""
        name = base_of(self._adapter)
        if name.startswith(KERAS_3):
            backend = re.escape(name.removeprefix(KERAS_3).replace("-", "_"))
            folders = re.compile(rf"\((?:.*/)?(keras_{backend}/|keras/src/backend/{backend}/)")
            for frame in fault.frames:
                if folders.search(frame):
                    return folders.sub(r"(\1", frame, count=1)
        return ""

    # -- telling -------------------------------------------------------------------------------

    def _cause(self, key: _Key, group: _Group, command: Callable[[str], str]) -> Cause:
        example = min(group.faults, key=self._size)
        fault = group.faults[example]
        layers = Counter(layer for case in group.faults for layer in self._layers(case))
        entry = fault.entry if key[0] == "ledger" else None
        return Cause(
            kind=fault.kind,
            what=self._what(key, example, fault),
            unlocks=group.unlocks,
            before=group.before,
            behind=group.behind,
            unjudged=group.unjudged,
            where=self._own_function(fault) or next(iter(fault.frames), ""),
            layers=dict(layers.most_common()),
            entry=entry.entry if entry else "",
            reason=one_line(entry.reason) if entry else "",
            pending=group.pending,
            example=example,
            message=fault.message,
            command=command(example),
            cases=list(group.faults),
        )

    def _what(self, key: _Key, example: str, fault: Fault) -> str:
        if not fault.by_layer:
            return one_line(fault.told)
        layer = key[-1] if key[0] != "ledger" else " + ".join(self._layers(example))
        facet = fault.facet if fault.kind in SEVERAL and fault.facet not in fault.kind else ""
        return ": ".join(filter(None, [layer, facet, fault.told])) or fault.message

    def _size(self, case: str) -> tuple[tuple[int, ...], int]:
        line = self._run.cases.get(case)
        size = complexity(line.program, refusal=line.raises is not None) if line else (1_000,)
        return size, self._at[case]

    def _unasked(self) -> list[Unasked]:
        found = [
            Unasked(facet=facet, reason=one_line(reason), cases=len(cases), example=cases[0])
            for (facet, reason), cases in self._cells.unasked.items()
        ]
        return sorted(found, key=lambda one: -one.cases)


def _known(first: Known | None, others: Iterable[Known]) -> list[Known]:
    return [*([first] if first else []), *others]
