"""Running one model of a program in one arithmetic: calls and gradients; training is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conformance.cases.model import Extra
from conformance.facets import TRAINED
from conformance.reference.engine.array import Array, Values, cast, gradients
from conformance.reference.engine.dtypes import DIGITS
from conformance.reference.engine.structure import take
from conformance.reference.errors import NearKink, Refused
from conformance.reference.model.applications import FORM
from conformance.reference.model.arrays import fed, watching
from conformance.reference.model.network import Network, Trace
from conformance.reference.model.training import TrainingRun, train

if TYPE_CHECKING:
    from conformance.cases.model import Call, Graph
    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.spec.layers.base import Context

Feeds = Mapping[str, Values]

_LEVELS = frozenset({"int8"})
"""Dtypes of variables that hold levels."""


@dataclass(frozen=True)
class GradientRun:
    """Gradient of sum(cotangent * output) of call 0.

    Attributes:
        inputs: By input; zeros where no path leads from it to an output.
        weights: By trainable variable; likewise.
        reached: Whether a path leads to an output from any of them.
    """

    inputs: dict[str, Array]
    weights: dict[str, Array]
    reached: bool


@dataclass
class Run:
    """Everything that one model did.

    Attributes:
        calls: One trace for each call; the refusal of a call that Keras documents to refuse.
        after: Every variable as the last ordinary call left it.
    """

    calls: list[Trace | Refused] = field(default_factory=list)
    gradients: GradientRun | None = None
    training: TrainingRun | None = None
    after: dict[str, Array] = field(default_factory=dict)


def execute(
    network: Network,
    program: Graph,
    feeds: Feeds,
    context: Context,
    *,
    prefix: str = "",
) -> Run:
    """Run a model as its program asks.

    Args:
        network: The program's model or its twin's.
        program: Which calls are made and which facets are asked for.
        feeds: Arrays by the names of docs/architecture.md.
        context: Carries the arithmetic.
        prefix: ``twin/`` for the twin's arrays.

    Returns:
        What the model did.
    """
    if program.model.form == FORM and not program.calls:
        return Run()  # its shapes and counts alone are asked for
    arithmetic = context.arithmetic
    context.memory.clear()
    start = {
        name: _given(arithmetic, variable.dtype, feeds[f"{prefix}weight/{name}"])
        for name, variable in network.drawn.items()
    }
    start = network.begun(start)
    weights = dict(start)
    run = Run()
    for index, call in enumerate(program.every_call):
        # A function may let rows depend on each other, so what it answers to one is computed.
        shortened = context.first_rows and not network.model.functions
        if call.facet == "batch" and shortened and run.calls:
            run.calls.append(_first_row(run.calls[0]))
            continue
        inputs = {
            spec.name: fed(arithmetic, spec, feeds[f"{prefix}call/{index}/{spec.name}"])
            for spec in network.model.inputs
        }
        context.flag = _flag(program.calls[0] if isinstance(call, Extra) else call)
        try:
            if index == 0 and f"{prefix}cotangent/0" in feeds:
                cotangents = [
                    arithmetic.leaf(feeds[f"{prefix}cotangent/{j}"])
                    for j in range(len(network.outputs))
                ]
                trace, run.gradients = _differentiate(network, inputs, weights, cotangents, context)
            else:
                trace = network.run(inputs, weights, context)
        except Refused as error:
            if error.at != "call":
                raise
            run.calls.append(error)
        else:
            run.calls.append(trace)
            if call.facet == "values":
                weights |= trace.updates
    context.flag, run.after = None, weights
    asked = TRAINED | ({"exchange"} if program.exchange and program.exchange.steps else set())
    if program.train is not None and not asked.isdisjoint(program.facets) and not prefix:
        context.memory.clear()  # as everything that is asked, it begins with the case's weights
        more = (program.exchange.steps or 0) if program.exchange is not None else 0
        run.training = train(network, program.train, start, feeds, context, more=more)
    return run


def _flag(call: Call) -> bool | None:
    """The flag that a call of the model gives to its layers."""
    return False if call.predict else call.training


def _given(arithmetic: Arithmetic, dtype: str, values: Values) -> Array:
    """A variable's numbers; a count is a whole one, and so is what is kept in few bits."""
    if dtype in _LEVELS:
        return arithmetic.whole(values.astype(dtype))
    return (arithmetic.at(dtype) if dtype in DIGITS else arithmetic).leaf(values)


def _first_row(trace: Trace | Refused) -> Trace | Refused:
    if isinstance(trace, Refused):
        return trace
    return Trace(
        outputs=[take(output, 0, 0, 1) for output in trace.outputs],
        nodes={name: [1, *shape[1:]] for name, shape in trace.nodes.items()},
        probes={name: [1, *shape[1:]] for name, shape in trace.probes.items()},
        masks=[None if mask is None else mask[:1] for mask in trace.masks],
    )


def _differentiate(
    network: Network,
    inputs: dict[str, Array],
    weights: dict[str, Array],
    cotangents: list[Array],
    context: Context,
) -> tuple[Trace, GradientRun]:
    """Call 0 with the tape on; kinks are watched, as gradients jump there.

    Where nothing leads to an output there is no gradient that could jump: whether the model rounds
    or compares, no seed is too near to where it does.
    """
    watched_inputs = {name: array.watched() for name, array in inputs.items()}
    watched = {
        name: array.watched()
        for name, array in weights.items()
        if network.variables[name].trainable
    }
    watching(context.arithmetic, on=True)
    try:
        trace = network.run(watched_inputs, weights | watched, context)
    except NearKink:
        watching(context.arithmetic, on=False)
        context.memory.clear()
        trace = network.run(watched_inputs, weights | watched, context)
        if any(output.tracked for output in trace.outputs):
            raise
    watching(context.arithmetic, on=False)
    moving = {name: array for name, array in watched_inputs.items() if array.tracked}
    given = [
        cast(c, y.arithmetic.precision) for c, y in zip(cotangents, trace.outputs, strict=True)
    ]
    found = gradients(trace.outputs, given, [*moving.values(), *watched.values()])
    count = len(moving)
    return trace, GradientRun(
        inputs=dict(zip(moving, found[:count], strict=True)),
        weights=dict(zip(watched, found[count:], strict=True)),
        reached=any(output.tracked for output in trace.outputs),
    )
