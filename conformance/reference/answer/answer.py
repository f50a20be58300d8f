"""The reference's answer to a case: what must come out, and what is fed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from conformance.acceptance import EXACT
from conformance.cases.model import Case, Model, Params, Steps, SummaryRow
from conformance.reference.answer.book import (
    CLEARANCE,
    TRIES,
    Answer,
    Book,
    Rule,
    near_kink,
    not_clear,
    tau,
)
from conformance.reference.answer.claims import check, check_refusal, claimed
from conformance.reference.answer.configs import expected_configs
from conformance.reference.answer.drawing import drawn_by, expected_random
from conformance.reference.answer.expectation import (
    Expectation,
    Expected,
    ExpectedBuilt,
    ExpectedCall,
    ExpectedGradients,
    ExpectedInfluence,
    ExpectedState,
    ExpectedSummary,
    ExpectedSymbolic,
    ExpectedWeight,
)
from conformance.reference.answer.functions import evaluate_function
from conformance.reference.answer.initial import NO_VARIABLES, expected_initial
from conformance.reference.answer.specs import expected_specs
from conformance.reference.answer.stated import stated_values
from conformance.reference.answer.steps import evaluate_steps
from conformance.reference.answer.unjudged import evaluate_unspecified
from conformance.reference.errors import (
    NearKink,
    NoAnswer,
    NotClear,
    Refused,
    Statement,
    Unsupported,
)
from conformance.reference.model.applications import FORM
from conformance.reference.model.execution import Run, execute
from conformance.reference.model.feeding import make_feeds, permuted
from conformance.reference.model.network import Network
from conformance.reference.spec.layers.base import Context

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.reference.engine.array import Values
    from conformance.reference.faults.fault import Fault
    from conformance.reference.model.training import TrainingRun

NOTHING_MOVES = "no float input and no trainable weight leads to an output"
"""Why a model has no gradients."""


def evaluate(
    case: Case, fault: Fault | None = None, lowered: Mapping[str, float] | None = None
) -> Answer:
    """Compute what must come out of a case.

    Args:
        case: What to build and feed, and what its source states.
        fault: A seeded defect: the answer is then what a framework with this defect gives on the
            honest case's data, and what the case states is not checked.
        lowered: Rounding units by operation, where a framework is declared to be coarser than
            float32: what comes of these operations may be off by as much more.

    Raises:
        Unsupported: The case uses what the reference does not implement.
        Contradiction: The case states something else than the reference computes.
        NotClear: No seed keeps the data away from the kinks of the model's functions.
    """
    if fault is not None and fault.edit is not None:
        message = f"the fault {fault.name} changes an observation and has no answer of its own"
        raise Unsupported(message)
    if fault is not None:  # what the case states is not what a fault answers
        unstated = msgspec.structs.replace(case.expect, values=None)
        case = msgspec.structs.replace(case, expect=unstated)
    # Cases with infinities and NaN compute with them; that is no accident to warn about.
    with np.errstate(all="ignore"):
        if case.unspecified:  # there is no answer that would be right
            return evaluate_unspecified(case)
        program = case.program
        rule = Rule(lowered or {})
        if isinstance(program, Steps):
            return evaluate_steps(case, program, fault, rule)
        if program.model.form == "function":
            return evaluate_function(case, program, fault, rule)
        return _evaluate(case, fault, rule)


def _evaluate(case: Case, fault: Fault | None, rule: Rule) -> Answer:
    try:
        network = Network.build(case.program.model)
        twin = Network.build(case.program.twin.model) if case.program.twin else None
    except Refused as refusal:
        check_refusal(case, refusal)
        return _refused_at_build(case)
    reason = ""
    for seed in range(TRIES):
        feeds = make_feeds(case.graph, network, twin, seed)
        try:
            run, twin_run = _run(case, network, twin, feeds, rule)
        except NearKink as near:
            reason = near_kink(near)
            continue
        undefined = _undefined(run, twin_run)
        if "gradients" in undefined:
            feeds = {key: array for key, array in feeds.items() if "cotangent/" not in key}
        masks, still, wrong = influence_masks(case, run, rule.clearance)
        if still and not wrong:
            reason = still
            continue
        if fault is not None:
            network, run, twin_run = fault.run(case, feeds, rule.arithmetic)
        book = Book()
        expectation = _expectation(case, seed, (network, run), (twin, twin_run), masks, book=book)
        expectation = msgspec.structs.replace(expectation, undefined=undefined)
        expectation = _with_draws(case, expectation, network, feeds, rule, book)
        if fault is None:
            if twin_run is not None:
                wrong += _unlike_twin(case, run, twin_run)
            check(case, network, run, expectation, book.arrays, beside=wrong)
        return Answer(expectation, feeds, book.arrays)
    raise NotClear(not_clear(reason))


def _run(
    case: Case, network: Network, twin: Network | None, feeds: dict[str, Values], rule: Rule
) -> tuple[Run, Run | None]:
    """Run the model and its twin.

    Raises:
        NearKink: A number is too near to where a gradient jumps.
    """
    context = Context(rule.watching(), first_rows=True)
    run = execute(network, case.graph, feeds, context)
    if twin is None:
        return run, None
    return run, execute(twin, case.graph, feeds, context, prefix="twin/")


def _undefined(run: Run, twin_run: Run | None) -> dict[str, str]:
    """The facets without an answer, each with the reason; what stands for one is taken away."""
    if run.gradients is None or run.gradients.reached:
        return {}
    for one in filter(None, (run, twin_run)):
        one.gradients = None
    return {"gradients": NOTHING_MOVES}


def _with_draws(  # noqa: PLR0913, PLR0917 (what an answer is made of)
    case: Case,
    expectation: Expectation,
    network: Network,
    feeds: Mapping[str, Values],
    rule: Rule,
    book: Book,
) -> Expectation:
    """The same, with what the layer draws, and what the variables hold as they are made."""
    replace = msgspec.structs.replace
    if "random" in case.program.facets:
        drawn = drawn_by(network, feeds, Context(rule.arithmetic()))
        expectation = replace(expectation, random=expected_random(drawn, book))
    if "initial" in case.program.facets:
        initial = expected_initial(network, rule.arithmetic(), book)
        if initial:
            return replace(expectation, initial=initial)
        undefined = {**expectation.undefined, "initial": NO_VARIABLES}
        return replace(expectation, undefined=undefined)
    return expectation


def _built(network: Network, run: Run, case: Case, book: Book, prefix: str) -> ExpectedBuilt:
    calls = []
    layered = case.program.model.form != FORM  # of what layers one is made is Keras's own business
    for index, (call, trace) in enumerate(zip(case.program.every_call, run.calls, strict=True)):
        if isinstance(trace, Refused):
            calls.append(ExpectedCall(facet=call.facet, outputs=[]))
            continue
        calls.append(
            ExpectedCall(
                facet=call.facet,
                outputs=[
                    book.enter(f"{prefix}call/{index}/{j}", output)
                    for j, output in enumerate(trace.outputs)
                ],
                masks=[
                    None
                    if mask is None
                    else book.enter_whole(f"{prefix}call/{index}/mask/{j}", mask)
                    for j, mask in enumerate(trace.masks)
                ]
                if "mask" in case.program.facets
                else [],
                nodes=trace.nodes if layered else {},
                probes=trace.probes,
            )
        )
    gradients = None
    if run.gradients is not None:
        gradients = ExpectedGradients(
            inputs={
                name: book.enter(f"{prefix}gradient/input/{name}", a)
                for name, a in run.gradients.inputs.items()
            },
            weights={
                name: book.enter(f"{prefix}gradient/weight/{name}", a)
                for name, a in run.gradients.weights.items()
            },
        )
    return ExpectedBuilt(
        symbolic=ExpectedSymbolic(
            inputs=network.inputs,
            outputs=network.outputs,
            nodes={name: network.shapes[name] for name in network.single()} if layered else {},
        ),
        weights=[
            ExpectedWeight(name=name, shape=list(v.shape), dtype=v.dtype, trainable=v.trainable)
            for name, v in network.variables.items()
            if layered
        ],
        params=network.params,
        nodes=dict(network.counts) if layered else {},
        calls=calls,
        gradients=gradients,
    )


def _expectation(  # noqa: PLR0913 (the parts of one answer)
    case: Case,
    seed: int,
    main: tuple[Network, Run],
    twin: tuple[Network | None, Run | None],
    masks: dict[int, Values],
    *,
    book: Book,
) -> Expectation:
    network, run = main
    built = _built(network, run, case, book, "")
    calls = built.calls
    for index, output in stated_values(case, calls, book.arrays).items():
        key = calls[0].outputs[index].tensor
        book.arrays[key] = output
        outputs = list(calls[0].outputs)
        outputs[index] = Expected(
            shape=outputs[index].shape,
            dtype=outputs[index].dtype,
            tensor=key,
            spread=outputs[index].spread,
            stated=True,
        )
        calls[0] = msgspec.structs.replace(calls[0], outputs=outputs)
    state = None
    if run.training is not None:
        state = ExpectedState(
            losses=book.enter("state/losses", run.training.losses),
            metrics={
                name: book.enter(f"state/metric/{name}", a)
                for name, a in run.training.metrics.items()
            },
            optimizer={
                name: book.enter(f"state/optimizer/{name}", a)
                for name, a in run.training.optimizer.items()
            },
            checkpoint={
                name: book.enter(f"state/checkpoint/{name}", a)
                for name, a in run.training.checkpoint.items()
            },
            weights={
                name: book.enter(f"state/weight/{name}", a)
                for name, a in run.training.weights.items()
            },
        )
    elif "state" in case.program.facets:
        state = ExpectedState(
            weights={name: book.enter(f"state/weight/{name}", a) for name, a in run.after.items()}
        )
    later = run.training.later if run.training is not None else None
    influence = []
    for index, mask in masks.items():
        book.arrays[f"changed/{index}"] = mask
        influence.append(ExpectedInfluence(call=index, output=0, changed=f"changed/{index}"))
    twin_built = None
    if twin[0] is not None and twin[1] is not None:
        twin_built = _built(twin[0], twin[1], case, book, "twin/")
    return Expectation(
        case=case.id,
        digest=case.digest,
        seed=seed,
        symbolic=built.symbolic,
        weights=built.weights,
        params=built.params,
        nodes=built.nodes,
        calls=calls,
        gradients=built.gradients,
        config=expected_configs(network) if "config" in case.program.facets else {},
        twin=twin_built,
        state=state,
        exchanged=None if later is None else _later(later, book),
        summary=_summary(network) if case.program.model.form != FORM else None,
        specs=expected_specs(network, run) if "output_spec" in case.program.facets else {},
        influence=influence,
        raises=case.raises.at if case.raises else "",
        claims=claimed(case),
    )


def _later(run: TrainingRun, book: Book) -> ExpectedState:
    """What a training comes to that goes on from a file."""
    return ExpectedState(
        losses=book.enter("exchange/losses", run.losses),
        weights={name: book.enter(f"exchange/weight/{name}", a) for name, a in run.weights.items()},
    )


def _summary(network: Network) -> ExpectedSummary:
    rows = [
        SummaryRow(
            layer=node.layer,
            output_shape=network.shapes[node.name],
            params=network.counts[node.name],
        )
        for node in network.model.layers
    ]
    return ExpectedSummary(rows=rows, params=network.params)


def _refused_at_build(case: Case) -> Answer:
    model: Model = case.program.model
    expectation = Expectation(
        case=case.id,
        digest=case.digest,
        symbolic=ExpectedSymbolic(
            inputs=[[spec.batch_size, *(spec.declared or spec.shape)] for spec in model.inputs],
            outputs=[],
            nodes={},
        ),
        weights=[],
        params=Params(),
        nodes={},
        calls=[],
        raises="build",
        claims=claimed(case),
    )
    return Answer(expectation, make_feeds(case.graph, None, None, 0), {})


def influence_masks(
    case: Case, run: Run, clearance: float = CLEARANCE
) -> tuple[dict[int, Values], str, list[Statement]]:
    """Where each influence call must differ from call 0, as the case states it.

    Returns:
        Boolean arrays by call, why this seed can't show it (empty if it can), and what is stated
        wrongly: the reference moves a number that the case says stays.
    """
    masks: dict[int, Values] = {}
    wrong: list[Statement] = []
    calls = [i for i, call in enumerate(case.program.every_call) if call.facet == "influence"]
    stated = case.expect.influence or []
    for position, (index, influence) in enumerate(zip(calls, stated, strict=False)):
        first, other = run.calls[0], run.calls[index]
        if isinstance(first, Refused) or isinstance(other, Refused):
            continue
        before, after = first.outputs[0], other.outputs[0]
        mask = np.zeros(before.shape, bool)
        prefix = [] if influence.changes == "all" else influence.changes
        mask[(0, *prefix)] = True
        masks[index] = mask
        error = np.hypot(tau(before), tau(after))
        moved = np.abs(after.value - before.value)
        stray = ~mask & (moved > error)
        if stray.any():
            place = [int(i) for i in np.argwhere(stray)[0]]
            message = (
                f"changing the input at {influence.change} changes the output at "
                f"{influence.changes} only, says the case; in the reference {place} changes too"
            )
            wrong.append(Statement(f"expect.influence.{position}", message))
        elif (mask & (moved <= clearance * error)).any():
            still = (
                f"changing the input at {influence.change} does not visibly change every number "
                f"of the output at {influence.changes}"
            )
            return masks, still, wrong
    return masks, "", wrong


def _unlike_twin(case: Case, run: Run, twin: Run) -> list[Statement]:
    """Where the twin's answer isn't the model's: float64 noise alone may be between them.

    Of each output the first call in which it is another.
    """
    found: dict[int, Statement] = {}
    axes = case.program.twin.output_axes if case.program.twin else None
    for index, (ours, theirs) in enumerate(zip(run.calls, twin.calls, strict=True)):
        if isinstance(ours, NoAnswer) or isinstance(theirs, NoAnswer):
            continue
        for j, (a, b) in enumerate(zip(ours.outputs, theirs.outputs, strict=True)):
            expected = permuted(a.value, axes)
            if expected.shape != b.shape:
                message = (
                    f"output {j} of the twin has the shape {list(b.shape)}, the model's "
                    f"(permuted) {list(expected.shape)}"
                )
                found.setdefault(j, Statement("equals", message))
                continue
            apart = np.abs(expected - b.value) > EXACT * (permuted(tau(a), axes) + tau(b))
            if apart.any():
                place = tuple(int(i) for i in np.argwhere(apart)[0])
                message = (
                    f"the twin must give the model's answer, says the case; in the "
                    f"reference call {index}, output {j} has {float(b.value[place])} at "
                    f"{list(place)} instead of {float(expected[place])}"
                )
                found.setdefault(j, Statement("equals", message))
    return [*found.values()]
