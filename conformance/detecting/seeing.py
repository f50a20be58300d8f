"""Whether a case sees a fault: the faulty model answers, and is judged like any framework."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

from conformance.reference.answer.answer import evaluate
from conformance.reference.errors import NoAnswer
from conformance.reference.faults.applicable import made_with, same_layers
from conformance.reference.faults.fault import Fault
from conformance.reference.faults.observe import observe
from conformance.reference.model.network import Network
from conformance.verdicts.cell import judge_cell

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.cases.model import Case, Model
    from conformance.detecting.planting import Plant
    from conformance.reference.answer.book import Answer
    from conformance.reference.spec.layers.base import Variable

HEARSAY: Final = frozenset({"config"})
"""Facets that don't count: a configuration says what was given, whatever the layer does with it."""
_BAD: Final = frozenset({"fail", "error"})


class Witness:
    """One case, with what is true of it."""

    def __init__(self, case: Case) -> None:
        """Build the honest model; numbers are computed when they are needed.

        Raises:
            NoAnswer: The reference has no answer to the case.
        """
        self._case = case
        self._model = case.graph.model
        self._honest = Network.build(self._model)
        self._fed = _fed(self._model)

    def sees(self, plant: Plant) -> bool | None:
        """Whether the case tells a framework with this fault from one without it.

        None: the case leaves no room for the fault.

        A model that can't be had with the fault counts where what is given is not looked at: so the
        framework would refuse the case. Of other values one must show: those are passed over that
        the case leaves no room for, or that come to the same in it.
        """
        must = plant.kind == "ignored" and len(plant.models) == 1
        answer = None
        for change in plant.models:
            try:
                seen = self._tells(change)
            except Exception:  # noqa: BLE001 - of another case's value, whatever comes of it here
                seen = True if must else None
            if seen:
                return True
            answer = seen if answer is None else answer
        return answer

    def _tells(self, change: Callable[[Model], Model]) -> bool | None:
        """Whether a faulty model shows; None: it is the honest one in other words."""
        model = change(self._model)
        network = Network.build(model)
        shapes = network.outputs, _variables(network), _fed(model)
        if shapes != (self._honest.outputs, _variables(self._honest), self._fed):
            return True
        if same_layers(self._honest, network) and _called(model) == _called(self._model):
            asked = "initial" in self._case.program.facets
            if not asked or made_with(self._honest) == made_with(network):
                return None
        return self._fails(change)

    @cached_property
    def _answer(self) -> Answer:
        return evaluate(self._case)

    def _fails(self, change: Callable[[Model], Model]) -> bool:
        fault = Fault(name="planted", says="has another argument", model=change)
        return shows(self._case, self._answer, fault)


def shows(case: Case, answer: Answer, fault: Fault) -> bool:
    """Whether a framework with a fault fails a case.

    Args:
        case: The case.
        answer: The reference's to it.
        fault: One that has an answer of its own.
    """
    try:
        seen = observe(case, answer.feeds, fault)
    except NoAnswer:
        return True  # it would draw, say, where the honest one does not
    verdict = judge_cell(
        case,
        "reference",
        expectation=answer.expectation,
        truth=answer.arrays,
        observation=seen.observation,
        tensors=seen.tensors,
    )
    if not verdict.facets:
        return verdict.outcome in _BAD
    return any(one.outcome in _BAD and one.facet not in HEARSAY for one in verdict.facets)


def _variables(network: Network) -> dict[str, Variable]:
    """What a model says of its variables; not what training does to them, which it must show."""
    return {name: replace(one, rule=None) for name, one in network.variables.items()}


def _fed(model: Model) -> list[object]:
    """Output shapes for the sizes that are fed."""
    return [*Network.build(model, as_fed=True).outputs]


def _called(model: Model) -> list[tuple[object, object]]:
    return [(node.arguments, node.tensors) for node in model.nodes]
