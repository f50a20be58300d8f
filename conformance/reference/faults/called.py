"""What an honest float32 framework would answer to functions, and to an object and its steps."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from conformance.adapters.host.observation import CallResult, Gradients, Observation, Symbolic
from conformance.facets import AGAIN, OPEN
from conformance.reference.answer.drawing import imagined
from conformance.reference.engine.working import Working
from conformance.reference.errors import Refused
from conformance.reference.faults.dressing import Dress, failure
from conformance.reference.faults.fault import Fault, Observed
from conformance.reference.faults.plainly import NUMBERS
from conformance.reference.model.functions import (
    FunctionRun,
    cotangents_fed,
    differentiated,
    drawn_law,
    repeats,
    run_functions,
)
from conformance.reference.model.steps import run_steps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.cases.model import Graph, Shape, Steps
    from conformance.reference.engine.array import Values


def function_observed(
    program: Graph, feeds: Mapping[str, Values], fault: Fault, seed: int
) -> Observed:
    """The answer to a program of functions.

    Args:
        program: Of the honest case.
        feeds: Its data.
        fault: A defect, or none.
        seed: Of the orders of summation.
    """
    try:
        if "random" in program.facets:
            return _drawn(program, feeds, fault, seed)
        run = _run(program, feeds, fault, seed)
    except Refused as refusal:
        return _refused(program, refusal)
    dress = Dress()
    outputs = dress.outputs("call/0", run.outputs)
    again: dict[str, Any] = {
        # Another way to the same answer: the same functions, other orders of summation.
        facet: dress.outputs(facet, _run(program, feeds, fault, seed + offset).outputs)
        for offset, facet in enumerate(AGAIN, 1)
        if facet in program.facets
    }
    gradients = None
    if run.gradients is not None:
        gradients = Gradients(inputs=dress.named("gradient/input", run.gradients))
    symbolic = Symbolic(
        inputs=[[*spec.shape] for spec in program.model.inputs],
        outputs=[
            [None if axis in run.unsized.get(at, ()) else n for axis, n in enumerate(output.shape)]
            for at, output in enumerate(outputs)
        ],
        dtypes=[output.dtype for output in outputs],
    )
    # Of an open size nothing is stated; whatever it is, ranks and dtypes are the same.
    unsized: list[Shape] = [[None] * len(output.shape) for output in outputs]
    again |= {
        facet: Symbolic(outputs=unsized, dtypes=symbolic.dtypes)
        for facet in OPEN
        if facet in program.facets
    }
    observation = Observation(
        case=program.case,
        symbolic=symbolic,
        calls=[CallResult(outputs=outputs, nodes=run.nodes)],
        gradients=gradients,
        **again,
    )
    return Observed(observation, dress.tensors)


def _find(fault: Fault) -> Any:
    """Definitions that have numbers where the specification has a law."""
    return lambda symbol: fault.find(symbol, NUMBERS.get(symbol))


def _run(program: Graph, feeds: Mapping[str, Values], fault: Fault, seed: int) -> FunctionRun:
    arithmetic = fault.arithmetic(functools.partial(Working, seed))
    faulty, fed = fault.program(program), fault.feeds(feeds)
    taken = cotangents_fed(fed, seed) if differentiated(faulty) else None
    return run_functions(faulty, fed, arithmetic, taken, _find(fault))


def _drawn(program: Graph, feeds: Mapping[str, Values], fault: Fault, seed: int) -> Observed:
    arithmetic = fault.arithmetic(functools.partial(Working, seed))
    drawn = drawn_law(fault.program(program), fault.feeds(feeds), arithmetic, fault.find)
    dress = Dress()
    answers = imagined(drawn)
    if repeats(program):
        answers["second"] = answers["first"].copy()
    random = dress.draws(answers, drawn.dtype)
    return Observed(Observation(case=program.case, random=random), dress.tensors)


def _refused(program: Graph | Steps, refusal: Refused) -> Observed:
    """What is no model has no build: it refuses where it is called."""
    failed = CallResult(error=failure(Refused(str(refusal), at="call")))
    return Observed(Observation(case=program.case, calls=[failed]), {})


def steps_observed(
    program: Steps, feeds: Mapping[str, Values], fault: Fault, seed: int
) -> Observed:
    """The answer to an object and its steps.

    Args:
        program: Of the honest case.
        feeds: Its data.
        fault: A defect, or none.
        seed: Of the orders of summation.
    """
    arithmetic = fault.arithmetic(functools.partial(Working, seed))
    try:
        run = run_steps(fault.of_steps(program), fault.feeds(feeds), arithmetic, fault.find)
    except Refused as refusal:
        return _refused(program, refusal)
    dress = Dress()
    calls = [
        CallResult(outputs=[] if result is None else dress.outputs(f"call/{index}", [result]))
        for index, result in enumerate(run.results)
    ]
    variables = {
        f"{index}/{name}": array
        for index, state in enumerate(run.states)
        for name, array in state.items()
    }
    state = dress.state(variables) if "state" in program.facets else None
    listed = None
    if "from_lists" in program.facets:
        another = fault.arithmetic(functools.partial(Working, seed + 1))
        results = run_steps(
            fault.of_steps(program), fault.feeds(feeds), another, fault.find
        ).results
        told = [one for one in results if one is not None]
        listed = [
            output
            for index, one in enumerate(told)
            for output in dress.outputs(f"from_lists/{index}", [one])
        ]
    rebuilt = None
    if "config_round_trip" in program.facets:
        another = fault.arithmetic(functools.partial(Working, seed + 2))
        run = run_steps(fault.of_steps(program), fault.feeds(feeds), another, fault.find)
        last = run.states[-1]
        told = [one for one in run.results if one is not None]
        rebuilt = [
            output
            for index, one in enumerate([*told, *(last[name] for name in sorted(last))])
            for output in dress.outputs(f"config_round_trip/{index}", [one])
        ]
    observation = Observation(
        case=program.case,
        calls=calls,
        state=state,
        from_lists=listed,
        config_round_trip=rebuilt,
    )
    return Observed(observation, dress.tensors)
