"""A graph of layers that grows from its image, and what every application is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from conformance.adapters.shared.layer_names import automatic_name
from conformance.reference.spec.config import ADAPT
from conformance.reference.spec.layers.base import make

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.cases.model import Shape

Names = tuple[str | None, str | None]
"""Of the layers that answer means and maxima."""

IMAGE = "image"
"""The name of what goes in."""


class Written(NamedTuple):
    """One layer of the graph, or a function among its layers."""

    name: str
    kind: str
    """``Conv2D``; of a function ``ops.add``."""
    inputs: tuple[str, ...]
    config: dict[str, Any]
    """Arguments of the layer; of a function the literals that it is called with."""
    adapt: Any = None


@dataclass(frozen=True)
class Asked:
    """The arguments that all applications have, and those of one's own by name.

    Attributes:
        include_top: Whether the classifier ends the model.
        pooling: ``avg`` or ``max`` of what the last layer answers, where it doesn't.
        classes: Of the classifier.
        classifier_activation: Of its last layer; None for logits.
        own: What only some of them have: ``alpha``, ``minimalistic``.
    """

    include_top: bool = True
    pooling: str | None = None
    classes: int = 1000
    classifier_activation: str | None = "softmax"
    own: Mapping[str, Any] = field(default_factory=dict)


class Layers:
    """The graph.

    Args:
        shape: Of the image, without the batch axis, channels last; None where any size will do.
    """

    def __init__(self, shape: Shape) -> None:
        """Begin with the image."""
        self.written: list[Written] = []
        self.shapes: dict[str, Shape] = {IMAGE: [None, *shape]}
        self._counts: dict[str, int] = {}

    def add(
        self, kind: str, *inputs: str, name: str | None = None, adapt: Any = None, **config: Any
    ) -> str:
        """Put a layer behind others.

        Args:
            kind: Keras's name of the layer.
            inputs: What it takes.
            name: By default as Keras names it: ``conv2d_1``.
            adapt: What it is adapted to.
            config: Its arguments.

        Returns:
            Its name.
        """
        name = name or self._automatic(kind)
        layer = make(kind, config if adapt is None else {**config, ADAPT: adapt})
        shapes = layer.output_shapes([self.shapes[one] for one in inputs])
        self.written.append(Written(name, kind, inputs, config, adapt))
        self.shapes[name] = shapes[0]
        return name

    def function(self, symbol: str, x: str, **literals: Any) -> str:
        """Put a function of one array and literals behind a layer; it keeps the shape."""
        name = self._automatic(symbol.rpartition(".")[2])
        self.written.append(Written(name, symbol, (x,), literals))
        self.shapes[name] = self.shapes[x]
        return name

    def _automatic(self, kind: str) -> str:
        snake = automatic_name(kind)
        count = self._counts.get(snake, 0)
        self._counts[snake] = count + 1
        return f"{snake}_{count}" if count else snake

    def channels(self, x: str) -> int:
        """How many there are of a layer's answer."""
        return self.shapes[x][-1] or 0

    def conv(self, x: str, filters: int, size: int | list[int], **more: Any) -> str:
        """A convolution without bias, padded to the same size unless ``more`` says otherwise."""
        usual = {"padding": "same", "use_bias": False}
        return self.add("Conv2D", x, **{**usual, "filters": filters, "kernel_size": size, **more})

    def norm(self, x: str, name: str | None = None, **more: Any) -> str:
        """BatchNormalization."""
        return self.add("BatchNormalization", x, name=name, **more)

    def act(self, x: str, activation: str | None, name: str | None = None) -> str:
        """An Activation."""
        return self.add("Activation", x, name=name, activation=activation or "linear")

    def normed(self, x: str, name: str, epsilon: float) -> str:
        """BatchNormalization and a rectifier, named after what they are of."""
        return self.act(self.norm(x, f"{name}_bn", epsilon=epsilon), "relu", f"{name}_relu")

    def zeros(self, x: str, padding: Any, name: str | None = None) -> str:
        """Rows and columns of zeros around."""
        return self.add("ZeroPadding2D", x, name=name, padding=padding)

    def zeros_before_stride(self, x: str, size: int, name: str | None = None) -> str:
        """Zeros around what a window of this size then visits in steps of two.

        As many as ``same`` would put: one less in front where the axis is of even length.
        """
        sides = [
            [size // 2 - (1 if length is None else 1 - length % 2), size // 2]
            for length in self.shapes[x][1:3]
        ]
        return self.zeros(x, sides, name)

    def pooled(self, x: str, asked: Asked, names: Names = (None, None)) -> str:
        """What ends a model without its top: the last answer, or its mean or maximum by channel."""
        if asked.pooling == "avg":
            return self.add("GlobalAveragePooling2D", x, name=names[0])
        if asked.pooling == "max":
            return self.add("GlobalMaxPooling2D", x, name=names[1])
        return x

    def classified(self, x: str, asked: Asked, name: str = "predictions") -> str:
        """The layer that gives each class its share."""
        activation = asked.classifier_activation or "linear"
        return self.add("Dense", x, name=name, units=asked.classes, activation=activation)

    def ended(self, x: str, asked: Asked, names: Names = (None, None)) -> str:
        """The usual end: a mean over the image and a classifier, or what ``pooling`` says."""
        if not asked.include_top:
            return self.pooled(x, asked, names)
        return self.classified(self.add("GlobalAveragePooling2D", x, name=names[0]), asked)


def multiple_of_eight(number: float) -> int:
    """The nearest multiple of 8, never less than nine tenths of the number, and at least 8."""
    near = max(8, int(number + 4) // 8 * 8)
    return near + 8 if near < 0.9 * number else near
