"""Arguments in all their forms: what ``as`` may say, what is passed, and that it is equal."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest
from catalogue import cases_of, variants

from conformance.adapters.keras.build import Maker
from conformance.adapters.keras.configs import told
from conformance.adapters.worker.failure import Unsupported
from conformance.cases import load
from conformance.reference.faults.applicable import applicable
from conformance.repro import forms

if TYPE_CHECKING:
    from pathlib import Path


def problems(folder: Path, config: str, passed: str) -> list[str]:
    """What is wrong with a case of these arguments in these forms."""
    file = folder / "cases.yaml"
    file.write_text(
        f"- id: one\n  title: One\n  layer: Dense\n  input: {{shape: [3]}}\n"
        f"  config: {{units: 2, {config}}}\n  as: {passed}\n"
    )
    return [str(one) for one in load([file]).problems]


@pytest.mark.parametrize(
    ("config", "passed"),
    [
        ("kernel_initializer: ones", "{kernel_initializer: object}"),
        ("kernel_initializer: {class_name: Ones, config: {}}", "{kernel_initializer: config}"),
        ("activation: relu", "{activation: string}"),
        ("dtype: float16", "{dtype: object}"),
    ],
)
def test_forms_that_fit(tmp_path: Path, config: str, passed: str) -> None:
    assert problems(tmp_path, config, passed) == []


@pytest.mark.parametrize(
    ("config", "passed", "said"),
    [
        ("activation: relu", "{activatoin: object}", "did you mean 'activation'?"),
        ("activation: relu", "{activation: thing}", "one of string, config, object"),
        ("activation: relu", "{units: object}", "an initializer, regularizer"),
        ("activation: relu", "{units: list}", "a list of numbers or words"),
        ("activation: relu", "{activation: tensor}", "numbers"),
        ("activation: relu", "{activation.name: object}", "is nothing that `config` gives"),
        ("use_bias: true", "{use_bias: array}", "a list of numbers or words"),
        ("bias_initializer: {class_name: Ones}", "{bias_initializer: string}", "an initializer"),
        ("activation: null", "{activation: object}", "an initializer"),
        ("activation: relu", "object", "a mapping of arguments"),
    ],
)
def test_forms_that_do_not_fit(tmp_path: Path, config: str, passed: str, said: str) -> None:
    found = problems(tmp_path, config, passed)
    assert found
    assert said in " ".join(found)


# --- what the adapter passes ---------------------------------------------------------------------


class Kept:
    """A layer that keeps what it is given."""

    def __init__(self, name: str, **given: Any) -> None:
        self.name, self.given = name, given

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, **self.given}


class Outer(Kept):
    """Another one."""


class Ones:
    """An object that a layer may be given."""

    def __init__(self, **given: Any) -> None:
        self.given = given


def relu(x: Any) -> Any:
    return x


def library() -> Any:
    """As much of Keras as makes layers."""

    class Home:
        Ones: ClassVar[Any] = Ones

        @staticmethod
        def get(word: str) -> Any:
            return {"ones": Ones(), "relu": relu}[word]

        @staticmethod
        def serialize(made: Ones) -> dict[str, Any]:
            return {"class_name": "Ones", "config": made.given}

    def tensor(array: Any) -> tuple[str, str, Any]:
        return ("tensor", str(array.dtype), array.tolist())

    return SimpleNamespace(
        layers=SimpleNamespace(Layer=Kept, Kept=Kept, Outer=Outer),
        initializers=Home,
        regularizers=Home,
        constraints=Home,
        activations=Home,
        dtype_policies=SimpleNamespace(DTypePolicy=lambda name: ("policy", name)),
        ops=SimpleNamespace(convert_to_tensor=tensor),
        saving=SimpleNamespace(serialize_keras_object=lambda made: ("written", made)),
    )


def passed(config: dict[str, Any], by_path: dict[str, str]) -> dict[str, Any]:
    given: dict[str, Any] = Maker(library(), {}).layer("Kept", config, "one", by_path).given
    return given


def test_each_form_is_what_the_layer_gets() -> None:
    word, made = "ones", {"class_name": "Ones", "config": {"value": 1}}
    assert isinstance(
        passed({"a_initializer": word}, {"a_initializer": "object"})["a_initializer"], Ones
    )
    found = passed({"a_constraint": made}, {"a_constraint": "object"})["a_constraint"]
    assert isinstance(found, Ones)
    assert found.given == {"value": 1}
    assert passed({"a_regularizer": made}, {"a_regularizer": "config"}) == {"a_regularizer": made}
    assert passed({"a_regularizer": word}, {"a_regularizer": "string"}) == {"a_regularizer": word}
    assert passed({"activation": "relu"}, {"activation": "object"}) == {"activation": relu}
    assert passed({"activation": "relu"}, {"activation": "config"}) == {
        "activation": ("written", relu)
    }
    assert passed({"dtype": "float16"}, {"dtype": "object"}) == {"dtype": ("policy", "float16")}


def test_numbers_in_each_form() -> None:
    numbers = [1.0, 2.5]
    assert passed({"mean": numbers}, {}) == {"mean": (1.0, 2.5)}
    assert passed({"mean": numbers}, {"mean": "list"}) == {"mean": numbers}
    assert passed({"mean": ["a"]}, {}) == {"mean": ["a"]}
    assert passed({"mean": ["a"]}, {"mean": "tuple"}) == {"mean": ("a",)}
    array = passed({"mean": numbers}, {"mean": "array"})["mean"]
    assert isinstance(array, np.ndarray)
    assert array.tolist() == numbers
    assert passed({"mean": numbers}, {"mean": "tensor"}) == {"mean": ("tensor", "float32", numbers)}
    assert passed({"mean": [1, 2]}, {"mean": "tensor"}) == {"mean": ("tensor", "int64", [1, 2])}
    nested = passed({"padding": [[1, 2], [3, 4]]}, {"padding": "list", "padding.1": "list"})
    assert nested == {"padding": [(1, 2), [3, 4]]}


def test_a_layer_inside_another_one_gets_its_own() -> None:
    config = {"layer": {"Kept": {"activation": "relu", "size": [1, 2]}}, "size": [3, 4]}
    found = passed(config, {"layer.Kept.activation": "object", "layer.Kept.size": "list"})
    assert found["layer"].given == {"activation": relu, "size": [1, 2]}
    assert found["size"] == (3, 4)


def test_what_this_keras_does_not_have_is_unsupported() -> None:
    with pytest.raises(Unsupported, match="Twos is not in"):
        passed({"a_initializer": {"class_name": "Twos"}}, {"a_initializer": "object"})


def test_numbers_of_a_config_are_read_however_they_are_kept() -> None:
    kept = {"class_name": "__numpy__", "config": {"value": [1.0, 2.0], "dtype": "float32"}}
    tensor = SimpleNamespace(numpy=lambda: np.array([3.0]))
    found = told({"a": Kept("one", mean=np.array([0.5]), scale=kept, offset=tensor)})
    assert found["a"] == {"name": "one", "mean": [0.5], "scale": [1.0, 2.0], "offset": [3.0]}


# --- the cases -----------------------------------------------------------------------------------


def test_every_form_is_used_by_the_catalogue() -> None:
    used = {
        form
        for one in cases_of("layers")
        for node in one.program.model.nodes
        for form in node.forms.values()
    }
    assert used == {"string", "config", "object", "tuple", "list", "array", "tensor"}


def test_an_object_that_is_lost_inside_a_layer_is_a_fault() -> None:
    (timed,) = [
        one for one in variants("layers")["layers/objects/inside"] if "TimeDistributed" in one.id
    ]
    names = {fault.name for fault in applicable(timed)}
    assert "lost:TimeDistributed.layer.Dense.activation" in names


# --- scripts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value", "by_path", "said"),
    [
        ("kernel_initializer", "ones", {"": "object"}, "keras.initializers.get('ones')"),
        (
            "bias_regularizer",
            {"class_name": "L1", "config": {"l1": 0.5}},
            {"": "config"},
            "keras.regularizers.serialize(keras.regularizers.L1(l1=0.5))",
        ),
        (
            "activation",
            "relu",
            {"": "config"},
            "keras.saving.serialize_keras_object(keras.activations.get('relu'))",
        ),
        ("dtype", "float16", {"": "object"}, "keras.dtype_policies.DTypePolicy('float16')"),
        ("mean", [1.0], {"": "array"}, "np.array([1.0])"),
        ("mean", [1.0], {"": "tensor"}, 'keras.ops.convert_to_tensor(np.array([1.0], "float32"))'),
        ("vocabulary", [1], {"": "tensor"}, "keras.ops.convert_to_tensor(np.array([1]))"),
        ("strides", [1, 2], {}, "(1, 2)"),
        ("strides", [1, 2], {"": "list"}, "[1, 2]"),
        ("vocabulary", ["a"], {"": "tuple"}, "('a',)"),
        ("padding", [[1, 2], [3, 4]], {"": "list", "1": "list"}, "[(1, 2), [3, 4]]"),
        ("weights", [[[1.0]]], {"0": "array"}, "(np.array([[1.0]]),)"),
    ],
)
def test_scripts_pass_the_same(key: str, value: Any, by_path: dict[str, str], said: str) -> None:
    assert forms.written(key, value, by_path) == said


def test_scripts_of_keras_2_say_what_they_cannot_write() -> None:
    with pytest.raises(Unsupported):
        forms.written("mean", [1.0], {"": "tensor"}, old=True)
