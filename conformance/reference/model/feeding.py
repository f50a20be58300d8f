"""Everything that one case feeds, by the names of docs/architecture.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from conformance.cases.model import Extra, InputSpec
from conformance.facets import TRAINED
from conformance.reference.errors import Contradiction, Statement
from conformance.reference.model import data
from conformance.reference.model.applications import FORM
from conformance.reference.model.written import written

if TYPE_CHECKING:
    from conformance.cases.model import Call, Graph, Model, Target, Twin
    from conformance.reference.engine.array import Values
    from conformance.reference.model.network import Network


def make_feeds(
    program: Graph, network: Network | None, twin: Network | None, seed: int
) -> dict[str, Values]:
    """Draw a program's inputs, weights, cotangents and targets.

    Args:
        program: The case's program.
        network: Its model; ``None`` if Keras refuses to build it, then there are inputs alone.
        twin: The twin's model, if there is one.
        seed: Of all data.

    Returns:
        float32 arrays.

    Raises:
        Contradiction: The twin's inputs, outputs or weights don't correspond to the model's, or
            weights that the case writes out don't fit the model.
    """
    feeds: dict[str, Values] = {}
    if program.model.form == FORM and not program.calls:
        return feeds  # what is never called needs no weights, of which it may have 350 million
    for index, call in enumerate(program.every_call):
        feeds |= _call_inputs(program.model, call, index, feeds, seed)
    if program.random is not None:
        for spec in program.model.inputs:
            key = f"random/{spec.name}"
            feeds[key] = data.input_values(spec, seed, key, program.random.rows)
    if network is None:
        return feeds
    known = {**network.held, **written(program, network), **network.learned}
    for name, variable in network.drawn.items():
        key = f"weight/{name}"
        drawn = name not in known
        feeds[key] = data.weight(program.weights, seed, key, variable) if drawn else known[name]
    feeds |= _of_outputs(program, network.fed_outputs(program.calls[0].batch), seed)
    if twin is not None and program.twin is not None:
        feeds |= _twin_feeds(program, program.twin, network, twin, feeds)
    return feeds


def _of_outputs(program: Graph, shapes: list[tuple[int, ...]], seed: int) -> dict[str, Values]:
    """Cotangents and targets, one an output."""
    feeds: dict[str, Values] = {}
    trained = program.train is not None and not TRAINED.isdisjoint(program.facets)
    stated = program.train.targets if program.train is not None else []
    for kind, asked in (("cotangent", "gradients" in program.facets), ("target", trained)):
        for j, shape in enumerate(shapes if asked else ()):
            key = f"{kind}/{j}"
            if kind == "target" and stated:
                feeds[key] = data.input_values(target_spec(stated[j], shape), seed, key, shape[0])
            else:
                feeds[key] = data.draw(program.weights, seed, key, shape)
    return feeds


def target_spec(target: Target, output: tuple[int, ...]) -> InputSpec:
    """A target as an input is stated.

    Args:
        target: As the case has it.
        output: Shape of the output that it is for, batch axis included.
    """
    shape = target.shape
    if shape is None:
        shape = list(output[1:] if "float" in target.dtype else output[1:-1])
    return InputSpec(name="target", shape=shape, dtype=target.dtype, data=target.data)


def _call_inputs(
    model: Model, call: Call | Extra, index: int, before: dict[str, Values], seed: int
) -> dict[str, Values]:
    if isinstance(call, Extra) and call.facet == "batch":
        return {f"call/{index}/{s.name}": before[f"call/0/{s.name}"][:1] for s in model.inputs}
    made: dict[str, Values] = {}
    for position, spec in enumerate(model.inputs):
        key = f"call/{index}/{spec.name}"
        if isinstance(call, Extra):
            values = before[f"call/0/{spec.name}"].copy()
            if position == 0 and values.dtype != bool:
                # One sample, and in it the entries that the case names; never the same again.
                place = (0, *(call.at or []))
                drawn = data.draw("integers", seed, key, values[place].shape)
                values[place] = values[place] + (1 + np.abs(drawn)).astype(values.dtype)
            made[key] = values
        else:
            fed = msgspec.structs.replace(spec, shape=call.shape(spec))
            made[key] = data.input_values(fed, seed, key, call.batch)
    return made


def permuted(values: Values, axes: list[int] | None) -> Values:
    """Axes behind the batch axis in another order; ``None`` leaves them."""
    if axes is None:
        return values
    return np.ascontiguousarray(values.transpose(0, *(i + 1 for i in axes)))


def _twin_feeds(
    program: Graph, stated: Twin, network: Network, twin: Network, feeds: dict[str, Values]
) -> dict[str, Values]:
    ours, theirs = network.variables, twin.variables
    shapes = [v.shape for v in ours.values()], [v.shape for v in theirs.values()]
    if shapes[0] != shapes[1]:
        message = (
            "the twin must have the model's weights, in order and with their shapes: "
            f"{dict(zip(ours, shapes[0], strict=True))} is not "
            f"{dict(zip(theirs, shapes[1], strict=True))}"
        )
        raise Contradiction([Statement("equals", message)])
    specs = network.model.inputs, twin.model.inputs
    if len(specs[0]) != len(specs[1]) or len(network.outputs) != len(twin.outputs):
        message = "the twin must have as many inputs and outputs as the model"
        raise Contradiction([Statement("equals", message)])
    made = {
        f"twin/weight/{theirs_name}": feeds[f"weight/{name}"]
        for name, theirs_name in zip(ours, theirs, strict=True)
    }
    for index, call in enumerate(program.every_call):
        for spec, other in zip(*specs, strict=True):
            values = permuted(feeds[f"call/{index}/{spec.name}"], stated.input_axes)
            if values.shape != (call.batch, *other.shape):
                message = (
                    f"the twin's input {other.name} has the shape {other.shape}, but is fed "
                    f"{list(values.shape[1:])}: input.axes must permute one into the other"
                )
                raise Contradiction([Statement("equals", message)])
            made[f"twin/call/{index}/{other.name}"] = values
    for key in [key for key in feeds if key.startswith("cotangent/")]:
        made[f"twin/{key}"] = permuted(feeds[key], stated.output_axes)
    return made
