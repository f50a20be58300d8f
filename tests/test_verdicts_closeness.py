"""What a record keeps of how close an answer came: relative error and picture of differences."""

from __future__ import annotations

import base64
import sys
from typing import Any

import numpy as np
import pytest

from conformance.acceptance import TRAINING, VALUES, Limits
from conformance.verdicts.closeness import (
    NO_SIZE,
    NUMBERS_PASSING,
    PICTURE_FAILING,
    PICTURE_PASSING,
    compare_closely,
    picture,
    relative_error,
)
from conformance.verdicts.comparison import Target, compare, upward
from conformance.verdicts.tolerance import scale

FLOAT32 = scale("float32")
U = 2.0**-24
NAN, INF = np.nan, np.inf


def target(values: list[float], spread: float = 1.0) -> Target:
    truth = np.asarray(values)
    return Target(truth, np.full(truth.shape, spread), FLOAT32)


def steps(text: str) -> list[int]:
    return np.frombuffer(base64.b64decode(text), np.int8).tolist()


def test_a_byte_is_an_eighth_of_the_tolerance() -> None:
    truth = target([1.0, 1.0, 1.0, 1.0], spread=2.0)
    seen = np.asarray([1.0, 1 + 2 * U, 1 - 3 * U, 1 + 5000 * U])
    assert steps(picture(truth, seen, 10)) == [0, 8, -12, 127]


def test_special_numbers_are_right_or_have_no_size() -> None:
    truth = target([NAN, NAN, INF, INF, 1.0])
    seen = np.asarray([NAN, 1.0, INF, -INF, INF])
    assert steps(picture(truth, seen, 10)) == [0, NO_SIZE, 0, NO_SIZE, NO_SIZE]


def test_where_equality_is_demanded_there_is_no_picture() -> None:
    assert picture(Target(np.arange(3)), np.arange(3), 10) == ""


@pytest.mark.parametrize(
    ("expected", "observed", "error"),
    [
        ([1.0, -4.0], [1.5, -4.0], 0.125),
        ([0.0, 0.0], [0.0, 1.0], None),
        ([NAN, 2.0], [NAN, 3.0], 0.5),
        ([INF, NAN], [INF, NAN], None),
        ([INF, 4.0], [-INF, 5.0], 0.25),
    ],
)
def test_the_error_is_relative_to_the_largest_number(expected, observed, error) -> None:
    assert relative_error(np.asarray(expected), np.asarray(observed)) == error


def test_integers_have_no_relative_error() -> None:
    assert relative_error(np.arange(3), np.arange(3)) is None


@pytest.mark.parametrize(("off", "kept"), [(0.0, PICTURE_PASSING), (1.0, PICTURE_FAILING)])
def test_a_failure_keeps_more_than_a_pass(off: float, kept: int) -> None:
    truth = target([1.0] * 2000)
    found = compare_closely("output 0", truth, np.full(2000, 1.0 + off), VALUES)
    assert bool(found.message) == bool(off)
    assert len(steps(found.picture)) == kept
    assert found.error == off
    assert len(found.expected["numbers"]) == len(found.observed["numbers"])
    assert (len(found.expected["numbers"]) > 100) == bool(off)


def test_arrays_of_different_shapes_keep_their_numbers() -> None:
    found = compare_closely("output 0", target([1.0, 2.0]), np.asarray([[3.0]]), VALUES)
    assert found.expected["numbers"] == [1.0, 2.0]
    assert found.observed["shape"] == [1, 1]
    assert found.picture == ""


def room(spread: float, limits: Limits = VALUES) -> float:
    return limits.peak * (spread * FLOAT32.unit + FLOAT32.floor)


@pytest.mark.parametrize("limits", [VALUES, TRAINING])
def test_what_passes_keeps_how_far_rounding_may_move_its_first_numbers(limits: Limits) -> None:
    spread = np.asarray([1.0, 3.0, 1e-7, 2.5, 0.0, 7.0, 9.0])
    truth = Target(np.asarray([1.0, 2.0, 0.0, INF, 0.0, NAN, 1.0]), spread, FLOAT32)
    found = compare_closely("output 0", truth, truth.values, limits)
    assert found.within is not None
    for kept, one, value in zip(found.within, spread, truth.values, strict=False):
        exact = room(one, limits) if np.isfinite(value) else 0.0
        assert exact <= kept <= exact * 1.001
    assert len(found.within) == len(found.expected["numbers"]) == NUMBERS_PASSING


def test_numbers_that_must_be_equal_have_no_room() -> None:
    found = compare_closely("output 0", Target(np.arange(3)), np.arange(3), VALUES)
    assert found.within == []


def test_what_is_out_keeps_the_room_of_its_worst_numbers() -> None:
    """Of those, too, whose distance has no size."""
    truth = target([1.0, 1.0, INF, 5.0], spread=2.0)
    found = compare_closely("output 0", truth, np.asarray([1.5, NAN, 0.0, 5.0]), VALUES)
    assert {tuple(worst.index): worst.within for worst in found.worst} == {
        (0,): room(2.0),
        (1,): room(2.0),
        (2,): 0.0,
    }
    assert found.within is None
    exact = compare_closely("output 0", Target(np.arange(2)), np.asarray([0, 5]), VALUES)
    assert [worst.within for worst in exact.worst] == [0.0]


@pytest.mark.parametrize("compared", [compare, compare_closely])
def test_what_is_out_all_together_keeps_all_its_numbers(compared: Any) -> None:
    truth = target([1.0] * 500)
    found = compared("output 0", truth, truth.values + room(1.0) / 2, VALUES)
    assert "all together" in found.message
    assert found.within is not None
    assert len(found.within) == len(found.expected["numbers"]) == 500


@pytest.mark.parametrize("distance", [1.0, 0.1, 1 / 3, 5e-324, 1.7976931348623157e308, 0.0])
def test_a_distance_is_never_rounded_down(distance: float) -> None:
    assert distance <= upward(distance, 3) <= min(max(distance * 1.01, 5e-324), sys.float_info.max)
