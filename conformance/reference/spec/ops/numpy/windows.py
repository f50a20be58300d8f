"""Windows of signals: of ``n`` numbers, symmetric, by the formulas that Keras documents."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine.dtypes import FLOATX
from conformance.reference.engine.elementary import Function
from conformance.reference.errors import Unsupported
from conformance.reference.spec.ops.base import integers_of
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Array, Values
    from conformance.reference.engine.conversion import Scalar, Tensor


def _length(x: Tensor | Scalar, function: str) -> int:
    """How many numbers.

    Raises:
        Unsupported: There is more than one length, or less than one number.
    """
    given = integers_of(x, function)
    if given.size != 1 or int(given.reshape(-1)[0]) < 1:
        message = f"{function}: of {given.tolist()} numbers: Keras documents no answer"
        raise Unsupported(message)
    return int(given.reshape(-1)[0])


def _window(
    x: Tensor | Scalar, arithmetic: Arithmetic, function: str, of: Callable[[Array], Array]
) -> Array:
    """A function of ``n / (N - 1)``; a window of one number is 1."""
    count = _length(x, function)
    at = arithmetic.at(FLOATX)
    if count == 1:
        return at.constant(1.0, (1,))
    return of(at.exact(np.arange(count, dtype=np.float64)) / float(count - 1))


def _waves(along: Array, *amplitudes: float) -> Array:
    """Cosines of whole periods along the window, by their amplitudes; the first is constant."""
    made = along * 0.0 + amplitudes[0]
    for number, amplitude in enumerate(amplitudes[1:], 1):
        made = made + f.cosine(along * (2 * math.pi * number)) * amplitude
    return made


@defines("ops.bartlett", differentiable=False)
def bartlett(x: Tensor | Scalar, *, arithmetic: Arithmetic) -> Tensor:
    """A triangle: up to 1 in the middle, 0 at both ends."""
    return _window(x, arithmetic, "bartlett", lambda t: 1.0 - f.absolute(t * 2.0 - 1.0))


@defines("ops.hamming", differentiable=False)
def hamming(x: Tensor | Scalar, *, arithmetic: Arithmetic) -> Tensor:
    """``0.54 - 0.46 cos(2πn / (N - 1))``."""
    return _window(x, arithmetic, "hamming", lambda t: _waves(t, 0.54, -0.46))


@defines("ops.hanning", differentiable=False)
def hanning(x: Tensor | Scalar, *, arithmetic: Arithmetic) -> Tensor:
    """``0.5 - 0.5 cos(2πn / (N - 1))``."""
    return _window(x, arithmetic, "hanning", lambda t: _waves(t, 0.5, -0.5))


@defines("ops.blackman", differentiable=False)
def blackman(x: Tensor | Scalar, *, arithmetic: Arithmetic) -> Tensor:
    """``0.42 - 0.5 cos(2πn / (N - 1)) + 0.08 cos(4πn / (N - 1))``, as NumPy and MATLAB have it."""
    return _window(x, arithmetic, "blackman", lambda t: _waves(t, 0.42, -0.5, 0.08))


def _bessel(x: Values) -> Values:
    """I0 by its series of positive terms, from the square of half of the argument."""
    term = total = np.ones_like(x)
    for k in range(1, 60):
        term = term * x / (k * k)
        total = total + term
    return total


BESSEL = Function("I0", _bessel, lambda x, _: x * 0, 8)
"""Modified Bessel function of order 0 of ``2 √x``; the slope isn't used."""


@defines("ops.kaiser", differentiable=False)
def kaiser(x: Tensor | Scalar, beta: float, *, arithmetic: Arithmetic) -> Tensor:
    """``I0(β √(1 - (2n / (N - 1) - 1)²)) / I0(β)``."""
    quarter = float(beta) ** 2 / 4
    whole = float(_bessel(np.asarray(quarter)))

    def shape(t: Array) -> Array:
        from_middle = t * 2.0 - 1.0
        squares = (1.0 - from_middle) * (1.0 + from_middle) * quarter
        return t.arithmetic.result(t.arithmetic.apply(BESSEL, squares)) / whole

    return _window(x, arithmetic, "kaiser", shape)
