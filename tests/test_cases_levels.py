"""Levels: each holds the one before it, and what it promises."""

from __future__ import annotations

import itertools

import pytest

from conformance.cases import load
from conformance.cases.levels import LEVELS, at_level


@pytest.fixture(scope="module")
def cases():
    return load().checked()


def test_each_level_holds_the_one_before_it_in_the_same_order(cases):
    levels = [[case.id for case in at_level(cases, level)] for level in LEVELS]
    for smaller, larger in itertools.pairwise(levels):
        assert set(smaller) < set(larger)
        assert [case for case in larger if case in set(smaller)] == smaller
    assert levels[-1] == [case.id for case in cases]
    assert len(levels[0]) < 60
    assert len(levels[1]) < 300


def test_the_first_has_a_case_of_each_file(cases):
    files = {case.place.file for case in cases if case.raises is None}
    assert {case.place.file for case in at_level(cases, 1)} == files


def test_the_second_has_every_layer(cases):
    def layers(some):
        return {n.layer for case in some if not case.raises for n in case.program.model.nodes}

    assert layers(at_level(cases, 2)) == layers(cases)


def test_the_third_has_every_value_of_every_argument(cases):
    def values(some):
        return {
            (case.id.partition("[")[0], key, repr(value))
            for case in some
            for key, value in case.variation.items()
        }

    third = at_level(cases, 3)
    assert values(third) == values(cases)
    written = {case.id.partition("[")[0] for case in cases}
    assert {case.id.partition("[")[0] for case in third} == written
