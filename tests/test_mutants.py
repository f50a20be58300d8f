"""Faults that are put into definitions: what changes, that it runs, and that it is undone."""

from __future__ import annotations

import importlib
import random
import sys
from pathlib import Path
from textwrap import dedent

import pytest

TOOLS = Path(__file__).parents[1] / "tools"

SOURCE = dedent(
    '''\
    """A module of definitions."""

    import functools


    def refuse(x):
        if x < 0:
            raise ValueError("less than " + str(0))


    def scaled(x, factor=2.0, *, shift=0):
        """A number in a docstring: 3."""
        return x * factor + shift


    def made(n):
        def power(x):
            return x ** n
        return power


    square = made(2)


    @functools.cache
    def kept(x):
        return x - 1


    class Metric:
        def __init__(self, threshold=0.5):
            self.threshold = threshold

        def over(self, x):
            return x > self.threshold and not x > 9
    '''
)


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A module of definitions, and the tools that change it."""
    monkeypatch.syspath_prepend(str(TOOLS))
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "toy_definitions.py").write_text(SOURCE)
    module = importlib.import_module("toy_definitions")
    yield (
        module,
        importlib.import_module("mutation.sites"),
        importlib.import_module("mutation.swap"),
    )
    del sys.modules["toy_definitions"]


def refused(module, x):
    try:
        module.refuse(x)
    except ValueError:
        return True
    return False


def numbered(sites, what, function):
    found = [
        number
        for number, one in enumerate(sites.sites(SOURCE))
        if (one.what, one.function) == (what, function)
    ]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    ("function", "what", "call", "before", "after"),
    [
        ("scaled", "Mult becomes Div", lambda m: m.scaled(6.0, 3.0), 18.0, 2.0),
        ("scaled", "2.0 becomes 2.5", lambda m: m.scaled(2.0), 4.0, 5.0),
        ("scaled", "0 becomes 1", lambda m: m.scaled(2.0), 4.0, 5.0),
        # One that was made before, and one that remembers.
        ("made", "Pow becomes Mult", lambda m: m.square(5), 25, 10),
        ("kept", "Sub becomes Add", lambda m: m.kept(4), 3, 5),
        ("Metric.over", "And becomes Or", lambda m: m.Metric().over(0.1), False, True),
        ("Metric.over", "not is gone", lambda m: m.Metric().over(2), True, False),
        ("Metric.__init__", "0.5 becomes 0.625", lambda m: m.Metric().over(0.6), True, False),
        ("refuse", "Lt becomes LtE", lambda m: refused(m, 0), False, True),
    ],
)
def test_a_change_is_run_and_undone(  # noqa: PLR0913, PLR0917 (a row of the table)
    toy, function, what, call, before, after
):
    module, sites, swap = toy
    assert call(module) == before
    changeable = swap.Module("toy_definitions")
    with changeable.changed(sites.changed(SOURCE, numbered(sites, what, function))) as functions:
        assert functions
        assert call(module) == after
    assert call(module) == before


def test_what_no_answer_depends_on_is_left_as_it_is(toy):
    _, sites, _ = toy
    told = sites.sites(SOURCE)
    lines = {one.line for one in told}
    assert not {1, 8, 12} & lines  # docstrings, and what is said where something is refused
    assert all(one.function for one in told)


def test_a_fault_in_a_definition_is_seen_and_none_is_not(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    mutants = importlib.import_module("mutants")
    there = mutants.mutants("ops/numpy/vectors")
    outer = [one for one in there if "outer" in one.site.function]
    assert outer
    caught, asked = mutants.seen(outer[0], 30, random.Random(0))  # noqa: S311
    assert caught.startswith("ops/")
    assert asked
    # The same case passes where nothing is changed.
    case = next(one for one in mutants.cases() if one.id == caught)
    truth = mutants._answer(case.id)
    assert not mutants._fails(case, lambda: (truth, mutants.observe(case, truth.feeds)))


def test_what_no_case_sees_is_told_and_ends_with_1(monkeypatch, capfd):
    monkeypatch.syspath_prepend(str(TOOLS))
    mutants = importlib.import_module("mutants")
    chosen = ["--of", "ops/numpy/vec*", "--count", "4", "--seed", "3", "--jobs", "1"]
    assert mutants.main([*chosen, "--bar", "0"]) == 0
    assert "faults are caught" in capfd.readouterr().out
    monkeypatch.setattr(mutants, "_fails", lambda *_: False)
    assert mutants.main(chosen) == 1
    told = capfd.readouterr().out
    assert "not seen by" in told
    assert "ops.numpy.vectors" in told
    assert "0 of 4 faults are caught" in told


def test_every_reason_is_about_a_line_that_is_there(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    mutants = importlib.import_module("mutants")
    named = {module.replace(".", "/") for module, *_ in mutants.EQUIVALENT}
    there = {mutants._key(one) for module in named for one in mutants.mutants(module)}
    assert set(mutants.EQUIVALENT) <= there
