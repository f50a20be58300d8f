"""Answers whose numbers are not unique: what must be true of them, in NumPy's words, as source.

The answer's arrays are ``o``, in float64; what must be zero of them is a residual.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from conformance.acceptance import COMPLEX as COMPLEXES
from conformance.repro.subjects import alignment
from conformance.repro.text import literal
from conformance.verdicts.properties import said
from conformance.verdicts.tolerance import scale

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.answer.expectation import ExpectedProperty
    from conformance.reference.answer.store import StoredAnswer
    from conformance.repro.plan import Plan

OBSERVED = "o = [array.astype(np.float64) for array in observed.values()]"
COMPLEX = "o = [array.astype(np.complex128) for array in observed.values()]"

_COMPARED = """\
for what, residual, within in residuals:
    assert (np.abs(residual) <= within).all(), f"{{what}}: off by up to {{np.abs(residual).max()}}"
    within = np.broadcast_to(within, np.shape(residual))
    z = residual[within > 0] / within[within > 0] * {peak!r}
    assert not z.size or np.sqrt(np.mean(z**2)) <= {rms!r}, what"""


_SINGLE = 3
"""Axes of an image by itself."""


class Residual(NamedTuple):
    """What must be zero, and how far rounding may move it from there, as source."""

    what: str
    text: str
    within: str


def properties_of(plan: Plan) -> Sequence[ExpectedProperty]:
    """What must be true of the answer that is shown; nothing where its numbers are unique."""
    if plan.answer is None or plan.facet not in {"values", "compiled", "config_round_trip"}:
        return []
    return plan.answer.expectation.calls[plan.call].properties


def property_lines(plan: Plan, answer: StoredAnswer) -> list[str]:
    """Statements that hold ``observed`` against all that must be true."""
    listed = properties_of(plan)
    outputs = answer.expectation.calls[plan.call].outputs
    found = [residual(plan, answer, one) for one in listed]
    return [
        *alignment.source(one.kind for one in listed if one.kind in alignment.KINDS),
        COMPLEX if any(one.dtype in COMPLEXES for one in outputs) else OBSERVED,
        "# What is compared, what must be zero of it, how far rounding may move that.",
        "residuals = [",
        *(f"    ({literal(one.what)}, {one.text}, {one.within})," for one in found),
        "]",
        *_COMPARED.format(peak=plan.limits.peak, rms=plan.limits.rms).splitlines(),
    ]


def residual(plan: Plan, answer: StoredAnswer, one: ExpectedProperty) -> Residual:
    """What must be zero where a property holds."""
    outputs = answer.expectation.calls[plan.call].outputs
    within = "0.0"
    measure = next((found for i in one.outputs if (found := scale(outputs[i].dtype))), None)
    if one.spread and measure is not None:
        spread = np.asarray(answer.arrays[one.spread], np.float64)
        distances = plan.limits.peak * (spread * measure.unit + measure.floor)
        # Three digits are enough of a tolerance; they are rounded up.
        rounded = [float(f"{number * 1.001:.3g}") for number in distances.flat]
        within = f"np.array({literal(np.array(rounded).reshape(distances.shape).tolist())})"
    truth = ""
    if one.truth:
        array = np.asarray(answer.arrays[one.truth])
        truth = f"np.array({literal(array.tolist())})"
    if one.kind in alignment.KINDS:
        # One image by itself has no axis for the batch.
        batch = "" if len(outputs[one.outputs[-1]].shape) > _SINGLE else "[None]"
        arrays = ", ".join(f"o[{i}]{batch}" for i in one.outputs)
        called = f"{alignment.residual(one.kind)}([{arrays}], {truth or None}"
        return Residual(said(one), f"{called}, {one.how!r}, {one.axis})", within)
    return Residual(said(one), _text(one, truth, outputs[one.outputs[0]].shape), within)


def _text(one: ExpectedProperty, truth: str, shape: Sequence[int]) -> str:
    """The expression of a residual.

    Raises:
        KeyError: The kind is none of those that there are.
    """
    names = [f"o[{i}]" for i in one.outputs]
    first, middle, last = names[0], names[len(names) // 2], names[-1]
    step = {"rising": "np.minimum", "falling": "np.maximum"}.get(one.how, "")
    if one.kind == "points":
        return _pointed(one, truth, step)
    products = {
        "singular": f"({first}[..., : {middle}.shape[-1]] * {middle}[..., None, :]) "
        f"@ {last}[..., : {middle}.shape[-1], :]",
        "pairs": f"{last} * {first}[..., None, :]",
        "eigen": f"({last} * {first}[..., None, :]) @ np.swapaxes({last}, -1, -2)",
    }
    if one.how == "pairs":
        return f"{truth} @ {last} - {products['pairs']}"
    if one.how == "coefficients":
        return f"np.apply_along_axis(np.poly, -1, {first}) - {truth}"
    if one.how == "single columns":
        return f"np.square(np.abs({first})).sum(-2) - 1"
    turned = f"np.swapaxes({first}, -1, -2)"
    gram = f"{turned} @ {first} - np.eye({shape[-1]})"
    if one.how == "rows":
        gram = f"{first} @ {turned} - np.eye({shape[-2]})"
    return {
        "equals": f"{first} - {truth}",
        "reconstructs": f"{products.get(one.how, f'{first} @ {last}')} - {truth}",
        "orthonormal": gram,
        "triangular": f"np.tril({first}, -1)" if one.how == "upper" else f"np.triu({first}, 1)",
        "sorted": f"{step}(np.diff({first}, axis={one.axis}), 0)",
        "permutation": f"np.sort({first}, axis={one.axis}) - np.sort({truth}, axis={one.axis})",
    }[one.kind]


def _pointed(one: ExpectedProperty, truth: str, step: str) -> str:
    """The residual of indices into the truth."""
    places = f"o[{one.outputs[0]}].astype(int)"
    if one.how in {"largest", "smallest"}:
        best = "max" if one.how == "largest" else "min"
        return (
            f"np.take_along_axis({truth}, {places}.reshape(np.{best}({truth}, axis={one.axis}, "
            f"keepdims=True).shape), axis={one.axis}) - np.{best}({truth}, axis={one.axis}, "
            "keepdims=True)"
        )
    found = f"np.take_along_axis({truth}, {places}, axis={one.axis})"
    # Indices of which two are alike point nowhere.
    alike = f"(np.diff(np.sort({places}, axis={one.axis}), axis={one.axis}) == 0).any()"
    if len(one.outputs) > 1:
        return f"np.where({alike}, np.inf, o[{one.outputs[1]}] - {found})"
    if one.how.startswith("parted"):
        # Of what stands before a place what is above it, of what stands behind it what is below.
        rows = f"np.moveaxis({found}, {one.axis}, -1)"
        apart = ", ".join(
            f"*({rows}[..., :{k}] - {rows}[..., {k}:{int(k) + 1}]).flat, "
            f"*({rows}[..., {k}:{int(k) + 1}] - {rows}[..., {int(k) + 1}:]).flat"
            for k in one.how.split()[1:]
        )
        return f"np.where({alike}, np.inf, np.maximum([0, {apart}], 0))"
    return f"np.where({alike}, np.inf, {step}(np.diff({found}, axis={one.axis}), 0))"
