"""docs/porting/code: each layer as code, fresh, complete, and run as it is printed."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from runs import Runner

from conformance.port.frameworks import FRAMEWORKS
from conformance.porting.blocks import code_pages
from conformance.porting.command import restored

ROOT = Path(__file__).parents[1]
CODE = ROOT / "docs" / "porting" / "code"
FAKE = Path(__file__).parent / "fakes" / "printed.py"
PAGES = sorted(CODE.glob("*/*.md"))
BLOCK = re.compile(r"```python\n(.*?)\n```", re.DOTALL)
OF_FRAMEWORK = {
    "torch": {"functools", "math", "numpy", "torch"},
    "jax": {"functools", "jax", "math", "numpy", "optax"},
    "flax": {"flax", "functools", "jax", "math", "numpy", "optax"},
}


def test_the_pages_are_what_the_command_writes():
    on_disk = {
        path.relative_to(CODE).as_posix(): path.read_text(encoding="utf-8")
        for path in CODE.rglob("*.md")
    }
    guides = restored((CODE.parent / "guides.json").read_bytes())
    assert on_disk == code_pages(guides), "keras-conformance porting docs/porting/guides.json"


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_layer_that_an_adapter_supports_has_an_anchor_of_its_own(framework):
    pages = [
        page
        for page in CODE.glob(f"{framework}/*.md")
        if page.stem not in {"activations", "functions"}
    ]
    text = "".join(page.read_text(encoding="utf-8") for page in pages)
    for layer in FRAMEWORKS[framework].layers.layers:
        if layer != "Lambda":  # the probe of cases
            assert text.count(f'<a id="{layer.lower()}"></a>') == 1, layer
    activations = (CODE / framework / "activations.md").read_text(encoding="utf-8")
    for name in FRAMEWORKS[framework].layers.activations:
        assert f'<a id="{name}"></a>' in activations


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


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_cases_run_on_the_blocks_as_they_are_printed(framework, tmp_path, cache):
    runner = Runner(tmp_path, cache)
    runner.run(
        *("layers/*", "ops/*", "--level", "2", "--adapter", framework),
        adapters={"printed": f"{{python}} {{worker}} {FAKE} {framework}"},
    )
    outcomes = {key: cell.verdict.outcome for key, cell in runner.records().cells.items()}
    passed = [
        case for (case, name), told in outcomes.items() if (name, told) == (framework, "pass")
    ]
    assert len(passed) > 300  # one for each layer and each function that it has
    wrong = {case: outcomes[case, "printed"] for case in passed}
    assert {case: told for case, told in wrong.items() if told != "pass"} == {}
