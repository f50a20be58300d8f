"""Levels: each holds the one before it, and what it promises."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections import Counter

import pytest

from conformance.cases import load, repeating
from conformance.cases.covering import COVERING
from conformance.cases.levels import LEVELS, LevelError, at_level
from conformance.cases.model import kind_of, symbols_of


@pytest.fixture(scope="module")
def cases():
    return load().checked()


@pytest.fixture(scope="module")
def levels(cases):
    return {level: at_level(cases, level) for level in LEVELS}


def names(some):
    return {case.id.partition("[")[0] for case in some}


def layers(some):
    answered = (case for case in some if not (case.raises or case.unspecified))
    return {n.layer for case in answered for n in case.program.model.nodes}


def functions(some):
    return {
        symbol
        for case in some
        if kind_of(case.program) == "function" and not (case.raises or case.unspecified)
        for symbol in symbols_of(case.program)
    }


def activations(some):
    return {
        node.config["activation"]
        for case in some
        for node in case.program.model.nodes
        if node.layer == "Activation" and not case.raises
    }


def test_each_level_holds_the_one_before_it_in_the_same_order(cases, levels):
    ids = {level: [case.id for case in some] for level, some in levels.items()}
    for smaller, larger in itertools.pairwise(ids.values()):
        assert set(smaller) < set(larger)
        assert [case for case in larger if case in set(smaller)] == smaller
    assert ids[max(LEVELS)] == [case.id for case in cases]
    assert len(ids[1]) < 80 + len(functions(cases))
    assert len(ids[2]) < 260 + len(functions(cases))
    assert len(ids[3]) < len(cases) / 4


def test_the_first_is_what_a_backend_needs_on_its_first_day(levels):
    first = levels[1]
    wanted = {"Dense", "Activation", "ReLU", "Softmax", "Reshape", "Flatten", "Add", "Concatenate"}
    assert wanted | {"Conv1D", "MaxPooling1D", "Embedding", "BatchNormalization"} <= layers(first)
    for case in first:
        assert len(case.program.model.nodes) == 1, case.id
        wanted = {"values"} if kind_of(case.program) == "function" else {"values", "gradients"}
        assert wanted <= set(case.program.facets), case.id
        assert kind_of(case.program) != "steps", case.id
        assert not case.program.random, case.id
        assert not case.raises, case.id
    assert len(layers(first)) == len(first), "a layer once is enough"
    assert not {"Conv2D", "Conv3D"} & layers(first), "one stands for 1D, 2D and 3D"


def test_the_simplest_case_is_one_about_nothing_in_particular(levels):
    # Nought as an argument, an axis of one, literal numbers, another dtype: those come later.
    for case in levels[1]:
        config = case.program.model.nodes[0].config
        assert config.get("cropping") != 0
        assert config.get("dtype", "float32") == "float32", case.id
    ids = {case.id for case in levels[1]}
    assert "layers/convolutional/one-of-everything[layer=Conv1D]" not in ids
    assert "layers/normalization/rms-normalization-small-numbers" not in ids


def test_the_first_has_each_function_on_an_array_of_a_usual_dtype(cases, levels):
    first = {case.id: case for case in levels[1] if kind_of(case.program) == "function"}
    drawing = {c.program.model.nodes[0].layer for c in cases if c.program.random}
    drawing |= {"ops.empty", "ops.empty_like"}  # of whose numbers nothing is promised
    assert functions(levels[1]) == functions(cases) - drawing
    (found,) = [case for case in first.values() if symbols_of(case.program) == ["ops.sum"]]
    assert found.program.model.inputs[0].shape
    assert found.program.model.inputs[0].dtype == "float32"


def test_the_second_has_every_layer_and_every_activation(cases, levels):
    parts = [case for case in cases if kind_of(case.program) != "application"]
    assert layers(levels[2]) == layers(parts)  # whole models come later
    assert activations(levels[2]) == activations(cases)
    assert layers(levels[1]) < layers(cases)
    assert activations(levels[1]) < activations(cases)


def test_the_third_has_every_written_case(cases, levels):
    assert names(levels[3]) == names(cases)
    assert names(levels[2]) < names(cases)


def test_the_fourth_has_every_value_of_every_argument(cases, levels):
    def values(some):
        return {
            (case.id.partition("[")[0], key, repr(value))
            for case in some
            for key, value in case.variation.items()
        }

    assert values(levels[4]) == values(cases)
    assert values(levels[3]) < values(cases)


def test_a_level_is_the_same_in_every_process(levels):
    program = [sys.executable, "-m", "conformance.cli", "list", "--level", "2", "--json"]
    for seed in ("1", "2"):
        env = {**os.environ, "PYTHONHASHSEED": seed}
        told = subprocess.run(program, env=env, capture_output=True, text=True, check=True).stdout
        assert [case["id"] for case in json.loads(told)] == [case.id for case in levels[2]]


# --- the covering selection -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def covering(cases):
    return at_level(cases, COVERING)


def shown(cases, *, plain=False):
    """What the layers' cases show, layer by layer and argument by argument; by their ids."""
    inside = [case for case in cases if case.id.startswith("layers/")]
    found = dict(zip([case.id for case in inside], repeating.shown_by_each(inside), strict=True))
    return {case.id: found[case.id] for case in inside if not plain or answers_calls(case)}


def answers_calls(case):
    program = case.program
    return (
        not (case.raises or case.unspecified or program.model.quantize)
        and "values" in program.facets
        and not any(call.training or call.batch < 1 for call in program.calls)
        and not any(node.arguments.get("training") for node in program.model.nodes)
        and not any(spec.dtype == "string" for spec in program.model.inputs)
    )


def test_the_covering_selection_shows_all_that_any_case_shows(cases, covering):
    chosen = {case.id for case in covering}
    for plain in (False, True):
        by_case = shown(cases, plain=plain)
        everything = set().union(*by_case.values())
        assert set().union(*(by_case[one] for one in by_case if one in chosen)) == everything
    layers_alone = [case for case in covering if case.id.startswith("layers/")]
    assert layers(layers_alone) == layers(c for c in cases if c.id.startswith("layers/"))


def test_the_covering_selection_is_small(cases, covering):
    every = shown(cases)
    chosen = [case.id for case in covering if case.id in every]
    assert len(chosen) < len(every) / 2
    # Chosen greedily, and so there may be cases whose part others have in the end: few.
    times = Counter(itertools.chain.from_iterable(every[one] for one in chosen))
    spare = [one for one in chosen if all(times[part] > 1 for part in every[one])]
    assert len(spare) < len(chosen) / 10


def test_the_covering_selection_is_the_same_in_every_process_and_in_order(cases, covering):
    ids = [case.id for case in covering]
    assert ids == [case.id for case in cases if case.id in set(ids)]
    program = [sys.executable, "-m", "conformance.cli", "list", "--level", COVERING, "--json"]
    env = {**os.environ, "PYTHONHASHSEED": "1"}
    told = subprocess.run(program, env=env, capture_output=True, text=True, check=True).stdout
    assert [case["id"] for case in json.loads(told)] == ids


def test_a_folder_is_covered_by_itself(cases, covering):
    inside = [case for case in cases if case.id.startswith("layers/")]
    assert at_level(inside, COVERING) == [c for c in covering if c.id.startswith("layers/")]


@pytest.mark.parametrize("level", [0, -1, 6])
def test_another_level_is_none(cases, level):
    with pytest.raises(LevelError, match=f"no level {level}; there are\n  1  each elementary"):
        at_level(cases, level)
