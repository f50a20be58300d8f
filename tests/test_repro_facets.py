"""Scripts of what a model does beside answering: training, draws, files of another backend."""

from __future__ import annotations

import ast
import dataclasses
import functools
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from msgspec.structs import replace
from repro_cells import Judged, judged

from conformance.repro.script import NoScript, script

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.reference.answer.expectation import Expected
    from conformance.reference.answer.store import StoredAnswer
    from conformance.verdicts.model import Comparison

RUNNER = Path(__file__).with_name("repro_runner.py")
WEIGHTS = "training/weights/sample-weights"
STOPPED = "training/callbacks/two-rates"
GENERATED = "training/fit/sample-weights[fit=#1]"
WRITTEN = "training/checkpoints/every[ModelCheckpoint=#0]"
WRITTEN_WEIGHTS = "training/checkpoints/best[ModelCheckpoint=#1]"
GLOROT = "initializers/random/glorot-uniform[shape=512x512]"
GENERATOR = "initializers/seeds/generator[function=initializers.HeNormal]"
DROPOUT = "layers/regularization/dropout-seed[seed=123456789]"
MADE = "layers/initial/dense-arguments[kernel_initializer=#1]"
MADE_EVENLY = "layers/initial/dense-arguments[kernel_initializer=#0]"
MADE_WITH = "layers/initial/lstm[bias_initializer=zeros]"
FILE = "exchange/keras_file/recurrent[file=keras]"
FILE_OF_WEIGHTS = "exchange/keras_file/weights"
SEVERAL = "training/weights/several-optimizers[optimizer_map={}]"
GONE_ON = "exchange/training/optimizers[optimizer=Adam]"

SHOWN = {
    "losses": (WEIGHTS, "losses"),
    "metrics": (WEIGHTS, "metrics"),
    "optimizer": (WEIGHTS, "optimizer"),
    "losses of several optimizers": (SEVERAL.format("OptimizerMap"), "losses"),
    "several optimizers": (SEVERAL.format("#1"), "optimizer"),
    "losses of a fit": (STOPPED, "losses"),
    "history of a fit": (STOPPED, "metrics"),
    "weights of a fit": (GENERATED, "state"),
    "a checkpoint": (WRITTEN, "checkpoint"),
    "a checkpoint of weights": (WRITTEN_WEIGHTS, "checkpoint"),
    "drawn by a function": (GLOROT, "random"),
    "drawn with a generator": (GENERATOR, "random"),
    "drawn by a layer": (DROPOUT, "random"),
    "drawn as made": (MADE, "initial"),
    "drawn evenly as made": (MADE_EVENLY, "initial"),
    "made with numbers": (MADE_WITH, "initial"),
    "a file": (FILE, "exchange"),
    "a file of weights": (FILE_OF_WEIGHTS, "exchange"),
    "a training that goes on": (GONE_ON, "exchange"),
}


@functools.cache
def cell(case: str) -> Judged:
    """A cell on Keras with torch, whose files NumPy's has written, and JAX's what is trained."""
    one = judged(case, "keras-torch")
    writer = "keras-jax" if case == GONE_ON else "keras-numpy"
    facets = [
        replace(found, comparisons=[written_by(writer, told) for told in found.comparisons])
        for found in one.verdict.facets
    ]
    return one._replace(verdict=replace(one.verdict, facets=facets))


def written_by(writer: str, compared: Comparison) -> Comparison:
    return replace(compared, what=compared.what.replace("by another:", f"by {writer}:"))


def written(name: str, answer: StoredAnswer | None = None) -> str:
    case, facet = SHOWN[name]
    one = cell(case)
    return script(one.line, one.cell, None, facet, answer or one.answer)


def spoiled(name: str) -> str:
    """The script of an answer that is another one: it must fail on whoever conforms."""
    case, facet = SHOWN[name]
    answer = cell(case).answer
    if facet == "initial":
        return written(name, made_otherwise(answer))
    arrays = dict(answer.arrays)
    for one in judged_by(facet, answer.expectation):
        arrays[one.tensor] = np.asarray(arrays[one.tensor]) * 1.5
    return written(name, dataclasses.replace(answer, arrays=arrays))


def made_otherwise(answer: StoredAnswer) -> StoredAnswer:
    """Every variable is made with something else: laws half as wide, numbers that are one more."""
    told, arrays = answer.expectation, dict(answer.arrays)
    variables = []
    for one in told.initial:
        parts = []
        for part in one.parts:
            if part.values is not None:
                arrays[part.values.tensor] = np.asarray(arrays[part.values.tensor]) + 1
            law = part.law and replace(part.law, scale=part.law.scale / 2)
            parts.append(replace(part, law=law))
        variables.append(replace(one, parts=parts))
    return dataclasses.replace(answer, expectation=replace(told, initial=variables), arrays=arrays)


def judged_by(facet: str, told: Any) -> Iterable[Expected]:
    if facet == "random":
        law = told.random.law
        return [law.scale] if hasattr(law, "scale") else law.options
    if facet == "exchange" and told.exchanged is not None:
        return told.exchanged.weights.values()
    if facet == "exchange":
        return told.calls[0].outputs
    found = getattr(told.state, {"state": "weights"}.get(facet, facet))
    return found.values() if isinstance(found, dict) else [found]


@pytest.mark.parametrize("name", SHOWN)
def test_a_script_is_python_that_needs_nothing_of_this_suite(name: str) -> None:
    text = written(name)
    compile(ast.parse(text, feature_version=(3, 9)), name, "exec")
    assert not any("conformance" in line for line in text.splitlines() if line[:1] != "#")
    assert any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(text)))


def test_a_layer_with_another_seed_is_built_anew() -> None:
    text = written("drawn by a layer")
    assert text.count("seed=123456789,") == text.count("seed=123457789,") == 1
    assert "tensors['other'] = other()(" in text


def test_the_file_is_written_under_the_backend_that_wrote_it() -> None:
    text = written("a file")
    assert "os.environ[\"KERAS_BACKEND\"] = 'torch' if child else 'numpy'" in text
    assert text.index("os.fork()") < text.index("import keras")


def test_a_file_of_nobody_gets_no_script() -> None:
    one = judged(FILE, "keras-torch")  # whose file no Keras has written
    with pytest.raises(NoScript, match="the file of another is not shown"):
        script(one.line, one.cell, None, "exchange", one.answer)


def test_draws_of_a_record_alone_get_a_reason() -> None:
    one = cell(GLOROT)
    with pytest.raises(NoScript, match="without --run it is computed anew"):
        script(one.line, one.cell, None, "random")


def test_numbers_that_share_a_draw_get_a_reason() -> None:
    case = "layers/regularization/dropout-noise-shape-square[noise_shape=4096x1x4]"
    one = judged(case, "keras-torch")
    with pytest.raises(NoScript, match="numbers that share a draw"):
        script(one.line, one.cell, None, "random", one.answer)


@pytest.mark.frameworks
def test_they_pass_on_a_backend_that_conforms_and_fail_on_other_truths() -> None:
    pytest.importorskip("torch")
    names = [name for name, (_, facet) in SHOWN.items() if facet != "exchange"]
    sources = {f"{name}, true": written(name) for name in names}
    sources |= {f"{name}, false": spoiled(name) for name in names}
    ran = ran_by(str(RUNNER), "torch", text=json.dumps(sources))
    assert ran.returncode == 0, ran.stderr[-2000:]
    came_to = json.loads(ran.stdout)
    assert {name: came_to[f"{name}, true"] for name in names} == dict.fromkeys(names, "")
    false = {name: came_to[f"{name}, false"] for name in names}
    assert all(text.startswith("AssertionError") for text in false.values()), false


@pytest.mark.frameworks
@pytest.mark.parametrize(
    "name", ["a file", pytest.param("a training that goes on", marks=pytest.mark.whole)]
)
def test_a_file_is_read_from_a_process_of_another_backend(name: str) -> None:
    """In an interpreter of its own: it forks before any framework is there."""
    pytest.importorskip("torch")
    pytest.importorskip("jax")
    right = ran_by("-", text=written(name))
    assert right.returncode == 0, right.stderr[-2000:]


@pytest.mark.frameworks
@pytest.mark.parametrize(
    "name", [pytest.param("a file of weights", marks=pytest.mark.whole), "a training that goes on"]
)
def test_a_file_of_another_backend_that_is_wrong_is_seen(name: str) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("jax")
    wrong = ran_by("-", text=spoiled(name))
    assert wrong.returncode == 1
    assert "AssertionError" in wrong.stderr


def ran_by(*arguments: str, text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        input=text,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
