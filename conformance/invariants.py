"""Judging an answer by what must be true of it, where its numbers are not unique.

A decomposition may turn its vectors around, and a sort may put what is equal in any order. What is
compared then is a residual: how far the product of the factors is from what was decomposed. It is
computed in float64 from the answer's numbers, so that all of it is the framework's own rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from conformance.acceptance import COMPLEX, FLOORS, UNITS, VALUES
from conformance.alignment import RESIDUALS as ALIGNED
from conformance.alignment import residual as aligned

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Values = NDArray[Any]


@dataclass(frozen=True)
class Property:
    """One thing that is true of an answer whose numbers are not unique.

    ``invariants.check`` says what each kind compares. All arrays are plain NumPy, so that a
    property can be kept and judged without the engine.

    Attributes:
        kind: What must be true.
        outputs: The answer's arrays that it speaks of, by their numbers.
        how: Which of a kind's forms.
        axis: Along which, where the kind has one.
        truth: What the outputs are held against.
        spread: Of the comparison's rounding, in units of u of the first output that is of
            floats; broadcasts to what is compared. ``None``: exactly.
    """

    kind: Literal[
        "equals",
        "reconstructs",
        "orthonormal",
        "triangular",
        "sorted",
        "permutation",
        "points",
        "boxes",
        "box labels",
        "mask",
        "grid",
        "map",
        "mixture",
        "alike",
        "mixed boxes",
    ]
    outputs: tuple[int, ...]
    how: str = ""
    axis: int = -1
    truth: Values | None = None
    spread: Values | None = None


@dataclass(frozen=True)
class Invariants:
    """An answer of which only properties are unique: a decomposition, the order of a tie.

    Attributes:
        shapes: Of each array of the answer.
        dtypes: Of each.
        properties: All of which must hold.
    """

    shapes: Sequence[tuple[int, ...]]
    dtypes: Sequence[str]
    properties: Sequence[Property]


_EACH = 0.5
"""Variance, in units of u² and of the squared length of a column, that one reflection or rotation
adds to each of its numbers: an inner product, a product and a difference (docs/numerics.md)."""


def transformed(count: int) -> float:
    """Variance, in units of u², of each number of a column of length 1 after so many reflections.

    One more than there are stands for what is rounded before the first and after the last.
    """
    return (count + 1) * _EACH


class Measured(NamedTuple):
    """How far an answer is from having one property.

    Attributes:
        claim: The property, as the law says it.
        peak: Largest deviation, in units of its tolerance τ; infinite where something exact fails.
        rms: Root mean square of all deviations, likewise.
        said: What was compared, in words.
    """

    claim: Property
    peak: float
    rms: float
    said: str

    @property
    def holds(self) -> bool:
        """Whether the answer has it, by the rule of every number."""
        return self.peak <= VALUES.peak and self.rms <= VALUES.rms


def check(law: Invariants, outputs: Sequence[Values]) -> list[Measured]:
    """The properties that an answer doesn't have.

    Args:
        law: What must be true.
        outputs: The answer's arrays, of the law's shapes.

    Returns:
        One entry for each property that fails; none for a right answer.
    """
    return [m for m in measure(law, outputs) if not m.holds]


def measure(law: Invariants, outputs: Sequence[Values]) -> list[Measured]:
    """How far an answer is from having each property.

    Raises:
        ValueError: An array has another shape than the law says; that is to be judged before.
    """
    for found, shape in zip(outputs, law.shapes, strict=True):
        if found.shape != tuple(shape):
            message = f"an array of the shape {found.shape} is judged by a law for {shape}"
            raise ValueError(message)
    return [_measured(law, p, [outputs[i] for i in p.outputs]) for p in law.properties]


def _measured(law: Invariants, p: Property, outputs: list[Values]) -> Measured:
    if p.kind in ALIGNED:
        residual, said = aligned(p.kind, outputs, p.truth, p.how, p.axis)
    else:
        residual, said = _RESIDUALS[p.kind](p, outputs)
    dtypes = [COMPLEX.get(law.dtypes[i], law.dtypes[i]) for i in p.outputs]
    dtype = next((one for one in dtypes if one in FLOORS), "")
    z = _relative(residual, p.spread, dtype)
    peak = float(np.max(z, initial=0.0))
    return Measured(p, peak, float(np.sqrt(np.mean(np.square(z)))) if z.size else 0.0, said)


def _relative(residual: Values, spread: Values | None, dtype: str) -> Values:
    """Deviations in units of τ; what is not a number never passes."""
    if spread is None or not dtype:
        return np.where(residual == 0, 0.0, np.inf)
    tau = UNITS[dtype] * np.asarray(spread, np.float64) + 4 * FLOORS[dtype]
    z = np.abs(residual) / tau
    return np.asarray(np.where(np.isnan(z), np.inf, z))


def _wide(values: Values) -> Values:
    return np.asarray(values, np.complex128 if values.dtype.kind == "c" else np.float64)


def _truth(p: Property) -> Values:
    if p.truth is None:
        message = f"the property {p.kind} needs a truth"
        raise ValueError(message)
    return p.truth


def _apart(found: Values, truth: Values) -> Values:
    """Differences; none between equal infinities, and an infinite one of different non-numbers."""
    with np.errstate(invalid="ignore"):
        difference = found - truth
    same = (found == truth) | (np.isnan(found) & np.isnan(truth))
    return np.where(same, 0.0, np.where(np.isnan(difference), np.inf, difference))


def _equals(p: Property, outputs: list[Values]) -> tuple[Values, str]:
    """The numbers themselves, where these are unique; ``coefficients``: of their polynomial."""
    found, truth = outputs[0], _truth(p)
    if p.how == "coefficients":
        return _apart(
            _coefficients(_wide(found)), truth
        ), "coefficients of the polynomial of the numbers"
    if found.dtype.kind in "iub":
        return np.asarray(found != truth, np.float64), "numbers"
    return _apart(_wide(found), truth), "numbers"


def _coefficients(zeros: Values) -> Values:
    """Of the monic polynomial with these zeros along the last axis, the highest power first."""
    made = np.ones((*zeros.shape[:-1], 1), zeros.dtype)
    for i in range(zeros.shape[-1]):
        longer = np.concatenate([made, np.zeros_like(made[..., :1])], -1)
        longer[..., 1:] -= zeros[..., i : i + 1] * made
        made = longer
    return made


def _dagger(values: Values) -> Values:
    return np.swapaxes(values, -1, -2).conj()


def _reconstructs(p: Property, outputs: list[Values]) -> tuple[Values, str]:
    """``product``: a @ b; ``singular``: a @ diag(b) @ c; ``eigen``: b @ diag(a) @ bᴴ.

    ``pairs``: what the truth makes of each column of b is that column, a times as long.
    """
    wide = [_wide(values) for values in outputs]
    if p.how == "pairs":
        turned = _truth(p) @ wide[1]
        return _apart(turned, wide[1] * wide[0][..., None, :]), "the matrix times its vectors"
    if p.how == "singular":
        k = wide[1].shape[-1]
        made = (wide[0][..., :k] * wide[1][..., None, :]) @ wide[2][..., :k, :]
    elif p.how == "eigen":
        made = (wide[1] * wide[0][..., None, :]) @ _dagger(wide[1])
    else:
        made = wide[0] @ wide[1]
    return _apart(made, _truth(p)), "the product of the factors"


def _orthonormal(p: Property, outputs: list[Values]) -> tuple[Values, str]:
    """``rows`` or ``columns``: products of two are 0, of one with itself 1.

    A truth says otherwise: what the products are. ``flat rows`` and ``flat columns`` are those of
    one matrix, all axes but the last being one. Of ``single columns`` only lengths are looked at.
    """
    vectors = _wide(outputs[0])
    if p.how == "single columns":
        return np.square(np.abs(vectors)).sum(axis=-2) - 1.0, "lengths of columns"
    if p.how.startswith("flat"):
        vectors = vectors.reshape(-1, vectors.shape[-1])
    by_rows = p.how.endswith("rows")
    gram = vectors @ _dagger(vectors) if by_rows else _dagger(vectors) @ vectors
    truth = np.eye(gram.shape[-1]) if p.truth is None else p.truth
    return gram - truth, f"products of {p.how} with each other"


def _triangular(p: Property, outputs: list[Values]) -> tuple[Values, str]:
    """``upper`` or ``lower``: exact zeros on the other side."""
    values = _wide(outputs[0])
    inside = (
        np.triu(np.ones(values.shape[-2:], bool))
        if p.how == "upper"
        else np.tril(np.ones(values.shape[-2:], bool))
    )
    return np.where(inside, 0.0, values), f"zeros beside the {p.how} triangle"


def _sorted(p: Property, outputs: list[Values]) -> tuple[Values, str]:
    """``rising`` or ``falling``: no number lies on the wrong side of the one before."""
    return _disorder(_wide(outputs[0]), p), f"{p.how} order"


def _disorder(values: Values, p: Property) -> Values:
    with np.errstate(invalid="ignore"):
        steps = np.diff(values, axis=p.axis) * (1.0 if p.how == "rising" else -1.0)
    return np.asarray(np.where(steps < 0, steps, 0.0))


def _permutation(p: Property, outputs: list[Values]) -> tuple[Values, str]:
    """The truth's numbers along an axis, each as often, in any order."""
    found, truth = (np.sort(values, axis=p.axis) for values in (outputs[0], _truth(p)))
    if found.dtype.kind in "iub":
        return np.asarray(found != truth, np.float64), "which numbers there are"
    return _apart(_wide(found), _wide(truth)), "which numbers there are"


def _points(p: Property, outputs: list[Values]) -> tuple[Values, str]:
    """Indices along an axis of the truth, no two alike.

    The numbers that they point at are ``rising`` or ``falling`` in order, ``parted`` at the places
    that follow the word, or the ``largest`` or ``smallest`` there is; or, with a second output,
    those of that output.
    """
    places, into = outputs[0].astype(np.int64), _truth(p)
    if places.ndim < into.ndim:  # the axis along which one was chosen is gone
        places = np.expand_dims(places, p.axis)
    size = into.shape[p.axis]
    if places.size and not (places.min() >= 0 and places.max() < size):
        return np.full(1, np.inf), "indices within the axis"
    in_order = np.sort(places, axis=p.axis)
    if (np.diff(in_order, axis=p.axis) == 0).any():
        return np.full(1, np.inf), "indices of which no two are alike"
    found = _wide(np.take_along_axis(into, places, axis=p.axis))
    if len(outputs) > 1:
        return _apart(_wide(outputs[1]), found), "the numbers that indices point at"
    if p.how.startswith("parted"):
        return _unparted(found, p), f"numbers {p.how.removeprefix('parted ')} in their places"
    if p.how in {"rising", "falling"}:
        return _disorder(found, p), f"{p.how} order of what indices point at"
    best = np.max if p.how == "largest" else np.min
    return _apart(found, _wide(best(into, axis=p.axis, keepdims=True))), f"the {p.how} number"


def _unparted(found: Values, p: Property) -> Values:
    """How far what stands before a place is above it, and what stands behind it below."""
    rows = np.moveaxis(found, p.axis, -1)
    apart = [np.zeros(1)]
    for place in map(int, p.how.split()[1:]):
        middle = rows[..., place : place + 1]
        apart += [rows[..., :place] - middle, middle - rows[..., place + 1 :]]
    return np.asarray(np.maximum(np.concatenate([one.reshape(-1) for one in apart]), 0))


_RESIDUALS: dict[str, Callable[[Property, list[Values]], tuple[Values, str]]] = {
    "equals": _equals,
    "reconstructs": _reconstructs,
    "orthonormal": _orthonormal,
    "triangular": _triangular,
    "sorted": _sorted,
    "permutation": _permutation,
    "points": _points,
}
