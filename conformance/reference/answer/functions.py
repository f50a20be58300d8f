"""The reference's answer to a case of functions called on arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from conformance.cases.model import Params
from conformance.invariants import Invariants
from conformance.reference.answer.book import (
    HONEST_RULE,
    TRIES,
    Answer,
    Book,
    Rule,
    near_kink,
    not_clear,
)
from conformance.reference.answer.claims import (
    agrees,
    check_refusal,
    claimed,
    differ,
)
from conformance.reference.answer.drawing import expected_random
from conformance.reference.answer.expectation import (
    Expectation,
    Expected,
    ExpectedCall,
    ExpectedGradients,
    ExpectedSymbolic,
)
from conformance.reference.answer.stated import disagreements, stated_values
from conformance.reference.engine.arithmetic import Variance
from conformance.reference.engine.laws import Drawn
from conformance.reference.errors import (
    Contradiction,
    NearKink,
    NotClear,
    Refused,
    Statement,
    Unsupported,
)
from conformance.reference.model.functions import (
    FunctionRun,
    cotangents_fed,
    differentiated,
    drawn_law,
    function_feeds,
    repeats,
    run_functions,
)
from conformance.reference.spec import table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.cases.model import Case, Graph
    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Values
    from conformance.reference.faults.fault import Fault
    from conformance.reference.model.functions import Find


def evaluate_function(
    case: Case, program: Graph, fault: Fault | None = None, rule: Rule = HONEST_RULE
) -> Answer:
    """Compute what must come out of a case of functions.

    Args:
        case: What to call on what, and what its source states.
        program: Its program, of the form ``function``.
        fault: A seeded defect.
        rule: How far honest rounding may move numbers.

    Raises:
        Unsupported: The case uses what the reference does not implement.
        Contradiction: The case states something else than the reference computes.
        NotClear: No seed keeps the data away from the kinks of the functions.
    """
    if "random" in program.facets:
        return _random(case, program, fault)
    reason = ""
    for seed in range(TRIES):
        feeds = function_feeds(program, seed)
        try:
            run = _run(program, feeds, seed, rule.watching())
        except NearKink as near:
            reason = near_kink(near)
            continue
        except Refused as refusal:
            check_refusal(case, Refused(str(refusal), at="call"))  # a function has no build
            return Answer(_refused(case, program, seed), feeds, {})
        if fault is not None:
            faulty = fault.program(program)
            arithmetic = fault.arithmetic(rule.arithmetic)
            run = _run(faulty, fault.feeds(feeds), seed, arithmetic, fault.find)
        if any(isinstance(output, Drawn) for output in run.outputs):
            return _unasked(case, program, run, feeds)
        book = Book()
        expectation = _expectation(case, program, run, seed, book)
        if fault is None:
            _check(case, expectation, book.arrays)
        return Answer(expectation, feeds, book.arrays)
    raise NotClear(not_clear(reason))


def _run(
    program: Graph,
    feeds: dict[str, Values],
    seed: int,
    arithmetic: Arithmetic,
    find: Find = table.find,
) -> FunctionRun:
    if not differentiated(program):
        return run_functions(program, feeds, arithmetic, find=find)
    return run_functions(program, feeds, arithmetic, cotangents_fed(feeds, seed), find)


def _expectation(
    case: Case, program: Graph, run: FunctionRun, seed: int, book: Book
) -> Expectation:
    if len(run.outputs) == 1 and isinstance(run.outputs[0], Invariants):
        outputs, properties = book.enter_law("call/0", run.outputs[0])
        calls = [ExpectedCall(facet="values", outputs=outputs, properties=properties)]
        return _built(
            case, program, seed, outputs=outputs, calls=calls, undefined=_without_gradients(program)
        )
    outputs = [book.enter(f"call/0/{j}", y) for j, y in enumerate(run.outputs)]
    calls = [ExpectedCall(facet="values", outputs=outputs, nodes=run.nodes)]
    for index, stated in stated_values(case, calls, book.arrays).items():
        book.arrays[outputs[index].tensor] = stated.astype(book.arrays[outputs[index].tensor].dtype)
        outputs[index] = msgspec.structs.replace(outputs[index], stated=True)
    if case.expect.signed_zero:
        outputs[:] = [msgspec.structs.replace(one, signed_zero=True) for one in outputs]
    gradients = None
    if run.gradients:
        gradients = ExpectedGradients(
            inputs={
                name: book.enter(f"gradient/input/{name}", a) for name, a in run.gradients.items()
            },
            weights={},
        )
    undefined = {} if gradients is not None else _without_gradients(program)
    return _built(
        case,
        program,
        seed,
        outputs=outputs,
        calls=calls,
        gradients=gradients,
        undefined=undefined,
        unsized=run.unsized,
    )


def _without_gradients(program: Graph) -> dict[str, str]:
    """Why there are no gradients, where they were asked for."""
    if "gradients" not in program.facets:
        return {}
    symbols = [n.layer for n in program.model.nodes if not table.differentiable(n.layer)]
    if symbols:
        return {"gradients": f"{' and '.join(symbols)} has no gradient that could be stated"}
    return {"gradients": "no float input leads to an output of floats"}


def _built(  # noqa: PLR0913 (the parts of one answer)
    case: Case,
    program: Graph,
    seed: int,
    *,
    outputs: Sequence[Expected] = (),
    calls: Sequence[ExpectedCall] = (),
    gradients: ExpectedGradients | None = None,
    undefined: Mapping[str, str] = {},
    raises: str = "",
    unsized: Mapping[int, Sequence[int]] = {},
) -> Expectation:
    expectation = Expectation(
        case=case.id,
        digest=case.digest,
        seed=seed,
        symbolic=ExpectedSymbolic(
            inputs=[[*spec.shape] for spec in program.model.inputs],
            outputs=[
                [
                    None if axis in unsized.get(j, ()) else size
                    for axis, size in enumerate(one.shape)
                ]
                for j, one in enumerate(outputs)
            ],
            nodes={},
            dtypes=[one.dtype for one in outputs],
        ),
        weights=[],
        params=Params(),
        nodes={},
        calls=list(calls),
        gradients=gradients,
        claims=claimed(case),
        undefined=dict(undefined),
    )
    return msgspec.structs.replace(expectation, raises=raises)


def _refused(case: Case, program: Graph, seed: int) -> Expectation:
    calls = [ExpectedCall(facet="values", outputs=[])]
    return _built(case, program, seed, calls=calls, raises="call")


def _random(case: Case, program: Graph, fault: Fault | None) -> Answer:
    """What a function draws: no number of what it is fed is near a kink, so any seed serves."""
    feeds = function_feeds(program, 0)
    drawn = drawn_law(program, feeds, Variance())
    if fault is not None:
        faulty = fault.program(program)
        drawn = drawn_law(faulty, fault.feeds(feeds), fault.arithmetic(Variance), fault.find)
    book = Book()
    random = msgspec.structs.replace(expected_random(drawn, book), repeats=repeats(program))
    expectation = msgspec.structs.replace(_built(case, program, 0), random=random)
    return Answer(expectation, feeds, book.arrays)


def _unasked(case: Case, program: Graph, run: FunctionRun, feeds: dict[str, Values]) -> Answer:
    """The answer to a case of draws whose law is not asked for.

    Raises:
        Contradiction: The case states a refusal of what is drawn.
        Unsupported: It asks for numbers.
    """
    if case.raises is not None:
        message = (
            f"the case states a refusal at {case.raises.at}, the reference accepts and draws "
            f"{[list(output.shape) for output in run.outputs]}"
        )
        raise Contradiction([Statement("raises", message)])
    if "raises" not in program.facets:
        message = "what is drawn has no numbers to be held to: write `random: {}`"
        raise Unsupported(message)
    return Answer(_built(case, program, 0), feeds)


def _check(case: Case, expectation: Expectation, arrays: dict[str, Values]) -> None:
    """Compare what the case states with the answer.

    Raises:
        Contradiction: With every disagreement in its message.
    """
    if case.raises is not None:
        shapes = expectation.symbolic.outputs
        message = (
            f"the case states a refusal at {case.raises.at}, the reference accepts and answers "
            f"{shapes}"
        )
        raise Contradiction([Statement("raises", message)])
    problems = [
        *_disagreements(case, expectation),
        *disagreements(case, expectation.calls, arrays),
    ]
    if problems:
        raise Contradiction(problems)


def _disagreements(case: Case, expectation: Expectation) -> Iterator[Statement]:
    outputs = expectation.calls[0].outputs
    stated: Any = case.expect.output_shape
    if stated is not None:
        several = bool(stated) and isinstance(stated[0], list)
        shapes = stated if several else [stated]
        found = [one.shape for one in outputs]
        if len(shapes) != len(found) or not all(
            agrees(a, b) for a, b in zip(shapes, found, strict=True)
        ):
            yield differ("output_shape", stated, found)
    dtypes = [one.dtype for one in outputs]
    if case.expect.dtype is not None and any(one != case.expect.dtype for one in dtypes):
        yield differ("dtype", case.expect.dtype, dtypes)
