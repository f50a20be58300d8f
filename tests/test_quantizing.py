"""Quantized models: what may be said, what the schemes are and how near they keep, what is done."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from catalogue import variants
from seeded import answered

from conformance.adapters.keras import quantizing
from conformance.adapters.shared.policies import quantized_policy
from conformance.adapters.worker.failure import Unsupported
from conformance.cases import load
from conformance.cases.model import Quantize
from conformance.reference.engine.arithmetic import Arithmetic
from conformance.reference.faults.applicable import find
from conformance.reference.model.network import Network
from conformance.reference.spec import quantizers
from conformance.repro.quantizing import lines

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.cases.model import Case


def read(folder: Path, more: str, layer: str = "Dense", config: str = "{units: 2}") -> Any:
    """A case of one layer, with more keys."""
    file = folder / "cases.yaml"
    file.write_text(
        f"- id: one\n  title: One\n  layer: {layer}\n  config: {config}\n"
        f"  input: {{shape: [3]}}\n{more}"
    )
    return load([file])


def problems(folder: Path, more: str) -> str:
    """What is wrong with it."""
    return " ".join(str(one) for one in read(folder, more).problems)


# --- the language --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("int8", Quantize(mode="int8")),
        ("{mode: float8}", Quantize(mode="float8")),
        ("{mode: int4, filters: [^one$, two]}", Quantize(mode="int4", filters=["^one$", "two"])),
        (
            "{config: Int8QuantizationConfig}",
            Quantize(config={"Int8QuantizationConfig": {}}),
        ),
        (
            (
                "{config: {Int4QuantizationConfig: {block_size: -1, "
                "activation_quantizer: {AbsMaxQuantizer: {axis: -1}}}}}"
            ),
            Quantize(
                config={
                    "Int4QuantizationConfig": {
                        "block_size": -1,
                        "activation_quantizer": {"AbsMaxQuantizer": {"axis": -1}},
                    }
                }
            ),
        ),
    ],
)
def test_what_may_be_said(tmp_path: Path, said: str, meant: Quantize) -> None:
    (case,) = read(tmp_path, f"  quantize: {said}\n").checked()
    assert case.program.model.quantize == meant


@pytest.mark.parametrize(
    ("said", "place", "wrong"),
    [
        ("int7", ":6:13: quantize", "one of int8, int4, float8"),
        ("{}", ":6:13: quantize", "neither `mode` nor `config`"),
        ("{mode: gptq}", ":6:20: quantize.mode", "one of int8, int4, float8"),
        ("{mod: int8}", ":6:14: quantize.mod", "did you mean 'mode'?"),
        ("{config: Int8Config}", ":6:22: quantize.config", "one of Int8QuantizationConfig"),
        (
            "{config: {Int4QuantizationConfig: {blocksize: 2}}}",
            ":6:48: quantize.config.Int4QuantizationConfig.blocksize",
            "did you mean 'block_size'?",
        ),
        (
            "{config: {Int8QuantizationConfig: {weight_quantizer: {AbsMax: {}}}}}",
            ":6:67: quantize.config.Int8QuantizationConfig.weight_quantizer.AbsMax",
            "no quantizer of Keras",
        ),
        ("{mode: int8, filters: ['(a+)+$']}", ":6:36: quantize.filters.0", "a word in a layer"),
        ("{mode: int8, filters: []}", ":6:35: quantize.filters", "is empty"),
    ],
)
def test_what_is_wrong_is_told_where_it_is(
    tmp_path: Path, said: str, place: str, wrong: str
) -> None:
    told = problems(tmp_path, f"  quantize: {said}\n")
    assert place in told
    assert wrong in told


@pytest.mark.parametrize(
    "beside",
    [
        "  train: {optimizer: SGD, loss: mse, steps: 1}\n",
        "  equals: {model: [Dense: {units: 2}]}\n",
    ],
)
def test_what_is_documented_of_no_quantized_model(tmp_path: Path, beside: str) -> None:
    assert "is beside `quantize`" in problems(tmp_path, "  quantize: int8\n" + beside)


def test_functions_are_not_quantized(tmp_path: Path) -> None:
    file = tmp_path / "cases.yaml"
    file.write_text(
        "- id: one\n  title: One\n  function: ops.abs\n  input: {shape: [3]}\n  quantize: int8\n"
    )
    assert "says nothing beside `function`" in " ".join(map(str, load([file]).problems))


def test_what_is_asked_of_it(tmp_path: Path) -> None:
    (case,) = read(tmp_path, "  quantize: int8\n").checked()
    assert "state" in case.program.facets
    assert not {"gradients", "initial"} & set(case.program.facets)
    config = "{units: 2, dtype: int8_from_float32}"
    (made,) = read(tmp_path, "", config=config).checked()
    assert not {"gradients", "initial", "state"} & set(made.program.facets)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("int8_from_float32", ("int8", None, "float32")),
        ("int4/16_from_mixed_bfloat16", ("int4", 16, "mixed_bfloat16")),
        ("int4/-1_from_float32", ("int4", None, "float32")),
        ("int8/2_from_float32", None),
        ("int4/0_from_float32", None),
        ("float32", None),
        (None, None),
    ],
)
def test_policies_by_their_names(name: object, told: object) -> None:
    assert quantized_policy(name) == told


# --- the schemes ---------------------------------------------------------------------------------


def floats(values: Any) -> Any:
    """An array of the reference."""
    return Arithmetic().leaf(np.asarray(values, np.float64))


def test_levels_are_within_half_a_step_of_the_numbers() -> None:
    numbers = np.random.default_rng(1).normal(size=(50, 4))
    for low, high in (quantizers.INT8, quantizers.INT4):
        levels, scale = quantizers.AbsMax(low, high)(floats(numbers), [0])
        back = levels.value / scale.value
        assert (np.abs(back - numbers) <= 0.5 / scale.value).all()
        assert np.abs(levels.value).max() == high


@pytest.mark.parametrize("sign", [0, 1, -1])
def test_groups_are_within_a_step_whatever_their_signs(sign: int) -> None:
    drawn = np.random.default_rng(2).uniform(0.25, 1.5, size=(9, 5))
    numbers = drawn * (sign or np.where(np.arange(9) % 2, 1.0, -1.0)[:, None])
    made = quantizers.grouped(floats(numbers), 4, -8, 7, epsilon=1e-7)
    assert made.scale.shape == made.zero.shape == (3, 5)
    back = quantizers.ungrouped(made, 4).value
    step = np.repeat(made.scale.value, 4, axis=0)[:9]
    assert (np.abs(back - numbers) <= step).all()


def test_a_clipped_zero_point_is_further_off_than_that() -> None:
    # What Keras 3.15.1 does: the twin of the test above, which has to fail.
    numbers = np.asarray([[1.32], [1.18]])
    scale = (1.32 - 1.18 + 1e-7) / 15
    zero = np.clip(np.rint(-1.18 / scale) - 8, -8, 7)
    levels = np.clip(np.rint(numbers / scale) + zero, -8, 7)
    assert (np.abs((levels - zero) * scale - numbers) > 100 * scale).all()


def test_the_packed_bytes_are_those_of_the_documentation() -> None:
    rows = np.asarray([[-3, 7], [2, -8], [1, 0]], np.int8)
    assert quantizers.packed(rows, 0).tolist() == [[45, -121], [1, 0]]
    columns = np.asarray([[-3, 7, 2], [-8, 1, 0]], np.int8)
    assert quantizers.packed(columns, 1).tolist() == [[125, 2], [24, 0]]
    for array, axis in ((rows, 0), (columns, 1)):
        made = quantizers.packed(array, axis)
        assert quantizers.unpacked(made, array.shape[axis], axis).tolist() == array.tolist()
    assert quantizers.unpacked(np.asarray([0xF8], np.uint8), 2, 0, "uint8").tolist() == [8, 15]


@pytest.mark.parametrize(
    ("kind", "number", "nearest"),
    [
        ("float8_e4m3fn", 500.0, 448.0),
        ("float8_e4m3fn", 1.0625, 1.0),
        ("float8_e4m3fn", 1.1875, 1.25),
        ("float8_e4m3fn", 0.0029, 0.00390625 * 0.5),
        ("float8_e4m3fn", 0.0009, 0.0),
        ("float8_e4m3fn", -17.2, -18.0),
        ("float8_e5m2", 1.2, 1.25),
        ("float8_e5m2", 1e9, 57344.0),
    ],
)
def test_floats_of_eight_bits(kind: str, number: float, nearest: float) -> None:
    assert quantizers.rounded(floats([number]), kind).value.tolist() == [nearest]


def of(name: str, number: int = 0) -> Case:
    """A variant of a case of the catalogue."""
    return variants("layers")[f"layers/quantization/{name}"][number]


def test_the_variables_are_the_quantized_ones_and_the_fed_ones_those_before() -> None:
    network = Network.build(of("int4-groups").program.model)
    kept = {name: (one.shape, one.dtype, one.trainable) for name, one in network.variables.items()}
    assert kept == {
        "dense/bias": ((3,), "float32", True),
        "dense/kernel": ((5, 2), "int8", False),
        "dense/kernel_scale": ((3, 3), "float32", False),
        "dense/kernel_zero": ((3, 3), "int8", False),
        "dense/g_idx": ((5,), "float32", False),
    }
    assert {name: one.shape for name, one in network.drawn.items()} == {
        "dense/kernel": (5, 3),
        "dense/bias": (3,),
    }
    assert network.params.total == 3 + 10 + 9 + 9 + 5


def test_the_answer_is_that_of_the_scheme_and_near_the_float_model() -> None:
    one = answered(of("int8"))
    truth = one.answer.arrays["truth/call/0/0"]
    x, kernel, bias = (
        one.answer.feeds[name].astype(np.float64)
        for name in ("call/0/x", "weight/dense/kernel", "weight/dense/bias")
    )
    by = 127 / (np.abs(kernel).max(0) + 1e-7)
    on = 127 / (np.abs(x).max(1, keepdims=True) + 1e-7)
    whole = np.rint(x * on) @ np.rint(kernel * by)
    assert np.allclose(truth, whole / (on * by) + bias, rtol=1e-12, atol=0)
    off = np.abs(truth - (x @ kernel + bias))
    # Half a step of each factor times the other, summed.
    bound = (0.5 / on) * np.abs(kernel).sum(0) + np.abs(x).sum(1, keepdims=True) * (0.5 / by)
    assert (off <= bound + x.shape[1] * 0.25 / (on * by)).all()
    assert off.max() > 1e-4


@pytest.mark.parametrize(
    ("name", "fault", "facet"),
    [
        ("int8", "not-quantized", "weights"),
        ("int8", "activations-otherwise", "values"),
        ("int8", "fewer-levels", "state"),
        ("int4-channels", "with-zero-points", "weights"),
        ("int4-many", "block-of-all", "weights"),
        ("int4-groups", "block-halved", "weights"),
        ("filters", "ignored-filters", "weights"),
    ],
)
def test_a_fault_of_quantizing_is_seen(name: str, fault: str, facet: str) -> None:
    case = of(name)
    assert facet in answered(case).failed(find(case, fault))


def test_a_float_model_has_no_such_fault() -> None:
    case = variants("layers")["layers/core/dense"][0]
    with pytest.raises(Exception, match="does not apply"):
        find(case, "not-quantized")


# --- the adapter, and scripts --------------------------------------------------------------------


class Model:
    """One that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def quantize(self, mode: Any = None, config: Any = None, filters: Any = None) -> None:
        self.told.append((mode, config, filters))


class Old:
    """One of an older Keras, which takes a mode alone."""

    def quantize(self, mode: Any) -> None:
        raise AssertionError(mode)


def keras() -> Any:
    """A Keras with two classes, which are the words that they are made with."""
    return SimpleNamespace(
        quantizers=SimpleNamespace(
            Int8QuantizationConfig=lambda **given: ("config", given),
            AbsMaxQuantizer=lambda **given: ("quantizer", given),
        )
    )


def test_the_model_is_told_what_the_case_says() -> None:
    model = Model()
    quantizing.quantize(keras(), model, {"mode": "int8", "filters": ["one"]})
    inner = {"AbsMaxQuantizer": {"value_range": [-7, 7]}}
    asked = {"Int8QuantizationConfig": {"weight_quantizer": inner, "activation_quantizer": None}}
    quantizing.quantize(keras(), model, {"config": asked})
    config = (
        "config",
        {
            "weight_quantizer": ("quantizer", {"value_range": (-7, 7)}),
            "activation_quantizer": None,
        },
    )
    assert model.told == [("int8", None, ["one"]), (None, config, None)]


@pytest.mark.parametrize(
    ("model", "asked", "said"),
    [
        (object(), {"mode": "int8"}, "quantizes no models"),
        (Old(), {"mode": "int8", "filters": ["one"]}, "takes no filters"),
        (Model(), {"config": {"Int4QuantizationConfig": {}}}, "no quantizers.Int4Quant"),
    ],
)
def test_a_keras_that_lacks_it_says_so(model: Any, asked: dict[str, Any], said: str) -> None:
    with pytest.raises(Unsupported, match=said):
        quantizing.quantize(keras(), model, asked)


def test_a_keras_without_such_policies_says_so() -> None:
    with pytest.raises(Unsupported, match="quantized to int4"):
        quantizing.check_policy(SimpleNamespace(), "int4_from_float32")
    quantizing.check_policy(SimpleNamespace(), "float32")


def test_the_statement_of_a_script() -> None:
    assert lines(None) == []
    assert lines(Quantize(mode="int8", filters=["one"])) == [
        "model.quantize('int8', filters=['one'])"
    ]
    config = {"Int8QuantizationConfig": {"weight_quantizer": {"AbsMaxQuantizer": {"axis": 0}}}}
    assert lines(Quantize(config=config)) == [
        (
            "model.quantize(config=keras.quantizers.Int8QuantizationConfig("
            "weight_quantizer=keras.quantizers.AbsMaxQuantizer(axis=0)))"
        )
    ]
