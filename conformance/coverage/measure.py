"""Holding what Keras has against what the cases exercise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from conformance.cases.model import kind_of
from conformance.coverage import dictionaries
from conformance.coverage.exercise import Exercised, exercised, is_exercised
from conformance.coverage.symbols import NamespaceCoverage, exercised_symbols, namespaces
from conformance.coverage.unasked import Unasked, unasked

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conformance.cases.model import Case
    from conformance.coverage.exemptions import Exemption
    from conformance.coverage.inventory import Argument, Inventory


class LayerCoverage(Struct, frozen=True, kw_only=True):
    """One layer of Keras. An argument of its call is named ``call.mask``."""

    layer: str
    cases: int
    """Cases that it is in; those that want a refusal don't count."""
    exercised: list[str]
    uncovered: list[str]
    exempt: dict[str, str]
    """Arguments that need not be exercised, each with the reason."""
    out_of_scope: str | None = None
    """Why the layer as a whole is left out."""

    @property
    def complete(self) -> bool:
        """Whether nothing is missing."""
        return self.out_of_scope is not None or (self.cases > 0 and not self.uncovered)


class Elsewhere(Struct, frozen=True, kw_only=True):
    """A namespace of Keras without anything that cases can be about."""

    namespace: str
    names: list[str]
    reason: str | None
    """Why it is left out; None: nothing asks for it yet."""


class Coverage(Struct, frozen=True, kw_only=True):
    """Every layer and namespace, and what is wrong with the exemptions."""

    keras: str
    layers: list[LayerCoverage]
    namespaces: list[NamespaceCoverage] = []
    """Functions and objects. What is missing of them is told, and is no failure."""
    elsewhere: list[Elsewhere] = []
    """Namespaces that no case can be about."""
    unasked: list[Unasked] = []
    """Facets that no case asks of a layer, function or object that cases exercise."""
    stale: list[str] = []
    """Exemptions of what this Keras hasn't got, or of what the cases do exercise."""

    @property
    def complete(self) -> bool:
        """Whether every layer and every argument is exercised or left out with a reason."""
        return not self.stale and all(layer.complete for layer in self.layers)


def measure(
    inventory: Inventory, cases: Iterable[Case], exemptions: Sequence[Exemption]
) -> Coverage:
    """Compare; the layers come in the order of their names."""
    cases = list(cases)
    symbols = exercised_symbols(cases, inventory)
    seen = exercised([case for case in cases if kind_of(case.program) == "model"], inventory)
    dictionaries.note(cases, seen)
    used: set[int] = set()
    layers = []
    for name, info in inventory.layers.items():
        whole = _exemption(exemptions, name, None, used)
        # The first argument of a call is the input itself.
        arguments = {one.name: one for one in info.constructor}
        arguments |= {f"call.{one.name}": one for one in info.call[1:]}
        arguments |= dictionaries.arguments(name, info)
        if whole is None:
            note = seen.get(name, Exercised())
            layers.append(_layer(name, arguments, note, exemptions, used))
        else:
            layers.append(
                LayerCoverage(
                    layer=name,
                    cases=0,
                    exercised=[],
                    uncovered=[],
                    exempt={},
                    out_of_scope=whole.reason,
                )
            )
    beside = namespaces(inventory, symbols, exemptions, used)
    elsewhere = _elsewhere(inventory, exemptions, used)
    left_out = {layer.layer for layer in layers if layer.out_of_scope is not None}
    of_layers = {name: note for name, note in seen.items() if name not in left_out}
    facets = unasked(inventory, of_layers | symbols, exemptions, used)
    stale = [
        f"{one.place.file}:{one.place.line}: it is about nothing that Keras {inventory.keras} has "
        "and that no case exercises; remove it"
        for index, one in enumerate(exemptions)
        if index not in used
    ]
    return Coverage(
        keras=inventory.keras,
        layers=layers,
        namespaces=beside,
        elsewhere=elsewhere,
        unasked=facets,
        stale=stale,
    )


def _elsewhere(
    inventory: Inventory, exemptions: Sequence[Exemption], used: set[int]
) -> list[Elsewhere]:
    found = []
    for namespace, names in inventory.elsewhere.items():
        reason = None
        for index, one in enumerate(exemptions):
            if one.covers_namespace(namespace):
                used.add(index)
                reason = reason or one.reason
        found.append(Elsewhere(namespace=namespace, names=names, reason=reason))
    return found


def _layer(
    name: str,
    arguments: dict[str, Argument],
    note: Exercised,
    exemptions: Sequence[Exemption],
    used: set[int],
) -> LayerCoverage:
    done, missing, exempt = [], [], {}
    for key, argument in arguments.items():
        if is_exercised(argument, key, note):
            done.append(key)
        elif (exemption := _exemption(exemptions, name, key, used)) is not None:
            exempt[key] = exemption.reason
        else:
            missing.append(key)
    return LayerCoverage(
        layer=name, cases=note.cases, exercised=done, uncovered=missing, exempt=exempt
    )


def _exemption(
    exemptions: Sequence[Exemption], layer: str, argument: str | None, used: set[int]
) -> Exemption | None:
    for index, one in enumerate(exemptions):
        if one.covers(layer, argument):
            used.add(index)
            return one
    return None
