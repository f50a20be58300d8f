"""SpectralNormalization: a layer whose kernel is divided by its largest singular value."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from conformance.reference.engine import functions as f
from conformance.reference.engine.array import Array, reshape
from conformance.reference.engine.contraction import matmul
from conformance.reference.engine.structure import transpose
from conformance.reference.errors import Refused
from conformance.reference.spec.layers.base import (
    Context,
    Layer,
    Variable,
    Weights,
    make_nested,
    register,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.cases.model import Shape
    from conformance.reference.spec.config import Config


@register("SpectralNormalization")
class SpectralNormalization(Layer):
    """keras.layers.SpectralNormalization: only a call in training divides, and it stays divided."""

    def __init__(self, config: Config) -> None:
        """Args: layer, power_iterations."""
        self.inner, self.name = make_nested(config, "layer")
        self.iterations = config.positive("power_iterations", 1)

    def weights(self, shapes: Sequence[Shape]) -> list[Variable]:
        """The layer's, with ``vector_u`` behind the kernel."""
        inner = self.inner.variables(shapes)
        kernel = self._kernel([variable.name for variable in inner])
        size = next(v.shape[-1] for v in inner if v.name == kernel)
        vector = Variable("vector_u", (1, size), "bias", trainable=False)
        first = [v for v in inner if v.name == kernel]
        return [*first, vector, *(v for v in inner if v.name != kernel)]

    def _kernel(self, names: Sequence[str]) -> str:
        for name in ("kernel", "embeddings"):
            if name in names:
                return name
        message = f"SpectralNormalization: {self.name} has neither a kernel nor embeddings"
        raise Refused(message)

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """The layer's."""
        return self.inner.output_shape(shapes)

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:
        """The layer's answer, in training with the kernel divided."""
        own = dict(weights)
        if context.training:
            name = self._kernel(list(weights))
            own[name], vector = self._divided(weights[name], weights["vector_u"])
            context.assign(name, own[name])
            context.assign("vector_u", vector)
        return self.inner.forward(context, inputs, own)

    def _divided(self, kernel: Array, vector: Array) -> tuple[Array, Array]:
        """The kernel over the norm found by power iteration, and the vector that was reached."""
        if not kernel.value.any():
            return kernel, vector
        columns = kernel.shape[-1]
        matrix = reshape(kernel, (math.prod(kernel.shape[:-1]), columns))
        u = v = vector
        for _ in range(self.iterations):
            v = _unit(matmul(u, transpose(matrix, (1, 0))))
            u = _unit(matmul(v, matrix))
        norm = matmul(matmul(v, matrix), transpose(u, (1, 0)))
        return kernel / reshape(norm, ()), u


def _unit(row: Array) -> Array:
    return row / f.sqrt(f.square(row).sum())
