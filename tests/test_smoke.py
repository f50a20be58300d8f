"""The smoke command, and the adapter that the tutorial builds."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fake_adapters import FAKES, ROOT
from rich.console import Console

from conformance.adapters.host.host import AdapterProcess, Answered
from conformance.adapters.host.registry import from_command
from conformance.cases.model import Call, Graph, InputSpec, Model, Node
from conformance.run.smoke import FAULTY, OK, UNUSABLE, smoke

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLE = ROOT / "examples" / "minimal_adapter.py"
MINIMAL = f"minimal={{python}} -I -S {EXAMPLE}"


def try_out(name: str, *commands: str) -> tuple[int, str]:
    console = Console(file=io.StringIO(), width=200)
    code = smoke(name, commands=commands, console=console)
    return code, console.file.getvalue()


def test_minimal_adapter_passes() -> None:
    code, text = try_out("minimal", MINIMAL)
    assert code == OK, text
    assert "✗" not in text
    assert text.count("✓") == 4


@pytest.mark.parametrize(
    ("line", "broken", "complaint"),
    [
        ("+ bias[u]", "- bias[u]", "✗ computes a Dense layer: expected"),
        ('"dtype": "float32"', '"dtype": "float64"', "✗ computes a Dense layer: dtype float64"),
        ('"shape": y[0]', '"shape": [1]', "says shape [1], but its array 'call/0/dense'"),
        ('node["layer"] != "Dense"', "False", "✗ says unsupported to a layer that does not exist"),
        ('"protocol": 2', '"protocol": 1', "minimal: error"),
        ('id=message["id"]', "id=1", "✗ goes on after it"),
        ("elif message", 'elif print("hi", flush=True) or message', "✗ computes a Dense layer"),
        ("send(answer, arrays)", "send(answer, arrays) or send(answer, arrays)", "✗ keeps to one"),
    ],
)
def test_minimal_adapter_broken_on_purpose_fails(
    tmp_path: Path, line: str, broken: str, complaint: str
) -> None:
    source = EXAMPLE.read_text()
    assert source.count(line) == 1
    path = tmp_path / "broken.py"
    path.write_text(source.replace(line, broken))
    code, text = try_out("minimal", f"minimal={{python}} -I -S {path}")
    assert code == FAULTY
    assert complaint in text


def test_minimal_adapter_is_as_short_as_the_tutorial_says() -> None:
    assert len(EXAMPLE.read_text().splitlines()) <= 60


def test_minimal_adapter_answers_a_stack_of_dense_layers_of_higher_rank() -> None:
    model = Model(
        form="sequential",
        inputs=[InputSpec(name="x", shape=[2, 3])],
        nodes=[
            Node(name="a", layer="Dense", config={"units": 4}, inputs=["x"]),
            Node(name="b", layer="Dense", config={"units": 1}, inputs=["a"]),
        ],
        outputs=["b"],
    )
    facets = ["symbolic_shape", "shape", "values"]
    program = Graph(case="t/x", model=model, calls=[Call(batch=2), Call(batch=1)], facets=facets)
    rng = np.random.default_rng(1)
    arrays = {
        name: rng.integers(-4, 5, shape).astype(np.float32)
        for name, shape in {
            "call/0/x": (2, 2, 3),
            "call/1/x": (1, 2, 3),
            "weight/a/kernel": (3, 4),
            "weight/a/bias": (4,),
            "weight/b/kernel": (4, 1),
            "weight/b/bias": (1,),
        }.items()
    }
    process = AdapterProcess(from_command(MINIMAL))
    answer = process.run(program, arrays, timeout=10)
    process.close()
    assert isinstance(answer, Answered), answer
    for index in range(2):
        hidden = arrays[f"call/{index}/x"] @ arrays["weight/a/kernel"] + arrays["weight/a/bias"]
        expected = hidden @ arrays["weight/b/kernel"] + arrays["weight/b/bias"]
        tensor = answer.observation.calls[index].outputs[0].tensor
        assert np.array_equal(answer.tensors[tensor], expected)
    assert answer.observation.unsupported == {"symbolic_shape": "numbers only"}


@pytest.mark.parametrize(
    ("name", "commands", "text"),
    [
        ("no-such", (), "no adapter matches 'no-such'"),
        ("keras-*", (), "name one"),
        ("absent", (f"absent={sys.executable} {{worker}} {FAKES / 'plain.py'} absent",), "not-in"),
    ],
)
def test_nothing_to_try_has_an_exit_code_of_its_own(
    name: str, commands: tuple[str, ...], text: str
) -> None:
    code, printed = try_out(name, *commands)
    assert code == UNUSABLE
    assert text in printed


def test_what_an_adapter_says_cannot_write_markup() -> None:
    code, printed = try_out("[red]x", "x=[bold]")
    assert code == UNUSABLE
    assert "[red]x" in printed
