"""A model inside a model: ``Sequential`` among the layers of another one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from conformance.adapters.shared.layer_names import automatic_name
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.layers.base import Context, Layer, Variable, Weights, make, register
from conformance.reference.spec.naming import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.cases.model import Shape
    from conformance.reference.engine.array import Array
    from conformance.reference.spec.config import Config


class _Part(NamedTuple):
    """One of the layers inside."""

    name: str
    layer: Layer
    trainable: bool


@register("Sequential")
class Sequential(Layer):
    """keras.Sequential as a layer: what its call says of training, its layers are told."""

    def __init__(self, config: Config) -> None:
        """Args: layers."""
        listed: Any = config.required("layers")
        if not isinstance(listed, list) or not listed:
            message = f"Sequential: layers must be a list of layers, not {listed!r}"
            raise Refused(message)
        counted = Counter[str]()
        self._parts: list[_Part] = []
        for one in listed:
            ((kind, arguments),) = ({one: {}} if isinstance(one, str) else one).items()
            automatic = automatic_name(kind)
            number = counted[automatic]
            counted[automatic] += 1
            name = (arguments or {}).get("name") or (
                f"{automatic}_{number}" if number else automatic
            )
            trainable = bool((arguments or {}).get("trainable", True))
            self._parts.append(_Part(name, make(kind, arguments or {}), trainable))

    def _walk(self, shape: Shape) -> Iterator[tuple[_Part, Shape]]:
        """Each layer with the shape that it is given."""
        for part in self._parts:
            yield part, shape
            shape = part.layer.output_shape([shape])

    def weights(self, shapes: Sequence[Shape]) -> list[Variable]:
        """Those of all layers in order."""
        own = [
            (f"{part.name}/{one.name}", one if part.trainable else replace(one, trainable=False))
            for part, shape in self._walk(shapes[0])
            for one in part.layer.weights([shape])
        ]
        names = shortened([path for path, _ in own])
        return [replace(one, name=name) for name, (_, one) in zip(names, own, strict=True)]

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """The last layer's."""
        *_, (part, shape) = self._walk(shapes[0])
        return part.layer.output_shape([shape])

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:
        """One layer after the other.

        Raises:
            Unsupported: A mask comes with the input, or a layer makes one.
        """
        x, left, masked = inputs[0], iter(weights.items()), context.mask is not None
        for part in self._parts:
            child = replace(
                context,
                node=f"{context.node}/{part.name}",
                arguments={},
                flag=context.said,
                default=part.layer.trains_by_default,
                tensors={},
                masks=[None],
                updates={},
            )
            made = part.layer.weights([[*x.shape]])
            outer, own = {}, {}
            for one in made:
                outer[one.name], own[one.name] = next(left)
            before, x = x, part.layer.forward(child, [x], own)
            masked = masked or part.layer.output_mask(child, [before]) is not None
            for variable, array in child.updates.items():
                context.assign(outer[variable.removeprefix(f"{child.node}/")], array)
            if part.layer.activity is not None:
                context.penalties.append(part.layer.activity(x) / max(x.shape[0], 1))
        if masked:
            message = "Sequential: masks inside a nested model are not in the reference"
            raise Unsupported(message)
        return x
