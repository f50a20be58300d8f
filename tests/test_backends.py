"""Any Keras backend by its name, an owner's class, and the tutorial of docs/backends.md."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from conformance.adapters.host import environment, registry
from conformance.adapters.host.host import AdapterProcess, Answered
from conformance.adapters.host.registry import RegistryError, from_command
from conformance.cases.model import Call, Graph, InputSpec, Model, Node
from conformance.records import read
from conformance.run.smoke import dense_arrays, dense_program

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/backends.md"
TOY = ROOT / "examples/backends/toy"


# --- without a framework ------------------------------------------------------------------------


def test_every_backend_is_an_adapter_where_its_environment_is_named():
    (spec,) = registry.select([f"keras-mlx@python={sys.prefix}"])
    assert spec.name == f"keras-mlx@python={Path(sys.prefix).name}"
    assert spec.env["KERAS_BACKEND"] == "mlx"
    assert spec.command[-2:] == ("conformance.adapters.keras.adapter", "keras-mlx")
    assert (spec.family, spec.known_as) == ("keras", "keras-mlx")


def test_here_a_name_needs_an_installed_package(monkeypatch):
    with pytest.raises(RegistryError, match=r"the package keras_mlx.*keras-mlx@python=PATH"):
        registry.select(["keras-mlx"])
    real = importlib.util.find_spec
    there = lambda name: real("json") if name == "keras_mlx" else real(name)  # noqa: E731
    monkeypatch.setattr(registry.importlib.util, "find_spec", there)
    (spec,) = registry.select(["keras-mlx"])
    assert spec.requires == ("keras_mlx",)


@pytest.mark.parametrize("name", ["keras-*", "keras-Mlx", "keras-", "kears-mlx", "keras-a/b"])
def test_what_is_no_backends_name_is_refused(name):
    with pytest.raises(RegistryError, match="no adapter matches"):
        registry.select([name.replace("*", "x*") if name == "keras-*" else name])


def test_a_command_of_the_suites_keras_adapter_is_known_to_ledgers():
    python = "/venvs/x/bin/python"
    line = f"mine=env KERAS_BACKEND=mlx {python} {{worker}} conformance.adapters.keras.adapter"
    assert from_command(f"{line} keras-mlx").known_as == "keras-mlx"
    assert from_command(f"mine={python} {{worker}} my_adapter.py keras-mlx").known_as == ""


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"keras_backend": "mlx", "module": "x"}, "one of 'command', 'module' and 'keras_backend'"),
        ({"backend": "x", "module": "y"}, "'backend' beside 'keras_backend'"),
        ({"keras_backend": "../mlx"}, "what KERAS_BACKEND is to be"),
    ],
)
def test_a_registration_that_contradicts_itself_is_told(value, said):
    with pytest.raises(TypeError, match=said):
        registry._from_value("mine", value)


def test_a_registration_names_a_backend_and_its_class():
    spec = registry._from_value("mine", {"keras_backend": "mlx", "backend": "keras_mlx.suite"})
    assert spec.known_as == "keras-mlx"
    assert spec.env["KERAS_BACKEND"] == "mlx"
    assert spec.env["KERAS_CONFORMANCE_BACKEND"] == "keras_mlx.suite"
    assert registry._from_value("mine", {"module": "m", "family": "keras"}).known_as == "keras-mine"


def test_a_class_is_for_adapters_of_keras_alone(tmp_path):
    file = tmp_path / "own.py"
    file.touch()
    with pytest.raises(RegistryError, match="for adapters of Keras alone"):
        registry.select([f"torch@backend={file}"])
    (spec,) = registry.select([f"keras-torch@backend={file}"])
    assert spec.name == "keras-torch@backend=own"


# --- on the toy ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The toy as pip would install it."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(TOY / "keras_toy", folder / "keras_toy")
    project = tomllib.loads((TOY / "pyproject.toml").read_text())["project"]
    info = folder / f"keras_toy-{project['version']}.dist-info"
    info.mkdir()
    required = "".join(f"Requires-Dist: {text}\n" for text in project["dependencies"])
    head = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (info / "METADATA").write_text(head + required)
    points = project["entry-points"]["keras.backends"]
    lines = [f"{name} = {value}" for name, value in points.items()]
    (info / "entry_points.txt").write_text("\n".join(["[keras.backends]", *lines, ""]))
    return folder


def process(name: str, site: Path, **env: str) -> AdapterProcess:
    spec = registry.keras_backend(name, name.removeprefix("keras-"))
    changes = {**spec.env, **env, "PYTHONPATH": str(site)}
    return AdapterProcess(
        registry.AdapterSpec(name, spec.command, changes, family="keras", known_as=name)
    )


RECURRENT = Graph(
    case="backends/lstm",
    model=Model(
        form="functional",
        inputs=[InputSpec(name="x", shape=[5, 3])],
        nodes=[
            Node(name="lstm", layer="LSTM", config={"units": 4}, inputs=["x"]),
            Node(name="drop", layer="Dropout", config={"rate": 0.5}, inputs=["lstm"]),
        ],
        outputs=["drop"],
    ),
    calls=[Call(batch=2)],
    facets=["values", "gradients"],
)


def gradients_of(process: AdapterProcess) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    arrays = {
        name: random.normal(size=shape).astype(np.float32)
        for name, shape in {
            "call/0/x": (2, 5, 3),
            "weight/lstm/kernel": (3, 16),
            "weight/lstm/recurrent_kernel": (4, 16),
            "weight/lstm/bias": (16,),
            "cotangent/0": (2, 4),
        }.items()
    }
    answer = process.run(RECURRENT, arrays, timeout=120)
    assert isinstance(answer, Answered), answer
    assert answer.observation.errors == {}, answer.observation.errors
    found = answer.observation.gradients
    named = {**found.inputs, **found.weights}
    assert named.keys() == {"x", "lstm/kernel", "lstm/recurrent_kernel", "lstm/bias"}
    return {name: np.array(answer.tensors[tensor]) for name, tensor in named.items()}


@pytest.mark.frameworks
@pytest.mark.parametrize("backend", ["torch", "jax", "tensorflow"])
def test_recorded_gradients_are_those_of_the_suites_own_way(backend):
    """Of an LSTM and a dropout that must not act, as nothing is trained here."""
    name = f"keras-{backend}"
    generic = "conformance.adapters.keras.backends.generic"
    with (
        closing(AdapterProcess(registry.built_in()[name])) as itself,
        closing(process(name, Path(), KERAS_CONFORMANCE_BACKEND=generic)) as recording,
    ):
        own, recorded = gradients_of(itself), gradients_of(recording)
    for what, gradient in own.items():
        size = np.abs(gradient).max()
        np.testing.assert_allclose(recorded[what], gradient, atol=1e-6 * size, rtol=0, err_msg=what)


@pytest.mark.frameworks
def test_recorded_rows_of_a_table_add_up_where_an_index_comes_twice(tmp_path):
    """TensorFlow hands an optimizer the rows that were looked up, and one of them twice."""
    generic = "keras-tensorflow@backend=conformance.adapters.keras.backends.generic"
    case = "layers/again/rows-of-a-table"
    command = [sys.executable, "-m", "conformance.cli", "run", case, "--adapter", generic]
    subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=300, check=False)
    (records,) = tmp_path.glob("reports/*/records.jsonl")
    facets = {one.facet: one for one in read(records).cells[case, generic].verdict.facets}
    assert facets["gradients"].outcome == "pass", facets["gradients"].message


@pytest.mark.frameworks
def test_a_backend_that_does_not_train_says_so():
    generic = "conformance.adapters.keras.backends.generic"
    asked = process("keras-numpy", Path(), KERAS_CONFORMANCE_BACKEND=generic)
    program = dense_program("backends/dense")
    facets = {"case": "backends/dense", "facets": ["values", "gradients"]}
    program = Graph(model=program.model, calls=program.calls, **facets)
    arrays = {**dense_arrays(2), "cotangent/0": np.ones((2, 2), np.float32)}
    answer = asked.run(program, arrays, timeout=120)
    asked.close()
    assert "gradients" in answer.observation.unsupported


CLASS = """
from conformance.adapters.keras import KerasBackend


class Own(KerasBackend):
    def before_keras(self):
        print("before Keras")

    def gradients(self, asked):
        {gradients}

    def compiled(self, model, inputs):
        return self.by_predict(model, inputs)

    def settings(self):
        return {{**super().settings(), "own": "yes"}}
"""
AUTOGRAD = """import torch
        if all(layer.name != "drop" for layer in asked.model.layers):
            return asked.no_such_thing
        outputs = asked.model(asked.packed([one.requires_grad_() for one in asked.floats]))
        sources = [*asked.floats, *(variable.value for variable in asked.variables)]
        return torch.autograd.grad(asked.total(outputs), sources)"""


@pytest.fixture(scope="module")
def owned(site, tmp_path_factory):
    """With an owner's class, whose gradients are PyTorch's, and raise where nothing drops out."""
    file = tmp_path_factory.mktemp("owned") / "own.py"
    file.write_text(CLASS.format(gradients=AUTOGRAD))
    asked = process("keras-toy", site, KERAS_CONFORMANCE_BACKEND=str(file))
    yield asked
    asked.close()


@pytest.fixture(scope="module")
def silent(site, tmp_path_factory):
    """With an owner's class that says nothing; the tutorial runs without any."""
    file = tmp_path_factory.mktemp("silent") / "own.py"
    file.write_text(
        "from conformance.adapters.keras import KerasBackend\n\n"
        "class Own(KerasBackend):\n    pass\n"
    )
    asked = process("keras-toy", site, KERAS_CONFORMANCE_BACKEND=str(file))
    yield asked
    asked.close()


@pytest.mark.frameworks
def test_an_owners_class_is_asked(owned, silent):
    hello = owned.start()
    assert hello.settings["own"] == "yes"
    assert hello.settings["gradients"] == "by the backend's own class"
    own = gradients_of(owned)
    recorded = gradients_of(silent)
    for what, gradient in own.items():
        np.testing.assert_allclose(recorded[what], gradient, atol=1e-6, err_msg=what)


SAID = {
    1: ((), "NotImplementedError (in matmul of keras_conformance_backend)"),
    2: (("not today",), "not today (in matmul of keras_conformance_backend)"),
    3: (("matmul: not today",), "matmul: not today"),
}
"""By the rows that it is given, what the function raises, and what is told of it."""

LACKING = f"""
from conformance.adapters.keras import KerasBackend

SAID = { ({rows: said for rows, (said, _) in SAID.items()})!r}


def matmul(x, y):
    raise NotImplementedError(*SAID[x.shape[0]])


class Own(KerasBackend):
    def settings(self):
        self.keras.src.backend.numpy.matmul = matmul
        return super().settings()
"""


@pytest.mark.frameworks
def test_a_facet_that_a_class_does_not_answer_has_its_reason(site, silent, tmp_path):
    file = tmp_path / "own.py"
    program = Graph(
        case="backends/dense",
        model=dense_program("backends/dense").model,
        calls=[Call(batch=2)],
        facets=["values", "gradients", "compiled"],
    )
    arrays = {**dense_arrays(2), "cotangent/0": np.ones((2, 2), np.float32)}
    file.write_text(
        "from conformance.adapters.keras import KerasBackend\n\n"
        "class Own(KerasBackend):\n"
        "    unsupported = {'gradients': 'no tape', 'compiled': 'no graphs'}\n"
    )
    with closing(process("keras-toy", site, KERAS_CONFORMANCE_BACKEND=str(file))) as asked:
        own = asked.run(program, arrays, timeout=120).observation.unsupported
    default = silent.run(program, arrays, timeout=120).observation.unsupported
    assert default.keys() == {"compiled"}
    assert default["compiled"].startswith("the suite knows no graph mode of this backend")
    assert own == {"gradients": "no tape", "compiled": "no graphs"}


@pytest.fixture(scope="module")
def lacking(site, tmp_path_factory):
    file = tmp_path_factory.mktemp("lacking") / "own.py"
    file.write_text(LACKING)
    asked = process("keras-toy", site, KERAS_CONFORMANCE_BACKEND=str(file))
    yield asked
    asked.close()


@pytest.mark.frameworks
@pytest.mark.parametrize("rows", SAID)
def test_a_function_that_is_not_implemented_is_named(lacking, rows):
    model = dense_program("backends/dense").model
    calls = [Call(batch=rows)]
    program = Graph(case="backends/dense", model=model, calls=calls, facets=["values"])
    answer = lacking.run(program, dense_arrays(rows), timeout=120)
    assert answer.observation.unsupported == {"values": SAID[rows][1]}


@pytest.mark.frameworks
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1", "must define one subclass of KerasBackend; it defines none"),
        ("import no_such_module", "No module named 'no_such_module'"),
        ("raise ValueError('broken')", "ValueError: broken"),
    ],
)
def test_a_class_that_cannot_be_used_is_told(site, tmp_path, text, said):
    file = tmp_path / "own.py"
    file.write_text(text)
    asked = process("keras-toy", site, KERAS_CONFORMANCE_BACKEND=str(file))
    hello = asked.start()
    asked.close()
    assert hello.status != "ready"
    assert said in hello.reason


@pytest.mark.frameworks
def test_what_raises_in_an_owners_class_is_the_backends(owned):
    program = dense_program("backends/dense")
    facets = {"case": "backends/dense", "facets": ["values", "gradients"]}
    program = Graph(model=program.model, calls=program.calls, **facets)
    arrays = {**dense_arrays(2), "cotangent/0": np.ones((2, 2), np.float32)}
    answer = owned.run(program, arrays, timeout=120)
    failure = answer.observation.errors["gradients"]
    assert failure.type == "AttributeError"
    assert not failure.internal


@pytest.mark.frameworks
def test_the_tutorial_is_what_happens(site, tmp_path):
    text = PAGE.read_text(encoding="utf-8")
    section = text.partition("\n## A tutorial, on a toy\n")[2].partition("\n## ")[0]
    fenced, indented = r"```(console|yaml)\n(.*?)```", r"\n\n((?:    [^\n]+\n|\n)+)"
    blocks = re.findall(f"{fenced}|{indented}", section, re.DOTALL)
    changes = {"PYTHONPATH": f"{site}{os.pathsep}{ROOT}", "COLUMNS": "100"}
    output, ran = "", []
    for kind, written, shown in blocks:
        if kind == "yaml":
            (tmp_path / "divergences.yaml").write_text(written)
            continue
        if shown:
            for line in filter(str.strip, shown.splitlines()):
                # Where a table or a sentence breaks is the terminal's business.
                assert squeezed(line) in squeezed(output), f"{line!r} is not in:\n{output}"
            continue
        for line in written.splitlines():
            command = shlex.split(line.removeprefix("$ "))
            if command[:3] == ["python", "-m", "pip"]:
                continue
            assert command[0] == "keras-conformance"
            result = subprocess.run(
                [sys.executable, "-m", "conformance.cli", *command[1:]],
                cwd=tmp_path,
                env=environment.environment(changes),
                capture_output=True,
                text=True,
                timeout=600,
                check=False,
            )
            output = result.stdout + result.stderr
            ran.append((command[1], result.returncode))
            assert "Traceback" not in result.stderr, output
    assert ran == [("smoke", 0), ("run", 1), ("repro", 0), ("ledger", 0), ("run", 0)]
    records = max(tmp_path.glob("reports/*/records.jsonl"))
    run = read(records)
    assert run.counts() == {"pass": 25, "xfail": 2}


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)
