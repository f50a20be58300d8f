"""`compare` on ports as people write them: functions in `forward`, names of their own, no hooks.

A mistake is one line of the port's file, replaced by another.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from ports_running import PORTS, make, running

from conformance.twomodels import session, terminal, training
from conformance.twomodels.asking import Failed
from conformance.twomodels.guide import PAGES, anchor
from conformance.twomodels.sides import Usage, side

ROOT = Path(__file__).parents[1]
MODELS = ("block", "images", "sentence")

BGR = ("self.body(x.permute(0, 3, 1, 2))", "self.body(x.permute(0, 3, 1, 2).flip(1))")
SHAPED = ("self.body(x.permute(0, 3, 1, 2))", "self.body(x.reshape(-1, 3, 12, 12))")
FILLED = (".view(-1, 3, 3, 4).permute(0, 3, 1, 2)", ".view(-1, 4, 3, 3)")
CORNERS = ("align_corners=False", "align_corners=True")
DILATION = ("padding=2, dilation=2", "padding=1")
SUMMED = ("self.conv3(x).mean((2, 3))", "self.conv3(x).sum((2, 3))")
OVER_ROWS = ("self.classes(x).softmax(-1)", "self.classes(x).softmax(0)")
STATISTICS = (
    'weights.normal(model.body[5], found, "bn2")',
    'weights.put(model.body[5], weight=found["bn2/gamma"], bias=found["bn2/beta"])',
)
EXCHANGED = (
    'weights.normal(model.body[5], found, "bn2")',
    'weights.normal(model.body[3], found, "bn2")\n    weights.normal(model.body[5], found, "bn1")',
)
TOO_MANY_RELUS = ("dilation=2),", "dilation=2), nn.ReLU(),")
SHIFTED = ("model.body[5]", "model.body[6]")
KERNEL = (
    "weight_ih_l0=kernel.T",
    "weight_ih_l0=kernel.T.reshape(4, 5, 6)[[0, 2, 1, 3]].reshape(20, 6)",
)
CELL = (
    "del states\n        x = F.dropout(steps[:, -1]",
    "x = F.dropout(states[1][0]",
)
NO_BIASES = ("bias=biases)", "bias=0 * biases)")
TARGETS = (".softmax(-1)\n        return self.proj", ".softmax(-2)\n        return self.proj")

UNSEEN = "model.eval()\n    return lambda x: model(x)\n\n"
"""In place of the model: nothing is seen inside of a function."""

MISTAKES = [
    ("block", [("nn.GELU()", 'nn.GELU("tanh")')], "wide", "activation:gelu-approximate"),
    ("block", [("self.ln_2 = nn.LayerNorm(8, eps=1e-6)", "self.ln_2 = nn.LayerNorm(8)")],
     "norm2", "epsilon:1e-05"),
    ("block", [("x + self.mlp", "self.mlp")], "add_2", "input-left-out:0"),
    ("block", [("x = x + self.pos", "x = x + 0 * self.pos")], "add", "input-left-out:1"),
    ("block", [("self.head(x[:, 0])", "self.head(x[:, -1])")], "get_item", "entry:-1"),
    ("block", [TARGETS], "attention", "softmax-of-targets"),
    ("block", [NO_BIASES], "attention", "left-out:query/bias+key/bias+value/bias"),
    ("block", [("weight=out.T", "weight=out")], "attention",
     "transposed:attention_output/kernel"),
    ("block", [("x = self.ln_f(x)", "pass")], "norm3", "left-out"),
    ("images", [BGR], "conv1", "channels-reversed"),
    ("images", [SHAPED], "conv1", "input-reshaped"),
    ("images", [DILATION], "conv2", "dilation_rate:1"),
    ("images", [STATISTICS], "bn2", "left-at-start:moving_mean+moving_variance"),
    ("images", [TOO_MANY_RELUS, SHIFTED], "bn2", "relu-added-before:0"),
    ("images", [FILLED], "grid", "filled-channels-first"),
    ("images", [CORNERS], "up", "corners-aligned"),
    ("images", [SUMMED], "mean", "summed"),
    ("images", [OVER_ROWS], "classes", "softmax-axis:0"),
    ("sentence", [("steps[:, -1]", "steps[:, 0]")], "lstm", "handed-on:first"),
    ("sentence", [("steps[:, -1]", "steps.mean(1)")], "lstm", "handed-on:mean"),
    ("sentence", [CELL], "lstm", "handed-on:cell"),
    ("sentence", [(", batch_first=True", "")], "lstm", "batch-for-steps"),
    ("sentence", [KERNEL], "lstm", "gates:0213:kernel"),
]  # fmt: skip


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """The folder with the Keras models and their weights."""
    return make(tmp_path_factory.mktemp("models"), *MODELS, "own")


@pytest.fixture(scope="module")
def processes(models):
    """One for the Keras models, one for the ports."""
    with running(models, "block") as both:
        yield both


@pytest.fixture(scope="module")
def compare(models, processes):
    """Compares a Keras model with a port whose lines are replaced by others."""
    answered = {}

    def call(name, *lines, blind=False, **wanted):
        how = session.Wanted(**wanted)
        key = (name, *map(str, wanted.values()))
        if key not in answered:
            answered[key] = session.keras(processes[0], side(str(models / f"{name}.keras")), how)
        text = (PORTS / f"{name}.py").read_text()
        for old, new in lines:
            assert old in text
            text = text.replace(old, new)
        if blind:
            text = text.replace("return model\n\n", UNSEEN)
        file = models / f"port_{name}_{abs(hash((lines, blind)))}.py"
        file.write_text(f"import sys\nsys.path.insert(0, {str(PORTS)!r})\n{text}")
        return session.other(processes[1], side(str(file)), answered[key], how)

    return call


def named(found):
    """The layers and the names of the mistakes."""
    return [(one.layer, one.name) for one in found.mistakes]


def shown(found):
    """What the terminal says."""
    from conformance.printing import make_console

    console = make_console(wide=True)
    with console.capture() as captured:
        console.print(terminal.summary(found))
    return re.sub(r"\s+", " ", captured.get())


@pytest.mark.frameworks
@pytest.mark.parametrize("name", MODELS)
def test_a_port_written_by_hand_raises_no_alarm(name, compare):
    found = compare(name)
    assert found.equal
    assert found.mistakes == []
    assert found.notes == []
    assert not any(one.guessed for one in found.layers)


@pytest.mark.frameworks
@pytest.mark.parametrize("case", MISTAKES, ids=lambda case: f"{case[0]}-{case[3]}")
def test_one_line_that_is_wrong_is_named(case, compare):
    name, lines, layer, cause = case
    found = compare(name, *lines)
    assert not found.equal
    assert [(re.sub(r"^(add|get_item)(_\d+)?$", r"\1", one.layer), one.name)
            for one in found.mistakes] == [(re.sub(r"_\d$", "", layer), cause)]  # fmt: skip
    assert found.mistakes[0].guide.startswith("docs/porting/")


@pytest.mark.frameworks
def test_the_input_that_is_left_out_is_told_by_what_makes_it(compare):
    (mistake,) = compare("block", ("x + self.mlp", "self.mlp")).mistakes
    assert re.fullmatch(r"left out input 1 of 2: add(_\d+)?", mistake.behaves_as_if)


@pytest.mark.frameworks
def test_weights_of_two_layers_that_are_exchanged(compare):
    found = compare("images", EXCHANGED)
    assert named(found) == [("bn1", "weights-of:bn2"), ("bn2", "weights-of:bn1")]


@pytest.mark.frameworks
@pytest.mark.parametrize("blind", [False, True])
def test_the_same_mistake_in_every_layer_of_a_kind_is_told_once(blind, compare):
    found = compare("images", ("eps=1e-3", "eps=1e-5"), blind=blind)
    assert named(found) == [("bn1", "epsilon:1e-05"), ("bn2", "epsilon:1e-05")]
    text = shown(found)
    assert text.count("took 1e-05 for epsilon") == 1
    assert "the same in bn2" in text


@pytest.mark.frameworks
def test_outputs_in_another_order_are_told(compare):
    turned = (
        "return self.kind(x).softmax(-1), self.score(x)",
        "return self.score(x), self.kind(x).softmax(-1)",
    )
    found = compare("sentence", turned)
    assert not found.equal
    assert named(found) == [("", "outputs-in-another-order")]
    assert "its 1, 0" in found.mistakes[0].behaves_as_if


@pytest.mark.frameworks
def test_weights_that_were_never_loaded_are_told(compare):
    found = compare("sentence", ("    weights.put(model.rnn, bias_hh_l0=np.zeros(20))\n", ""))
    assert named(found) == [("lstm", "")]
    assert "rnn.bias_hh_l0" in found.mistakes[0].hint
    lost = compare("images", ('("code", "wide", "classes")', '("wide", "classes")'))
    assert [one.layer for one in lost.mistakes] == ["code"]
    assert "code/kernel" in lost.mistakes[0].hint


@pytest.mark.frameworks
def test_a_drop_out_that_is_active_is_told_where_it_is(compare):
    found = compare("sentence", ("0.2, self.training", "0.2"))
    assert not found.equal
    assert any("first at kind" in note for note in found.notes)
    assert "each call" in found.mistakes[0].hint


@pytest.mark.frameworks
def test_half_precision_is_told(compare):
    halved = ("return model(x)", "return model.half()(x.half())")
    found = compare("images", halved)
    assert not found.equal
    assert "float16" in found.mistakes[0].hint


@pytest.mark.frameworks
def test_what_differs_inside_and_not_in_the_outputs_is_told(compare):
    """The modules of these names are called on nonsense, and what they answer is left aside."""
    aside = (
        "x = self.code(x.permute(0, 2, 3, 1).flatten(1))",
        (
            "x = x.permute(0, 2, 3, 1).flatten(1); self.wide(self.code(x**2)); "
            "x = F.linear(x, self.code.weight, self.code.bias)"
        ),
    )
    wide = ("F.relu(self.wide(x))", "F.relu(F.linear(x, self.wide.weight, self.wide.bias))")
    found = compare("images", aside, wide)
    assert found.equal
    assert any("from code on" in note for note in found.notes)


@pytest.mark.frameworks
def test_a_model_with_drop_outs_is_trained_without_them(compare):
    settings = training.Settings(steps=2, learning_rate=0.05)
    refused = compare("sentence", settings=settings)
    assert refused.undecided
    assert "--no-dropout" in refused.training.message
    assert "random:" not in refused.training.message
    found = compare("sentence", settings=settings, still=True)
    assert found.training.agrees, found.training
    twice = compare(
        "sentence", ("    model.rnn.bias_hh_l0.requires_grad_(False)\n", ""),
        settings=settings, still=True,
    )  # fmt: skip
    assert twice.training.agrees is False
    assert twice.training.mistake.name == "two-biases:lstm"


@pytest.mark.frameworks
@pytest.mark.parametrize(
    ("answer", "said"),
    [("None", "does it end with a return"), ("'text'", "str and no array")],
)
def test_an_answer_that_is_no_array_is_told(answer, said, compare):
    with pytest.raises(Failed, match=said):
        compare("images", ("return model(x)", f"return {answer}"))


@pytest.mark.frameworks
def test_what_may_be_several_layers_is_said_to_be_seen_at_one(compare):
    found = compare("images", ("F.relu(self.wide(x))", "F.relu(self.wide(x) ** 3)"))
    assert named(found) == [("conv3", "")]
    assert {"wide", "grid", "up", "conv3"} <= set(found.mistakes[0].suspects)
    assert "first seen at conv3" in shown(found)
    # The next layer is judged by what it was fed.
    assert {one.name: one.status for one in found.layers}["classes"] == "agrees"


@pytest.mark.frameworks
@pytest.mark.parametrize("shapes", [[(2, 12, 12, 4)], [(2, 12, 12, 3), (2, 5)]])
def test_arrays_that_the_model_does_not_take_are_refused(shapes, compare):
    arrays = [np.ones(shape, np.float32) for shape in shapes]
    with pytest.raises(Usage, match=r"takes image \(any, 12, 12, 3\)"):
        compare("images", inputs=arrays)


@pytest.mark.frameworks
def test_what_registers_a_layer_is_asked_for(compare):
    with pytest.raises(Failed, match=r"'Squared'\. Name the Python file .* with --custom"):
        compare("own")


@pytest.mark.frameworks
def test_a_file_that_is_cut_off_is_told(models, processes):
    cut = models / "cut.keras"
    cut.write_bytes((models / "block.keras").read_bytes()[:1000])
    with pytest.raises(Failed, match="no archive as Keras saves it"):
        session.keras(processes[0], side(str(cut)), session.Wanted())


def kinds():
    """Every layer that the reference knows, and functions."""
    from conformance.port.frameworks import FRAMEWORKS
    from conformance.reference.spec import table

    layers = [one.removeprefix("layers.") for one in table.known("layers")]
    functions = {one for framework in FRAMEWORKS.values() for one in framework.functions}
    functions |= {f"ops.{one}" for one in FRAMEWORKS["torch"].layers.activations}
    return [*layers, *sorted(functions)]


@pytest.mark.parametrize("framework", PAGES)
def test_every_place_in_the_guide_that_can_be_named_is_there(framework):
    named = {where for kind in kinds() if (where := anchor(f"{framework} 1", kind))}
    assert f"docs/porting/code/{PAGES[framework]}/normalization.md#batchnormalization" in named
    missing = [where for where in named if not _there(where)]
    assert missing == []
    assert not _there("docs/porting/code/torch/normalization.md#no-such-layer")


def _there(where):
    path, _, place = where.partition("#")
    file = ROOT / path
    if not file.is_file():
        return False
    text = file.read_text("utf-8")
    headings = {
        line.lstrip("# ").lower().replace(" ", "-").replace(".", "")
        for line in text.splitlines() if line.startswith("#")
    }  # fmt: skip
    return f'<a id="{place}"></a>' in text or place in headings
