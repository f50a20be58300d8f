"""Programs that are a little smaller than a given one.

What is proposed need not make sense: one whose model the reference cannot build, or that the
framework refuses, is judged like any other, and simply is not the same failure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from conformance.adapters.shared.functions import flat
from conformance.cases.model import Data, Graph, Program
from conformance.reducing.shrinking import ROUND, below, shrunk_mapping, sliced
from conformance.reducing.subjects import renamed, smaller_function, smaller_steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.cases.model import Call, InputSpec, Model, Node


def smaller(program: Program) -> Iterator[Program]:
    """Yield programs that are one step smaller, the largest steps first."""
    if not isinstance(program, Graph):
        yield from smaller_steps(program)
        return
    if program.model.form == "function":
        yield from smaller_function(program)
        return
    yield from _fewer_calls(program)
    yield from _fewer_layers(program)
    yield from _smaller_sizes(program)
    yield from _rounder_numbers(program)
    yield from _smaller_configs(program)


def _fewer_calls(program: Graph) -> Iterator[Program]:
    calls, extra = program.calls, program.extra
    for index in range(len(extra)):
        yield replace(program, extra=[*extra[:index], *extra[index + 1 :]])
    if len(calls) > 1:
        for call in calls:
            yield _with_one(program, call)
    for index, call in enumerate(calls):
        for batch in below(call.batch):
            fewer = replace(call, batch=batch)
            model = program.model
            if len(calls) == 1:
                model = replace(model, inputs=[_cut_rows(spec, batch) for spec in model.inputs])
            yield replace(program, model=model, calls=[*calls[:index], fewer, *calls[index + 1 :]])
    for index, one in enumerate(extra):
        for batch in below(one.batch):
            rest = [*extra[:index], replace(one, batch=batch), *extra[index + 1 :]]
            yield replace(program, extra=rest)


def _cut_rows(spec: InputSpec, rows: int) -> InputSpec:
    """Literal numbers are written with all their rows."""
    if spec.data.kind != "values":
        return spec
    return replace(spec, data=replace(spec.data, values=sliced(spec.data.values, 0, rows)))


def _with_one(program: Graph, call: Call) -> Program:
    """This call alone, with inputs of its own sizes."""
    inputs = [replace(spec, shape=call.shape(spec)) for spec in program.model.inputs]
    model = replace(program.model, inputs=inputs)
    return replace(program, model=model, calls=[replace(call, sizes=None)])


def _fewer_layers(program: Graph) -> Iterator[Program]:
    model = program.model
    for node in model.nodes:
        taken = [*node.inputs, *_passed(node)] if node.is_function else node.inputs
        if len(model.nodes) == 1 or len(taken) != 1 or (node.tensors and not node.is_function):
            continue
        if any(other.shares == node.name for other in model.nodes):
            continue
        (source,) = taken
        if node.name in model.outputs and source in {one.name for one in model.inputs}:
            continue
        others = [renamed(one, node.name, source) for one in model.nodes if one is not node]
        outputs = [source if name == node.name else name for name in model.outputs]
        yield replace(program, model=replace(model, nodes=others, outputs=outputs))


def _passed(node: Node) -> list[str]:
    """The arrays that have a name."""
    return flat(node.tensors.values())


def _smaller_sizes(program: Graph) -> Iterator[Program]:
    model = program.model
    for index, spec in enumerate(model.inputs):
        for axis, size in enumerate(spec.shape):
            for less in below(size):
                yield _with_input(program, model, index, _cut(spec, axis, less))


def _cut(spec: InputSpec, axis: int, size: int) -> InputSpec:
    shape = [*spec.shape[:axis], size, *spec.shape[axis + 1 :]]
    declared = spec.declared
    if declared is not None and declared[axis] is not None:
        declared = [*declared[:axis], size, *declared[axis + 1 :]]
    data = spec.data
    if data.kind == "values":
        data = replace(data, values=sliced(data.values, axis + 1, size))
    return replace(spec, shape=shape, declared=declared, data=data)


def _rounder_numbers(program: Graph) -> Iterator[Program]:
    if program.given or program.initial:  # drawn weights fit whatever becomes of the shapes
        yield replace(program, given={}, initial=False)
    if program.weights == "normal":
        yield replace(program, weights="integers")
    for index, spec in enumerate(program.model.inputs):
        if spec.data.kind in ROUND and "float" in spec.dtype:
            rounder = replace(spec, data=Data(kind="integers"))
            yield _with_input(program, program.model, index, rounder)


def _with_input(program: Graph, model: Model, index: int, spec: InputSpec) -> Program:
    inputs = [*model.inputs[:index], spec, *model.inputs[index + 1 :]]
    return replace(program, model=replace(model, inputs=inputs))


def _smaller_configs(program: Graph) -> Iterator[Program]:
    model = program.model
    for node in model.layers:
        for config in shrunk_mapping(node.config):
            nodes = [
                replace(one, config=config) if one.owner == node.name else one
                for one in model.nodes
            ]
            yield replace(program, model=replace(model, nodes=nodes))
