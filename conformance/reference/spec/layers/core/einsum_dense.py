"""keras.layers.EinsumDense: a dense layer whose axes are named by letters."""

from __future__ import annotations

import math
import re
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.reference.engine.array import reshape
from conformance.reference.engine.contraction import einsum
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.activations import activation
from conformance.reference.spec.layers.base import (
    Context,
    Layer,
    Variable,
    Weights,
    known,
    register,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.cases.model import Shape
    from conformance.reference.engine.array import Array
    from conformance.reference.spec.config import Config

_LETTERS = "[a-zA-Z]+"


@dataclass(frozen=True)
class Terms:
    """An equation for an input of known rank: one letter an axis, the ellipsis spelled out."""

    inputs: str
    kernel: str
    output: str
    elided: str
    """The letters that stand for the ellipsis."""


@register("EinsumDense")
class EinsumDense(Layer):
    """keras.layers.EinsumDense."""

    def __init__(self, config: Config) -> None:
        """Args: equation, output_shape, activation, bias_axes."""
        self.equation = str(config.required("equation")).replace(" ", "")
        stated = config.required("output_shape")
        self.stated = [stated] if isinstance(stated, int) else list(stated)
        self.activation = activation(config)
        axes = config.get("bias_axes")
        self.bias_axes = None if axes is None else str(axes)
        for side, pattern in (
            ("", f"({_LETTERS}),({_LETTERS})->({_LETTERS})"),
            ("left", rf"\.\.\.({_LETTERS}),({_LETTERS})->\.\.\.({_LETTERS})"),
            ("right", rf"({_LETTERS})\.\.\.,({_LETTERS})->({_LETTERS})\.\.\."),
        ):
            found = re.fullmatch(pattern, self.equation)
            if found:
                self.side, self.written = side, found.groups()
                break
        else:
            message = (
                f"EinsumDense: the equation {self.equation!r} is none of X,Y->Z, ...X,Y->...Z and "
                "X...,Y->Z..."
            )
            raise Refused(message)

    def terms(self, rank: int) -> Terms:
        """The equation for inputs of ``rank`` axes, batch axis included.

        Raises:
            Refused: The equation names another number of axes.
        """
        inputs, kernel, output = self.written
        free = [c for c in string.ascii_letters if c not in inputs + kernel + output]
        count = rank - len(inputs)
        if count < 0 or (count and not self.side):
            message = f"EinsumDense: {self.equation!r} does not fit an input of {rank} axes"
            raise Refused(message)
        elided = "".join(free[:count])
        if self.side == "left":
            return Terms(elided + inputs, kernel, elided + output, elided)
        return Terms(inputs + elided, kernel, output + elided, elided)

    def _sizes(self, shape: Shape) -> tuple[Terms, dict[str, int | None]]:
        """Every letter's size, as the input and ``output_shape`` tell it."""
        terms = self.terms(len(shape))
        sizes: dict[str, int | None] = dict(zip(terms.inputs, shape, strict=True))
        # `output_shape` leaves out the batch axis, which is the first, and the ellipsis.
        named = [c for c in terms.output[1:] if c not in terms.elided]
        if len(named) != len(self.stated):
            message = f"EinsumDense: output_shape {self.stated} does not fit {self.equation!r}"
            raise Refused(message)
        for letter, size in zip(named, self.stated, strict=True):
            if letter not in sizes:
                if letter not in terms.kernel:
                    message = (
                        f"EinsumDense: {letter!r} of the equation's output is in neither operand"
                    )
                    raise Refused(message)
                sizes[letter] = size
            elif size is not None and size != sizes[letter]:
                message = (
                    f"EinsumDense: output_shape says {size} for {letter!r}, the input has "
                    f"{sizes[letter]}"
                )
                raise Refused(message)
        lost = [c for c in terms.kernel if c not in sizes]
        if lost:
            message = f"EinsumDense: {lost} of the kernel is in neither input nor output"
            raise Refused(message)
        return terms, sizes

    def weights(self, shapes: Sequence[Shape]) -> list[Variable]:
        """Kernel by its letters; bias by those of the output from the first of ``bias_axes`` on."""
        terms, sizes = self._sizes(shapes[0])

        def size(letter: str) -> int:
            return known(sizes[letter], f"axis {letter!r} of EinsumDense's weights")

        summed = tuple(i for i, c in enumerate(terms.kernel) if c not in terms.output)
        fan_in = math.prod(size(terms.kernel[i]) for i in summed)
        shape = tuple(map(size, terms.kernel))
        kernel = Variable("kernel", shape, fan_in=fan_in, summed=summed)
        if self.bias_axes is None:
            return [kernel]
        missing = [c for c in self.bias_axes if c not in self.written[2]]
        if missing:
            message = f"EinsumDense: bias_axes {missing} are not in the output of {self.equation!r}"
            raise Refused(message)
        first = min(terms.output.index(c) for c in self.bias_axes)
        shape = tuple(size(c) if c in self.bias_axes else 1 for c in terms.output[first:])
        return [kernel, Variable("bias", shape, "bias")]

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """By the letters of the output."""
        terms, sizes = self._sizes(shapes[0])
        return [sizes[c] for c in terms.output]

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """``activation(einsum(equation, x, kernel) + bias)``."""
        x = inputs[0]
        terms = self.terms(x.ndim)
        if set(terms.inputs) - set(terms.kernel) - set(terms.output):
            message = f"EinsumDense: {self.equation!r} sums an axis of the input alone"
            raise Unsupported(message)
        y = einsum(f"{terms.inputs},{terms.kernel}->{terms.output}", x, weights["kernel"])
        if self.bias_axes is not None:
            bias = weights["bias"]
            y = y + reshape(bias, (*[1] * (y.ndim - bias.ndim), *bias.shape))
        return self.activation(y)
