"""The acceptance rule: against a slow reading of it, on special values, and on the figures."""

from __future__ import annotations

import math
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from conformance.acceptance import FLOORS, TRAINING, UNITS, VALUES, Limits
from conformance.verdicts import comparison
from conformance.verdicts.comparison import Target, compare, compare_observed, moved, sample
from conformance.verdicts.tolerance import ReferenceFaultError, scale

FLOAT32 = scale("float32")
LARGEST = float(np.finfo(np.float32).max)
NAN, INF = math.nan, math.inf


def passes(expected: Any, spread: Any, observed: Any, dtype: str = "float32") -> bool:
    target = Target(
        np.asarray(expected, dtype=np.float64), np.asarray(spread, np.float32), scale(dtype)
    )
    return not compare("output 0", target, np.asarray(observed)).message


def slowly(target: Target, observed: np.ndarray, limits: Limits) -> bool:
    """Read the rule number by number, as docs/numerics.md has it."""
    assert target.spread is not None
    assert target.scale is not None
    squares = []
    rows = zip(target.values.ravel(), target.spread.ravel(), observed.ravel(), strict=True)
    for true, spread, seen in rows:
        truth, got = float(true), float(seen)
        tolerance = target.scale.unit * float(spread) + target.scale.floor
        if truth == got:
            squares.append(0.0)
        elif math.isnan(truth) or math.isnan(got):
            if math.isnan(truth) != math.isnan(got):
                return False
            squares.append(0.0)
        elif math.isinf(truth):
            return False
        elif math.isinf(got):
            beyond = abs(truth) + limits.peak * tolerance >= target.scale.largest
            if not (beyond and (got > 0) == (truth > 0)):
                return False
            squares.append(0.0)
        else:
            reachable = max(-target.scale.largest, min(target.scale.largest, truth))
            z = (got - reachable) / tolerance
            if abs(z) > limits.peak:
                return False
            squares.append(z * z)
    return not squares or math.sqrt(sum(squares) / len(squares)) <= limits.rms


@st.composite
def judged(draw: st.DrawFn) -> tuple[Target, np.ndarray]:
    """A truth, its spread, and an observation near or far, special values among all of them."""
    shape = draw(array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
    numbers = st.one_of(
        st.floats(-1e3, 1e3),
        st.sampled_from([0.0, -0.0, 1e-45, LARGEST, -LARGEST, 2 * LARGEST, INF, -INF, NAN]),
    )
    truth = draw(arrays(np.float64, shape, elements=numbers))
    spread = draw(arrays(np.float32, shape, elements=st.floats(0, 1e3, width=32)))
    # A quarter of the limit's multiples keeps clear of the edge, where the two round differently.
    multiples = draw(
        arrays(np.float64, shape, elements=st.sampled_from([0, 0.3, -2.1, 3.3, 9.2, 15.7, 17.1]))
    )
    special = draw(arrays(np.float64, shape, elements=st.sampled_from([0.0] * 9 + [INF, NAN])))
    scaled = scale("float32")
    assert scaled is not None
    with np.errstate(all="ignore"):
        observed = truth + multiples * (scaled.unit * spread + scaled.floor) + special
    return Target(truth, spread, scaled), observed


@settings(max_examples=300, deadline=None)
@given(judged())
def test_the_fast_rule_is_the_slow_rule(case: tuple[Target, np.ndarray]) -> None:
    target, observed = case
    assert (not compare("x", target, observed).message) == slowly(target, observed, VALUES)


@settings(max_examples=100, deadline=None)
@given(judged())
def test_pieces_do_not_change_a_verdict(case: tuple[Target, np.ndarray]) -> None:
    target, observed = case
    whole = compare("x", target, observed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(comparison, "PIECE", 3)
        cut = compare("x", target, observed)
    assert (cut.message, cut.worst, cut.margin) == (whole.message, whole.worst, whole.margin)
    assert cut.rms == (whole.rms if whole.rms is None else pytest.approx(whole.rms))


@settings(max_examples=100, deadline=None)
@given(judged())
def test_what_is_kept_of_a_comparison_is_finite_json(case: tuple[Target, np.ndarray]) -> None:
    target, observed = case
    found = compare("x", target, observed)
    numbers = [found.margin, found.rms]
    for worst in found.worst:
        numbers += [worst.expected, worst.observed, worst.times]
    for kept in (found.expected, found.observed):
        numbers += kept["numbers"] if kept else []
    assert all(n is None or isinstance(n, str) or math.isfinite(n) for n in numbers)
    assert bool(found.message) == bool(found.worst)
    assert len(found.worst) <= 5


@pytest.mark.parametrize(
    ("expected", "observed", "verdict"),
    [
        (NAN, NAN, True),
        (NAN, 0.0, False),
        (0.0, NAN, False),
        (INF, INF, True),
        (INF, -INF, False),
        (INF, LARGEST, False),
        (1.0, INF, False),
        (0.0, -0.0, True),
        (0.0, 1e-45, True),
        (1e-39, 0.0, True),  # a subnormal may be flushed
        (1e-36, 0.0, False),
        (2 * LARGEST, INF, True),  # overflow: infinity, or the largest number
        (2 * LARGEST, LARGEST, True),
        (2 * LARGEST, -INF, False),
        (2 * LARGEST, 0.0, False),
        (-2 * LARGEST, -INF, True),
        (LARGEST, INF, True),
    ],
)
def test_special_values(expected: float, observed: float, *, verdict: bool) -> None:
    spread = abs(expected) / math.sqrt(3) if math.isfinite(expected) else 0.0
    assert passes([expected], [min(spread, LARGEST)], np.float32([observed])) is verdict
    # The same among ordinary numbers, so that neither way of looking can lose it.
    assert (
        passes([1.0, expected], [1.0, min(spread, LARGEST)], np.float32([1.0, observed])) is verdict
    )


def test_an_empty_array_passes_and_another_empty_shape_does_not() -> None:
    assert passes(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros((0, 3), np.float32))
    assert not passes(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros((3, 0), np.float32))


def test_a_scalar_is_judged_and_named_without_an_index() -> None:
    target = Target(np.array(1.0), np.array(1.0, np.float32), FLOAT32)
    assert not compare("loss", target, np.array(1.0, np.float32)).message
    wrong = compare("loss", target, np.array(2.0, np.float32))
    assert wrong.message.startswith("loss: expected 1, observed 2,")


def test_the_rms_limit_catches_what_no_single_number_shows() -> None:
    truth, spread = np.zeros(50), np.ones(50, np.float32)
    shifted = np.full(50, 4 * 2.0**-24)
    assert passes(truth, spread, shifted * 0.7)
    found = compare("output 0", Target(truth, spread, FLOAT32), shifted)
    assert found.margin == pytest.approx(0.25)
    assert found.rms == pytest.approx(4 / 3)
    assert "no number is out by itself, but all together are" in found.message


def test_training_has_twice_the_room() -> None:
    target = Target(np.zeros(100), np.ones(100, np.float32), FLOAT32)
    observed = np.zeros(100)
    observed[7] = 30 * 2.0**-24
    assert compare("x", target, observed, VALUES).message
    assert not compare("x", target, observed, TRAINING).message


@pytest.mark.parametrize("dtype", ["int32", "int64", "bool", "uint8"])
def test_integers_and_booleans_are_equal_or_wrong(dtype: str) -> None:
    assert scale(dtype) is None
    truth = np.array([[0, 1], [1, 0]], dtype=np.int64)
    target = Target(truth, None, scale(dtype))
    assert not compare("x", target, truth.astype(dtype)).message
    wrong = truth.copy()
    wrong[1, 0] = 0
    found = compare("x", target, wrong.astype(dtype))
    assert "x at [1, 0]" in found.message
    assert "must be equal exactly" in found.message
    assert found.worst[0].times == "exact"


def test_integers_are_not_compared_as_floats() -> None:
    truth = np.array([2**53 + 1], dtype=np.int64)
    found = compare("x", Target(truth), np.array([2**53], dtype=np.int64))
    assert "expected 9007199254740993, observed 9007199254740992" in found.message


def test_exact_floats_know_nan_and_no_sign_of_zero() -> None:
    target = Target(np.array([NAN, 0.0, INF, 3.0]))
    assert not compare("x", target, np.float32([NAN, -0.0, INF, 3.0])).message
    for index in range(4):
        observed = np.float32([NAN, 0.0, INF, 3.0])
        observed[index] = 1.0
        assert compare("x", target, observed).worst[0].index == [index]


@pytest.mark.parametrize("spread", [NAN, INF, -1.0])
def test_a_spread_that_is_none_blames_the_reference(spread: float) -> None:
    target = Target(np.array([1.0, 2.0]), np.float32([1.0, spread]), FLOAT32)
    with pytest.raises(ReferenceFaultError):
        compare("x", target, np.float32([1.0, 7.0]))
    short = Target(np.array([1.0, 2.0]), np.float32([1.0]), FLOAT32)
    with pytest.raises(ReferenceFaultError):
        compare("x", short, np.float32([1.0, 2.0]))


def test_an_infinite_spread_lets_nothing_through() -> None:
    target = Target(np.array([1.0]), np.float32([INF]), FLOAT32)
    with pytest.raises(ReferenceFaultError):
        compare("x", target, np.float32([1e9]))


def test_units_are_those_of_the_dtype() -> None:
    units = {dtype: scale(dtype).unit for dtype in FLOORS}  # type: ignore[union-attr]
    assert units == {dtype: UNITS[dtype] for dtype in FLOORS}
    assert units["float32"] == 2.0**-24
    assert scale("float16").floor == 2.0**-22  # type: ignore[union-attr]


def test_two_observations_share_the_tolerance_of_both() -> None:
    truth, spread = np.zeros(1), np.ones(1, np.float32)
    target = Target(truth, spread, FLOAT32)
    one, other = np.array([15 * 2.0**-24]), np.array([-15 * 2.0**-24])
    found = compare_observed("x", (one, other), (target, target), Limits(16, 16))
    assert not found.message
    assert found.margin == pytest.approx(15 / 16)
    assert compare_observed("x", (one, 2 * other), (target, target)).message


def test_moved_is_more_than_rounding() -> None:
    target = Target(np.zeros(5), np.ones(5, np.float32), FLOAT32)
    before = np.array([0.0, 0.0, NAN, NAN, INF])
    after = np.array([31 * 2.0**-24, 33 * 2.0**-24, NAN, 0.0, INF])
    assert moved(before, after, (target, target)).tolist() == [False, True, False, True, False]
    exact = Target(np.zeros(2))
    assert moved(np.zeros(2), np.array([0.0, 1e-30]), (exact, exact)).tolist() == [False, True]


def test_a_sample_is_small_and_plain() -> None:
    kept = sample(np.full((100, 100), NAN, np.float32), 6)
    assert kept == {"shape": [100, 100], "dtype": "float32", "numbers": ["nan"] * 6}


def test_big_arrays_cost_pieces_and_not_copies() -> None:
    truth = np.linspace(-1, 1, 2_000_000)
    spread = np.ones(truth.size, np.float32)
    observed = truth.astype(np.float32)
    observed[-1] = NAN
    tracemalloc.start()
    found = compare("x", Target(truth, spread, FLOAT32), observed)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.worst[0].index == [truth.size - 1]
    assert peak < truth.nbytes / 2


# The figures of docs/numerics.md on synthetic data: a matrix product with its variance by the rule
# for A @ B, in float32 with random orders of summation, and with the faults that must be seen.


def product(seed: int, inner: int = 64) -> tuple[np.ndarray, np.ndarray, Target]:
    random = np.random.default_rng(seed)
    a = random.normal(size=(8, inner)).astype(np.float32)
    b = (random.normal(size=(inner, 6)) / math.sqrt(inner)).astype(np.float32)
    wide, tall = a.astype(np.float64), b.astype(np.float64)
    truth = wide @ tall
    q = wide**2 @ tall**2
    # v²/3 for each operand, q/3 for the products, n/2 q + n/3 y² over 3 for their sum.
    variance = q / 3 + q / 3 + q / 3 + (inner / 2 * q + inner / 3 * truth**2) / 3
    spread = np.sqrt(variance + truth**2 / 3).astype(np.float32)
    return a, b, Target(truth, spread, FLOAT32)


def summed(a: np.ndarray, b: np.ndarray, order: np.ndarray) -> np.ndarray:
    total = np.zeros((a.shape[0], b.shape[1]), np.float32)
    for index in order:
        total += a[:, index, None] * b[None, index, :]
    return total


def bfloat16(array: np.ndarray) -> np.ndarray:
    bits = array.astype(np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)).view(np.float32)


def test_honest_float32_stays_far_below_the_limit() -> None:
    worst = 0.0
    for seed in range(40):
        a, b, target = product(seed)
        order = np.random.default_rng(seed + 1000).permutation(a.shape[1])
        for observed in (a @ b, summed(a, b, order)):
            found = compare("x", target, observed)
            assert not found.message
            assert found.margin is not None
            worst = max(worst, found.margin * VALUES.peak)
    assert worst < 7.4  # the largest that was measured on real frameworks


@pytest.mark.parametrize("seed", range(10))
def test_seeded_faults_are_far_beyond_the_limit(seed: int) -> None:
    a, b, target = product(seed)
    tolerance = target.spread * 2.0**-24  # type: ignore[operator]
    one_at_51 = (a @ b).astype(np.float64)
    one_at_51[3, 2] = target.values[3, 2] + 51 * tolerance[3, 2]
    faults = {
        "one number at K = 51": one_at_51,
        "bfloat16 operands": bfloat16(a) @ bfloat16(b),
        "float16 operands": a.astype(np.float16).astype(np.float32) @ b,
        "one product left out": a[:, 1:] @ b[1:],
        "another axis": a[::-1] @ b,
        "an epsilon of 1e-3": a @ b + np.float32(1e-3),
    }
    for name, observed in faults.items():
        found = compare("x", target, observed)
        assert found.message, name
        assert found.margin is not None
        assert found.margin * VALUES.peak >= 48, name
