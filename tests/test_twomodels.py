"""`compare`: ports of three Keras models, written by hand, each faithful or with one mistake.

The Keras model and all ports run in one process each for the whole module.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ports_running import PORTS, make, running

from conformance import cli
from conformance.twomodels import session, training
from conformance.twomodels.asking import Failed, Process
from conformance.twomodels.sides import Usage, side

pytestmark = pytest.mark.frameworks


MISTAKES = [
    ("cnn", "epsilon", "", "bn1", "epsilon:1e-05"),
    ("cnn", "padding", "", "conv1", "padding-evenly"),
    ("cnn", "pool-of-zeros", "", "pool1", "zeros-pooled"),
    ("cnn", "slope", "", "act2", "negative_slope:0.01"),
    ("cnn", "counted", "", "pool2", "padding-counted"),
    ("cnn", "flatten", "", "flatten", "channels-first-order"),
    ("cnn", "activation", "", "hidden", "activation:elu"),
    ("cnn", "kernel-space", "", "conv2", "space-transposed:kernel"),
    ("cnn", "gamma", "", "bn2", "left-at-start:gamma"),
    ("cnn", "no-bias", "", "classes", "left-out:bias"),
    ("cnn", "batch-statistics", "", "bn2", "batch-statistics"),
    ("text", "mask-ignored", "", "lstm", "mask-ignored"),
    ("text", "softmax", "", "scores", "activation:softmax"),
    ("text", "row-off", "", "embedding", "row-off:1"),
    ("text", "gru-gates", "", "gru", "gates:102"),
    ("text", "recurrent-bias", "", "gru", "left-out:recurrent-bias"),
    ("text", "lstm-gates", "", "lstm", "gates:0132"),
    ("text", "forget-bias", "", "lstm", "forget-bias-added"),
    ("text", "mask-turned", "Cells", "gru", "mask-turned-round"),
    ("transformer", "heads", "", "attention", "heads-interleaved:query+key+value"),
    ("transformer", "unscaled", "", "attention", "unscaled"),
    ("transformer", "not-causal", "", "attention", "causal-mask"),
    ("transformer", "exchanged", "", "attention", "exchanged:key.value"),
    ("transformer", "std", "", "norm1", "variance-unbiased"),
    ("transformer", "epsilon", "", "norm2", "epsilon:1e-05"),
    ("transformer", "tanh", "", "wide", "activation:gelu-approximate"),
    ("transformer", "no-residual", "", "add2", "input-left-out:0"),
    ("transformer", "max", "", "mean", "taken-for:GlobalMaxPooling1D"),
]
"""Model, mistake and class of the port; the layer and the cause that must be named."""

FAITHFUL = [
    ("cnn", "Cnn"),
    ("cnn", "Renamed"),
    ("cnn", "plain"),
    ("cnn", "keras"),
    ("cnn", "jax"),
    ("text", "Text"),
    ("text", "Cells"),
    ("text", "keras"),
    ("transformer", "Transformer"),
    ("transformer", "OwnAttention"),
    ("transformer", "keras"),
]

TRAINED = [
    ("cnn", "", "", ""),
    ("cnn", "unbiased", "bn1", "moving-variance-unbiased"),
    ("cnn", "momentum", "bn1", "momentum-turned-round"),
    ("cnn", "frozen", "conv2", "not-trained:conv2"),
    ("text", "", "", ""),
    ("text", "two-biases", "lstm", "two-biases:lstm"),
    ("transformer", "", "", ""),
]
SETTINGS = {
    "sgd": training.Settings(steps=3, learning_rate=0.05, momentum=0.9),
    "adam": training.Settings(steps=2, optimizer="adam", learning_rate=0.01),
}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """The folder with the Keras models and their weights."""
    return make(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def processes(models):
    """One for the Keras models, one for the ports."""
    with running(models, "cnn") as both:
        yield both


@pytest.fixture(scope="module")
def compare(models, processes):
    """Compares a Keras model with a port; its own answers are asked for once."""
    answered = {}

    def call(name, port, settings=None, **wanted):
        how = session.Wanted(settings=settings, **wanted)
        key = (name, settings, *map(str, wanted.values()))
        if key not in answered:
            answered[key] = session.keras(processes[0], side(str(models / f"{name}.keras")), how)
        return session.other(processes[1], side(str(port)), answered[key], how)

    return call


def written(models, name, mistake="", kind=""):
    """A port as a user's file: the port of tests/ports with one mistake."""
    file = models / f"port_{name}_{mistake or 'faithful'}_{kind}.py".replace("-", "_")
    more = f", kind={name}.{kind}" if kind else ""
    file.write_text(
        f"import sys\nsys.path.insert(0, {str(PORTS)!r})\nimport {name}\n\n\n"
        f"def load(path):\n    return {name}.load(path, {mistake!r}{more})\n\n\n"
        f"forward = {name}.forward\n"
    )
    return file


@pytest.mark.parametrize("case", MISTAKES, ids=lambda case: f"{case[0]}-{case[1]}")
def test_a_mistake_is_named_by_its_layer_and_its_cause(case, models, compare):
    name, mistake, kind, layer, cause = case
    found = compare(name, written(models, name, mistake, kind))
    assert not found.equal
    assert [(one.layer, one.name) for one in found.mistakes] == [(layer, cause)]
    assert found.mistakes[0].behaves_as_if
    assert found.mistakes[0].guide.startswith("docs/porting/code/torch/")


def blind(models, name, mistake):
    """A port of which nothing is seen but its outputs."""
    file = models / f"blind_{name}_{mistake}.py".replace("-", "_")
    file.write_text(
        f"import sys\nsys.path.insert(0, {str(PORTS)!r})\nimport torch\nimport {name}\n\n\n"
        f"def load(path):\n    model = {name}.load(path, {mistake!r}).eval()\n"
        "    return lambda x: model(x)\n\n\n"
        "def forward(model, x, training=False):\n    return model(x)\n"
    )
    return file


@pytest.mark.parametrize("case", MISTAKES[::5], ids=lambda case: f"{case[0]}-{case[1]}")
def test_a_mistake_is_found_by_the_outputs_alone(case, models, compare):
    name, mistake, _, layer, cause = case
    found = compare(name, blind(models, name, mistake))
    assert [(one.layer, one.name) for one in found.mistakes] == [(layer, cause)]


def test_what_the_outputs_alone_do_not_tell_is_laid_at_no_layer_s_door(models, compare):
    """Two mistakes at once, and nothing seen in between."""
    (mistake,) = compare("text", blind(models, "text", "mask-ignored")).mistakes
    assert (mistake.layer, mistake.behaves_as_if) == ("", "")
    assert {"gru", "lstm", "scores"} <= set(mistake.suspects)


@pytest.mark.parametrize(("name", "kind"), FAITHFUL)
def test_a_faithful_port_raises_no_alarm(name, kind, models, compare):
    special = {
        "keras": models / f"{name}.keras",
        "jax": PORTS / "cnn_jax.py",
        "plain": models / "plain.py",
    }
    if kind == "plain":
        special[kind].write_text(
            f"import sys\nsys.path.insert(0, {str(PORTS)!r})\nimport cnn\n\n\n"
            "def load(path):\n    return cnn.plain(path)\n\n\n"
            "def forward(model, image, training=False):\n    return model(image)\n"
        )
    found = compare(name, special.get(kind) or written(models, name, "", kind))
    assert found.equal
    assert found.mistakes == []
    assert found.notes == []
    assert all(one.margin <= 1 for one in found.outputs)
    blind = kind == "plain"
    assert any(one.status == "agrees" for one in found.layers) != blind
    assert bool(found.b.notes) == blind


@pytest.mark.parametrize("optimizer", SETTINGS)
@pytest.mark.parametrize("case", TRAINED, ids=lambda case: f"{case[0]}-{case[1] or 'faithful'}")
def test_a_training_is_held_against_the_truth(case, optimizer, models, compare):
    name, mistake, layer, cause = case
    found = compare(name, written(models, name, mistake), SETTINGS[optimizer])
    trained = found.training
    assert found.mistakes == []
    if not mistake:
        assert trained.agrees, trained
        assert found.equal
        assert all(one.agrees for one in trained.variables)
        return
    assert trained.agrees is False
    assert not found.equal
    assert (trained.mistake.layer, trained.mistake.name) == (layer, cause)


def jax_port(models, kind):
    """One of JAX: it trains itself, or is trained by its functions, or as a module of Flax."""
    if kind == "itself":
        return PORTS / "cnn_jax.py"
    if kind.startswith("flax"):
        return written(models, "cnn_flax", kind.removeprefix("flax").strip())
    file = models / "functional.py"
    names = ("load", "forward", "split", "joined", "forward_and_update")
    file.write_text(
        f"import sys\nsys.path.insert(0, {str(PORTS)!r})\nimport jax\nimport cnn_jax\n"
        + "".join(f"{name} = cnn_jax.{name}\n" for name in names)
    )
    return file


@pytest.mark.parametrize(
    ("kind", "optimizer"),
    [("itself", "sgd"), ("functions", "sgd"), ("flax", "adam"), ("flax still", "sgd")],
)
def test_a_port_of_jax_is_trained(kind, optimizer, models, compare):
    settings = SETTINGS[optimizer]
    if kind == "itself":  # its own step knows no momentum
        settings = training.Settings(steps=2, learning_rate=0.05)
    if kind == "flax":
        pytest.importorskip("flax")
    found = compare("cnn", jax_port(models, kind), settings)
    if kind == "flax still":
        assert found.training.mistake.name == "statistics-not-moved"
        assert (
            found.training.mistake.guide
            == "docs/porting/code/flax/normalization.md#batchnormalization"
        )
        return
    assert found.equal
    assert found.training.agrees
    assert found.training.variables


def test_a_model_that_can_t_be_trained_here_is_not_called_equal(models, compare):
    file = models / "plain_training.py"
    file.write_text(
        f"import sys\nsys.path.insert(0, {str(PORTS)!r})\nimport cnn\n\n\n"
        "def load(path):\n    return cnn.plain(path)\n\n\n"
        "def forward(model, image, training=False):\n    return model(image)\n"
    )
    found = compare("cnn", file, SETTINGS["sgd"])
    assert found.undecided
    assert not found.equal
    assert found.training.agrees is None
    assert "can't be trained here" in found.training.message


def test_two_mistakes_are_both_found(models, compare):
    file = models / "port_twice.py"
    file.write_text(
        f"import sys\nsys.path.insert(0, {str(PORTS)!r})\nimport cnn\n\n\n"
        "def load(path):\n    model = cnn.load(path, 'gamma')\n    model.bn1.eps = 1e-5\n"
        "    return model\n\n\nforward = cnn.forward\n"
    )
    found = compare("cnn", file)
    assert [(one.layer, one.name) for one in found.mistakes] == [
        ("bn1", "epsilon:1e-05"),
        ("bn2", "left-at-start:gamma"),
    ]


def test_what_no_known_mistake_explains_is_told_by_its_layer(models, compare):
    file = models / "port_odd.py"
    file.write_text(
        f"import sys\nsys.path.insert(0, {str(PORTS)!r})\nimport torch\nimport cnn\n\n\n"
        "def load(path):\n    model = cnn.load(path)\n"
        "    model.bn2.register_forward_hook(lambda m, i, y: torch.roll(y, 1, 1) ** 3)\n"
        "    return model\n\n\nforward = cnn.forward\n"
    )
    found = compare("cnn", file)
    (mistake,) = found.mistakes
    assert (mistake.layer, mistake.behaves_as_if) == ("bn2", "")
    # What follows is judged by what it was fed.
    assert {one.name: one.status for one in found.layers}["classes"] == "agrees"


@pytest.mark.parametrize("mistake", ["", "epsilon"])
def test_a_layer_of_the_user_s_own_is_held_against_keras_itself(mistake, models, compare):
    told = compare("own", written(models, "own", mistake), custom=PORTS / "own_layers.py")
    found = [(one.layer, one.name) for one in told.mistakes]
    assert found == ([("norm", "epsilon:1e-05")] if mistake else [])
    assert told.equal == (not mistake)
    layers = {one.name: one for one in told.layers}
    assert "not in the reference" in layers["squared"].guessed
    assert layers["last"].status == layers["squared"].status == "agrees"


@pytest.mark.parametrize("mistake", ["not-squared", "activation"])
def test_what_stands_before_a_layer_of_the_user_s_own_can_t_be_told_from_it(
    mistake, models, compare
):
    told = compare("own", written(models, "own", mistake), custom=PORTS / "own_layers.py")
    (found,) = told.mistakes
    assert (found.layer, found.behaves_as_if) == ("squared", "")
    assert found.suspects == ["first", "squared"]
    # What comes behind is judged by what it was fed.
    assert {one.name: one.status for one in told.layers}["norm"] == "agrees"


def test_an_active_drop_out_is_told(models, compare):
    file = models / "port_dropping.py"
    file.write_text(
        f"import sys\nsys.path.insert(0, {str(PORTS)!r})\nimport torch\nimport cnn\n\n\n"
        "load = cnn.load\n\n\ndef forward(model, image, training=False):\n"
        "    return torch.nn.functional.dropout(model(image), 0.5, training=True)\n"
    )
    found = compare("cnn", file)
    assert not found.equal
    assert any("drop-out is active" in note for note in found.notes)


def test_keras_s_own_departures_are_not_the_port_s(models, compare, monkeypatch):
    """Where Keras doesn't answer what it documents, its answer is what the port has to give."""
    from conformance.twomodels.replay import Layer

    honest = Layer.run

    def wrong(self, given, *rest, **named):
        found = honest(self, given, *rest, **named)
        return [one * 1.01 for one in found] if self.name == "bn1" else found

    monkeypatch.setattr(Layer, "run", wrong)
    found = compare("cnn", written(models, "cnn"), seed=2)
    assert found.equal
    assert any("bn1" in note and "not what it documents" in note for note in found.notes)
    assert {one.name: bool(one.guessed) for one in found.layers}["bn1"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("x = 1\n", "defines no load and no forward"),
        ("import missing_package_of_the_user\n", "missing_package_of_the_user"),
        ("def load(path):\n    raise ValueError('no \\x1b[31mweights')\nforward = load\n", "no "),
        (
            "import os\n\ndef load(path):\n    os._exit(3)\nforward = load\n",
            "its process ended (3)",
        ),
    ],
)
def test_a_port_that_can_t_be_opened_is_told(content, said, tmp_path):
    file = tmp_path / "broken.py"
    file.write_text(content)
    with (
        Process(side(str(file)), backend="torch", python=sys.executable, seconds=60) as process,
        pytest.raises(Failed) as told,
    ):
        process.ask({"ask": "open", "kind": "port", "path": str(file), "weights": ""}, {})
    assert said in str(told.value)
    assert "\x1b" not in str(told.value)


@pytest.mark.parametrize("given", ["missing.keras", "", "a.txt", "port.py:not a name", "folder"])
def test_what_is_no_model_is_refused(given, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("")
    (tmp_path / "port.py").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(Usage):
        side(given)


def test_a_class_that_is_named_and_arrays_of_the_user(models, compare):
    file = models / "port_named.py"
    file.write_text(
        f"import sys\nsys.path.insert(0, {str(PORTS)!r})\nimport cnn\n\n\n"
        "class Mine(cnn.Cnn):\n    def __new__(cls):\n"
        f"        return cnn.load({str(models / 'cnn.keras')!r}, 'epsilon')\n"
    )
    image = np.ones((2, 11, 10, 3), np.float32) / 3
    found = compare("cnn", f"{file}:Mine", inputs=[image])
    assert found.fed == "arrays of yours of (2, 11, 10, 3)"
    assert [(one.layer, one.name) for one in found.mistakes] == [("bn1", "epsilon:1e-05")]


def test_a_file_that_is_no_keras_model_is_told(tmp_path, processes):
    broken = tmp_path / "m.keras"
    broken.write_bytes(b"no archive")
    with pytest.raises(Failed, match=r"m\.keras: "):
        session.keras(processes[0], side(str(broken)), session.Wanted())


def masked(text):
    """Lines without the ends that are blank, numbers as N."""
    lines = [
        re.sub(r"\d[\d.,]*(e[-+]\d+)?(\+cpu)?", "N", line.rstrip()) for line in text.splitlines()
    ]
    return [re.sub(r" +", " ", line) for line in lines]


def test_the_example_of_the_page_is_what_happens(tmp_path, monkeypatch, capsys):
    """docs/compare.md, line by line: its model, its port, what is printed; and both files."""
    page = (Path(__file__).parents[1] / "docs/compare.md").read_text()
    make, port = re.findall(r"```python\n(.*?)```", page, re.DOTALL)[:2]
    (tmp_path / "make.py").write_text(make)
    (tmp_path / "port.py").write_text(port)
    mended = port.replace("stride=2, padding=1", "stride=2")
    mended = mended.replace("nn.BatchNorm2d(6)", "nn.BatchNorm2d(6, eps=1e-3, momentum=0.01)")
    mended = mended.replace(
        "self.conv(x.permute(0, 3, 1, 2))", "self.conv(F.pad(x.permute(0, 3, 1, 2), (0, 1, 1, 1)))"
    )
    (tmp_path / "mended.py").write_text(mended)
    environment = {**os.environ, "KERAS_BACKEND": "torch"}
    subprocess.run(
        [sys.executable, "make.py"], cwd=tmp_path, check=True, capture_output=True, env=environment
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "110")
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    shown = re.findall(r"```console\n\$ keras-conformance (compare .*?)\n(.*?)```", page, re.DOTALL)
    ran = [(line, text) for line, text in shown if text]
    assert [line for line, _ in ran] == [
        "compare model.keras port.py",
        "compare model.keras mended.py --steps 3",
    ]
    for line, text in ran:
        files = ["--json", "out.json", "--html", "out.html"]
        assert cli.main([*line.split(), *files]) == 1
        assert masked(capsys.readouterr().out) == masked(text)
        told = json.loads((tmp_path / "out.json").read_text())
        assert told["equal"] is False
        html = (tmp_path / "out.html").read_text()
        assert "norm" in html
        assert "<script" not in html
    assert cli.main(["compare", "model.keras", "mended.py"]) == 0
    assert "are equal" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("port.py", "port.py"), "one of the two must be a Keras model"),
        (("m.keras", "port.py", "--targets", "data.npz"), "--steps"),
        (("m.keras", "port.py", "--inputs", "objects.npy"), "can't be read as arrays of numbers"),
        (("m.keras", "port.py", "--inputs", "words.npy"), "holds no numbers"),
        (("m.keras", "port.py", "--steps", "2", "--optimizer", "adam", "--momentum", "0.9"), "sgd"),
    ],
)
def test_wrong_usage_ends_with_2(given, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "port.py").write_text("")
    (tmp_path / "m.keras").write_bytes(b"no archive")
    np.savez(tmp_path / "data.npz", np.ones(3))
    np.save(tmp_path / "objects.npy", np.array([{}], object), allow_pickle=True)
    np.save(tmp_path / "words.npy", np.array(["a"]))
    assert cli.main(["compare", *given]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("name", ["cnn", "text"])
def test_an_onnx_file_is_seen_inside(name, models, compare):
    pytest.importorskip("onnx")
    found = compare(name, models / f"{name}.onnx")
    assert found.equal
    assert all(one.status == "agrees" for one in found.layers)
