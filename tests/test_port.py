"""``keras-conformance port``: whole models in other frameworks, run and trained."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from conformance import cli
from conformance.port import optimizers
from conformance.port.frameworks import FRAMEWORKS
from conformance.port.graph import read
from conformance.port.model import PortError
from conformance.repro.native import Extract

MODELS = Path(__file__).parent / "whole_models"
PORTS = [
    *((name, "torch") for name in ["text", "block", "encoder_decoder", "awkward", "functions"]),
    ("convolutional", "jax"),
    ("cnn", "flax"),
]
MORE = [
    *((name, "torch") for name in ["cnn", "text_in_a_row", "mobilenet", "resnet"]),
    ("encoder_decoder", "jax"),
    ("text", "flax"),
]
"""Asked where the whole is."""
NEAR = 1e-5
"""Of the largest number: what three steps may add to rounding."""


@pytest.fixture(scope="module")
def models(tmp_path_factory, whole):
    """A folder with every model, made and trained by Keras in one process."""
    folder = tmp_path_factory.mktemp("models")
    names = dict.fromkeys(name for name, _ in [*PORTS, *(MORE if whole else [])])
    made = subprocess.run(
        [sys.executable, str(MODELS / "make.py"), str(folder), *names],
        env={**os.environ, "KERAS_BACKEND": "torch"},
        capture_output=True,
        text=True,
        timeout=550,
        check=False,
    )
    assert made.returncode == 0, made.stderr[-3000:]
    return folder


@pytest.mark.parametrize(
    ("name", "framework"),
    [*PORTS, *(pytest.param(*one, marks=pytest.mark.whole) for one in MORE)],
)
def test_a_port_answers_and_trains_as_keras(name, framework, models, tmp_path, capfd):
    port = tmp_path / "model.py"
    model = models / f"{name}.keras"
    words = ["port", str(model), "--to", framework, "-o", str(port), "--backend", "torch"]
    assert cli.main(words) == 0, capfd.readouterr()
    told = capfd.readouterr().out
    assert "the same as Keras" in told
    assert "differs" not in told
    trained = subprocess.run(
        [
            *(sys.executable, str(MODELS / "train.py"), str(port), str(model)),
            *(str(models / f"{name}.npz"), str(tmp_path / "after.npz")),
        ],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert trained.returncode == 0, trained.stderr[-3000:]
    with np.load(models / f"{name}.npz") as keras, np.load(tmp_path / "after.npz") as ours:
        for key in ours.files:
            counted = slice(None)
            if name == "encoder_decoder":  # what a mask leaves out is not documented
                counted = keras["inputs/1"] != 0
            expected, found = keras[key][counted], ours[key][counted]
            assert np.abs(found - expected).max() <= NEAR * np.abs(expected).max()


def test_a_port_needs_no_line_of_this_project(models, tmp_path, capfd):
    port = tmp_path / "model.py"
    words = ["port", str(models / "cnn.keras"), "--to", "torch", "-o", str(port), "--no-check"]
    assert cli.main([*words, "--backend", "torch"]) == 0, capfd.readouterr()
    source = port.read_text()
    modules = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else [node.names[0].name])
    }
    assert modules <= {
        *("h5py", "inspect", "io", "math", "functools", "numpy", "os", "sys", "torch", "zipfile")
    }
    assert "conformance" not in source


def test_a_port_that_is_wrong_says_where_it_begins(models, tmp_path, capfd):
    port = tmp_path / "model.py"
    words = ["port", str(models / "cnn.keras"), "--to", "torch", "-o", str(port), "--no-check"]
    assert cli.main([*words, "--backend", "torch"]) == 0, capfd.readouterr()
    source = port.read_text()
    assert "momentum=0.9," in source
    port.write_text(source.replace("momentum=0.9,", "momentum=0.9, epsilon=0.1,"))
    done = subprocess.run(
        [sys.executable, str(port), str(models / "cnn.keras")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    wrong = [line.split()[0] for line in done.stdout.splitlines() if "differs" in line]
    assert wrong[0] == "batch_normalization"


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A folder with small models."""
    folder = tmp_path_factory.mktemp("small")
    made = subprocess.run(
        [sys.executable, str(MODELS / "small.py"), str(folder)],
        env={**os.environ, "KERAS_BACKEND": "torch"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert made.returncode == 0, made.stderr[-3000:]
    return folder


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ("left_out to torch", r"RandomFlip\(.*\), which draws"),
        ("adapted to torch", "LoRA of rank 2"),
        ("einsum to torch", "einsum_1"),
        ("einsum to jax", "einsum_1"),
        ("einsum to flax", "einsum_1"),
        ("attentions to torch", "the mask of embedding is not used, as in Keras"),
    ],
)
def test_a_small_model_answers_as_keras(model, says, small, tmp_path, capfd):
    name, _, framework = model.partition(" to ")
    port = tmp_path / "model.py"
    words = ["port", str(small / f"{name}.keras"), "--to", framework, "-o", str(port)]
    assert cli.main([*words, "--backend", "torch"]) == 0, capfd.readouterr()
    told = capfd.readouterr().out
    assert "the same as Keras" in told
    assert re.search(says, told), told


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("quantized", "its weights are quantized; a port computes in float32"),
        ("every_step", "a model inside it is not ported; put each of that model's layers"),
        ("registered", "activation=mine>swoosh is a function of yours"),
    ],
)
def test_a_small_model_is_refused_with_what_to_do(name, says, small, tmp_path, capfd):
    words = ["port", str(small / f"{name}.keras"), "--to", "torch", "-o", str(tmp_path / "m.py")]
    assert cli.main([*words, "--backend", "torch"]) == 2
    assert says in capfd.readouterr().err


CUSTOM = """
import keras


@keras.saving.register_keras_serializable("mine")
class Doubled(keras.layers.Layer):
    def build(self, shape):
        self.shift = self.add_weight(shape=(shape[-1],), name="shift", initializer="ones")

    def call(self, x):
        return 2 * x + self.shift


if __name__ == "__main__":
    import sys

    keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4), Doubled(), keras.layers.ReLU()]
    ).save(sys.argv[1])
"""


def test_a_class_of_the_users_is_a_hole_with_what_it_was_given(tmp_path, capfd):
    custom, model, port = (tmp_path / name for name in ("mine.py", "own.keras", "own.py"))
    custom.write_text(CUSTOM)
    env = {**os.environ, "KERAS_BACKEND": "torch"}
    subprocess.run([sys.executable, str(custom), str(model)], env=env, timeout=120, check=True)
    words = ["port", str(model), "--to", "torch", "-o", str(port), "--backend", "torch"]
    assert cli.main(words) == 2
    said = capfd.readouterr().err
    assert "Doubled" in said
    assert "does not load" in said  # Keras doesn't know the class
    assert "--custom FILE" in said
    assert cli.main([*words, "--custom", str(custom)]) == 0
    assert "to be filled in: doubled" in capfd.readouterr().out
    with np.load(port.with_suffix(".npz")) as recorded:
        given, answered = recorded["holes/doubled"], recorded["answers/doubled"]
    assert np.allclose(answered, 2 * given + 1)
    source = port.read_text()
    hole = next(line for line in source.splitlines() if "raise NotImplementedError" in line)
    assert "Doubled" in hole
    assert "self.shift = nn.Parameter(torch.zeros((4,)))" in source
    port.write_text(source.replace(hole, "        return 2 * inputs[0] + self.shift"))
    run = subprocess.run(
        [sys.executable, str(port)], capture_output=True, text=True, timeout=120, check=False
    )
    assert "the same as Keras" in run.stdout, run.stdout + run.stderr


def keras_file(path, config, **more):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", config if isinstance(config, str) else json.dumps(config))
        for name, text in more.items():
            archive.writestr(name, text)
    return path


def layer(kind, module="keras.layers", **config):
    config = {"name": kind.lower(), **config}
    return {"module": module, "class_name": kind, "config": config, "registered_name": None}


def sequential(*layers):
    entry = layer("InputLayer", batch_shape=[None, 4], dtype="float32", name="input_layer")
    return {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "sequential", "layers": [entry, *layers]},
    }


MIXED = {"class_name": "DTypePolicy", "config": {"name": "mixed_float16"}}
REFUSED = {
    "lambda": (sequential(layer("Lambda")), "lambda: a Lambda holds Python code"),
    "subclass": (
        {"module": "mine", "class_name": "Mine", "config": {}},
        "Mine is a subclassed model",
    ),
    "mixed": (sequential(layer("Dense", units=2, dtype=MIXED)), "it computes in mixed_float16"),
    "inner": (
        sequential(layer("TimeDistributed", layer=layer("Mine", "mine"))),
        "Mine inside it is no class of Keras's",
    ),
    "ragged": (
        {
            "module": "keras",
            "class_name": "Sequential",
            "config": {
                "name": "s",
                "layers": [layer("InputLayer", batch_shape=[None, 4], ragged=True)],
            },
        },
        "sparse, ragged and optional inputs are not ported",
    ),
    "two at once": (
        sequential(layer("Dense", units=2, dtype=MIXED, name="first"), layer("Lambda")),
        "first: Dense: it computes in mixed_float16.*\n.*lambda: a Lambda",
    ),
    "no layers": ({"class_name": "Functional", "config": {}}, "subclassed"),
    "a list": ([], "not as Keras writes it"),
    "a number": ({"class_name": "Sequential", "config": {"layers": 3}}, "not as Keras writes it"),
    "no JSON": ("{", "not a file that Keras 3 has written"),
    "deep": ("[" * 100_000, "not a file that Keras 3 has written"),
    "loop": (
        {
            "module": "keras",
            "class_name": "Functional",
            "config": {
                "name": "f",
                "layers": [
                    {
                        **layer("Dense", units=1, name="a"),
                        "inbound_nodes": [
                            {
                                "args": [
                                    {
                                        "class_name": "__keras_tensor__",
                                        "config": {
                                            "shape": [1],
                                            "dtype": "float32",
                                            "keras_history": ["a", 0, 0],
                                        },
                                    }
                                ],
                                "kwargs": {},
                            }
                        ],
                    }
                ],
                "input_layers": [],
                "output_layers": ["a", 0, 0],
            },
        },
        "a: it is called on tensors that the file does not explain",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_ported_is_refused_by_name(name, tmp_path):
    config, says = REFUSED[name]
    with pytest.raises(PortError, match=says):
        read(keras_file(tmp_path / "model.keras", config))


def test_a_file_that_is_no_model_is_refused(tmp_path, capsys):
    path = tmp_path / "model.keras"
    path.write_bytes(b"PK")
    assert cli.main(["port", str(path), "--to", "torch"]) == 2
    assert "save the model with model.save('NAME.keras')" in capsys.readouterr().err


def test_inputs_that_do_not_fit_are_refused(tmp_path, capsys):
    path = keras_file(tmp_path / "model.keras", sequential(layer("Dense", units=2)))
    np.savez(tmp_path / "data.npz", x=np.zeros((2, 5)))
    words = ["port", str(path), "--to", "torch", "--inputs", str(tmp_path / "data.npz")]
    assert cli.main(words) == 2
    assert "input_layer is (2, 5), and the model wants ('open', 4)" in capsys.readouterr().err


@pytest.mark.parametrize("framework", ["torch", "jax", "flax"])
def test_names_of_a_model_cannot_become_code(framework, tmp_path):
    """What the file calls its layers is data: quotes, lines and keywords end no string."""
    from conformance.port.frameworks import FRAMEWORKS
    from conformance.port.lines import ported
    from conformance.port.model import Variable
    from conformance.port.writing import text

    hostile = 'x"""\n\';import os #'
    model = sequential(
        layer("Dense", units=2, name=hostile), layer("Mine", "mine", name="__init__\n")
    )
    graph = read(keras_file(tmp_path / "model.keras", model))._replace(name=hostile)
    variables = {hostile: [Variable("kernel", [4, 2], "float32", hostile)]}
    done = ported(graph, variables, FRAMEWORKS[framework])
    source = text(graph, done, FRAMEWORKS[framework], source=hostile, keras="3", recorded=hostile)
    tree = ast.parse(source)
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    assert imported <= {
        *("functools", "h5py", "inspect", "io", "jax", "math", "numpy", "os", "sys", "torch"),
        "zipfile",
    }
    calls = [
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]
    assert not {"eval", "exec", "__import__"} & set(calls)
    whole = [node.names[0].name for node in ast.walk(tree) if isinstance(node, ast.Import)]
    assert whole.count("os") == 1


IDLE = {
    "name": "x",
    "learning_rate": 0.01,
    "clipvalue": None,
    "use_ema": False,
    "loss_scale_factor": None,
}


def compiled_with(kind, framework, **config):
    extract = Extract(FRAMEWORKS[framework].layers)
    written = {"optimizer": {"class_name": kind, "config": {**IDLE, **config}}}
    made = optimizers.compiled(written, FRAMEWORKS[framework], extract)
    return optimizers.text(made, framework), extract


def test_an_optimizer_is_the_adapters_with_what_it_was_told():
    told, extract = compiled_with("AdamW", "torch", weight_decay=None, clipnorm=1.0, beta_1=0.8)
    shown = dict(re.findall(r"(\w+)=(\S+),", told))
    assert shown == {
        "learning_rate": "0.01",
        "weight_decay": "None",  # AdamW's own default is another
        "clipnorm": "1.0",
        "beta_1": "0.8",
    }
    assert "class AdamW(" in extract.texts["AdamW"]
    told, extract = compiled_with("SGD", "jax", momentum=0.9)
    assert "return sgd_step(" in told
    assert set(extract.texts) == {"sgd_state", "sgd_step"}


@pytest.mark.parametrize(
    ("kind", "framework", "config", "reason"),
    [
        ("Adamax", "torch", {"epsilon": 1e-7}, "epsilon=1e-07 is not ported"),
        ("Lion", "torch", {}, "Lion is not ported; SGD, Adam"),
        ("AdamW", "jax", {}, "AdamW is not ported; SGD and Adam are"),
        ("SGD", "jax", {"clipnorm": 1.0}, "clipnorm=1.0 is not ported"),
        ("Adam", "torch", {"learning_rate": {"class_name": "CosineDecay"}}, "a schedule"),
    ],
)
def test_an_optimizer_that_is_not_ported_is_named(kind, framework, config, reason):
    with pytest.raises(PortError, match=reason):
        compiled_with(kind, framework, **config)
