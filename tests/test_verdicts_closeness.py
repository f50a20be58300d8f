"""What a record keeps of how close an answer came: relative error and picture of differences."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from conformance.verdicts.closeness import (
    NO_SIZE,
    PICTURE_FAILING,
    PICTURE_PASSING,
    compare_closely,
    picture,
    relative_error,
)
from conformance.verdicts.comparison import Target
from conformance.verdicts.tolerance import VALUES, scale

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
