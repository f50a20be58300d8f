"""Layers of Keras's `preprocessing` folder that compute with real numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from conformance.reference.engine.arithmetic import Arithmetic
from conformance.reference.engine.array import reshape
from conformance.reference.engine.functions import sqrt
from conformance.reference.errors import Refused
from conformance.reference.spec.config import ADAPT
from conformance.reference.spec.layers.base import (
    Context,
    Elementwise,
    Layer,
    Variable,
    Weights,
    different_axes,
    make,
    register,
)
from conformance.reference.spec.layers.normalization.layer import moments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.cases.model import Shape
    from conformance.reference.engine.array import Array
    from conformance.reference.spec.config import Config


def _numbers(config: Config, name: str, default: Any = None) -> Any:
    """A number or nested lists of numbers, as a float64 array."""
    value = config.get(name, default)
    try:
        return np.asarray(value, np.float64)
    except (TypeError, ValueError):
        message = f"{config.owner}: {name} must be numbers, not {value!r}"
        raise Refused(message) from None


def _constants(arithmetic: Arithmetic, values: Any) -> Array:
    """Numbers that stand among a layer's arguments; float32 may have rounded each."""
    if values.ndim == 0:
        return arithmetic.constant(float(values))
    return arithmetic.leaf(values)


@register("Rescaling")
class Rescaling(Elementwise):
    """keras.layers.Rescaling."""

    def __init__(self, config: Config) -> None:
        """Args: scale, offset: numbers, or lists of them for the last axis."""
        config.required("scale")
        self.scale = _numbers(config, "scale")
        self.offset = _numbers(config, "offset", 0.0)

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """``x · scale + offset``."""
        scaled = inputs[0] * _constants(context.arithmetic, self.scale)
        return scaled + _constants(context.arithmetic, self.offset)


@register("Normalization")
class Normalization(Elementwise):
    """keras.layers.Normalization by a mean and variance, given or of what it is adapted to."""

    def __init__(self, config: Config) -> None:
        """Args: axis, mean, variance, invert."""
        axis = config.get("axis", -1)
        self.axis = [] if axis is None else [axis] if isinstance(axis, int) else list(axis)
        given = [config.get("mean") is not None, config.get("variance") is not None]
        if given[0] != given[1]:
            raise Refused("Normalization: mean and variance must be given together")
        samples = config.get(ADAPT)
        if given[0] == (samples is not None):
            raise Refused("Normalization: either mean and variance are given, or it is adapted")
        self.samples = None if samples is None else np.asarray(samples, np.float32)
        if self.samples is not None:
            learned = self._moments(Arithmetic().leaf(self.samples))
            sizes = [self.samples.shape[axis] for axis in self._kept(self.samples.ndim)]
            self.learned = {
                name: moment.value.reshape(sizes).astype(np.float32)
                for name, moment in zip(("mean", "variance"), learned, strict=True)
            }
            count = self.samples.size // math.prod(sizes)
            self.learned["count"] = np.asarray(count, np.int32)
        self.mean = _numbers(config, "mean")
        self.variance = _numbers(config, "variance")
        self.epsilon = config.epsilon
        self.invert = config.flag("invert", default=False)

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """The input's."""
        rank = len(shapes[0])
        different_axes("Normalization", "axis", self.axis, rank)
        for axis in self.axis:
            if shapes[0][axis] is None:
                message = f"Normalization: axis {axis} must have a known size"
                raise Refused(message)
        if self.samples is None:
            self._aligned(self.mean, [n or 1 for n in shapes[0]])
        elif len(self.samples.shape) != rank or any(
            self.samples.shape[axis] != shapes[0][axis] for axis in self.axis
        ):
            message = f"Normalization: adapted to samples of shape {self.samples.shape}"
            raise Refused(message)
        return super().output_shape(shapes)

    def weights(self, shapes: Sequence[Shape]) -> list[Variable]:  # noqa: ARG002
        """The statistics and the count of what they are of, if they have been learned."""
        return [
            Variable(name, values.shape, trainable=False, dtype=values.dtype.name)
            for name, values in self.learned.items()
        ]

    def _kept(self, rank: int) -> list[int]:
        return sorted(axis % rank for axis in self.axis)

    def _moments(self, samples: Array) -> tuple[Array, Array]:
        """Mean and variance over the axes that keep none of their own."""
        kept = self._kept(len(samples.shape))
        return moments(samples, [axis for axis in range(len(samples.shape)) if axis not in kept])

    def _aligned(self, values: Any, shape: Sequence[int]) -> Any:
        """Numbers along the axes that keep statistics of their own, 1 along the others."""
        kept = self._kept(len(shape))
        sizes = tuple(shape[axis] for axis in kept)
        try:
            spread = np.broadcast_to(values, sizes)
        except ValueError:
            message = f"Normalization: numbers of shape {values.shape} don't fit axes {sizes}"
            raise Refused(message) from None
        return spread.reshape([n if i in kept else 1 for i, n in enumerate(shape)])

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """``(x - mean) / sqrt(variance)``, or its inverse; the divisor is at least epsilon."""
        x = inputs[0]
        if self.samples is not None:
            mean, variance = self._moments(context.arithmetic.leaf(self.samples))
            deviation = sqrt(variance)
            return mean + x * deviation if self.invert else (x - mean) / deviation
        mean = context.arithmetic.leaf(self._aligned(self.mean, x.shape))
        root = np.maximum(np.sqrt(self._aligned(self.variance, x.shape)), self.epsilon)
        deviation = context.arithmetic.leaf(root)
        # The root of a number that float32 has rounded, rounded again: one more rounding.
        deviation = deviation * context.arithmetic.constant(1.0)
        return mean + x * deviation if self.invert else (x - mean) / deviation


@register("Pipeline")
class Pipeline(Layer):
    """keras.layers.Pipeline: layers without weights, one after the other."""

    states_its_shape: ClassVar[bool] = False

    def __init__(self, config: Config) -> None:
        """Args: layers."""
        given = config.required("layers")
        named = [{one: {}} if isinstance(one, str) else one for one in given]
        self.layers = [make(name, values or {}) for one in named for name, values in one.items()]

    def weights(self, shapes: Sequence[Shape]) -> list[Variable]:
        """Those of its layers, which must have none."""
        for layer in self.layers:
            if layer.weights(shapes):
                raise Refused("Pipeline: layers with weights are not in the reference")
            shapes = [layer.output_shape(shapes)]
        return []

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """What is left of the input's after every layer."""
        shape = shapes[0]
        for layer in self.layers:
            shape = layer.output_shape([shape])
        return shape

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """One layer after the other."""
        x = inputs[0]
        for layer in self.layers:
            x = layer.forward(context, [x], {})
        return reshape(x, x.shape)
