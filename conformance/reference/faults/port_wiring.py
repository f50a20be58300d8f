"""What a port leaves out, adds, or takes from another place: mistakes between a layer's lines."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from conformance.cases.model import Node
from conformance.reference.faults.fault import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from conformance.cases.model import Model
    from conformance.reference.model.network import Network

HANDED_ON = "handed-on:"
"""How the names of the mistakes begin that leave a recurrent layer right and hand on another of its
answers."""
LEFT_OUT = "left-out"
_RECURRENT = frozenset({"LSTM", "GRU", "SimpleRNN"})
_ACTIVATED = frozenset({"Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax", "Dropout"})
_MERGES = ("ops.add", "ops.subtract", "ops.multiply", "ops.maximum", "ops.minimum")
_DILATIONS, _GROUPS = (1, 2, 3, 4, 8, 16), (1, 2, 3, 4, 8, 16, 32)
_IMAGE = 3
"""Axes of an image without the batch's."""


def of_wiring(network: Network) -> Iterator[Fault]:
    """Every mistake of this kind that may fit a layer; the caller drops those that don't."""
    node = network.model.nodes[0]
    yield from _numbers(node)
    yield from _sums(network)
    yield from _softmax_of_dense(network.model)
    yield from _filled(network)
    yield from _steps(network)
    yield from _added(network)
    yield from _left_out(network)


def of_functions(network: Network) -> Iterator[Fault]:
    """Mistakes of ``x + y`` and ``x[:, 0]``."""
    nodes = network.model.nodes
    first = nodes[0]
    if first.layer in _MERGES:
        given = [str(one) for one in first.tensors.values()]
        for place, other in enumerate(reversed(given)):
            says = f"left out input {place + 1} of {len(given)}"
            yield Fault(name=f"input-left-out:{place}", says=says, model=_only_input(other))
    for place, node in enumerate(nodes):
        taken = node.arguments.get("indices")
        if node.layer != "ops.take" or not isinstance(taken, int):
            continue
        for entry in (0, -1):
            if entry != taken:
                says = f"took entry {entry} of axis {node.arguments['axis']}, which is {taken}"
                yield Fault(name=f"entry:{entry}", says=says, model=_taking(place, entry))


def of_input(network: Network) -> Iterator[Fault]:
    """Mistakes of how the model's own input is read: for the layers that take it."""
    node = network.model.nodes[0]
    if node.is_function or len(node.inputs) != 1:
        return
    shape = [size or 0 for size in network.shapes[node.inputs[0]][1:]]
    if len(shape) == _IMAGE and shape[-1] in {1, 3, 4}:
        if shape[-1] > 1:
            backward = {"indices": [*range(shape[-1])][::-1], "axis": -1}
            says = "read the channels in the opposite order (BGR for RGB)"
            yield _before("channels-reversed", says, [_function("ops.take", **backward)])
        height, width, channels = shape
        if height == width:
            says = "exchanged the height and the width of its input"
            yield _before("space-exchanged", says, [_layer("Permute", dims=[2, 1, 3])])
        if channels > 1:
            says = "reshaped its input to channels first, where the axes have to be moved"
            first = [channels, height, width]
            nodes = [_layer("Reshape", target_shape=first), _layer("Permute", dims=[2, 3, 1])]
            yield _before("input-reshaped", says, nodes)
    for name, says, scale, offset in (
        ("input-over-255", "divided its input by 255", 1 / 255, 0.0),
        ("input-times-255", "multiplied its input by 255", 255.0, 0.0),
        ("input-to-minus-1-and-1", "took its input by 127.5 and less 1", 1 / 127.5, -1.0),
        ("input-of-minus-1-and-1", "took half its input and 0.5 more", 0.5, 0.5),
    ):
        yield _before(name, says, [_layer("Rescaling", scale=scale, offset=offset)])


def _layer(name: str, **config: Any) -> Node:
    return Node(name="", layer=name, config=config, inputs=[])


def _function(name: str, **arguments: Any) -> Node:
    return Node(name="", layer=name, config={}, inputs=[], arguments=arguments)


def _chained(nodes: Sequence[Node], source: str, prefix: str) -> list[Node]:
    """Nodes that read each other, the first one a tensor."""
    found: list[Node] = []
    for place, node in enumerate(nodes):
        name = f"{prefix}{place}"
        fed = {"tensors": {"x": source}} if node.is_function else {"inputs": [source]}
        found.append(replace(node, name=name, **fed))
        source = name
    return found


def _before(name: str, says: str, nodes: Sequence[Node], place: int = 0) -> Fault:
    """Nodes between the first node and one of its inputs."""

    def rewrite(model: Model) -> Model:
        first, *rest = model.nodes
        added = _chained(nodes, first.inputs[place], "before")
        inputs = [*first.inputs]
        inputs[place] = added[-1].name
        return replace(model, nodes=[*added, replace(first, inputs=inputs), *rest])

    return Fault(name=name, says=says, model=rewrite)


def _behind(
    name: str,
    says: str,
    nodes: Sequence[Node],
    *,
    output: int = 0,
    **config: Any,
) -> Fault:
    """Nodes behind the last one; the first one may have other arguments."""

    def rewrite(model: Model) -> Model:
        first, *rest = model.nodes
        own = [replace(first, config={**first.config, **config}), *rest]
        source = f"{own[-1].name}.{output}" if output else own[-1].name
        added = _chained(nodes, source, "behind")
        return replace(model, nodes=[*own, *added], outputs=[added[-1].name])

    return Fault(name=name, says=says, model=rewrite)


def _only_input(name: str) -> Callable[[Model], Model]:
    def rewrite(model: Model) -> Model:
        first, *rest = model.nodes
        alone = Node(name=first.name, layer="Identity", config={}, inputs=[name])
        return replace(model, nodes=[alone, *rest])

    return rewrite


def _taking(place: int, entry: int) -> Callable[[Model], Model]:
    def rewrite(model: Model) -> Model:
        nodes = [*model.nodes]
        arguments = {**nodes[place].arguments, "indices": entry}
        nodes[place] = replace(nodes[place], arguments=arguments)
        return replace(model, nodes=nodes)

    return rewrite


def _numbers(node: Node) -> Iterator[Fault]:
    """Another dilation, another number of groups."""
    given = node.config.get("dilation_rate")
    if given is not None and "Conv" in node.layer:
        for other in _DILATIONS:
            wanted = [other] * len(given) if isinstance(given, list) else other
            if wanted != given:
                says = f"took {other} for dilation_rate, which is {given}"
                yield _changed(f"dilation_rate:{other}", says, dilation_rate=wanted)
    groups = node.config.get("groups")
    if node.layer == "GroupNormalization" and isinstance(groups, int):
        for other in _GROUPS:
            if other != groups:
                says = f"took {other} for groups, which is {groups}"
                yield _changed(f"groups:{other}", says, groups=other)


def _changed(name: str, says: str, **config: Any) -> Fault:
    def rewrite(model: Model) -> Model:
        first, *rest = model.nodes
        return replace(model, nodes=[replace(first, config={**first.config, **config}), *rest])

    return Fault(name=name, says=says, model=rewrite)


def _sums(network: Network) -> Iterator[Fault]:
    """A sum where Keras takes the mean."""
    node = network.model.nodes[0]
    if node.layer.startswith("GlobalAverage"):
        shape = network.shapes[node.inputs[0]][1:]
        last = node.config.get("data_format", "channels_last") == "channels_last"
        count = math.prod(size or 0 for size in (shape[:-1] if last else shape[1:]))
    elif node.layer.startswith("AveragePool"):
        size = node.config.get("pool_size", 2)
        axes = int(node.layer[-2])
        count = math.prod(size) if isinstance(size, list) else int(str(size)) ** axes
    else:
        return
    if count > 1:
        scaled = [_layer("Rescaling", scale=float(count))]
        yield _behind("summed", "added up what Keras takes the mean of", scaled)


def _softmax_of_dense(model: Model) -> Iterator[Fault]:
    node = model.nodes[-1]
    if node.config.get("activation") != "softmax" or len(model.nodes) > 1:
        return
    for axis, what in ((0, "the batch"), (1, "axis 1"), (-2, "the axis before the last")):
        says = f"took the softmax along {what}"
        softmax = [_layer("Softmax", axis=axis)]
        yield _behind(f"softmax-axis:{axis}", says, softmax, activation="linear")


def _filled(network: Network) -> Iterator[Fault]:
    """A row of numbers that is made an image in the order of channels first."""
    node = network.model.nodes[0]
    target = node.config.get("target_shape")
    if node.layer != "Reshape" or not isinstance(target, list):
        return
    if len(target) < 2 or len(network.shapes[node.inputs[0]]) != 2 or -1 in target:  # noqa: PLR2004 - a batch of rows
        return
    first = [target[-1], *target[:-1]]
    back = [*range(2, len(target) + 1), 1]
    says = "filled its answer in the order of channels first"
    permuted = [_layer("Permute", dims=back)]
    yield _behind("filled-channels-first", says, permuted, target_shape=first)


def _steps(network: Network) -> Iterator[Fault]:
    node = network.model.nodes[0]
    if node.layer not in _RECURRENT or node.config.get("return_state"):
        return
    every = bool(node.config.get("return_sequences"))
    turned = [_function("ops.transpose", axes=[1, 0, 2])]
    last = [] if every else [_function("ops.take", indices=-1, axis=1)]
    says = "read the batch as the steps (batch_first is missing)"

    def rewrite(model: Model) -> Model:
        first, *rest = model.nodes
        before = _chained(turned, first.inputs[0], "before")
        told = {**first.config, "return_sequences": True}
        own = replace(first, inputs=[before[-1].name], config=told)
        behind = _chained([*turned, *last], first.name, "behind")
        nodes = [*before, own, *behind, *rest]
        return replace(model, nodes=nodes, outputs=[behind[-1].name])

    if not node.tensors:
        yield Fault(name="batch-for-steps", says=says, model=rewrite)
    if every:
        return
    for name, says, picked in (
        ("first", "handed on its answer at the first step", ("take", {"indices": 0, "axis": 1})),
        ("mean", "handed on the mean of all steps", ("mean", {"axis": 1})),
        ("maximum", "handed on the maximum of all steps", ("max", {"axis": 1})),
    ):
        nodes = [_function(f"ops.{picked[0]}", **picked[1])]
        yield _behind(f"{HANDED_ON}{name}", says, nodes, return_sequences=True)
    says = "handed on its answer at the last of all steps, which a mask leaves out: zeros"
    yield _behind(
        f"{HANDED_ON}padding", says, [_function("ops.take", indices=-1, axis=1)],
        return_sequences=True, zero_output_for_mask=True,
    )  # fmt: skip
    if node.layer == "LSTM":
        says = "handed on the cell's state, where its answer is the hidden one"
        kept = [_layer("Identity")]
        yield _behind(f"{HANDED_ON}cell", says, kept, output=2, return_state=True)


def _added(network: Network) -> Iterator[Fault]:
    """A relu where Keras has none."""
    node = network.model.nodes[0]
    if node.layer in _ACTIVATED or node.layer in _RECURRENT or len(network.model.outputs) > 1:
        return
    relu = [_layer("Activation", activation="relu")]
    if node.config.get("activation", "linear") == "linear":
        yield _behind("relu-added", "put a relu behind it, which Keras has not", relu)
    for place in range(len(node.inputs)):
        what = f"input {place + 1}" if len(node.inputs) > 1 else "its input"
        says = f"put a relu on {what}, which Keras has not"
        yield _before(f"relu-added-before:{place}", says, relu, place)


def _left_out(network: Network) -> Iterator[Fault]:
    node = network.model.nodes[0]
    last = network.model.nodes[-1]
    if len(node.inputs) != 1 or node.layer in {"Identity", "Dropout"}:
        return
    if network.shapes[node.inputs[0]] != network.shapes[last.name]:
        return

    def rewrite(model: Model) -> Model:
        alone = Node(name=last.name, layer="Identity", config={}, inputs=[node.inputs[0]])
        return replace(model, nodes=[alone])

    yield Fault(name=LEFT_OUT, says="left the layer out", model=rewrite)
