"""Imagined draws of the distributions that have names, and orders of what is shuffled.

They are NumPy's, and so owe nothing to the formulas by which draws are judged
(:mod:`conformance.verdicts.levels`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine.dtypes import held

if TYPE_CHECKING:
    from conformance.reference.engine.array import Values
    from conformance.reference.engine.laws import Distribution, Permutation

_CUT = 2.0
"""Deviations beyond which a truncated normal number is drawn again."""


def sampled(
    law: Distribution, shape: tuple[int, ...], generator: np.random.Generator, dtype: str
) -> Values:
    """Numbers of this shape, each drawn by itself, as the dtype holds them."""
    given = law.parameters
    values: Values
    if law.name == "normal":
        values = generator.normal(given["mean"], given["deviation"], shape)
    elif law.name == "truncated":
        values = given["mean"] + given["deviation"] * _within(shape, generator)
    elif law.name == "uniform":
        values = generator.uniform(given["low"], given["high"], shape)
        # What a narrow dtype rounds up to the bound is drawn from the other end.
        values = np.where(held(values, dtype) < given["high"], values, given["low"])
    elif law.name == "gamma":
        values = generator.gamma(given["alpha"], 1.0, shape)
    elif law.name == "beta":
        values = generator.beta(given["alpha"], given["beta"], shape)
    elif law.name == "binomial":
        values = generator.binomial(given["counts"].astype(int), given["probabilities"], shape)
    elif law.name == "integers":
        low, high = (given[key].astype(np.int64) for key in ("low", "high"))
        values = generator.integers(low, high, shape)
    else:
        ends = np.cumsum(given["odds"], -1)[..., :-1]
        values = (generator.random((*shape, 1)) >= ends).sum(-1)
    return values


def _within(shape: tuple[int, ...], generator: np.random.Generator) -> Values:
    theta = generator.standard_normal(shape)
    while (outside := np.abs(theta) > _CUT).any():
        theta[outside] = generator.standard_normal(int(outside.sum()))
    return theta


def shuffled(law: Permutation, generator: np.random.Generator) -> Values:
    """The array with its lines along the axis in another order, all in the same one."""
    array = law.array
    values = array.value if array.integers is None else array.integers
    order = generator.permutation(values.shape[law.axis])
    return np.asarray(np.take(values, order, law.axis))
