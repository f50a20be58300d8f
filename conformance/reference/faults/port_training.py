"""Mistakes of whoever trains a port: what moves statistics, the rate, what is not trained.

Those of arguments, of the rate and of the loss are in ``known``; these are tried by ``compare``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from conformance.reference.faults.fault import Fault, nodewise
from conformance.reference.spec.layers.base import Context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from conformance.cases.model import Graph, Model, Node, Train
    from conformance.reference.engine.array import Array, Values
    from conformance.reference.model.network import Network

_UNBIASED = (
    "moved the moving variance by the unbiased variance of the batch (over n - 1), where Keras "
    "takes the biased one (over n)"
)
_USUAL = 0.9
"""What most people take for SGD's momentum."""
MOMENTA = (0.9, 0.99, 0.999, 0.1, 0.01)
"""Of moving statistics, in Keras's words: PyTorch's default is 0.9, Flax's 0.99."""


def of_training(
    network: Network, program: Graph, feeds: Mapping[str, Values]
) -> Iterator[tuple[Fault, str]]:
    """Every mistake of training that may fit a model; the caller drops those that don't.

    Args:
        network: The model, with the shapes that it is fed.
        program: With its training.
        feeds: Its data, by which the moving statistics begin.

    Returns:
        Each with the node that it is about; empty where it is about the training as a whole.
    """
    normal = [node for node in network.model.nodes if node.layer == "BatchNormalization"]
    groups = [normal, *([node] for node in normal if len(normal) > 1)]
    for nodes in groups:
        for fault in _of_statistics(network, nodes, feeds) if nodes else ():
            yield fault, nodes[0].name
    yield from _frozen(network, program)
    if program.train is not None:
        yield from ((fault, "") for fault in _rates(program.train))


def _of_statistics(
    network: Network, nodes: list[Node], feeds: Mapping[str, Values]
) -> Iterator[Fault]:
    """What may be wrong with the moving statistics of some layers."""
    names = frozenset(node.name for node in nodes)
    yield Fault(
        name="moving-variance-unbiased",
        says=_UNBIASED,
        context=_unbiased(network, nodes, feeds, lambda given: given),
    )
    for name, says, change in _momenta_taken():
        yield Fault(name=name, says=says, model=_momenta(names, change))
        # A module's defaults go wrong together.
        yield Fault(
            name=f"{name}+moving-variance-unbiased",
            says=f"{says}, and {_UNBIASED}",
            model=_momenta(names, change),
            context=_unbiased(network, nodes, feeds, change),
        )
    yield Fault(
        name="moving-statistics-in-training",
        says="normalized by the moving statistics in training, too, and did not move them",
        model=nodewise(
            lambda node: [
                msgspec.structs.replace(node, arguments={**node.arguments, "training": False})
                if node.name in names
                else node
            ]
        ),
    )
    yield Fault(
        name="statistics-not-moved",
        says="did not move its moving statistics",
        context=_still(names),
    )


def _momenta_taken() -> Iterator[tuple[str, str, Callable[[float], float]]]:
    yield (
        "momentum-turned-round",
        "took the momentum of moving statistics for 1 - momentum",
        lambda given: 1 - given,
    )
    for momentum in MOMENTA:
        says = f"moved its moving statistics with a momentum of {momentum:g}"
        yield f"momentum:{momentum:g}", says, lambda _, momentum=momentum: momentum  # type: ignore[misc] # a lambda with a default


def _frozen(network: Network, program: Graph) -> Iterator[tuple[Fault, str]]:
    for node in network.model.layers:
        own = [name for name in network.variables if name.split("/", 1)[0] == node.name]
        if program.train is not None and any(network.variables[name].trainable for name in own):
            frozen = Fault(
                name=f"not-trained:{node.name}",
                says="did not train its weights",
                train=lambda train, name=node.name: msgspec.structs.replace(  # type: ignore[misc] # a lambda with a default
                    train, freeze=[*train.freeze, name]
                ),
            )
            yield frozen, node.name


def _rates(train: Train) -> Iterator[Fault]:
    config = train.optimizer.config
    rate = config.get("learning_rate")
    if isinstance(rate, float):
        for factor in (2.0, 0.1, 10.0, 0.5):
            yield _optimized(f"rate-times:{factor:g}", f"took {factor:g} times the learning rate",
                             learning_rate=rate * factor)  # fmt: skip
    if train.optimizer.name == "SGD":
        if config.get("momentum"):
            yield _optimized("momentum-left-out", "left out the optimizer's momentum", momentum=0.0)
            yield _optimized("nesterov", "took Nesterov's momentum", nesterov=True)
        if config.get("momentum") != _USUAL:
            says = f"took an optimizer's momentum of {_USUAL:g}"
            yield _optimized(f"momentum-of:{_USUAL:g}", says, momentum=_USUAL)
    if train.optimizer.name == "Adam":
        for epsilon in (1e-8, 1e-3):
            yield _optimized(f"adam-epsilon:{epsilon:g}", f"took {epsilon:g} for Adam's epsilon",
                             epsilon=epsilon)  # fmt: skip
    yield _optimized("weight-decay:0.01", "let the weights decay by 0.01", weight_decay=0.01)


def _optimized(name: str, says: str, **changes: Any) -> Fault:
    def rewrite(train: Train) -> Train:
        optimizer = msgspec.structs.replace(
            train.optimizer, config={**train.optimizer.config, **changes}
        )
        return msgspec.structs.replace(train, optimizer=optimizer)

    return Fault(name=name, says=says, train=rewrite)


def _momenta(names: frozenset[str], change: Callable[[float], float]) -> Callable[[Model], Model]:
    def rewrite(node: Node) -> list[Node]:
        if node.name not in names:
            return [node]
        momentum = change(float(node.config.get("momentum", 0.99)))
        return [msgspec.structs.replace(node, config={**node.config, "momentum": momentum})]

    return nodewise(rewrite)


def _still(names: frozenset[str]) -> type[Context]:
    """A run that keeps the moving statistics of some layers as they are."""

    class Still(Context):
        def assign(self, variable: str, array: Array) -> None:
            if self.node not in names or not variable.startswith("moving_"):
                super().assign(variable, array)

    return Still


def _unbiased(
    network: Network,
    nodes: list[Node],
    feeds: Mapping[str, Values],
    change: Callable[[float], float],
) -> type[Context]:
    """A run whose moving variances are moved by n / (n - 1) times the batch's variance."""
    momenta = {node.name: change(float(node.config.get("momentum", 0.99))) for node in nodes}
    counts = {node.name: _count(network, node, feeds) for node in nodes}

    class Unbiased(Context):
        def assign(self, variable: str, array: Array) -> None:
            if variable == "moving_variance" and counts.get(self.node, 0) > 1:
                # What this run has left behind is what the layer has kept a share of.
                left = self.recalled("unbiased")
                first = feeds[f"weight/{self.node}/moving_variance"]
                kept = (left[0] if left else array.arithmetic.leaf(first)) * momenta[self.node]
                n = counts[self.node]
                array = kept + (array - kept) * (n / (n - 1))
                self.remember("unbiased", [array])
            super().assign(variable, array)

    return Unbiased


def _count(network: Network, node: Node, feeds: Mapping[str, Values]) -> int:
    """How many numbers one mean of a batch is taken over."""
    rows = next((len(a) for name, a in feeds.items() if name.startswith("call/0/")), 1)
    shape = network.shapes[node.inputs[0]]
    axis = node.config.get("axis", -1)
    axes = axis if isinstance(axis, list) else [axis]
    sizes = [rows, *(size or 1 for size in shape[1:])]
    total = 1
    for place, size in enumerate(sizes):
        if place not in {one % len(sizes) for one in axes}:
            total *= size
    return total
