"""Every mistake that one layer of the Keras model may have in a port, the likeliest first."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.reference.errors import NoAnswer
from conformance.reference.faults.applicable import explanations
from conformance.reference.faults.fault import Fault
from conformance.reference.faults.port_weights import exchanges
from conformance.reference.faults.port_wiring import of_input
from conformance.reference.faults.ports import of_ports
from conformance.reference.model.network import Network

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.reference.engine.array import Array
    from conformance.twomodels.graph import Graph
    from conformance.twomodels.replay import Layer

OF_OTHER = "weights-of:"
"""How the names of the mistakes begin that take another layer's weights."""
_OTHERS = 8
"""Other layers whose weights are tried in one's place."""
_TURNED = "took the mask's true for what is left out"


class Candidates:
    """The mistakes by layer.

    Attributes:
        known: Names of mistakes that have been found in other layers: they are tried first.
    """

    def __init__(self, graph: Graph) -> None:
        """Hold the model."""
        self._graph = graph
        self.known: set[str] = set()

    def of(
        self, place: int, known: Mapping[int, Array], *, everywhere: bool = False
    ) -> Iterator[Fault]:
        """Every known mistake of a layer, a porter's first; or those that are made in several."""
        layer = self._graph.layers[place]
        if layer.unknown or not layer.nodes:
            return
        given = {number: known[number] for number in layer.taken}
        seen: set[str] = set()
        try:
            case = layer.case(given)
            network = Network.build(case.graph.model)
            if self.makes_masks(place):
                yield from (
                    replace(fault, name="mask-turned-round", says=_TURNED)
                    for fault in explanations(case)
                    if fault.name.startswith("taken-for:")
                )
                return
            masked = bool(layer.masks) or any("mask" in key for key in layer.tensors)
            fed = any(number not in self._graph.producers for number in layer.taken)
            of_layer = [
                *(of_input(network) if fed else ()),
                *of_ports(network, masked=masked),
                *_exchanged(network, layer),
                *(() if everywhere else self._of_others(place, network)),
                *(() if everywhere else explanations(case)),
            ]
        except NoAnswer:
            return
        of_layer.sort(key=lambda fault: fault.name not in self.known)
        for fault in of_layer:
            if fault.name not in seen and fault.inputs is None and fault.calls is None:
                seen.add(fault.name)
                yield fault

    def makes_masks(self, place: int) -> bool:
        """Whether it is a function whose answer is nothing but a mask of layers."""
        layer = self._graph.layers[place]
        readers = [
            (self._graph.layers[reader], number)
            for number in layer.outputs
            for reader in self._graph.reads.get(number, [])
        ]
        return (
            not layer.owner
            and bool(readers)
            and all(
                any("mask" in key and value == number for key, value in reader.tensors.items())
                for reader, number in readers
            )
        )

    def _of_others(self, place: int, network: Network) -> Iterator[Fault]:
        """The weights of another layer of the same kind, the nearest first."""
        layer = self._graph.layers[place]
        names = list(network.variables)
        shapes = [one.shape for one in layer.weights]
        if not shapes or len(names) != len(shapes):
            return
        owners = {layer.owner}
        alike = sorted(range(len(self._graph.layers)), key=lambda one: (abs(one - place), one))
        for other in (self._graph.layers[one] for one in alike):
            same = other.kind == layer.kind and [one.shape for one in other.weights] == shapes
            if not same or other.owner in owners:
                continue
            owners.add(other.owner)
            taken = dict(zip(names, other.weights, strict=True))
            yield Fault(
                name=f"{OF_OTHER}{other.name}",
                says=f"took the weights of {other.name}",
                weights=lambda name, own, taken=taken: taken.get(name, own),  # type: ignore[misc] # a lambda with a default
            )
            if len(owners) > _OTHERS:
                return


def _exchanged(network: Network, layer: Layer) -> Iterator[Fault]:
    """Variables of one layer that a port may take for each other."""
    names = [name.partition("/")[2] for name in network.variables]
    if len(names) != len(layer.weights):
        return
    values = dict(zip(names, layer.weights, strict=True))
    for places in exchanges(names):
        if any(values[one].shape != values[other].shape for one, other in places.items()):
            continue
        taken = {one: values[other] for one, other in places.items()}
        first, second = next(iter(places.items()))
        what = [name.split("/")[0] if len(places) > 2 else name for name in (first, second)]  # noqa: PLR2004 - more than one pair
        what = [re.sub(r"^((for|back)ward)_.*", r"\1", name) for name in what]
        yield Fault(
            name=f"exchanged:{what[0]}.{what[1]}",
            says=f"took the {what[0]} and the {what[1]} for each other",
            weights=lambda name, own, taken=taken: taken.get(name.partition("/")[2], own),  # type: ignore[misc] # a lambda with a default
        )
