"""What a run is going to do: which cases, on which adapters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from conformance.adapters.host.registry import AdapterSpec
    from conformance.cases.model import Case
    from conformance.records.model import LevelOf, ShardOf, Touched


class Cell(NamedTuple):
    """One case on one adapter, by their names: the unit of work and of reporting."""

    case: str
    adapter: str


@dataclass(frozen=True)
class Plan:
    """The planned cells, adapter by adapter, each adapter's cases in the order of the catalogue.

    Adapter by adapter because an adapter is a process: it is started once, works through its
    cases and makes room for the next.
    """

    cases: dict[str, Case]
    """Every planned case by id, in catalogue order."""
    adapters: dict[str, AdapterSpec]
    """Every planned adapter by name."""
    cells: dict[str, list[str]]
    """Adapter name to the ids of its cases."""
    abreast: tuple[tuple[str, ...], ...] = ()
    """Adapters that go through their cases side by side, none far ahead of the others."""
    part: ShardOf | None = None
    """The whole that it is a part of; None where it is the whole."""
    touched: Touched | None = None
    """The change for whose sake its cases were chosen; None where they were not."""
    level: LevelOf | None = None
    """The level whose cases these are; None where none was asked for."""

    @classmethod
    def of(
        cls,
        cases: Iterable[Case],
        adapters: Sequence[AdapterSpec],
        abreast: Iterable[Iterable[AdapterSpec]] = (),
    ) -> Plan:
        """Every one of the cases on every one of the adapters.

        Args:
            cases: What is asked.
            adapters: Who.
            abreast: Those among them that are to go through the cases side by side.
        """
        by_id = {case.id: case for case in cases}
        return cls(
            cases=by_id,
            adapters={spec.name: spec for spec in adapters},
            cells={spec.name: list(by_id) for spec in adapters},
            abreast=tuple(tuple(spec.name for spec in group) for group in abreast),
        )

    @classmethod
    def of_cells(cls, cells: Iterable[tuple[Case, AdapterSpec]]) -> Plan:
        """Exactly these cells: what is left when pytest has deselected."""
        cases: dict[str, Case] = {}
        adapters: dict[str, AdapterSpec] = {}
        planned: dict[str, list[str]] = {}
        for case, spec in cells:
            cases[case.id] = case
            adapters[spec.name] = spec
            planned.setdefault(spec.name, []).append(case.id)
        return cls(cases=cases, adapters=adapters, cells=planned)

    def __iter__(self) -> Iterator[Cell]:
        """Every planned cell, adapter by adapter."""
        for adapter, cases in self.cells.items():
            for case in cases:
                yield Cell(case, adapter)

    def __len__(self) -> int:
        """How many cells are planned."""
        return sum(len(cases) for cases in self.cells.values())

    def indices(self) -> dict[str, list[int] | None]:
        """The plan as a record's header has it: by position; None where it is all the cases."""
        position = {case: index for index, case in enumerate(self.cases)}
        return {
            adapter: None if len(cases) == len(position) else [position[case] for case in cases]
            for adapter, cases in self.cells.items()
        }
