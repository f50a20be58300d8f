"""Notes the shapes of what layers return, from the outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.adapters.keras.build import concrete

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType


class Watch:
    """While this is entered, the layers' ``call`` notes the shape of its one output.

    The functions are put on the layer objects past Keras's attribute tracking, and taken away
    again, so that what the model saves, copies or trains afterwards is what was built.
    """

    def __init__(self, layers: Mapping[str, Any]) -> None:
        """Hold the layers by node name."""
        self._layers = layers
        self.shapes: dict[str, list[int]] = {}
        """Last concrete output shape by node."""

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

    def take(self) -> dict[str, list[int]]:
        """What was noted since the last time."""
        taken, self.shapes = self.shapes, {}
        return taken

    def _noting(self, node: str, call: Any) -> Any:
        def noting(*args: Any, **kwargs: Any) -> Any:
            output = call(*args, **kwargs)
            shape = concrete(output)
            if shape is not None:
                self.shapes[node] = shape
            return output

        return noting
