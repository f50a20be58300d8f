"""The parts of `compare` that need no framework: what is near, drawn, read, written."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.reference.engine.arithmetic import Variance
from conformance.reference.engine.array import gradients
from conformance.reference.engine.functions import largest
from conformance.twomodels import result
from conformance.twomodels.closeness import arranged, nearness
from conformance.twomodels.feeding import drawn, read, targets
from conformance.twomodels.guide import anchor
from conformance.twomodels.layers import config_of, nodes_of
from conformance.twomodels.page import page
from conformance.twomodels.sides import Usage
from conformance.twomodels.terminal import summary
from conformance.twomodels.told import Call, Input


@pytest.fixture
def truth():
    """Numbers that rounding may move a little."""
    numbers = np.random.default_rng(0).standard_normal((2, 3, 4)).astype(np.float32)
    return Variance().leaf(numbers)


def test_rounding_agrees_and_more_than_rounding_does_not(truth):
    near = truth.value * (1 + 1e-7)
    assert nearness(near, truth).agrees
    assert not nearness(truth.value * (1 + 1e-5), truth).agrees
    one_off = truth.value.copy()
    one_off[1, 2, 3] += 1e-4
    assert not nearness(one_off, truth).agrees


@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_another_order_of_axes_is_found(truth, axes):
    moved = truth.value.transpose(axes)
    found = nearness(moved, truth)
    assert found.agrees
    assert np.array_equal(arranged(moved, found.axes, truth.shape), truth.value)
    assert not nearness(np.flip(moved), truth).agrees


def test_an_axis_of_one_more_is_no_difference(truth):
    wider = truth.value[None]
    found = nearness(wider, truth)
    assert found.agrees
    assert np.array_equal(arranged(wider, found.axes, truth.shape), truth.value)


def test_another_shape_has_no_distance(truth):
    assert nearness(truth.value[:, :2], truth) is None


def test_what_is_no_number_never_agrees(truth):
    for wrong in (np.nan, np.inf):
        other = truth.value.copy()
        other[0, 0, 0] = wrong
        assert not nearness(other, truth).agrees


def test_what_does_not_count_is_not_looked_at(truth):
    counts = np.ones((2, 3, 1), bool)
    counts[1, 2] = False
    other = truth.value.copy()
    other[1, 2] = 0
    assert not nearness(other, truth).agrees
    assert nearness(other, truth, counts=counts).agrees
    other[0, 0] = 0
    assert not nearness(other, truth, counts=counts).agrees


def test_what_is_drawn_fits_the_inputs():
    tokens = Input(name="t", shape=[None, 9], dtype="float32", high=5, padded=True)
    image = Input(name="x", shape=[None, None, 3], dtype="float32")
    found = drawn([tokens, image], 4, 1)
    assert found[0].shape == (4, 9)
    assert set(np.unique(found[0])) <= set(range(5))
    assert (found[0][0] > 0).all()
    assert found[0][-1, -1] == 0
    assert (np.diff(found[0] == 0, axis=1) >= 0).all()  # zeros stand behind the end alone
    assert found[1].dtype == np.float32
    again = drawn([tokens, image], 4, 1)
    other = drawn([tokens, image], 4, 2)
    assert np.array_equal(found[1], again[1])
    assert not np.array_equal(found[1], other[1])
    assert [array.shape for array in targets([(2, 3)], 1)] == [(2, 3)]


@pytest.mark.parametrize("inputs", [[], [Input(name="s", shape=[None, 2], dtype="string")]])
def test_what_can_t_be_drawn_is_asked_for(inputs):
    with pytest.raises(Usage, match="--inputs"):
        drawn(inputs, 3, 1)


def test_arrays_are_taken_by_the_inputs_names_or_in_their_order(tmp_path):
    np.savez(tmp_path / "two.npz", b=np.zeros(2), a=np.ones(3, np.int32))
    assert [array.shape for array in read(tmp_path / "two.npz")] == [(2,), (3,)]
    assert [array.shape for array in read(tmp_path / "two.npz", ["a", "b"])] == [(3,), (2,)]
    assert read(tmp_path / "two.npz")[0].dtype == np.float32


def test_a_config_is_written_as_a_case_writes_it():
    dtype = {"class_name": "DTypePolicy", "config": {"name": "float32"}}
    inner = {"class_name": "LSTM", "config": {"name": "f", "dtype": dtype, "units": 2}}
    config = {"name": "x", "dtype": dtype, "kernel_initializer": {}, "axis": -1, "layer": inner}
    assert config_of(config) == {"axis": -1, "layer": {"LSTM": {"name": "f", "units": 2}}}
    assert config_of({"dtype": "bfloat16"}) == {"dtype": "bfloat16"}


def test_an_activation_that_is_a_layer_is_a_node_of_its_own():
    leaky = {"class_name": "LeakyReLU", "config": {"negative_slope": 0.1}}
    call = Call(
        name="d", layer="Dense", is_layer=True, config={"units": 2, "activation": leaky},
        owner="d", weights=[], inputs=[0], tensors={}, arguments={}, outputs=[1],
    )  # fmt: skip
    dense, behind = nodes_of(call)
    assert dense.config == {"units": 2, "activation": "linear"}
    assert (behind.layer, behind.config) == ("LeakyReLU", {"negative_slope": 0.1})


@pytest.mark.parametrize(
    ("framework", "kind", "where"),
    [
        ("PyTorch 2.13.0", "LSTM", "docs/porting/code/torch/recurrent.md#lstm"),
        ("JAX 0.10.2", "Conv2D", "docs/porting/code/jax/convolutional.md#conv2d"),
        ("PyTorch 2.13.0", "LeakyReLU", "docs/porting/code/torch/activation.md#leakyrelu"),
        ("PyTorch 2.13.0", "OfTheUser", ""),
        ("ONNX Runtime", "LSTM", ""),
    ],
)
def test_the_guide_s_section_is_named(framework, kind, where):
    assert anchor(framework, kind) == where


HOSTILE = "<script>alert(1)</script>\u202e\x1b[31m"


def test_what_comes_from_outside_is_text_everywhere():
    mistake = result.Mistake(
        layer=HOSTILE, kind=HOSTILE, behaves_as_if=HOSTILE, shown_by=HOSTILE, hint=HOSTILE
    )
    layer = result.Layer(name=HOSTILE, kind=HOSTILE, status="wrong", answer=HOSTILE)
    model = result.Model(given=HOSTILE, framework=HOSTILE, notes=[HOSTILE])
    told = result.Result(
        a=model,
        b=model,
        fed=HOSTILE,
        equal=False,
        layers=[layer],
        outputs=[result.Output(place=0, agrees=False, message=HOSTILE)],
        mistakes=[mistake],
        training=result.Training(
            steps=1, optimizer=HOSTILE, agrees=False, losses=[[1.0], [None]],
            variables=[result.Variable(layer=HOSTILE, name=HOSTILE, agrees=False)],
            mistake=mistake, notes=[HOSTILE],
        ),
        notes=[HOSTILE],
    )  # fmt: skip
    html = page(told)
    assert "<script" not in html
    assert "alert(1)" in html
    assert "\x1b" not in html
    assert "\u202e" not in html
    from rich.console import Console

    console = Console(record=True, width=160)
    console.print(summary(told))
    said = console.export_text()
    assert "\x1b[31m" not in said
    assert "\u202e" not in said


def test_the_gradient_of_a_tie_goes_where_it_is_told():
    """Of equal numbers the first in C order, as frameworks do; not told so, a tie is a kink."""
    values = np.array([[[1.0, 2.0], [2.0, 2.0]]], np.float32)

    def slopes(*, first):
        arithmetic = Variance()
        arithmetic.first_of_ties = first
        arithmetic.watch_kinks = True
        x = arithmetic.leaf(values).watched()
        (found,) = gradients([largest(x, (1, 2))], [arithmetic.constant(1.0, (1,))], [x])
        return found.value, arithmetic.clearance

    told, clearance = slopes(first=True)
    assert told.tolist() == [[[0, 1], [0, 0]]]
    assert clearance > 1e3
    _, clearance = slopes(first=False)
    assert clearance == 0
