"""The reference in an adapter's clothes: what an honest float32 framework would answer.

Run in float32 with every sum in a random order (``working``), and dressed as an observation with
all facets. An honest one must pass every check, one with a fault must fail: so the suite tests
itself without any framework.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from conformance.adapters.host.observation import (
    Built,
    CallResult,
    Counts,
    Exchanged,
    Gradients,
    Loaded,
    Observation,
    Output,
    Spec,
    State,
    Summary,
    SummaryRow,
    Symbolic,
    Weight,
)
from conformance.cases.model import Steps
from conformance.facets import AGAIN
from conformance.reference.answer.drawing import drawn_by, imagined
from conformance.reference.answer.initial import imagined_initial
from conformance.reference.answer.specs import MODEL, expected_specs
from conformance.reference.engine.working import Working
from conformance.reference.errors import Refused
from conformance.reference.faults.called import function_observed, steps_observed
from conformance.reference.faults.configs import dressed_configs
from conformance.reference.faults.dressing import Dress, failure
from conformance.reference.faults.fault import HONEST, Fault, Observed
from conformance.reference.model.applications import FORM
from conformance.reference.model.network import Network
from conformance.reference.spec.layers.base import Context

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.cases.model import Case, Model
    from conformance.reference.answer.expectation import ExpectedSpec
    from conformance.reference.engine.array import Values
    from conformance.reference.model.execution import Run
    from conformance.reference.spec.layers.base import Mask


def observe(
    case: Case, feeds: Mapping[str, Values], fault: Fault | None = None, *, seed: int = 1
) -> Observed:
    """Answer a case as an adapter would.

    Args:
        case: The case.
        feeds: What is fed: ``evaluate(case).feeds``.
        fault: A defect that the imagined framework has; ``None``: it is honest.
        seed: Of the orders of summation.

    Returns:
        The observation and its arrays, to be judged like any adapter's.
    """
    with np.errstate(all="ignore"):
        return _observe(case, feeds, fault or HONEST, seed)


def _observe(case: Case, feeds: Mapping[str, Values], fault: Fault, seed: int) -> Observed:
    program = case.program
    if isinstance(program, Steps):
        observed = steps_observed(program, feeds, fault, seed)
    elif program.model.form == "function":
        observed = function_observed(program, feeds, fault, seed)
    else:
        observed = _model_observed(case, feeds, fault, seed)
    return fault.edit(observed) if fault.edit is not None else observed


def _model_observed(case: Case, feeds: Mapping[str, Values], fault: Fault, seed: int) -> Observed:
    try:
        network, run, twin_run = fault.run(case, feeds, functools.partial(Working, seed))
    except Refused as refusal:
        error = failure(refusal)
        return Observed(Observation(case=case.id, status="error", error=error), {})
    return _dressed(case, feeds, fault, (network, run, twin_run), seed)


def _dressed(
    case: Case,
    feeds: Mapping[str, Values],
    fault: Fault,
    done: tuple[Network, Run, Run | None],
    seed: int,
) -> Observed:
    network, run, twin_run = done
    program = case.program
    dress = Dress()
    built = _built(program.model, network, run, dress, "")
    twin = None
    if program.twin is not None and twin_run is not None:
        twin_network = Network.build(fault.program(program).twin.model)  # type: ignore[union-attr] # a rewritten program keeps its twin
        twin = _built(program.twin.model, twin_network, twin_run, dress, "twin/")
    again: dict[str, Any] = {}
    for offset, facet in enumerate(AGAIN, 1):
        if facet in program.facets:
            # Another way to the same answer: the same model, other orders of summation.
            other = fault.run(case, feeds, functools.partial(Working, seed + offset))[1]
            first = other.calls[0]
            if not isinstance(first, Refused):
                again[facet] = dress.outputs(facet, first.outputs)
    config = dressed_configs(case.graph) if "config" in program.facets else None
    files: dict[str, str] | None = None
    exchanged = None
    if "exchange" in program.facets and run.calls and not isinstance(run.calls[0], Refused):
        other = fault.run(case, feeds, functools.partial(Working, seed + len(AGAIN) + 1))[1]
        loaded = _loaded(other, dress)
        files, exchanged = {}, Exchanged(loaded={"another": loaded})
    state = None
    if run.training is not None:
        trained = run.training
        state = msgspec.structs.replace(
            dress.state(trained.weights, trained.losses),
            metrics=dress.named("state/metric", trained.metrics),
            optimizer=dress.named("state/optimizer", trained.optimizer),
            checkpoint=dress.named("state/checkpoint", trained.checkpoint),
        )
    elif "state" in program.facets:
        state = dress.state(run.after)
    random = None
    if "random" in program.facets:
        # A fault that puts other layers beside the one that draws shows in the other facets.
        drawing = network if len(network.layers) == 1 else Network.build(program.model)
        drawn = drawn_by(drawing, feeds, Context(Working(seed)))
        random = dress.draws(imagined(drawn), drawn.dtype)
    initial: dict[str, str] | None = None
    if "initial" in program.facets:
        made = imagined_initial(network, seed)
        initial = {name: dress.plain(f"initial/{name}", a).tensor for name, a in made.items()}
    observation = Observation(
        case=case.id,
        symbolic=built.symbolic,
        weights=built.weights,
        params=built.params,
        calls=built.calls,
        gradients=built.gradients,
        twin=twin,
        config=config,
        files=files,
        exchanged=exchanged,
        state=state,
        random=random,
        initial=initial,
        summary=_summary(program.model, network) if "summary" in program.facets else None,
        specs=_specs(program.model, network, run) if "output_spec" in program.facets else None,
        **again,
    )
    return Observed(observation, dress.tensors)


def _loaded(run: Run, dress: Dress) -> Loaded:
    """What comes of a file that another one wrote."""
    if run.training is not None and run.training.later is not None:
        later = run.training.later
        state = State(
            losses=dress.enter("exchange/losses", later.losses),
            weights=dress.named("exchange/weight", later.weights),
        )
        return Loaded(state=state)
    read = run.calls[0]
    outputs = [] if isinstance(read, Refused) else read.outputs
    return Loaded(outputs=dress.outputs("exchange", outputs))


def _specs(model: Model, network: Network, run: Run) -> dict[str, dict[str, Spec]]:
    """What each layer states alone, as ``adapters/keras/alone.py`` asks."""
    names = [node.name for node in model.nodes]  # a fault may have put others between them
    found = expected_specs(network, run)
    told = {name: _asked_alone(found[name]) for name in names if name in found}
    if MODEL in found and len(names) > 1:
        whole = _asked_alone(found[MODEL])
        questions = ("shape", "spec", "spec_again", "shape_again")
        told[MODEL] = {question: whole[question] for question in questions}
    return told


def _asked_alone(expected: ExpectedSpec) -> dict[str, Spec]:
    spec = Spec(shapes=expected.shapes, dtypes=expected.dtypes)
    # The other flags ask for a further answer like the first, or for the first alone.
    count = len(expected.other)
    dtypes = [*expected.dtypes, *expected.dtypes[:1] * count][:count]
    told = {"other": Spec(shapes=expected.other, dtypes=dtypes), "spec_again": spec}
    if expected.untold is None:
        return told
    shape = Spec(shapes=expected.untold)
    fresh = {"shape": shape, "spec": spec, "spec_first": spec, "shape_second": shape}
    return {**fresh, **told, "shape_again": shape}


def _mask(dress: Dress, name: str, mask: Mask) -> Output | None:
    return None if mask is None else dress.plain(name, mask)


def _built(model: Model, network: Network, run: Run, dress: Dress, prefix: str) -> Built:
    names = [node.name for node in model.nodes]  # a fault may have put others between them
    layered = model.form != FORM  # of what layers one is made is Keras's own business
    calls = []
    for index, trace in enumerate(run.calls):
        if isinstance(trace, Refused):
            calls.append(CallResult(error=failure(trace)))
            continue
        calls.append(
            CallResult(
                outputs=dress.outputs(f"{prefix}call/{index}", trace.outputs),
                nodes={name: shape for name, shape in trace.nodes.items() if name in names},
                probes=trace.probes,
                masks=[
                    _mask(dress, f"{prefix}call/{index}/mask/{j}", mask)
                    for j, mask in enumerate(trace.masks)
                ],
            )
        )
    gradients = None
    if run.gradients is not None:
        gradients = Gradients(
            inputs=dress.named(f"{prefix}gradient/input", run.gradients.inputs),
            weights=dress.named(f"{prefix}gradient/weight", run.gradients.weights),
        )
    params = network.params
    return Built(
        symbolic=Symbolic(
            inputs=network.inputs,
            outputs=network.outputs,
            nodes={name: network.shapes[name] for name in network.single() if name in names},
        ),
        weights=[
            Weight(name=name, shape=list(v.shape), dtype=v.dtype, trainable=v.trainable)
            for name, v in network.variables.items()
            if layered
        ],
        params=Counts(
            total=params.total or 0,
            trainable=params.trainable or 0,
            non_trainable=params.non_trainable or 0,
            nodes={node.name: network.counts[node.name] for node in model.layers}
            if layered
            else {},
        ),
        calls=calls,
        gradients=gradients,
    )


def _summary(model: Model, network: Network) -> Summary:
    params = network.params
    return Summary(
        rows=[
            SummaryRow(
                name=node.name,
                layer=node.layer,
                output_shape=network.shapes[node.name],
                params=network.counts[node.name],
            )
            for node in model.layers
        ],
        total=params.total or 0,
        trainable=params.trainable or 0,
        non_trainable=params.non_trainable or 0,
    )
