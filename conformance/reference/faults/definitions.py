"""Definitions of functions with a defect in them, made from the honest ones."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine.array import Array
from conformance.reference.engine.complexes import Complex
from conformance.reference.engine.conversion import arithmetic_of, as_array, convert, real, whole
from conformance.reference.engine.laws import DataSized
from conformance.reference.errors import Unsupported
from conformance.reference.faults.fault import Fault
from conformance.reference.spec.ops.numpy.elementwise import add, maximum
from conformance.reference.spec.ops.numpy.shapes import flip

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.reference.engine.conversion import Tensor

Changed = Callable[[str, Any], Any]
"""What :attr:`Fault.definition` is."""


def of_symbol(symbol: str) -> Iterator[Fault]:
    """The faults of a function's own definition."""
    for name, (symbols, says, wrapper) in _WRAPPERS.items():
        if symbol in symbols:
            yield Fault(name=name, says=says, definition=_of(symbol, wrapper))


def widening(symbol: str) -> Fault:
    """Numbers of Python that have a dtype of their own."""
    return Fault(
        name="weak-scalars-widen",
        says="took numbers of Python for arrays of float32 or int32",
        definition=_of(symbol, _widening),
    )


def signless(symbol: str) -> Fault:
    """Zeros that are all positive."""
    return Fault(
        name="zero-without-sign",
        says="lost the sign of zero",
        definition=_of(symbol, _signless),
    )


def answering(symbol: str, dtype: str) -> Changed:
    """The definition of a symbol, whose answers are converted to a dtype."""

    def wrapper(definition: Any) -> Any:
        return _after(definition, lambda made: _converted(made, dtype))

    return _of(symbol, wrapper)


def arguments_of(definition: Any) -> set[str]:
    """What a definition is called with."""
    return set() if definition is None else set(inspect.signature(definition).parameters)


def _of(symbol: str, wrapper: Callable[[Any], Any]) -> Changed:
    """A rewrite of one symbol's definition."""
    return lambda name, definition: wrapper(definition) if name == symbol else definition


def _wrapped(definition: Any, call: Callable[..., Any]) -> Any:
    """A function, or a class whose instances are called, with another call in its place.

    Args:
        definition: The honest one.
        call: Takes the honest call and then its arguments.
    """
    if isinstance(definition, type):

        def method(self: Any, *place: Any, **named: Any) -> Any:
            return call(functools.partial(definition.__call__, self), *place, **named)

        functools.update_wrapper(method, definition.__call__)
        return type(definition.__name__, (definition,), {"__call__": method})
    return functools.wraps(definition)(functools.partial(call, definition))


def _after(definition: Any, change: Callable[[Any], Any]) -> Any:
    return _wrapped(definition, lambda honest, *place, **named: change(honest(*place, **named)))


def _each(made: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """Every array of an answer, one or several, changed.

    Raises:
        Unsupported: The answer is a law.
    """
    if isinstance(made, list | tuple):
        return [_each(one, change) for one in made]
    if isinstance(made, DataSized):
        return DataSized(_each(made.array, change), made.axes)
    if not isinstance(made, Array | Complex):
        message = "an answer whose numbers are not unique can't be changed number by number"
        raise Unsupported(message)
    return change(made)


def _converted(made: Any, dtype: str) -> Any:
    return _each(made, lambda one: convert(one, dtype))


def _signless(definition: Any) -> Any:
    def positive(one: Tensor) -> Tensor:
        return one if isinstance(one, Complex) or one.integers is not None else one + 0.0

    return _after(definition, lambda made: _each(made, positive))


def _widening(definition: Any) -> Any:
    def call(honest: Any, *place: Any, **named: Any) -> Any:
        arithmetic = arithmetic_of(*place, *named.values())
        wide = {
            key: as_array(value, arithmetic)
            if key in {"x1", "x2"} and not isinstance(value, bool | Array | Complex)
            else value
            for key, value in named.items()
        }
        return honest(*place, **wide)

    return _wrapped(definition, call)


def _exchanging(definition: Any) -> Any:
    return _after(definition, lambda made: made[::-1])


def _from_the_end(definition: Any) -> Any:
    return _after(definition, lambda made: flip(made, -1))


def _one_more(definition: Any) -> Any:
    return _after(definition, lambda made: add(made, 1))


def _saturating(definition: Any) -> Any:
    def call(honest: Any, x1: Any, x2: Any) -> Any:
        made = honest(x1, x2)
        if isinstance(made, Complex) or made.integers is None or made.dtype in {"bool", "int64"}:
            return made
        arithmetic = made.arithmetic
        info = np.iinfo(made.dtype)
        parts = [convert(as_array(x, arithmetic), "int64") for x in (x1, x2)]
        wide = whole(real(honest(*parts)))
        return arithmetic.whole(np.clip(wide, info.min, info.max).astype(made.dtype))

    return _wrapped(definition, call)


def _without_nan(definition: Any) -> Any:
    def call(honest: Any, x1: Any, x2: Any) -> Any:
        made = real(honest(x1, x2))
        if made.integers is not None:
            return made
        for one, other in ((x1, x2), (x2, x1)):
            arrays = [real(convert(as_array(x, made.arithmetic), made.dtype)) for x in (one, other)]
            missing = np.broadcast_to(np.isnan(arrays[0].value.real), made.shape)
            made = f.choose(missing, arrays[1], made)
        return made

    return _wrapped(definition, call)


def _truncated(definition: Any) -> Any:
    def call(honest: Any, x: Any) -> Any:
        made = real(honest(x))
        return made.arithmetic.exact(np.trunc(real(as_array(x, made.arithmetic)).value.real))

    return _wrapped(definition, call)


def _descending(definition: Any) -> Any:
    def call(honest: Any, x: Any, axis: int | None = -1) -> Any:
        made = _each(honest(x, axis), lambda one: one)
        return flip(made, -1 if axis is None else axis)

    return _wrapped(definition, call)


def _flipped(definition: Any) -> Any:
    def call(honest: Any, inputs: Any, kernel: Any, *place: Any, **named: Any) -> Any:
        window = list(range(kernel.ndim - 2))
        return honest(inputs, flip(kernel, window), *place, **named)

    return _wrapped(definition, call)


def _padded_before(definition: Any) -> Any:
    def call(honest: Any, inputs: Any, kernel: Any, *place: Any, **named: Any) -> Any:
        if named.get("padding") != "same":
            return honest(inputs, kernel, *place, **named)
        first = 2 if named.get("data_format") == "channels_first" else 1
        space = list(range(first, first + kernel.ndim - 2))
        # From the other end of every axis, what lies after is before.
        window = list(range(kernel.ndim - 2))
        made = honest(flip(inputs, space), flip(kernel, window), *place, **named)
        return flip(made, space)

    return _wrapped(definition, call)


def _cut_at_zero(definition: Any) -> Any:
    def call(honest: Any, x: Any, indices: Any, axis: int | None = None) -> Any:
        return honest(x, maximum(indices, 0), axis)

    return _wrapped(definition, call)


def _rounding(definition: Any) -> Any:
    def call(honest: Any, x: Any, dtype: str) -> Any:
        a = as_array(x, arithmetic_of(x))
        if isinstance(a, Complex) or a.integers is not None:
            return honest(a, dtype)
        return honest(a.arithmetic.exact(np.rint(a.value.real)), dtype)

    return _wrapped(definition, call)


def _one_bit(definition: Any) -> Any:
    def call(honest: Any, x: Any, dtype: str) -> Any:
        if dtype != "bool":
            return honest(x, dtype)
        numbers = real(as_array(honest(x, "int32"), arithmetic_of(x)))
        return numbers.arithmetic.whole((numbers.value.astype(np.int64) & 1).astype(bool))

    return _wrapped(definition, call)


def _one_later(definition: Any) -> Any:
    return _after(definition, lambda made: _each(made, _and_one))


def _negated(definition: Any) -> Any:
    return _after(definition, lambda made: made.arithmetic.whole(~whole(made)))


def _and_one(one: Tensor) -> Tensor:
    return add(one, 1)


def _mirrored(definition: Any) -> Any:
    return _after(definition, lambda made: flip(made, -1))


def _last_first(definition: Any) -> Any:
    def turned(made: Any) -> Any:
        first, *rest = made if isinstance(made, list) else [made]
        sized = first if isinstance(first, DataSized) else None
        axis = sized.axes[0] if sized else 0
        array = flip(sized.array if sized else first, axis)
        changed = DataSized(array, sized.axes) if sized else array
        return [changed, *rest] if rest else changed

    return _after(definition, turned)


def _places_turned(definition: Any) -> Any:
    def turned(made: list[DataSized]) -> Any:
        if len(made) == 1:
            return [DataSized(_and_one(made[0].array), made[0].axes)]
        return made[::-1]

    return _after(definition, turned)


_WRAPPERS: dict[str, tuple[set[str], str, Callable[[Any], Any]]] = {
    "answers-exchanged": (
        {"ops.slogdet", "ops.fft", "ops.fft2", "ops.ifft2", "ops.rfft", "ops.stft"},
        "took its two answers for each other",
        _exchanging,
    ),
    "classes-from-the-end": (
        {"ops.one_hot", "ops.multi_hot"},
        "counted from the end of the last axis",
        _from_the_end,
    ),
    "one-more": ({"ops.matrix_rank"}, "counted one too many", _one_more),
    "integers-saturate": (
        {"ops.add", "ops.subtract", "ops.multiply"},
        "kept integers that overflow at the end of their range instead of wrapping them",
        _saturating,
    ),
    "nan-skipped": ({"ops.maximum", "ops.minimum"}, "skipped NaN, as C's fmax does", _without_nan),
    "trunc-for-floor": ({"ops.floor"}, "rounded towards zero", _truncated),
    "order-falling": ({"ops.sort", "ops.argsort"}, "put the largest first", _descending),
    "kernel-flipped": ({"ops.conv"}, "flipped the kernel, as mathematics does", _flipped),
    "padding-other-side": (
        {"ops.conv"},
        "put the odd row of padding before the input, not after it",
        _padded_before,
    ),
    "negative-index-cut": (
        {"ops.take", "ops.take_along_axis"},
        "took negative indices for 0",
        _cut_at_zero,
    ),
    "rint-for-cast": ({"ops.cast"}, "rounded to the nearest integer", _rounding),
    "bit-for-cast": ({"ops.cast"}, "made booleans of the last bit of an integer", _one_bit),
    "last-first": ({"ops.unique"}, "answered numbers in falling order", _last_first),
    "axes-exchanged": (
        {"ops.nonzero"},
        "answered the axes in the other order, or counted from 1",
        _places_turned,
    ),
    "one-later": (
        {"ops.arange", "ops.bincount", "ops.count_nonzero", "ops.digitize", "ops.searchsorted"},
        "began to count one later",
        _one_later,
    ),
    "negated": (
        {"ops.allclose", "ops.isclose", "ops.isin", "ops.in_top_k"},
        "answered true for false",
        _negated,
    ),
    "mirrored": ({"ops.eye", "ops.cholesky"}, "turned the last axis round", _mirrored),
}
"""Faults of definitions: the symbols that they fit, the words, and what makes them."""
