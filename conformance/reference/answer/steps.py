"""The reference's answer to a case of an object and its steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from conformance.cases.model import Params
from conformance.reference.answer.book import (
    HONEST_RULE,
    TRIES,
    Answer,
    Book,
    Rule,
    near_kink,
    not_clear,
)
from conformance.reference.answer.claims import check_refusal, claimed
from conformance.reference.answer.expectation import (
    Expectation,
    ExpectedCall,
    ExpectedState,
    ExpectedSymbolic,
)
from conformance.reference.errors import (
    Contradiction,
    NearKink,
    NotClear,
    Refused,
    Statement,
)
from conformance.reference.model.arrays import watching
from conformance.reference.model.steps import StepsRun, run_steps, steps_feeds

if TYPE_CHECKING:
    from conformance.cases.model import Case, Steps
    from conformance.reference.faults.fault import Fault


def evaluate_steps(
    case: Case, program: Steps, fault: Fault | None = None, rule: Rule = HONEST_RULE
) -> Answer:
    """Compute what an object answers and holds, step by step.

    Args:
        case: Its object and steps.
        program: Its program.
        fault: A seeded defect.
        rule: How far honest rounding may move numbers.

    Raises:
        Unsupported: The case uses what the reference does not implement.
        NotClear: No seed keeps the numbers away from where the object's answers jump.
        Contradiction: What the case states to be refused isn't, or the other way round.
    """
    reason = ""
    for seed in range(TRIES):
        feeds = steps_feeds(program, seed)
        arithmetic = rule.watching()
        watching(arithmetic, on=True)
        try:
            run = run_steps(program, feeds, arithmetic)
        except NearKink as near:
            reason = near_kink(near)
            continue
        except Refused as refusal:
            check_refusal(case, Refused(str(refusal), at="call"))
            return Answer(_refused(case, seed), feeds, {})
        if case.raises is not None:
            message = f"the case states a refusal at {case.raises.at}, the reference accepts it"
            raise Contradiction([Statement("raises", message)])
        if fault is not None:
            faulty = fault.of_steps(program)
            run = run_steps(
                faulty, fault.feeds(feeds), fault.arithmetic(rule.arithmetic), fault.find
            )
        book = Book()
        return Answer(_expectation(case, run, seed, book), feeds, book.arrays)
    raise NotClear(not_clear(reason))


def _refused(case: Case, seed: int) -> Expectation:
    """Of an object that can't be made as it is told, or refuses what it is given."""
    expectation = _expectation(case, StepsRun(), seed, Book())
    return msgspec.structs.replace(expectation, raises="call", state=None)


def _expectation(case: Case, run: StepsRun, seed: int, book: Book) -> Expectation:
    calls = [
        ExpectedCall(
            facet="values",
            outputs=[] if result is None else [book.enter(f"call/{i}/0", result)],
        )
        for i, result in enumerate(run.results)
    ]
    state = ExpectedState(
        weights={
            f"{i}/{name}": book.enter(f"state/weight/{i}/{name}", array)
            for i, variables in enumerate(run.states)
            for name, array in variables.items()
        }
    )
    return Expectation(
        case=case.id,
        digest=case.digest,
        seed=seed,
        symbolic=ExpectedSymbolic(inputs=[], outputs=[], nodes={}),
        weights=[],
        params=Params(),
        nodes={},
        calls=calls,
        state=state,
        claims=claimed(case),
    )
