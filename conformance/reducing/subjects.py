"""Programs of functions, and of objects with steps, a little smaller than a given one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from conformance.adapters.shared.functions import flat
from conformance.cases.model import Data
from conformance.reducing.shrinking import ROUND, below, shrunk_mapping, sliced

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.cases.model import Graph, InputSpec, Model, Node, Program, Steps


def smaller_function(program: Graph) -> Iterator[Program]:
    """Yield programs of functions that are one step smaller, the largest steps first."""
    model = program.model
    for changed in [*_fewer_nodes(model), *_fewer_arrays(model)]:
        yield replace(program, model=changed)
    for inputs in _smaller_inputs(model.inputs):
        yield replace(program, model=replace(model, inputs=inputs))
    for at, node in enumerate(model.nodes):
        for changed_node in _smaller_literals(node):
            nodes = [*model.nodes[:at], changed_node, *model.nodes[at + 1 :]]
            yield replace(program, model=replace(model, nodes=nodes))


def smaller_steps(program: Steps) -> Iterator[Program]:
    """Yield programs of steps that are one step smaller, the largest steps first."""
    for index in reversed(range(len(program.steps))):
        left = [*program.steps[:index], *program.steps[index + 1 :]]
        if left:
            yield _used(replace(program, steps=left))
    for index, step in enumerate(program.steps):
        for key in step.tensors if step.call != "apply" else ():
            fewer = {name: one for name, one in step.tensors.items() if name != key}
            steps = list(program.steps)
            steps[index] = replace(step, tensors=fewer)
            yield _used(replace(program, steps=steps))
    for variable in program.variables if len(program.variables) > 1 else ():
        steps = [
            replace(step, tensors={k: v for k, v in step.tensors.items() if k != variable.name})
            if step.call == "apply"
            else step
            for step in program.steps
        ]
        variables = [one for one in program.variables if one is not variable]
        yield _used(replace(program, steps=steps, variables=variables))
    count = len(program.inputs)
    for specs in _smaller_inputs([*program.inputs, *program.variables]):
        yield replace(program, inputs=specs[:count], variables=specs[count:])
    for config in shrunk_mapping(program.object.config):
        yield replace(program, object=replace(program.object, config=config))


def _used(program: Steps) -> Steps:
    """Without the inputs that no step takes."""
    used = {name for step in program.steps for name in step.names}
    return replace(program, inputs=[spec for spec in program.inputs if spec.name in used])


def _fewer_nodes(model: Model) -> Iterator[Model]:
    """Without a node: the last one, or one in whose place an array that it takes will do."""
    for node in model.nodes:
        if len(model.nodes) == 1:
            return
        others = [one for one in model.nodes if one is not node]
        for source in _sources(node):
            if source in {spec.name for spec in model.inputs} and node.name in model.outputs:
                continue
            nodes = [renamed(one, node.name, source) for one in others]
            outputs = [source if name == node.name else name for name in model.outputs]
            yield _needed(replace(model, nodes=nodes, outputs=outputs))


def _fewer_arrays(model: Model) -> Iterator[Model]:
    """Without an array that is passed by name, or under a key of a dictionary."""
    for node in model.nodes:
        for fewer in _fewer_tensors(node):
            nodes = [replace(one, tensors=fewer) if one is node else one for one in model.nodes]
            yield _needed(replace(model, nodes=nodes))


def _fewer_tensors(node: Node) -> Iterator[dict[str, Any]]:
    for key, given in node.tensors.items():
        yield {name: one for name, one in node.tensors.items() if name != key}
        if isinstance(given, dict):
            for inner in given:
                left = {name: one for name, one in given.items() if name != inner}
                yield {**node.tensors, key: left}


def _needed(model: Model) -> Model:
    """Without the nodes and inputs that no output hangs on."""
    needed = {name.partition(".")[0] for name in model.outputs}
    for node in reversed(model.nodes):
        if node.name in needed:
            needed.update(name.partition(".")[0] for name in _sources(node))
    return replace(
        model,
        nodes=[node for node in model.nodes if node.name in needed],
        inputs=[spec for spec in model.inputs if spec.name in needed],
    )


def _sources(node: Node) -> list[str]:
    return [*node.inputs, *flat(node.tensors.values())]


def renamed(node: Node, old: str, new: str) -> Node:
    """The node with another node, or an input, in one's place."""

    def other(names: Any) -> Any:
        if isinstance(names, list):
            return [other(one) for one in names]
        if isinstance(names, dict):
            return {key: other(one) for key, one in names.items()}
        return new if names.partition(".")[0] == old else names

    return replace(node, inputs=other(node.inputs), tensors=other(node.tensors))


def _smaller_inputs(specs: Sequence[InputSpec]) -> Iterator[list[InputSpec]]:
    """With a size that is smaller wherever it stands, then in one place; then rounder numbers."""
    sizes = sorted({size for spec in specs for size in spec.shape}, reverse=True)
    for size in sizes:
        for less in below(size):
            yield [_resized(spec, size, less) for spec in specs]
    for index, spec in enumerate(specs):
        for axis, size in enumerate(spec.shape):
            for less in below(size):
                yield [*specs[:index], _cut(spec, axis, less), *specs[index + 1 :]]
    for index, spec in enumerate(specs):
        if spec.data.kind in ROUND and "float" in spec.dtype:
            rounder = replace(spec, data=Data(kind="integers"))
            yield [*specs[:index], rounder, *specs[index + 1 :]]


def _resized(spec: InputSpec, size: int, less: int) -> InputSpec:
    for axis, own in enumerate(spec.shape):
        if own == size:
            spec = _cut(spec, axis, less)
    return spec


def _cut(spec: InputSpec, axis: int, size: int) -> InputSpec:
    data = spec.data
    if data.kind == "values":
        data = replace(data, values=sliced(data.values, axis, size))
    return replace(spec, shape=[*spec.shape[:axis], size, *spec.shape[axis + 1 :]], data=data)


def _smaller_literals(node: Node) -> Iterator[Node]:
    for config in shrunk_mapping(node.config):
        yield replace(node, config=config)
    for arguments in shrunk_mapping(node.arguments):
        yield replace(node, arguments=arguments)
