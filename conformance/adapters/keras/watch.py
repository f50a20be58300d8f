"""Notes the shapes that pass through a model, from the outside."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.adapters.keras.build import concrete

if TYPE_CHECKING:
    from types import TracebackType

    from conformance.adapters.keras.build import Net


@dataclass(frozen=True)
class Noted:
    """What was seen during one call."""

    nodes: dict[str, list[int]] = field(default_factory=dict)
    """Concrete shape of each layer's one output, by node."""
    probes: dict[str, list[int]] = field(default_factory=dict)
    """Concrete shape that each probing Lambda saw, by node."""


class Watch:
    """While this is entered, the layers' ``call`` notes the shape of its one output.

    The functions are put on the layer objects past Keras's attribute tracking, and taken away
    again, so that what the model saves, copies or trains afterwards is what was built.
    """

    def __init__(self, net: Net) -> None:
        """Hold the model whose layers are watched."""
        self._layers = net.layers
        self._shapes: dict[str, list[int]] = {}
        self._probes = net.probes

    def __enter__(self) -> Watch:  # noqa: PYI034 - typing.Self is younger than Python 3.9
        """Begin to note."""
        for node, layer in self._layers.items():
            object.__setattr__(layer, "call", self._noting(node, layer.call))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the layers as they were."""
        for layer in self._layers.values():
            object.__delattr__(layer, "call")

    def take(self) -> Noted:
        """What was noted since the last time."""
        noted = Noted(dict(self._shapes), dict(self._probes))
        self._shapes.clear()
        self._probes.clear()
        return noted

    def _noting(self, node: str, call: Any) -> Any:
        def noting(*args: Any, **kwargs: Any) -> Any:
            output = call(*args, **kwargs)
            shape = concrete(output)
            if shape is not None:
                self._shapes[node] = shape
            return output

        return noting
