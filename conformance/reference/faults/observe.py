"""The reference in an adapter's clothes: what an honest float32 framework would answer.

Run in float32 with every sum in a random order (``working``), and dressed as an observation with
all facets. An honest one must pass every check, one with a fault must fail: so the suite tests
itself without any framework.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.adapters.host.observation import (
    Built,
    CallResult,
    Counts,
    Draws,
    Exchanged,
    Failure,
    Gradients,
    Loaded,
    Observation,
    Output,
    State,
    Summary,
    SummaryRow,
    Symbolic,
    Weight,
)
from conformance.facets import AGAIN
from conformance.reference.answer.drawing import drawn_by, imagined
from conformance.reference.engine.working import Working
from conformance.reference.errors import Refused
from conformance.reference.faults.fault import HONEST, Fault, Observed
from conformance.reference.model.network import Network
from conformance.reference.spec.layers.base import Context

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.cases.model import Case, Model
    from conformance.reference.engine.array import Array, Values
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
    try:
        network, run, twin_run = fault.run(case, feeds, functools.partial(Working, seed))
    except Refused as refusal:
        failure = _failure(refusal)
        observed = Observed(Observation(case=case.id, status="error", error=failure), {})
    else:
        observed = _dressed(case, feeds, fault, (network, run, twin_run), seed)
    return fault.edit(observed) if fault.edit is not None else observed


def _failure(refusal: Refused) -> Failure:
    return Failure(stage=refusal.at, type="ValueError", message=str(refusal))


def _dressed(
    case: Case,
    feeds: Mapping[str, Values],
    fault: Fault,
    done: tuple[Network, Run, Run | None],
    seed: int,
) -> Observed:
    network, run, twin_run = done
    program = case.program
    tensors: dict[str, Values] = {}
    built = _built(program.model, network, run, tensors, "")
    twin = None
    if program.twin is not None and twin_run is not None:
        twin_network = Network.build(fault.program(program).twin.model)  # type: ignore[union-attr] # a rewritten program keeps its twin
        twin = _built(program.twin.model, twin_network, twin_run, tensors, "twin/")
    again: dict[str, Any] = {}
    for offset, facet in enumerate(AGAIN, 1):
        if facet in program.facets:
            # Another way to the same answer: the same model, other orders of summation.
            other = fault.run(case, feeds, functools.partial(Working, seed + offset))[1]
            first = other.calls[0]
            if not isinstance(first, Refused):
                again[facet] = _outputs(first.outputs, tensors, facet)
    files: dict[str, str] | None = None
    exchanged = None
    if "exchange" in program.facets and run.calls and not isinstance(run.calls[0], Refused):
        other = fault.run(case, feeds, functools.partial(Working, seed + len(AGAIN) + 1))[1]
        read = other.calls[0]
        outputs = [] if isinstance(read, Refused) else read.outputs
        loaded = Loaded(outputs=_outputs(outputs, tensors, "exchange"))
        files, exchanged = {}, Exchanged(loaded={"another": loaded})
    state = None
    if run.training is not None:
        state = State(
            losses=_enter(tensors, "state/losses", run.training.losses),
            metrics={
                name: _enter(tensors, f"state/metric/{name}", a)
                for name, a in run.training.metrics.items()
            },
            optimizer={
                name: _enter(tensors, f"state/optimizer/{name}", a)
                for name, a in run.training.optimizer.items()
            },
            weights={
                name: _enter(tensors, f"state/weight/{name}", a)
                for name, a in run.training.weights.items()
            },
        )
    elif "state" in program.facets:
        state = State(
            weights={
                name: _enter(tensors, f"state/weight/{name}", a) for name, a in run.after.items()
            }
        )
    random = None
    if "random" in program.facets:
        # A fault that puts other layers beside the one that draws shows in the other facets.
        drawing = network if len(network.layers) == 1 else Network.build(program.model)
        answers = imagined(drawn_by(drawing, feeds, Context(Working(seed))))
        drawn: dict[str, Any] = {
            name: _output(tensors, f"random/{name}", y) for name, y in answers.items()
        }
        random = Draws(**drawn)
    observation = Observation(
        case=case.id,
        symbolic=built.symbolic,
        weights=built.weights,
        params=built.params,
        calls=built.calls,
        gradients=built.gradients,
        twin=twin,
        files=files,
        exchanged=exchanged,
        state=state,
        random=random,
        summary=_summary(program.model, network) if "summary" in program.facets else None,
        **again,
    )
    return Observed(observation, tensors)


def _enter(tensors: dict[str, Values], name: str, a: Array) -> str:
    # NumPy has no bfloat16: such numbers travel as float32.
    kind = a.whole or {"bfloat16": "float32"}.get(a.dtype, a.dtype)
    tensors[name] = np.asarray(a.value, kind, order="C")
    return name


def _mask(tensors: dict[str, Values], name: str, mask: Mask) -> Output | None:
    if mask is None:
        return None
    tensors[name] = mask
    return Output(shape=list(mask.shape), dtype="bool", tensor=name)


def _output(tensors: dict[str, Values], name: str, values: Values) -> Output:
    tensors[name] = values
    return Output(shape=list(values.shape), dtype=values.dtype.name, tensor=name)


def _outputs(arrays: list[Array], tensors: dict[str, Values], name: str) -> list[Output]:
    return [
        Output(shape=list(a.shape), dtype=a.dtype, tensor=_enter(tensors, f"{name}/{j}", a))
        for j, a in enumerate(arrays)
    ]


def _built(
    model: Model, network: Network, run: Run, tensors: dict[str, Values], prefix: str
) -> Built:
    names = [node.name for node in model.nodes]  # a fault may have put others between them
    calls = []
    for index, trace in enumerate(run.calls):
        if isinstance(trace, Refused):
            calls.append(CallResult(error=_failure(trace)))
            continue
        calls.append(
            CallResult(
                outputs=_outputs(trace.outputs, tensors, f"{prefix}call/{index}"),
                nodes={name: shape for name, shape in trace.nodes.items() if name in names},
                probes=trace.probes,
                masks=[
                    _mask(tensors, f"{prefix}call/{index}/mask/{j}", mask)
                    for j, mask in enumerate(trace.masks)
                ],
            )
        )
    gradients = None
    if run.gradients is not None:
        gradients = Gradients(
            inputs={
                name: _enter(tensors, f"{prefix}gradient/input/{name}", a)
                for name, a in run.gradients.inputs.items()
            },
            weights={
                name: _enter(tensors, f"{prefix}gradient/weight/{name}", a)
                for name, a in run.gradients.weights.items()
            },
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
        ],
        params=Counts(
            total=params.total or 0,
            trainable=params.trainable or 0,
            non_trainable=params.non_trainable or 0,
            nodes={node.name: network.counts[node.name] for node in model.layers},
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
