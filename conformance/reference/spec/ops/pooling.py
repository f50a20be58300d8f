"""Poolings: keras/src/ops/nn.py. Their windows are those of the layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.reference.errors import Refused
from conformance.reference.spec.layers.pooling.adaptive import AdaptivePooling
from conformance.reference.spec.layers.pooling.windows import AveragePooling, MaxPooling
from conformance.reference.spec.ops.base import floating_array
from conformance.reference.spec.ops.layered import of_layer
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.engine.conversion import Scalar, Tensor

    Sizes = int | Sequence[int]


def _pooled(kind: Any, name: str, inputs: Tensor | Scalar, **config: Any) -> Tensor:
    x = floating_array(inputs, name)
    axes = x.ndim - 2
    if axes not in {1, 2, 3}:
        message = f"{name}: an input of {x.ndim} axes"
        raise Refused(message, at="call")
    return of_layer(kind, f"{name}{axes}D", config, x)


@defines("ops.max_pool")
def max_pool(
    inputs: Tensor | Scalar,
    pool_size: Sizes,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """The largest number of every window; padding never wins."""
    return _pooled(
        MaxPooling,
        "MaxPooling",
        inputs,
        pool_size=pool_size,
        strides=strides,
        padding=padding,
        data_format=data_format,
    )


@defines("ops.average_pool")
def average_pool(
    inputs: Tensor | Scalar,
    pool_size: Sizes,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """The mean of the numbers of every window that are not padding."""
    return _pooled(
        AveragePooling,
        "AveragePooling",
        inputs,
        pool_size=pool_size,
        strides=strides,
        padding=padding,
        data_format=data_format,
    )


@defines("ops.adaptive_max_pool")
def adaptive_max_pool(
    inputs: Tensor | Scalar, output_size: Sizes, data_format: str | None = None
) -> Tensor:
    """Maxima of as many windows as are asked for."""
    return _pooled(
        AdaptivePooling,
        "AdaptiveMaxPooling",
        inputs,
        output_size=output_size,
        data_format=data_format,
    )


@defines("ops.adaptive_average_pool")
def adaptive_average_pool(
    inputs: Tensor | Scalar, output_size: Sizes, data_format: str | None = None
) -> Tensor:
    """Means of as many windows as are asked for."""
    return _pooled(
        AdaptivePooling,
        "AdaptiveAveragePooling",
        inputs,
        output_size=output_size,
        data_format=data_format,
    )
