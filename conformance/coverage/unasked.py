"""Facets that no case asks of a layer, a function or an object, each with why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from conformance.cases.names import is_made
from conformance.facets import APPLICATION, FACETS, FUNCTION, MODEL, OPEN, STEPS, TRAINED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from conformance.coverage.exemptions import Exemption
    from conformance.coverage.exercise import Exercised
    from conformance.coverage.inventory import Inventory


NO_FLOAT = "No case feeds it a float, the only thing that has a gradient."


NO_AXIS = "No case feeds it an array with an axis, whose size could be open."
ONE_AXIS = "Its cases feed arrays of one axis, so that the batch's is the only size: `open_sizes`."


class Unasked(Struct, frozen=True, kw_only=True):
    """A facet that no case asks of one layer, function or object."""

    subject: str
    """``Dense``, or ``ops.sum``."""
    facet: str
    reason: str | None
    """Why it is left out; None: no case asks for it yet."""


def unasked(
    inventory: Inventory,
    seen: Mapping[str, Exercised],
    exemptions: Sequence[Exemption],
    used: set[int],
) -> list[Unasked]:
    """Facets that could be asked of what cases exercise, and that none of them asks.

    Args:
        inventory: What Keras has.
        seen: What cases exercise, and ask, by layer and by symbol.
        exemptions: What need not be there.
        used: Takes the numbers of the exemptions that are about something.

    Returns:
        By subject, facets in the order in which they are judged. A reason is the cases' own
        (``without``) where they give one, else the exemption's.
    """
    found = []
    subjects = [(name, info, MODEL) for name, info in inventory.layers.items()]
    subjects += [(name, info, FUNCTION) for name, info in inventory.symbols.items()]
    for name, info, usual in subjects:
        note = seen.get(name)
        if note is None or not note.cases:
            continue
        own = next((kind for kind in (STEPS, APPLICATION) if note.kinds == {kind}), None)
        kind = own or usual
        arguments = [one.name for one in (*info.constructor, *info.call)]
        for facet in _asked_of(name, kind):
            if facet not in note.facets:
                reason = _said(note.without.get(facet, ()))
                excused = _reason(exemptions, (name, facet, arguments), used)
                excused = excused or _without_data(facet, note)
                found.append(Unasked(subject=name, facet=facet, reason=reason or excused))
    return found


def _without_data(facet: str, note: Exercised) -> str | None:
    """Why a facet means nothing for what cases feed."""
    if facet == "gradients" and not note.floats:
        return NO_FLOAT
    if facet in OPEN and not note.axes:
        return NO_AXIS
    if facet == "open_batch" and note.axes == 1 and "open_sizes" in note.facets:
        return ONE_AXIS
    return None


def _asked_of(name: str, kind: str) -> list[str]:
    """Facets that there are of a subject: a plain function has no config, a callback trains."""
    if name.startswith("callbacks."):
        return [facet for facet in FACETS if facet in TRAINED]
    plain = kind == FUNCTION and not is_made(name)
    return [
        facet.name
        for facet in FACETS.values()
        if kind in facet.kinds and not (plain and facet.name == "config_round_trip")
    ]


def _said(reasons: Iterable[str]) -> str | None:
    """What cases say themselves, as one sentence after the other."""
    told = [one.strip().rstrip(".") for one in sorted(reasons)]
    return ". ".join(one[:1].upper() + one[1:] for one in told) + "." if told else None


def _reason(
    exemptions: Sequence[Exemption], of: tuple[str, str, Sequence[str]], used: set[int]
) -> str | None:
    for index, one in enumerate(exemptions):
        if one.covers_facet(*of):
            used.add(index)
            return one.reason
    return None
