"""What each variable of a layer holds when it is made: the initializer that is given or documented.

A layer's documentation says it by argument, ``kernel_initializer="glorot_uniform"``. Where a layer
has no such argument, what it is documented to do without one stands in :data:`_FIXED`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from conformance.reference.errors import Unsupported
from conformance.reference.spec import table
from conformance.reference.spec.initializers import STFT, VarianceScaling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.engine.arithmetic import Arithmetic


class Part(NamedTuple):
    """Some of a variable's numbers, which one initializer makes together.

    Attributes:
        initializer: As a case writes it: a name, or ``{class_name: …, config: …}``.
        size: How many places of the variable's last axis it fills; 0 for the whole variable.
        input_axes: The axes of the kernel that stand for inputs, where that is not told by their
            order. Only initializers that look at fans look at it.
        output_axes: Likewise those that stand for outputs.
        fft_length: The layer's, which the shape of an STFT's kernel alone doesn't tell if odd.
    """

    initializer: Any
    size: int = 0
    input_axes: tuple[int, ...] = ()
    output_axes: tuple[int, ...] = ()
    fft_length: int | None = None


_DEFAULTS: Mapping[str, tuple[str, str]] = {
    "kernel": ("kernel_initializer", "glorot_uniform"),
    "depthwise_kernel": ("depthwise_initializer", "glorot_uniform"),
    "pointwise_kernel": ("pointwise_initializer", "glorot_uniform"),
    "recurrent_kernel": ("recurrent_initializer", "orthogonal"),
    "bias": ("bias_initializer", "zeros"),
    "embeddings": ("embeddings_initializer", "uniform"),
    "reverse_embeddings": ("embeddings_initializer", "uniform"),
    "gamma": ("gamma_initializer", "ones"),
    "beta": ("beta_initializer", "zeros"),
    "moving_mean": ("moving_mean_initializer", "zeros"),
    "renorm_mean": ("moving_mean_initializer", "zeros"),
    "moving_variance": ("moving_variance_initializer", "ones"),
    # Deviations begin as the root of what the variance begins with: of ones, which is one.
    "moving_stddev": ("moving_variance_initializer", "ones"),
    "renorm_stddev": ("moving_variance_initializer", "ones"),
    "alpha": ("alpha_initializer", "zeros"),
}
"""The argument that gives a variable's initializer, and its default, by the variable's name."""

_DEPTHWISE = frozenset({"DepthwiseConv1D", "DepthwiseConv2D"})

_FIXED: Mapping[tuple[str, str], Any] = {
    ("AdditiveAttention", "scale"): "glorot_uniform",
    ("Attention", "scale"): "ones",
    ("Attention", "concat_score_weight"): "ones",
    ("RMSNormalization", "scale"): "ones",
    ("SpectralNormalization", "vector_u"): {
        "class_name": "TruncatedNormal",
        "config": {"stddev": 0.02},
    },
}
"""Variables for which there is no argument, by layer and variable."""

_FORGETTING = frozenset({"LSTM", "LSTMCell", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"})
"""Layers with ``unit_forget_bias``: the second of four gates, the forget gate, begins with ones.
The others begin with zeros: of LSTM it is documented that this is forced, of ConvLSTM that it is
meant for biases of zeros."""

_BY_AXES = frozenset({"EinsumDense", "MultiHeadAttention", "GroupQueryAttention"})
"""Layers in whose kernels an equation tells which axes are inputs: those that it sums over."""


def parts_of(
    layer: str,
    arguments: Mapping[str, Any],
    name: str,
    shape: Sequence[int],
    summed: Sequence[int],
) -> tuple[Part, ...]:
    """What makes a variable, part by part along its last axis.

    Args:
        layer: Keras's name of the layer whose variable it is.
        arguments: Of that layer, as the case has them.
        name: Of the variable, after those of the layers inside, if there are any.
        shape: The variable's sizes.
        summed: The axes of a kernel that its layer's equation sums over.

    Returns:
        No part where nothing is documented: what an adapted layer has learned.

    Raises:
        Unsupported: What the arguments lead to together is not documented.
    """
    name = name.rpartition("/")[2]
    fixed = _FIXED.get((layer, name))
    if layer == "Embedding" and arguments.get("weights") is not None:
        fixed = _matrix(arguments["weights"], shape)
    if fixed is not None:
        return (Part(fixed),)
    if layer == "STFTSpectrogram":
        return (_stft(name, arguments),)
    if name not in _DEFAULTS:
        return ()
    argument, default = _DEFAULTS[name]
    if layer in _DEPTHWISE and name == "kernel":
        argument = "depthwise_initializer"
    given = arguments.get(argument, default)
    if layer in _BY_AXES and name == "kernel":
        others = tuple(axis for axis in range(len(shape)) if axis not in summed)
        return (Part(given, 0, tuple(summed), others),)
    if name == "bias" and layer in _FORGETTING and arguments.get("unit_forget_bias", True):
        units = shape[-1] // 4
        if given != "zeros" and layer.startswith("Conv"):
            message = f"{layer}: what unit_forget_bias adds to {given!r} is not documented"
            raise Unsupported(message)
        return Part("zeros", units), Part("ones", units), Part("zeros", 2 * units)
    return (Part(given),)


def _matrix(given: Any, shape: Sequence[int]) -> dict[str, Any]:
    """The numbers of an Embedding, given as a matrix or as Keras 2's list of the one matrix."""
    value = np.reshape(np.asarray(given, np.float64), tuple(shape)).tolist()
    return {"class_name": "Constant", "config": {"value": value}}


def _stft(name: str, arguments: Mapping[str, Any]) -> Part:
    told = {key: arguments[key] for key in ("window", "scaling", "periodic") if key in arguments}
    initializer = {"class_name": "STFT", "config": {"side": name.removesuffix("_kernel"), **told}}
    return Part(initializer, fft_length=arguments.get("fft_length"))


def read(initializer: Any) -> tuple[str, dict[str, Any]]:
    """An initializer's name and arguments, out of any way in which a case may write it.

    Raises:
        Unsupported: It is none of them.
    """
    if isinstance(initializer, str):
        return initializer, {}
    if isinstance(initializer, Mapping) and "class_name" in initializer:
        return str(initializer["class_name"]), dict(initializer.get("config") or {})
    message = f"{initializer!r} is no initializer"
    raise Unsupported(message)


_ALIASES: Mapping[str, str] = {
    "normal": "RandomNormal",
    "uniform": "RandomUniform",
    "one": "Ones",
    "zero": "Zeros",
    "IdentityInitializer": "Identity",
    "OrthogonalInitializer": "Orthogonal",
    "STFTInitializer": "STFT",
}
"""Keras's other names of initializers, beside those of the classes in snake case."""


def made(part: Part, shape: Sequence[int], dtype: str, arithmetic: Arithmetic) -> Any:
    """What one part holds: numbers, or their law.

    Args:
        part: The part.
        shape: Its sizes.
        dtype: In which the variable is kept.
        arithmetic: In which numbers are computed.

    Returns:
        A tensor, :class:`~conformance.reference.engine.laws.Drawn`, or
        :class:`~conformance.invariants.Invariants`.

    Raises:
        Unsupported: The reference has no such initializer, or not all of it.
        Refused: Keras documents that it refuses this one.
    """
    name, arguments = read(part.initializer)
    symbol = f"initializers.{_ALIASES.get(name, name)}"
    if symbol not in table.homes():
        symbol = table.named("initializers", name)
    kind = table.find(symbol)
    if part.output_axes and issubclass(kind, VarianceScaling):
        own = {"input_axes": part.input_axes, "output_axes": part.output_axes}
        arguments = {**own, **{key: one for key, one in arguments.items() if one is not None}}
    initializer = kind(**arguments, arithmetic=arithmetic)
    if isinstance(initializer, STFT):
        initializer.fft_length = part.fft_length
    return initializer(tuple(shape), dtype)


def seeded(part: Part) -> bool:
    """Whether the case itself gives the seed, so that what is drawn may well repeat itself."""
    return read(part.initializer)[1].get("seed") is not None
