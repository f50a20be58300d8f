"""Short-time Fourier transforms of keras.ops, which are in keras/src/ops/math.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.reference.engine.arithmetic import THIRD
from conformance.reference.engine.array import Array, broadcast, reshape
from conformance.reference.engine.conversion import arithmetic_of, as_array, convert, real
from conformance.reference.engine.structure import concatenate, flip, fold, pad, take, unfold
from conformance.reference.engine.windows import Windows
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.ops.base import floating_array, moving
from conformance.reference.spec.ops.fft import half_spectrum, signal
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.conversion import Scalar, Tensor

_FLAT = {"hann": 0.5, "hamming": 0.54}
_LEAST = 1e-3
"""Sum of squared windows below which a sample of a signal is not told by its transform."""


def _frames(a: Array, length: int, stride: int) -> Array:
    """Windows along the last axis: ``(…, n)`` to ``(…, windows, length)``."""
    *lead, n = a.shape
    rows = reshape(a, (int(np.prod(lead, dtype=np.int64)), n, 1))
    cut = unfold(rows, Windows((length,), (stride,), (1,)))
    return reshape(cut, (*lead, cut.shape[1], length))


def _positive(function: str, **sizes: int) -> None:
    if any(n < 1 for n in sizes.values()):
        message = f"{function}: {sizes}"
        raise Refused(message, at="call")


@defines("ops.extract_sequences")
def extract_sequences(x: Tensor | Scalar, sequence_length: int, sequence_stride: int) -> Tensor:
    """Windows of the last axis: ``[…, num_sequences, sequence_length]``.

    Raises:
        Refused: There is no axis, or no window fits.
    """
    a = as_array(x, arithmetic_of(x))
    _positive("extract_sequences", length=sequence_length, stride=sequence_stride)
    if not a.ndim or a.shape[-1] < sequence_length:
        message = f"extract_sequences: sequences of {sequence_length} in {list(a.shape)}"
        raise Refused(message, at="call")
    return moving(a, lambda part: _frames(part, sequence_length, sequence_stride))


def _window(
    window: Any, sequence_length: int, fft_length: int, arithmetic: Arithmetic, dtype: str
) -> Array:
    """The window in the middle of a frame of ``fft_length``, zeros around it; periodic by name.

    Raises:
        Refused: It is no known name, or of another length.
    """
    before = (fft_length - sequence_length) // 2
    around = [(before, fft_length - sequence_length - before)]
    if window is None:
        # Keras says "no windowing": all of the frame counts.
        return arithmetic.at(dtype).exact(np.ones(fft_length))
    if isinstance(window, str):
        if window not in _FLAT:
            message = f"window={window!r} is neither hann nor hamming"
            raise Refused(message, at="call")
        flat = _FLAT[window]
        turns = 2 * np.pi * np.arange(sequence_length) / sequence_length
        values = flat - (1 - flat) * np.cos(turns)
        at = arithmetic.at(dtype)
        variance = 4 * THIRD * np.ones_like(values) if at.carries_variance else None
        made = Array(at, values.astype(at.dtype), variance=variance)
    elif isinstance(window, list | tuple):
        made = arithmetic.at(dtype).leaf(np.asarray(window, np.float64))
    else:
        made = real(convert(window, dtype))
    if made.shape != (sequence_length,):
        message = f"a window of {list(made.shape)} for sequences of {sequence_length}"
        raise Refused(message, at="call")
    return pad(made, around)


def _lengths(function: str, sequence_length: int, sequence_stride: int, fft_length: int) -> None:
    _positive(function, length=sequence_length, stride=sequence_stride)
    if fft_length < sequence_length:
        message = f"{function}: fft_length={fft_length} is less than {sequence_length}"
        raise Refused(message, at="call")


def _documented(sequence_length: int, fft_length: int, *, center: bool, window: Any) -> None:
    """See that the documentation tells where a frame lies and what of it counts.

    Raises:
        Unsupported: Sequences begin at multiples of the stride, but lie in the middle of longer
            frames; or without a window it isn't told whether the rest of a frame counts.
    """
    if (not center and fft_length - sequence_length > 1) or (
        window is None and fft_length != sequence_length
    ):
        message = f"frames of {fft_length} for sequences of {sequence_length}, center={center}"
        raise Unsupported(f"{message}, window={window!r}: Keras documents no answer")


@defines("ops.stft")
def stft(
    x: Tensor | Scalar,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    window: Any = "hann",
    center: bool = True,
) -> list[Tensor]:
    """Spectra of overlapping windows along the last axis, which is mirrored at its ends first."""
    a = floating_array(x, "stft")
    _lengths("stft", sequence_length, sequence_stride, fft_length)
    _documented(sequence_length, fft_length, center=center, window=window)
    if center:
        a = _mirrored(a, fft_length // 2)
    if a.shape[-1] < fft_length:
        message = f"stft: frames of {fft_length} in {list(a.shape)}"
        raise Refused(message, at="call")
    frames = _frames(a, fft_length, sequence_stride)
    shape = _window(window, sequence_length, fft_length, a.arithmetic, a.dtype)
    return half_spectrum(frames * shape, fft_length)


def _mirrored(a: Array, half: int) -> Array:
    """Both ends of the last axis continued backwards, without the last number itself."""
    n = a.shape[-1]
    if not half:
        return a
    if n <= half:
        message = f"stft: {n} numbers are too few to be mirrored at their ends"
        raise Refused(message, at="call")
    last = a.ndim - 1
    before = flip(take(a, last, 1, half + 1), last)
    after = flip(take(a, last, n - half - 1, n - 1), last)
    return concatenate([before, a, after], last)


@defines("ops.istft")
def istft(
    x: Sequence[Tensor],
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    length: int | None = None,
    window: Any = "hann",
    center: bool = True,
) -> Tensor:
    """The signal whose ``stft`` this is; of what is no transform, the nearest (Griffin, Lim, 1984).

    Raises:
        Refused: The parts don't fit.
        Unsupported: No window counts at a sample that is answered.
    """
    re, im = (floating_array(part, "istft") for part in x)
    _lengths("istft", sequence_length, sequence_stride, fft_length)
    _documented(sequence_length, fft_length, center=center, window=window)
    if re.shape != im.shape or re.ndim < 2 or re.shape[-1] != fft_length // 2 + 1:  # noqa: PLR2004
        message = f"istft: parts of {list(re.shape)} and {list(im.shape)}"
        raise Refused(message, at="call")
    shape = _window(window, sequence_length, fft_length, re.arithmetic, re.dtype)
    frames = signal(re, im, fft_length) * shape
    total = _added(frames, sequence_stride)
    weights = _added(broadcast(shape * shape, frames.shape[-2:]), sequence_stride)
    start = fft_length // 2 if center else 0
    whole = total.shape[-1]
    stop = start + length if length is not None else whole - (fft_length // 2 if center else 0)
    if stop > whole or (weights.value.real[start:stop] < _LEAST).any():
        message = f"istft: samples {start} to {stop} of {whole} are not all told by the windows"
        raise Unsupported(message)
    return take(total, -1, start, stop) / take(weights, -1, start, stop)


def _added(frames: Array, stride: int) -> Array:
    """Frames added up where they lie: ``(…, frames, size)`` to ``(…, n)``."""
    *lead, count, size = frames.shape
    rows = reshape(frames, (int(np.prod(lead, dtype=np.int64)), count, size, 1))
    n = (count - 1) * stride + size
    made = fold(rows, (n,), Windows((size,), (stride,), (1,)))
    return reshape(made, (*lead, n))
