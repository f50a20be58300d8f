"""Convolutions of keras/src/ops/nn.py but the plain one: their windows are those of the layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.reference.engine.conversion import real, together
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.layers.convolutional.depthwise import DepthwiseConv, SeparableConv
from conformance.reference.spec.layers.convolutional.transposed import ConvTranspose
from conformance.reference.spec.ops.layered import of_layer
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.engine.array import Array
    from conformance.reference.engine.conversion import Scalar, Tensor

    Sizes = int | Sequence[int]


def _met(function: str, strides: Sizes, dilation: Sizes, *operands: Tensor | Scalar) -> list[Array]:
    """Input and kernels in one dtype.

    Raises:
        Refused: The kernel has another number of axes than the input.
        Unsupported: Of integers, or strides and dilation both above 1, which the layers exclude.
    """
    arrays = [real(a) for a in together(*operands)]
    if arrays[0].ndim not in {3, 4, 5} or any(a.ndim != arrays[0].ndim for a in arrays):
        message = f"{function}: arrays of {[a.ndim for a in arrays]} axes"
        raise Refused(message, at="call")
    largest = [n if isinstance(n, int) else max(n) for n in (strides, dilation)]
    if arrays[0].integers is not None or min(largest) > 1:
        message = f"{function} of {arrays[0].dtype} with strides {strides} and dilation {dilation}"
        raise Unsupported(f"{message} is not in the reference")
    return arrays


def _channels(x: Array, data_format: str | None) -> int:
    return x.shape[1] if data_format == "channels_first" else x.shape[-1]


def _refused(function: str, x: Array, kernel: Array) -> Refused:
    message = f"{function}: an input of {list(x.shape)} and a kernel of {list(kernel.shape)}"
    return Refused(message, at="call")


@defines("ops.conv_transpose")
def conv_transpose(
    inputs: Tensor | Scalar,
    kernel: Tensor | Scalar,
    strides: Sizes = 1,
    padding: str = "valid",
    output_padding: Sizes | None = None,
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Tensor:
    """Every number spreads a kernel ``(*size, filters, channels)``; what meets is added up."""
    x, weights = _met("conv_transpose", strides, dilation_rate, inputs, kernel)
    if weights.shape[-1] != _channels(x, data_format):
        raise _refused("conv_transpose", x, weights)
    config: dict[str, Any] = {
        "filters": weights.shape[-2],
        "kernel_size": weights.shape[:-2],
        "strides": strides,
        "padding": padding,
        "output_padding": output_padding,
        "data_format": data_format,
        "dilation_rate": dilation_rate,
        "use_bias": False,
    }
    return of_layer(ConvTranspose, f"Conv{x.ndim - 2}DTranspose", config, x, {"kernel": weights})


@defines("ops.depthwise_conv")
def depthwise_conv(
    inputs: Tensor | Scalar,
    kernel: Tensor | Scalar,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Tensor:
    """Kernels ``(*size, channels, multiplier)`` slid over each channel by itself."""
    x, weights = _met("depthwise_conv", strides, dilation_rate, inputs, kernel)
    if weights.shape[-2] != _channels(x, data_format):
        raise _refused("depthwise_conv", x, weights)
    config = _depthwise(weights, strides, padding, data_format, dilation_rate)
    return of_layer(DepthwiseConv, f"DepthwiseConv{_flat(x)}D", config, x, {"kernel": weights})


@defines("ops.separable_conv")
def separable_conv(
    inputs: Tensor | Scalar,
    depthwise_kernel: Tensor | Scalar,
    pointwise_kernel: Tensor | Scalar,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Tensor:
    """A depthwise convolution, whose channels the second kernel then mixes."""
    x, depth, point = _met(
        "separable_conv", strides, dilation_rate, inputs, depthwise_kernel, pointwise_kernel
    )
    mixed = depth.shape[-2] * depth.shape[-1]
    if depth.shape[-2] != _channels(x, data_format) or point.shape[-2] != mixed:
        raise _refused("separable_conv", x, depth)
    config = _depthwise(depth, strides, padding, data_format, dilation_rate)
    config["filters"] = point.shape[-1]
    weights = {"depthwise_kernel": depth, "pointwise_kernel": point}
    return of_layer(SeparableConv, f"SeparableConv{_flat(x)}D", config, x, weights)


def _flat(x: Array) -> int:
    """One axis or two, which is all that is documented."""
    axes = x.ndim - 2
    if axes not in {1, 2}:
        message = f"a depthwise convolution over {axes} axes is documented nowhere"
        raise Unsupported(message)
    return axes


def _depthwise(
    kernel: Array, strides: Sizes, padding: str, data_format: str | None, dilation_rate: Sizes
) -> dict[str, Any]:
    return {
        "kernel_size": kernel.shape[:-2],
        "depth_multiplier": kernel.shape[-1],
        "strides": strides,
        "padding": padding,
        "data_format": data_format,
        "dilation_rate": dilation_rate,
        "use_bias": False,
    }
