"""What of a case doesn't hold: everything that a run would find before it asks a framework."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from conformance.cases.model import Graph
from conformance.reference.answer.answer import evaluate
from conformance.reference.errors import Contradiction, NoAnswer, Statement
from conformance.reference.model.network import Network
from conformance.reference.model.written import written

if TYPE_CHECKING:
    from conformance.cases.model import Case
    from conformance.reference.answer.book import Answer


class Held(NamedTuple):
    """A case held against the reference.

    Attributes:
        answer: What must come out; None where there is no answer.
        wrong: What the case states and the reference doesn't compute, or why there is no answer.
    """

    answer: Answer | None
    wrong: list[Statement]


def held(case: Case) -> Held:
    """Hold a case against the reference, all that it states at once."""
    try:
        return Held(evaluate(case), [])
    except Contradiction as contradiction:
        return Held(None, [*contradiction.statements, *_beside_twin(case, contradiction)])
    except NoAnswer as reason:
        return Held(None, [Statement("", f"the reference has no answer: {reason}")])
    except MemoryError:
        return Held(None, [Statement("", "the reference ran out of memory")])
    except Exception as error:  # noqa: BLE001 - one case must not hide what is wrong with others
        return Held(None, [Statement("", f"the reference failed: {type(error).__name__}: {error}")])


def _beside_twin(case: Case, contradiction: Contradiction) -> list[Statement]:
    """What else is wrong where the twin can't even be fed, which ends all that comes after."""
    program = case.program
    others = [one for one in contradiction.statements if one.key != "equals"]
    if not isinstance(program, Graph) or program.twin is None or others:
        return []
    alone = msgspec.structs.replace(program, twin=None)
    return [
        one
        for one in held(msgspec.structs.replace(case, program=alone)).wrong
        if one.key.startswith(("expect.", "weights"))
    ]


def unfit_weights(case: Case) -> Held:
    """What of the weights that a case writes out fits no variable; its model alone is built."""
    program = case.program
    if not isinstance(program, Graph):
        return Held(None, [])
    try:
        written(program, Network.build(program.model))
    except Contradiction as contradiction:
        return Held(None, contradiction.statements)
    except NoAnswer:  # of which the reference says more when it is asked
        pass
    return Held(None, [])
