"""Counts, for each layer and argument, the cases that see a fault there."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct, field

from conformance.cases.model import kind_of
from conformance.detecting.planting import Argument, Kind, Plant, Values, plants
from conformance.detecting.seeing import Witness
from conformance.reference.errors import NoAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from conformance.cases.model import Case

FLOOR = 2
"""One case is no proof: it may be the one that a framework was mended by."""


class Sightings(Struct, kw_only=True):
    """What the cases make of one fault of one argument.

    Attributes:
        layer: Keras's name; ``Layer`` for what every layer takes.
        argument: Of the constructor, or of the call (``call.mask``).
        fault: ``ignored``: what is given counts for nothing, or, where it must be given, is taken
            for another value; ``default``: what is left out is taken for another value.
        planted: Cases in which it was tried.
        seen: Cases that see it.
        written: Of how many written cases, of which those are variants, these are.
        by: The first of them.
    """

    layer: str
    argument: str
    fault: Kind
    planted: int = 0
    seen: int = 0
    written: int = 0
    by: list[str] = field(default_factory=list)


def is_asked(case: Case) -> bool:
    """Whether a case can see anything here: one of a model that has an answer."""
    judged = case.raises is None and not case.unspecified
    return judged and kind_of(case.program) == "model"


def count(
    cases: Iterable[Case],
    *,
    enough: int | None = None,
    wanted: Callable[[Argument], bool] = lambda _: True,
    on_case: Callable[[int, int], None] = lambda _done, _of: None,
) -> list[Sightings]:
    """Plant every fault of every argument in every case.

    Args:
        cases: What values there are is learned from all of them.
        enough: Cases that see a fault, after which it is tried no more; None: in all.
        wanted: Which arguments to count.
        on_case: Told how many cases are done, of how many.
    """
    asked = in_turns([case for case in cases if is_asked(case)])
    values = Values(asked)
    found: dict[tuple[Argument, Kind], Sightings] = {}
    for done, case in enumerate(asked, 1):
        witness: Witness | None = None
        for plant in plants(case, values):
            if not wanted(plant.argument):
                continue
            one = found.setdefault((plant.argument, plant.kind), _none_yet(plant))
            if enough is not None and one.seen >= enough:
                continue
            try:
                witness = witness or Witness(case)
                seen = witness.sees(plant)
            except NoAnswer:
                break  # the case can't be answered at all, which other tests hold
            one.planted += seen is not None
            if seen:
                one.seen += 1
                one.by.append(case.id)
        on_case(done, len(asked))
    for one in found.values():
        one.written = len({case.partition("[")[0] for case in one.by})
        one.by = one.by[:FLOOR]
    return [found[key] for key in sorted(found)]


def in_turns(cases: Sequence[Case]) -> list[Case]:
    """The first variant of each written case, then the second of each, and so on.

    Those in which something trains go first: they see what the others do, and regularizers,
    constraints and dropout besides, which would be tried in vain in hundreds of others.
    """
    turns: dict[str, int] = defaultdict(int)
    placed = []
    for case in cases:
        written = case.id.partition("[")[0]
        placed.append((not _trains(case), turns[written], case))
        turns[written] += 1
    return [case for _, _, case in sorted(placed, key=lambda one: one[:2])]


def _trains(case: Case) -> bool:
    graph = case.graph
    return graph.train is not None or any(call.training for call in graph.calls)


def _none_yet(plant: Plant) -> Sightings:
    return Sightings(layer=plant.argument.layer, argument=plant.argument.name, fault=plant.kind)
