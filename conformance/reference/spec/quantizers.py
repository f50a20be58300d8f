"""keras.quantizers: numbers as few levels, and back.

The schemes are the documented ones. *Absolute maximum*: the largest magnitude becomes the upper end
of the range, and nought stays nought. *With a zero point*: a group's numbers, and nought, become
the whole range. Which level a number becomes jumps half-way between two: data are kept away.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine import structure
from conformance.reference.engine.array import Array, broadcast, cast, normalized_axes, reshape
from conformance.reference.engine.conversion import real, whole
from conformance.reference.engine.dtypes import FLOATX, NARROW
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.config import USUAL_EPSILON
from conformance.reference.spec.ops.base import one_axis
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.engine.array import Values
    from conformance.reference.engine.conversion import Tensor

INT8: Final = (-127, 127)
INT4: Final = (-8, 7)
_NIBBLE: Final = 16
"""Numbers that four bits tell apart."""
_RANK_OF_A_MATRIX: Final = 2


class Small(NamedTuple):
    """A float of eight bits.

    Attributes:
        digits: Of its significand, the hidden one included.
        least: The exponent of its smallest normal number.
        largest: Its largest number.
    """

    digits: int
    least: int
    largest: float


FLOATS: Final = {
    "float8_e4m3fn": Small(4, -6, 448.0),
    "float8_e5m2": Small(3, -14, 57344.0),
}
"""The two formats of the paper "FP8 Formats for Deep Learning"."""


# --- absolute maximum -----------------------------------------------------------------------------


def abs_max_scale(a: Array, axes: Sequence[int], high: float, epsilon: float) -> Array:
    """``high`` over the largest magnitude along axes, which stay with size 1."""
    return high / (f.largest(f.absolute(a), axes, keepdims=True) + epsilon)


def levels(a: Array, low: int, high: int, dtype: str) -> Array:
    """The nearest whole numbers, of two that are as near the even one, held within a range."""
    values = a.value.real
    nearest = np.clip(np.rint(values), low, high)
    halves = np.where((values < low) | (values > high), 0.5, values - np.floor(values) - 0.5)
    a.arithmetic.jump(a, halves)
    return a.arithmetic.whole(np.asarray(nearest.astype(dtype)))


class AbsMax(NamedTuple):
    """keras.quantizers.AbsMaxQuantizer, but for its axis."""

    low: int = INT8[0]
    high: int = INT8[1]
    epsilon: float = USUAL_EPSILON
    dtype: str = "int8"

    def __call__(self, a: Array, axes: Sequence[int]) -> tuple[Array, Array]:
        """Levels of an array of floats, and the scale that they are multiples of one over."""
        scale = abs_max_scale(a, axes, self.high, self.epsilon)
        return levels(a * scale, self.low, self.high, self.dtype), scale


def as_floats(levels: Array, like: Array) -> Array:
    """Levels as numbers of the dtype that another array has; every one is exact there."""
    return like.arithmetic.exact(whole(levels).astype(np.float64))


# --- groups with a zero point ---------------------------------------------------------------------


class Grouped(NamedTuple):
    """A matrix by groups of rows: levels ``(rows, columns)``; scale and zero ``(groups, columns)``.

    A number is ``(level - zero) * scale``.
    """

    levels: Array
    scale: Array
    zero: Array


def groups_of(rows: int, block: int) -> int:
    """How many groups of ``block`` rows there are, the last of which may be smaller."""
    return -(-rows // block)


def grouped(
    a: Array, block: int, low: int, high: int, *, dtype: str = "int8", epsilon: float
) -> Grouped:
    """Quantize a matrix, each column by groups of ``block`` rows.

    A zero point is a level, so nought is among what the range spans: that it is adds nothing where
    a group holds numbers of both signs, and is what keeps each number within a step elsewhere.
    """
    scales, zeros, made = [], [], []
    for start in range(0, a.shape[0], block):
        part = structure.take(a, 0, start, min(start + block, a.shape[0]))
        top = f.relu(f.largest(part, 0, keepdims=True))
        bottom = -f.relu(f.largest(-part, 0, keepdims=True))
        scale = (top - bottom + epsilon) / float(high - low)
        zero = levels(-bottom / scale + float(low), low, high, "int8")
        # Rounded before the zero is added, which is whole.
        place = part / scale
        shifted = place + broadcast(as_floats(zero, place), place.shape)
        place.arithmetic.jump(place, place.value - np.floor(place.value) - 0.5)
        numbers = np.clip(np.rint(place.value) + zero.value, low, high)
        made.append(shifted.arithmetic.whole(np.asarray(numbers.astype(dtype))))
        scales.append(scale)
        zeros.append(zero)
    return Grouped(*(structure.concatenate(parts, 0) for parts in (made, scales, zeros)))


def ungrouped(made: Grouped, block: int) -> Array:
    """The matrix that levels stand for."""
    rows = made.levels.shape[0]
    index = np.arange(rows, dtype=np.int64) // block
    scale = structure.rows(made.scale, index)
    difference = whole(made.levels).astype(np.int64) - whole(made.zero)[index]
    return scale * scale.arithmetic.exact(difference.astype(np.float64))


# --- two numbers in a byte ------------------------------------------------------------------------


def packed(levels: Values, axis: int, dtype: str = "int8") -> Values:
    """Two numbers of four bits in a byte, the first of a pair in the lower half.

    An odd one at the end is followed by nought.
    """
    moved = np.moveaxis(levels, axis, 0).astype(np.int64) % _NIBBLE
    if moved.shape[0] % 2:
        moved = np.concatenate([moved, np.zeros_like(moved[:1])])
    pairs = moved[::2] + _NIBBLE * moved[1::2]
    return np.ascontiguousarray(np.moveaxis(pairs.astype(np.uint8), 0, axis)).view(dtype)


def unpacked(bytes_: Values, count: int, axis: int, dtype: str = "int8") -> Values:
    """The first ``count`` numbers that bytes hold along an axis; signed where ``dtype`` is."""
    moved = np.moveaxis(bytes_, axis, 0).astype(np.int64) % _NIBBLE**2
    pairs = np.stack([moved % _NIBBLE, moved // _NIBBLE], axis=1)
    numbers = pairs.reshape(-1, *moved.shape[1:])[:count]
    if dtype == "int8":
        numbers = np.where(numbers < _NIBBLE // 2, numbers, numbers - _NIBBLE)
    return np.moveaxis(numbers, 0, axis).astype(dtype)


# --- floats of eight bits -------------------------------------------------------------------------


def rounded(a: Array, kind: str) -> Array:
    """The nearest numbers of a small float, of two that are as near the even one; held within."""
    small = FLOATS[kind]
    values = np.clip(a.value.real, -small.largest, small.largest)
    with np.errstate(divide="ignore"):
        exponent = np.where(values == 0, small.least, np.frexp(values)[1] - 1)
    step = np.ldexp(1.0, np.maximum(exponent, small.least) - (small.digits - 1))
    place = values / step
    halves = (place - np.floor(place) - 0.5) * step
    beyond = np.abs(a.value.real) > small.largest
    a.arithmetic.jump(a, np.where(beyond, step, halves))
    return a.arithmetic.exact(np.rint(place) * step)


def through(a: Array, scale: Array, kind: str) -> Array:
    """What is left of numbers that are divided by a scale, held in eight bits and multiplied."""
    return rounded(a / scale, kind) * scale


# --- what a case calls ----------------------------------------------------------------------------


def _floats(x: Tensor, function: str) -> Array:
    a = real(x)
    if a.integers is not None:
        message = f"{function} of {a.dtype}: Keras documents no answer"
        raise Unsupported(message)
    return a


def _axes(axis: Any, a: Array, function: str) -> tuple[int, ...]:
    given = axis if isinstance(axis, list | tuple) else [axis]
    return normalized_axes([one_axis(one, a.ndim, function) for one in given], a.ndim)


def _range(value_range: Sequence[int], function: str) -> tuple[int, int]:
    if len(value_range) != 2 or not value_range[0] < 0 < value_range[1]:  # noqa: PLR2004 (two ends)
        message = f"{function}: value_range={value_range!r} is not in the reference"
        raise Unsupported(message)
    return value_range[0], value_range[1]


@defines("quantizers.abs_max_quantize", differentiable=False)
def abs_max_quantize(
    inputs: Tensor,
    axis: int | Sequence[int],
    value_range: Sequence[int] = INT8,
    dtype: str = "int8",
    epsilon: float = USUAL_EPSILON,
    to_numpy: bool = False,  # noqa: ARG001 (where it is computed)
) -> list[Tensor]:
    """Levels, and the scale, whose reduced axes have size 1."""
    a = _floats(inputs, "abs_max_quantize")
    low, high = _range(value_range, "abs_max_quantize")
    quantizer = AbsMax(low, high, epsilon, dtype)
    return list(quantizer(a, _axes(axis, a, "abs_max_quantize")))


@defines("quantizers.abs_max_quantize_grouped_with_zero_point", differentiable=False)
def abs_max_quantize_grouped_with_zero_point(
    inputs: Tensor,
    block_size: int,
    value_range: Sequence[int] = INT4,
    dtype: str = "int8",
    epsilon: float = USUAL_EPSILON,
    to_numpy: bool = False,  # noqa: ARG001 (where it is computed)
) -> list[Tensor]:
    """Levels, scales and zero points of groups of ``block_size`` rows."""
    name = "abs_max_quantize_grouped_with_zero_point"
    a = _floats(inputs, name)
    if a.ndim != _RANK_OF_A_MATRIX:
        message = f"{name} takes a matrix, not {list(a.shape)}"
        raise Refused(message, at="call")
    low, high = _range(value_range, name)
    return list(grouped(a, block_size, low, high, dtype=dtype, epsilon=epsilon))


@defines("quantizers.AbsMaxQuantizer", differentiable=False)
class AbsMaxQuantizer:
    """keras.quantizers.AbsMaxQuantizer."""

    def __init__(
        self,
        axis: int | Sequence[int] | None = None,
        value_range: Sequence[int] = INT8,
        epsilon: float = USUAL_EPSILON,
        output_dtype: str = "int8",
    ) -> None:
        """As Keras's; the axis is deprecated, and given again by the call.

        Raises:
            Refused: A range that int8 does not hold.
        """
        self.axis = axis
        self.made = abs_max(value_range, epsilon, output_dtype)

    def __call__(
        self,
        x: Tensor,
        axis: int | Sequence[int] | None = None,
        to_numpy: bool = False,  # noqa: ARG002 (where it is computed)
    ) -> list[Tensor]:
        """Levels and scale; without any axis along the last one."""
        a = _floats(x, "AbsMaxQuantizer")
        along = next((one for one in (axis, self.axis) if one is not None), -1)
        return list(self.made(a, _axes(along, a, "AbsMaxQuantizer")))


def abs_max(
    value_range: Sequence[int] = INT8,
    epsilon: float = USUAL_EPSILON,
    output_dtype: str = "int8",
) -> AbsMax:
    """The quantizer that AbsMaxQuantizer's arguments say.

    Raises:
        Refused: A range that int8 does not hold.
    """
    low, high = _range(value_range, "AbsMaxQuantizer")
    info = np.iinfo("int8")
    if output_dtype == "int8" and not info.min <= low < high <= info.max:
        message = f"AbsMaxQuantizer: the value_range {list(value_range)} is not within int8"
        raise Refused(message, at="call")
    return AbsMax(low, high, epsilon, output_dtype)


def _bytes(dtype: str, function: str) -> None:
    """See that a dtype has eight bits.

    Raises:
        Refused: It has more.
    """
    if dtype not in {"int8", "uint8"}:
        message = f"{function}: int8 or uint8, not {dtype!r}"
        raise Refused(message, at="call")


@defines("quantizers.pack_int4", differentiable=False)
def pack_int4(arr: Tensor, axis: int = 0, dtype: str = "int8") -> list[Tensor]:
    """The packed array, each of its sizes, and the length of the axis before."""
    a = real(arr)
    if a.integers is None:
        message = f"pack_int4 of {a.dtype}: Keras documents no answer"
        raise Refused(message, at="call")
    _bytes(dtype, "pack_int4")
    if a.dtype != dtype:
        message = f"pack_int4: dtype is that of the array too, {a.dtype} and not {dtype}"
        raise Refused(message, at="call")
    place = one_axis(axis, a.ndim, "pack_int4")
    made = packed(a.integers, place, dtype)
    counts = [*made.shape, a.shape[place]]
    return [a.arithmetic.whole(one) for one in (made, *(np.asarray(n, np.int64) for n in counts))]


@defines("quantizers.unpack_int4", differentiable=False)
def unpack_int4(packed: Tensor, orig_len: int, axis: int = 0, dtype: str = "int8") -> Tensor:
    """The numbers that were packed."""
    a = real(packed)
    if a.integers is None:
        message = f"unpack_int4 of {a.dtype}: Keras documents no answer"
        raise Refused(message, at="call")
    _bytes(dtype, "unpack_int4")
    _bytes(a.dtype, "unpack_int4")
    place = one_axis(axis, a.ndim, "unpack_int4")
    return a.arithmetic.whole(unpacked(a.integers, orig_len, place, dtype))


@defines("quantizers.fake_quant_with_min_max_vars")
def fake_quant_with_min_max_vars(
    inputs: Tensor,
    min_vals: Tensor,
    max_vals: Tensor,
    num_bits: int = 8,
    narrow_range: bool = False,
    axis: int | None = None,
) -> Tensor:
    """Numbers at the nearest of so many levels between two ends, which are moved a little.

    The ends are moved by less than a step, so that nought is a level. The gradient is that of
    tf.quantization.fake_quant_with_min_max_vars_gradient: of a number within the ends it goes to
    the number, of one outside to the end beyond which it is. Half precision is rounded to at the
    end.

    Raises:
        Refused: There is not one end for each channel, or for all.
        Unsupported: A range that leaves nought out: what becomes of it Keras does not say.
    """
    name = "fake_quant_with_min_max_vars"
    if (narrow := inputs.dtype) in NARROW:
        wide = cast(real(inputs), FLOATX)
        ends = (min_vals, max_vals, num_bits, narrow_range, axis)
        return cast(real(fake_quant_with_min_max_vars(wide, *ends)), narrow)
    x, low, high = (_floats(one, name) for one in (inputs, min_vals, max_vals))
    place = None if axis is None else one_axis(axis, x.ndim, name)
    along = [x.shape[i] if i == place else 1 for i in range(x.ndim)]
    if {low.value.size, high.value.size} != {math.prod(along)}:
        message = f"{name}: {low.shape} and {high.shape} are not the ends of {x.shape}"
        raise Refused(message, at="call")
    low, high = reshape(low, along), reshape(high, along)
    if (low.value > 0).any() or (high.value < 0).any():
        message = "fake_quant_with_min_max_vars: a range without nought is not in the reference"
        raise Unsupported(message)
    first, last = int(narrow_range), 2**num_bits - 1
    step = (high.detached() - low.detached()) / float(last - first)
    zero = levels(float(first) - low.detached() / step, first, last, "int64")
    bottom = as_floats(zero, step) * -1.0 * step + float(first) * step
    top = (as_floats(zero, step) * -1.0 + float(last)) * step
    bottom, top, step = (broadcast(one, x.shape) for one in (bottom, top, step))
    below, above = x.value < bottom.value, x.value > top.value
    for end in (bottom, top):
        gap = x.detached() - end
        gap.arithmetic.jump(gap, gap.value)
    place_of = f.choose(below, bottom, f.choose(above, top, x.detached())) / step
    nearest = levels(place_of, -last, last, "int64")
    held = as_floats(nearest, step) * step
    lows, highs = broadcast(low, x.shape), broadcast(high, x.shape)
    nothing = x.arithmetic.constant(0.0, x.shape)
    return Array(
        held.arithmetic,
        held.value,
        variance=held.variance if held.arithmetic.carries_variance else None,
        quantum=held.quantum,
        parents=held.arithmetic.tape(
            (x, lambda g: f.choose(~(below | above), g, nothing)),
            (lows, lambda g: f.choose(below, g, nothing)),
            (highs, lambda g: f.choose(above, g, nothing)),
        ),
    )


@defines("quantizers.quantize_and_dequantize", differentiable=False)
def quantize_and_dequantize(
    inputs: Tensor, scale: Tensor, quantized_dtype: str, compute_dtype: str
) -> Tensor:
    """What is left of numbers that have been held in eight bits."""
    if quantized_dtype not in FLOATS:
        message = f"quantize_and_dequantize to {quantized_dtype} is not in the reference"
        raise Unsupported(message)
    a, by = (_floats(one, "quantize_and_dequantize") for one in (inputs, scale))
    return through(cast(a, compute_dtype), cast(by, compute_dtype), quantized_dtype)
