"""keras.initializers: what a variable holds at first.

One that draws answers with the law of its numbers, one that doesn't with the numbers.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from conformance.invariants import Invariants, Property, transformed
from conformance.reference.engine.arithmetic import THIRD
from conformance.reference.engine.array import Array
from conformance.reference.engine.conversion import as_array, convert
from conformance.reference.engine.dtypes import DIGITS, FLOATX
from conformance.reference.engine.laws import Affine, Drawn
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.ops.base import broadcast_to, dtype_named
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.conversion import Scalar, Tensor

CUT = 2.0
"""Standard deviations beyond which a truncated normal number is drawn again."""

KEPT = 0.87962566103423978
"""Standard deviation of a normal number of variance 1 that is cut off at ±2: VarianceScaling
divides by it so that what is left has the variance that it promises."""


_FLAT = {"hann": 0.5, "hamming": 0.54}
"""The constant term of a raised cosine, by the window's name."""


class Initializer:
    """Makes the numbers of one variable."""

    def __init__(self, arithmetic: Arithmetic) -> None:
        """Keep the arithmetic."""
        self.owner = type(self).__name__
        self.arithmetic = arithmetic

    def named(self, dtype: str | None) -> str:
        """The dtype of the answer: floatx unless another is named."""
        return dtype_named(dtype, FLOATX, self.owner)


@defines("initializers.Zeros", differentiable=False)
class Zeros(Initializer):
    """keras.initializers.Zeros."""

    def __init__(self, *, arithmetic: Arithmetic) -> None:
        """No arguments."""
        super().__init__(arithmetic)

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Tensor:
        """Zeros."""
        return broadcast_to(
            as_array(0, self.arithmetic, self.named(dtype)), tuple(shape), self.owner
        )


@defines("initializers.Ones", differentiable=False)
class Ones(Initializer):
    """keras.initializers.Ones."""

    def __init__(self, *, arithmetic: Arithmetic) -> None:
        """No arguments."""
        super().__init__(arithmetic)

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Tensor:
        """Ones."""
        return broadcast_to(
            as_array(1, self.arithmetic, self.named(dtype)), tuple(shape), self.owner
        )


@defines("initializers.Constant", differentiable=False)
class Constant(Initializer):
    """keras.initializers.Constant."""

    def __init__(self, value: Scalar | list[Any] = 0.0, *, arithmetic: Arithmetic) -> None:
        """See Keras. A list is an array of the variable's shape."""
        super().__init__(arithmetic)
        self.value = arithmetic.leaf(np.array(value)) if isinstance(value, list) else value

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Tensor:
        """The value everywhere."""
        one = as_array(self.value, self.arithmetic, self.named(dtype))
        return broadcast_to(one, tuple(shape), self.owner)


@defines("initializers.Identity", differentiable=False)
class Identity(Initializer):
    """keras.initializers.Identity."""

    def __init__(self, gain: float = 1.0, *, arithmetic: Arithmetic) -> None:
        """See Keras."""
        super().__init__(arithmetic)
        self.gain = gain

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Tensor:
        """``gain`` on the diagonal of a matrix, else zeros.

        Raises:
            Refused: The shape is no matrix's.
        """
        if len(shape) != 2:  # noqa: PLR2004 (a matrix)
            message = f"Identity: {list(shape)} is not the shape of a matrix"
            raise Refused(message, at="call")
        name = self.named(dtype)
        ones = convert(self.arithmetic.whole(np.eye(*shape, dtype=bool)), name)
        return ones * as_array(self.gain, self.arithmetic, name)  # type: ignore[operator] # one dtype


class Random(Initializer, ABC):
    """One that draws; the seed decides what, and is no matter of the law."""

    def __init__(self, seed: Any, arithmetic: Arithmetic) -> None:
        """Keep the seed.

        Raises:
            Refused: It is neither a whole number nor a SeedGenerator, written as a mapping.
        """
        super().__init__(arithmetic)
        whole = isinstance(seed, int) and not isinstance(seed, bool)
        if not (seed is None or whole or isinstance(seed, Mapping)):
            message = f"{self.owner}: seed={seed!r} is neither an integer nor a SeedGenerator"
            raise Refused(message)
        self.seed = seed

    def affine(
        self,
        shape: Sequence[int],
        dtype: str | None,
        law: Literal["normal", "uniform", "truncated"],
        numbers: tuple[float, float],
    ) -> Drawn:
        """Every number drawn by itself: ``numbers`` are location and scale.

        Raises:
            Unsupported: Of integers or complex numbers.
        """
        name = self.named(dtype)
        if name not in DIGITS:
            message = f"{self.owner} in {name} is not in the reference"
            raise Unsupported(message)
        at = self.arithmetic.at(name)
        location, scale = (at.constant(number, tuple(shape)) for number in numbers)
        low, high = {"normal": (0.0, 1.0), "uniform": (-1.0, 1.0), "truncated": (-CUT, CUT)}[law]
        every = tuple(shape)
        return Drawn(every, every, Affine(location, scale, law, low, high), dtype=name)

    @abstractmethod
    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Drawn | Invariants:
        """The law of the numbers."""


@defines("initializers.RandomNormal", differentiable=False)
class RandomNormal(Random):
    """keras.initializers.RandomNormal."""

    def __init__(
        self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None, *, arithmetic: Arithmetic
    ) -> None:
        """See Keras."""
        super().__init__(seed, arithmetic)
        self.mean, self.stddev = mean, stddev

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Drawn:
        """Normal numbers."""
        return self.affine(shape, dtype, "normal", (self.mean, self.stddev))


@defines("initializers.TruncatedNormal", differentiable=False)
class TruncatedNormal(Random):
    """keras.initializers.TruncatedNormal."""

    def __init__(
        self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None, *, arithmetic: Arithmetic
    ) -> None:
        """See Keras."""
        super().__init__(seed, arithmetic)
        self.mean, self.stddev = mean, stddev

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Drawn:
        """Normal numbers within two standard deviations."""
        return self.affine(shape, dtype, "truncated", (self.mean, self.stddev))


@defines("initializers.RandomUniform", differentiable=False)
class RandomUniform(Random):
    """keras.initializers.RandomUniform."""

    def __init__(
        self,
        minval: float = -0.05,
        maxval: float = 0.05,
        seed: Any = None,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(seed, arithmetic)
        self.minval, self.maxval = minval, maxval

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Drawn:
        """Evenly spread numbers from one to the other."""
        middle, half = (self.minval + self.maxval) / 2, (self.maxval - self.minval) / 2
        return self.affine(shape, dtype, "uniform", (middle, half))


def fans(shape: Sequence[int]) -> tuple[float, float]:
    """How many numbers one output adds up, and to how many outputs one input goes.

    Of a kernel ``(*window, inputs, outputs)`` those of one place of the window, times its size.
    """
    if len(shape) < 2:  # noqa: PLR2004 (inputs and outputs)
        alone = float(shape[0]) if shape else 1.0
        return alone, alone
    window = math.prod(shape[:-2])
    return float(window * shape[-2]), float(window * shape[-1])


@defines("initializers.VarianceScaling", differentiable=False)
class VarianceScaling(Random):
    """keras.initializers.VarianceScaling."""

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: Any = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras.

        Raises:
            Refused: An unknown mode or distribution, or a scale that is not positive.
            Unsupported: Axes for one of the fans alone.
        """
        super().__init__(seed, arithmetic)
        wrong = scale <= 0 or mode not in {"fan_in", "fan_out", "fan_avg"}
        if wrong or distribution not in {"truncated_normal", "untruncated_normal", "uniform"}:
            message = f"{self.owner}: scale={scale}, mode={mode!r}, distribution={distribution!r}"
            raise Refused(message)
        if (input_axes is None) != (output_axes is None):
            message = f"{self.owner}: input_axes without output_axes are not in the reference"
            raise Unsupported(message)
        self.axes = None if input_axes is None else (input_axes, output_axes or ())
        self.scale, self.mode, self.distribution = scale, mode, distribution

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Drawn:
        """Numbers of the variance ``scale / n``, n being the fan that counts."""
        into, out = fans(shape) if self.axes is None else self._along(shape)
        n = max({"fan_in": into, "fan_out": out, "fan_avg": (into + out) / 2}[self.mode], 1.0)
        if self.distribution == "uniform":
            return self.affine(shape, dtype, "uniform", (0.0, math.sqrt(3 * self.scale / n)))
        deviation = math.sqrt(self.scale / n)
        if self.distribution == "untruncated_normal":
            return self.affine(shape, dtype, "normal", (0.0, deviation))
        return self.affine(shape, dtype, "truncated", (0.0, deviation / KEPT))

    def _along(self, shape: Sequence[int]) -> tuple[float, float]:
        """The fans, where it is said which axes stand for inputs and which for outputs."""
        into, out = (math.prod(shape[i] for i in axes) for axes in self.axes or ())
        return float(into), float(out)


class _Scaled(VarianceScaling):
    """One of those with a name of its own."""

    fixed: tuple[float, str, str]

    def __init__(
        self,
        seed: Any = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(*self.fixed, seed, input_axes, output_axes, arithmetic=arithmetic)


@defines("initializers.GlorotUniform", differentiable=False)
class GlorotUniform(_Scaled):
    """keras.initializers.GlorotUniform: within ``sqrt(6 / (fan_in + fan_out))``."""

    fixed = (1.0, "fan_avg", "uniform")


@defines("initializers.GlorotNormal", differentiable=False)
class GlorotNormal(_Scaled):
    """keras.initializers.GlorotNormal: of the deviation ``sqrt(2 / (fan_in + fan_out))``."""

    fixed = (1.0, "fan_avg", "truncated_normal")


@defines("initializers.HeUniform", differentiable=False)
class HeUniform(_Scaled):
    """keras.initializers.HeUniform: within ``sqrt(6 / fan_in)``."""

    fixed = (2.0, "fan_in", "uniform")


@defines("initializers.HeNormal", differentiable=False)
class HeNormal(_Scaled):
    """keras.initializers.HeNormal: of the deviation ``sqrt(2 / fan_in)``."""

    fixed = (2.0, "fan_in", "truncated_normal")


@defines("initializers.LecunUniform", differentiable=False)
class LecunUniform(_Scaled):
    """keras.initializers.LecunUniform: within ``sqrt(3 / fan_in)``."""

    fixed = (1.0, "fan_in", "uniform")


@defines("initializers.LecunNormal", differentiable=False)
class LecunNormal(_Scaled):
    """keras.initializers.LecunNormal: of the deviation ``sqrt(1 / fan_in)``."""

    fixed = (1.0, "fan_in", "truncated_normal")


@defines("initializers.STFT", differentiable=False)
class STFT(Initializer):
    """keras.initializers.STFT: cosines, or minus sines, under a window.

    Attributes:
        fft_length: A layer's, where there is one; the shape alone doesn't tell it if it is odd.
    """

    fft_length: int | None = None

    def __init__(
        self,
        side: str = "real",
        window: str | Sequence[float] | None = "hann",
        scaling: str | None = "density",
        *,
        periodic: bool = False,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras.

        Raises:
            Refused: Another side or scaling than those that are documented.
            Unsupported: A window by a name that the reference lacks.
        """
        super().__init__(arithmetic)
        if side not in {"real", "imag"} or scaling not in {"density", "spectrum", None}:
            message = f"{self.owner}: side={side!r}, scaling={scaling!r}"
            raise Refused(message)
        if isinstance(window, str) and window not in _FLAT:
            message = f"{self.owner}: the window {window!r} is not in the reference"
            raise Unsupported(message)
        self.side, self.window, self.scaling = side, window, scaling
        self.periodic = periodic

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Tensor:
        """``(frame, 1, frequencies)``: the window over its norm, times what turns."""
        frame, _, bins = shape
        size = self.fft_length or max(2 * (bins - 1), 1)
        turns = np.outer(np.arange(frame), np.arange(bins)) / size
        angle = 2 * np.pi * turns
        wave = np.cos(angle) if self.side == "real" else -np.sin(angle)
        steep = np.sin(angle) if self.side == "real" else np.cos(angle)
        window = self._window(frame)[:, None]
        values = window * wave
        # The angle is a product of three numbers, each of them rounded; the last one is pi.
        variance = np.square(window * steep * angle) * 4 * THIRD + 8 * THIRD * np.square(window)
        name = self.named(dtype)
        at = self.arithmetic.at(name)
        kept = variance[:, None] if at.carries_variance else None
        return Array(at, values[:, None].astype(at.dtype), variance=kept)

    def _window(self, frame: int) -> NDArray[np.float64]:
        """The window's numbers over their L2 (``density``) or L1 (``spectrum``) norm.

        Raises:
            Refused: There is not one number for each of the frame.
        """
        if self.window is None:
            return np.ones(frame)
        if isinstance(self.window, str):
            flat, around = _FLAT[self.window], frame if self.periodic else frame - 1
            turn = 2 * np.pi * np.arange(frame) / max(around, 1)
            values = flat - (1 - flat) * np.cos(turn) if frame > 1 else np.ones(1)
        else:
            values = np.asarray(self.window, np.float64)
            if values.shape != (frame,):
                message = f"{self.owner}: a window of the shape {values.shape} for {frame} numbers"
                raise Refused(message, at="call")
        norms = {"density": math.sqrt(np.square(values).sum()), "spectrum": np.abs(values).sum()}
        return np.asarray(values / norms.get(self.scaling or "", 1.0))


@defines("initializers.Orthogonal", differentiable=False)
class Orthogonal(Random):
    """keras.initializers.Orthogonal."""

    def __init__(self, gain: float = 1.0, seed: Any = None, *, arithmetic: Arithmetic) -> None:
        """See Keras."""
        super().__init__(seed, arithmetic)
        self.gain = float(gain)

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Invariants:
        """``gain`` times orthonormal columns of a matrix, or rows if these are fewer.

        All axes but the last are the matrix's rows.

        Raises:
            Refused: The shape has fewer than two axes.
        """
        if len(shape) < 2:  # noqa: PLR2004 (a matrix)
            message = f"Orthogonal: a shape of two axes or more is needed, not {list(shape)}"
            raise Refused(message, at="call")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        k = min(rows, columns)
        square = self.gain**2
        turned = Property(
            "orthonormal",
            (0,),
            how="flat columns" if columns <= rows else "flat rows",
            truth=square * np.eye(k),
            spread=np.asarray(square * math.sqrt(2 * transformed(k))),
        )
        return Invariants([tuple(shape)], [self.named(dtype)], [turned])
