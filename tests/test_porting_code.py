"""docs/porting/code: each layer as code, fresh, complete, and run as it is printed."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from runs import Runner

from conformance.adapters.native.functions import Own
from conformance.port.frameworks import FRAMEWORKS
from conformance.porting import objects
from conformance.porting.blocks import anchor, code_pages
from conformance.porting.command import restored
from conformance.porting.printing import identified
from conformance.porting.sources import SOURCES

ROOT = Path(__file__).parents[1]
CODE = ROOT / "docs" / "porting" / "code"
FAKE = Path(__file__).parent / "fakes" / "printed.py"
PAGES = sorted(CODE.glob("*/*.md"))
GUIDES = restored((CODE.parent / "guides.json").read_bytes())
BLOCK = re.compile(r"```python\n(.*?)\n```", re.DOTALL)
OF_FRAMEWORK = {
    "torch": {"functools", "math", "numpy", "torch"},
    "jax": {"functools", "itertools", "jax", "math", "numpy", "optax"},
    "flax": {"flax", "functools", "itertools", "jax", "math", "numpy", "optax"},
    "numpy": {"functools", "math", "numpy"},
}


def test_the_pages_are_what_the_command_writes():
    on_disk = {
        path.relative_to(CODE).as_posix(): path.read_text(encoding="utf-8")
        for path in CODE.rglob("*.md")
    }
    assert on_disk == code_pages(GUIDES), "keras-conformance porting docs/porting/guides.json"


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_layer_that_an_adapter_supports_has_an_anchor_of_its_own(framework):
    pages = [
        page
        for page in CODE.glob(f"{framework}/*.md")
        if page.stem not in {"activations", "functions", *objects.PAGES}
    ]
    text = "".join(page.read_text(encoding="utf-8") for page in pages)
    for layer in FRAMEWORKS[framework].layers.layers:
        if layer != "Lambda":  # the probe of cases
            assert text.count(f'<a id="{layer.lower()}"></a>') == 1, layer
    activations = (CODE / framework / "activations.md").read_text(encoding="utf-8")
    for name in FRAMEWORKS[framework].layers.activations:
        assert f'<a id="{name}"></a>' in activations


@pytest.mark.parametrize("name", SOURCES)
def test_every_function_and_object_that_an_adapter_supports_has_a_block(name):
    source = SOURCES[name]
    texts = {page.stem: page.read_text(encoding="utf-8") for page in CODE.glob(f"{name}/*.md")}
    marks = {mark for text in texts.values() for mark in re.findall(r"<!-- (\S+ \S+) -->", text)}
    for symbol, rows in {**source.functions, **source.objects}.items():
        own = [row for row in rows if isinstance(row, Own)]
        wanted = {f"{source.package}.{one.module} {one.function}" for one in own}
        assert {one.removeprefix("conformance.adapters.") for one in wanted} <= marks, symbol
        if own:
            page = objects.page_of(symbol) if symbol in source.objects else "functions"
            assert texts[page].count(f'<a id="{identified(symbol)}"></a>') == 1, symbol


def test_no_row_of_a_guide_leaves_a_porter_without_code():
    for guide in GUIDES:
        source = SOURCES[guide.adapter]
        page = (CODE.parent / f"{guide.adapter}.md").read_text(encoding="utf-8")
        assert not re.findall("computed|put together|by no one rule|`_[a-z]", page)
        for row in guide.rows:
            code = anchor(guide.adapter, row)
            for name in functions_named(row):
                assert f"def {name}(" in (CODE.parent / code.partition("#")[0]).read_text(), name
            own = [one for one in source.functions.get(row.layer, ()) if isinstance(one, Own)]
            if own or row.layer in source.objects or any(way.composed for way in row.ways):
                assert code or direct(source, row), row.layer
            if code and row.ways:
                path, _, place = code.partition("#")
                assert f"({code})" in page
                target = (CODE.parent / path).read_text(encoding="utf-8")
                assert f'<a id="{place}"></a>' in target, row.layer


def functions_named(row):
    """Functions of Python's that a row says a symbol is given: ``lr_lambda = 'rate'``."""
    return [
        argument.rule.strip("'")
        for way in row.ways
        for argument in way.arguments
        if argument.native.endswith("lambda") and argument.rule
    ]


def direct(source, row):
    """Whether a row is one call of the framework's own, or of an operator of Python's."""
    rows = source.functions.get(row.layer, ())
    return bool(rows) and not any(isinstance(one, Own) for one in rows)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}-{page.stem}")
def test_a_block_stands_by_itself(page):
    blocks = BLOCK.findall(page.read_text(encoding="utf-8"))
    assert blocks
    for block in blocks:
        assert "conformance" not in block
        tree = ast.parse(block)
        modules = {
            name.split(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, (ast.Import, ast.ImportFrom))
            for name in (
                [node.module] if isinstance(node, ast.ImportFrom) else [node.names[0].name]
            )
        }
        assert modules <= OF_FRAMEWORK[page.parent.name]


def answers(runner, framework, *cases):
    """What became of cases on the code as it is printed."""
    command = f"{{python}} {{worker}} {FAKE} {framework}"
    runner.run(*cases, adapters={"printed": command})
    return outcomes(runner)


def outcomes(runner):
    return {case: cell.verdict.outcome for (case, _), cell in runner.records().cells.items()}


def passing(runner, cache, framework, *cases):
    """The cases that pass on the printed code, among them all that pass on the framework's own.

    So the framework's own adapter is asked for those alone that don't.
    """
    printed = answers(runner, framework, *cases)
    passed = [case for case, told in printed.items() if told == "pass"]
    if rest := sorted({*printed} - {*passed}):
        (runner.folder / "own").mkdir()
        own = Runner(runner.folder / "own", cache)
        own.run(*rest, "--adapter", framework, adapters={})
        assert {*outcomes(own)} == {*rest}
        assert [case for case, told in outcomes(own).items() if told == "pass"] == []
    return passed


SHARED = {"flax": "jax"}
"""Frameworks whose functions and objects are another's, word for word: these are run there."""


@pytest.mark.parametrize(("framework", "other"), SHARED.items())
@pytest.mark.parametrize("page", ["functions", *objects.PAGES])
def test_what_frameworks_share_is_printed_alike(page, framework, other):
    mine, theirs = (
        BLOCK.findall((CODE / name / f"{page}.md").read_text(encoding="utf-8"))
        for name in (framework, other)
    )
    assert mine == theirs


@pytest.mark.parametrize("framework", SOURCES)
def test_cases_run_on_the_blocks_as_they_are_printed(framework, tmp_path, cache, whole):
    cases = ["layers/*"] if framework in SHARED else ["layers/*", "ops/*"]
    level = "2" if whole else "1"
    passed = passing(Runner(tmp_path, cache), cache, framework, *cases, "--level", level)
    # Each function that it has; each layer, or one for 1D, 2D and 3D together.
    assert len(passed) > (100 if whole else 40) * len(cases)


@pytest.mark.parametrize("framework", [name for name in FRAMEWORKS if name not in SHARED])
def test_losses_optimizers_schedules_and_initializers_run_as_they_are_printed(
    framework, tmp_path, cache
):
    run = set()
    for number, cases in enumerate(OBJECTS):
        folder = tmp_path / str(number)
        folder.mkdir()
        runner = Runner(folder, cache)
        passed = passing(runner, cache, framework, *cases)
        known = runner.records().cases
        run |= {symbol for case in passed for symbol in symbols(known[case].program)}
    assert set(SOURCES[framework].objects) <= run


OBJECTS = (
    ("losses/*", "optimizers/*", "initializers/*", "--level", "2"),
    ("optimizers/adaptive/adamax",),  # the simplest is with an epsilon that no framework has
)


def symbols(program):
    """Of what a case is: functions and objects, by Keras's names."""
    held = getattr(program, "object", None)
    nodes = program.model.nodes if held is None else [held]
    return {node.layer for node in nodes}


def test_losses_that_are_written_out_run_as_they_are_printed(tmp_path, cache):
    found = answers(Runner(tmp_path, cache), "jax-alone", "losses/regression/*", "losses/prob*")
    printed = [case for case, told in found.items() if told == "pass"]
    assert {case.split("/")[2].split("[")[0] for case in printed} >= WRITTEN_OUT
    assert set(found.values()) <= {"pass", "unsupported"}


def adam(weights, steps):
    """Keras's Adam by its formula, on the sum of squares, with a rate that halves in two steps."""
    found, first, second = [], 0.0, 0.0
    weights = np.array(weights)
    for step in range(1, steps + 1):
        slope = 2 * weights
        slope = slope / max(1.0, np.sqrt(np.square(slope).sum()))
        first, second = 0.9 * first + 0.1 * slope, 0.999 * second + 0.001 * slope**2
        rate = 0.1 * 0.5 ** ((step - 1) / 2) * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
        weights = weights - rate * first / (np.sqrt(second) + 1e-7)
        found.append(weights)
    return found


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_an_optimizer_is_used_in_a_loop_of_the_framework_alone(framework):
    words = [sys.executable, FAKE.parent / "loops.py", framework]
    told = subprocess.run(words, capture_output=True, text=True, check=True, timeout=120)
    np.testing.assert_allclose(json.loads(told.stdout), adam([1.0, -2.0, 0.25], 6), atol=1e-5)


WRITTEN_OUT = {"huber", "squared", "binary", "sparse"}
