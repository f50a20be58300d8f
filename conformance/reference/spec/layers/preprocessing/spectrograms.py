"""STFTSpectrogram and MelSpectrogram of Keras's `preprocessing` folder."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.reference.engine.arithmetic import THIRD
from conformance.reference.engine.array import Array, reshape
from conformance.reference.engine.contraction import correlate, matmul
from conformance.reference.engine.functions import (
    arctan2,
    choose,
    largest,
    log,
    power,
    split_at,
    sqrt,
)
from conformance.reference.engine.structure import concatenate, flip, pad, take, transpose
from conformance.reference.engine.windows import Windows
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.layers.base import (
    Context,
    Layer,
    Variable,
    Weights,
    of_rank,
    register,
)
from conformance.reference.spec.layers.reshaping.reshape import FORMATS
from conformance.reference.spec.sliding import Sliding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.cases.model import Shape
    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.spec.config import Config

MODES = ("log", "magnitude", "psd", "real", "imag", "angle", "stft")


def bounded(x: Array, least: float) -> Array:
    """The larger of each number and a constant."""
    return choose(split_at(x, least), x, least)


@register("STFTSpectrogram")
class STFTSpectrogram(Layer):
    """keras.layers.STFTSpectrogram: convolutions with a kernel of cosines and one of sines.

    Both kernels are weights, set like all weights. ``window``, ``periodic`` and ``scaling`` choose
    their initial values alone.
    """

    def __init__(self, config: Config) -> None:
        """Args: mode, frame_length, frame_step, fft_length, padding, expand_dims, data_format."""
        self.mode = config.choice("mode", MODES, "log")
        self.epsilon = config.epsilon
        self.frame = config.positive("frame_length", 256)
        half = max(self.frame // 2, 1)
        step = half if config.get("frame_step") is None else config.positive("frame_step")
        self.fft = 1 << (self.frame - 1).bit_length()
        if config.get("fft_length") is not None:
            self.fft = config.positive("fft_length")
        if self.fft < self.frame or step > self.frame:
            raise Refused("STFTSpectrogram: frame_step <= frame_length <= fft_length must hold")
        if isinstance(config.get("window", "hann"), str):
            config.choice("window", ("hann", "hamming"), "hann")
        if config.get("scaling", "density") is not None:
            config.choice("scaling", ("density", "spectrum"), "density")
        config.get("periodic")
        self.first = config.choice("data_format", FORMATS, "channels_last") == "channels_first"
        padding = config.choice("padding", ("valid", "same"), "valid")
        windows = Windows((self.frame,), (step,), (1,))
        self.sliding = Sliding(windows, padding, channels_first=False)
        self.expand = config.flag("expand_dims", default=False)

    @property
    def bins(self) -> int:
        """Frequencies of one kernel."""
        return self.fft // 2 + 1

    def weights(self, shapes: Sequence[Shape]) -> list[Variable]:
        """One kernel or both, (frame_length, 1, frequencies)."""
        of_rank(shapes[0], 3, "STFTSpectrogram")
        shape = (self.frame, 1, self.bins)
        names = [n for n, other in (("real", "imag"), ("imag", "real")) if self.mode != other]
        return [Variable(f"{name}_kernel", shape, fan_in=self.frame) for name in names]

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """Time beside channels times frequencies, or an axis for each with ``expand_dims``."""
        batch, *rest = of_rank(shapes[0], 3, "STFTSpectrogram")
        channels, time = rest if self.first else rest[::-1]
        (steps,) = self.sliding.output_space([time], "STFTSpectrogram")
        frequencies = self.bins * (2 if self.mode == "stft" else 1)
        if self.expand:
            return [
                batch,
                *([channels, steps, frequencies] if self.first else [steps, frequencies, channels]),
            ]
        both = None if channels is None else channels * frequencies
        return [batch, *([both, steps] if self.first else [steps, both])]

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:
        """Every channel by itself through the kernels, then what the mode makes of them."""
        x = inputs[0] if self.first else transpose(inputs[0], (0, 2, 1))
        batch, channels, time = x.shape
        padded = self.sliding.padded(reshape(x, (batch * channels, time, 1)), context)

        def spectrum(side: str) -> Array:
            found = correlate(padded, weights[f"{side}_kernel"], self.sliding.geometry)
            return reshape(found, (batch, channels, *found.shape[1:]))

        y = self._moded(spectrum)
        steps, frequencies = y.shape[2:]
        if self.expand:
            return y if self.first else transpose(y, (0, 2, 3, 1))
        if self.first:
            return reshape(transpose(y, (0, 1, 3, 2)), (batch, channels * frequencies, steps))
        return reshape(transpose(y, (0, 2, 1, 3)), (batch, steps, channels * frequencies))

    def _moded(self, spectrum: Any) -> Array:
        if self.mode in {"real", "imag"}:
            only: Array = spectrum(self.mode)
            return only
        real, imaginary = spectrum("real"), spectrum("imag")
        if self.mode == "angle":
            return arctan2(imaginary, real)
        if self.mode == "stft":
            return concatenate([real, imaginary], 3)
        squares: Array = real * real + imaginary * imaginary
        if self.mode == "psd":
            # All frequencies but the first and the last stand for their mirror images too.
            if self.bins < 3:  # noqa: PLR2004 (nothing between the first and the last)
                return squares
            inner = take(squares, 3, 1, self.bins - 1)
            return squares + pad(inner, [(0, 0), (0, 0), (0, 0), (1, 1)])
        magnitude = sqrt(bounded(squares, self.epsilon))
        return magnitude if self.mode == "magnitude" else log(bounded(magnitude, self.epsilon))


def window_of(kind: str | None, length: int) -> Any:
    """A periodic window function by its name."""
    if kind is None:
        return np.ones(length)
    turn = 2 * np.pi * np.arange(length) / length
    flat = {"hann": 0.5, "hamming": 0.54}[kind]
    return flat - (1 - flat) * np.cos(turn)


_MEL = 1127.0
"""Mels by which a frequency grows when ``1 + hertz / 700`` grows e-fold."""


_NEARLY_IN = -1e-3
"""A frequency no further outside of a triangle may come to lie in it by rounding."""


def mel_matrix(bins: int, mels: int, rate: float, low: float, high: float) -> tuple[Any, Any]:
    """Triangles, evenly spaced on the mel scale, each with its peak at 1.

    Returns:
        The matrix ``(frequencies, mels)``, and the variance that computing it in float32 gives
        each number, in units of u². Most of that is the rounding of ``1 + hertz / 700``.
    """

    def mel(hertz: Any) -> Any:
        return _MEL * np.log(1.0 + np.asarray(hertz) / 700.0)

    def error(mels: Any) -> Any:
        return THIRD * (_MEL**2 + np.square(4 * mels))

    at = mel(np.linspace(0.0, rate / 2.0, bins)[1:])[:, None]
    edges = np.linspace(mel(low), mel(high), mels + 2)
    left, middle, right = edges[None, :-2], edges[None, 1:-1], edges[None, 2:]
    rising, falling = (at - left) / (middle - left), (right - at) / (right - middle)
    sides = np.minimum(rising, falling)
    # Both differences of a quotient are as uncertain as the mels they are taken of.
    both = error(at) + error(right)
    variance = both * (1 + 2 * np.square(sides)) / np.square(right - middle)
    # The frequency 0 belongs to no mel.
    nothing = np.zeros((1, mels))
    inside = sides > _NEARLY_IN
    return (
        np.concatenate([nothing, np.maximum(sides, 0.0)]),
        np.concatenate([nothing, np.where(inside, variance, 0.0)]),
    )


@register("MelSpectrogram")
class MelSpectrogram(Layer):
    """keras.layers.MelSpectrogram."""

    def __init__(self, config: Config) -> None:
        """Args: all of Keras's; ``window`` by its name only."""
        self.fft = config.positive("fft_length", 2048)
        self.stride = config.positive("sequence_stride", 512)
        self.frame = self.fft
        if config.get("sequence_length") is not None:
            self.frame = config.positive("sequence_length")
        if self.frame > self.fft:
            raise Refused("MelSpectrogram: sequence_length must be at most fft_length")
        self.window = config.get("window", "hann")
        if self.window not in {"hann", "hamming", None}:
            raise Unsupported(f"MelSpectrogram: window={self.window!r} is not in the reference")
        self.rate = config.positive("sampling_rate", 16000)
        self.mels = config.positive("num_mel_bins", 128)
        self.low = config.number("min_freq", 20.0)
        given = config.get("max_freq")
        self.high = self.rate // 2 if given is None else config.number("max_freq", 0.0)
        self.decibels = config.flag("power_to_db", default=True)
        self.top = config.number("top_db", 80.0)
        self.exponent = config.number("mag_exp", 2.0)
        self.least = config.number("min_power", 1e-10)
        self.unit = config.number("ref_power", 1.0)

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """(batch, mels, frames): a frame around every ``sequence_stride``-th sample."""
        batch, time = of_rank(shapes[0], 2, "MelSpectrogram")
        if time is not None and time <= self.fft // 2:
            raise Refused(
                f"MelSpectrogram: {time} samples are too few to be mirrored at their ends"
            )
        return [batch, self.mels, None if time is None else 1 + time // self.stride]

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """Frames of the mirrored signal, their spectra, mels, decibels."""
        x = inputs[0]
        half = self.fft // 2
        before = flip(take(x, 1, 1, half + 1), 1)
        after = flip(take(x, 1, x.shape[1] - half - 1, x.shape[1] - 1), 1)
        mirrored = concatenate([before, x, after], 1)
        kernels = self._kernels(context.arithmetic)
        windows = Windows((self.fft,), (self.stride,), (1,))
        found = correlate(reshape(mirrored, (*mirrored.shape, 1)), kernels, windows)
        bins = self.fft // 2 + 1
        real, imaginary = take(found, 2, 0, bins), take(found, 2, bins, 2 * bins)
        magnitude = sqrt(real * real + imaginary * imaginary)
        spectrum = power(magnitude, self.exponent)
        matrix, error = mel_matrix(bins, self.mels, self.rate, self.low, self.high)
        mels = matmul(spectrum, _computed(context.arithmetic, matrix, error))
        if self.decibels:
            mels = self._to_decibels(mels)
        return transpose(mels, (0, 2, 1))

    def _kernels(self, arithmetic: Arithmetic) -> Array:
        """Cosines and minus sines under the window, which stands in the middle of a frame."""
        left = (self.fft - self.frame) // 2
        window = np.zeros(self.fft)
        window[left : left + self.frame] = window_of(self.window, self.frame)
        turns = 2 * np.pi * np.outer(np.arange(self.fft), np.arange(self.fft // 2 + 1)) / self.fft
        both = np.concatenate([np.cos(turns), -np.sin(turns)], axis=1) * window[:, None]
        # Sine, cosine and window each come from a library's function of a rounded angle.
        error = 16 * THIRD * np.broadcast_to(np.square(window)[:, None], both.shape)
        return _computed(arithmetic, both[:, None, :], error[:, None, :])

    def _to_decibels(self, mels: Array) -> Array:
        ten = 10.0 / math.log(10.0)
        reference = 10.0 * math.log10(max(abs(self.unit), self.least))
        decibels = log(bounded(mels, self.least)) * ten - reference
        if not decibels.value.size:
            return decibels
        least = largest(decibels, (0, 1, 2), keepdims=True) - self.top
        return choose(split_at(decibels - least, 0.0), decibels, least)


def _computed(arithmetic: Arithmetic, values: Any, error: Any) -> Array:
    """Numbers of a formula that float32 holds with an error of this variance, in units of u²."""
    variance = error if arithmetic.carries_variance else None
    return Array(arithmetic, values.astype(arithmetic.dtype), variance=variance)
