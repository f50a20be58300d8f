"""Settings of the process: what may be said, what they mean, and that they are set back."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from catalogue import cases_of, variants
from reference_cases import spec

from conformance.adapters.keras.settings import in_force
from conformance.cases import load
from conformance.cases.model import Model, Node, Settings
from conformance.reference.faults.applicable import applicable
from conformance.reference.model.network import Network
from conformance.repro.settings import lines

if TYPE_CHECKING:
    from pathlib import Path


def problems(folder: Path, settings: str) -> str:
    """What is wrong with a case of these settings."""
    file = folder / "cases.yaml"
    file.write_text(
        "- id: one\n  title: One\n  layer: Flatten\n  input: {shape: [3, 2]}\n"
        f"  settings: {settings}\n"
    )
    return " ".join(str(one) for one in load([file]).problems)


def test_each_setting_may_be_said(tmp_path: Path) -> None:
    every = (
        "{image_data_format: channels_first, floatx: float16, dtype_policy: float16, epsilon: 0.5}"
    )
    assert problems(tmp_path, every) == ""


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("{image_data_format: channels}", "one of channels_first, channels_last"),
        ("{floatx: mixed_float16}", "one of bfloat16"),
        ("{dtype_policy: int8}", "one of bfloat16"),
        ("{epsilon: 0.0}", "a number between 0 and 1"),
        ("{epsilon: true}", "a number between 0 and 1"),
        ("{layout: channels_first}", "layout"),
        ("{}", "one of image_data_format"),
        ("channels_first", "settings"),
    ],
)
def test_what_is_no_setting(tmp_path: Path, settings: str, said: str) -> None:
    assert said in problems(tmp_path, settings)


# --- what the reference makes of them ------------------------------------------------------------


def built(layer: str, config: dict[str, Any], shape: list[int], **settings: Any) -> Network:
    node = Node(name="n", layer=layer, config=config, inputs=["x"])
    return Network.build(
        Model(
            form="sequential",
            inputs=[spec(shape)],
            nodes=[node],
            outputs=["n"],
            settings=Settings(**settings),
        )
    )


def test_the_layout_is_a_default() -> None:
    first: dict[str, Any] = {"image_data_format": "channels_first"}
    assert built("Cropping2D", {"cropping": 1}, [3, 4, 5], **first).outputs == [[None, 3, 2, 3]]
    last = {"cropping": 1, "data_format": "channels_last"}
    assert built("Cropping2D", last, [3, 4, 5], **first).outputs == [[None, 1, 2, 5]]
    assert built("Cropping2D", {"cropping": 1}, [3, 4, 5]).outputs == [[None, 1, 2, 5]]


def dtypes(config: dict[str, Any], **settings: Any) -> set[str]:
    network = built("Dense", {"units": 2, **config}, [3], **settings)
    return {variable.dtype for variable in network.variables.values()}


def test_a_policy_comes_before_floatx_and_an_argument_before_both() -> None:
    assert dtypes({}, floatx="float16") == {"float16"}
    assert dtypes({}, floatx="float16", dtype_policy="bfloat16") == {"bfloat16"}
    assert dtypes({}, dtype_policy="mixed_float16") == {"float32"}
    assert dtypes({"dtype": "float64"}, dtype_policy="float16") == {"float64"}


def test_layers_inside_are_made_under_them_too() -> None:
    network = built(
        "TimeDistributed", {"layer": {"Dense": {"units": 2}}}, [2, 3], dtype_policy="float16"
    )
    assert {one.dtype for one in network.variables.values()} == {"float16"}


@pytest.mark.parametrize(
    ("case", "setting"),
    [
        ("layers/settings/channels-first", "image_data_format"),
        ("layers/settings/dtype-policy", "dtype_policy"),
        ("layers/settings/epsilon-of-normalization", "epsilon"),
        ("layers/settings/epsilon-of-constraints", "epsilon"),
    ],
)
def test_a_setting_that_is_ignored_is_a_fault(case: str, setting: str) -> None:
    faults = {fault.name for one in variants("layers")[case] for fault in applicable(one)}
    assert f"ignored-setting:{setting}" in faults


def test_a_setting_that_comes_before_an_argument_is_a_fault() -> None:
    for name in ("layers/settings/channels-last-against-it", "layers/settings/dtype-policy"):
        faults = {fault.name for one in variants("layers")[name] for fault in applicable(one)}
        assert "setting-over-argument" in faults, name


def test_no_other_case_is_touched() -> None:
    using = {one.family for one in cases_of("layers") if one.program.model.settings is not None}
    assert using == {"layers/settings"}


# --- what the adapter does -----------------------------------------------------------------------


class Config:
    """``keras.config``, or ``keras.backend`` of Keras 2."""

    def __init__(self) -> None:
        self.now: dict[str, Any] = {
            "image_data_format": "channels_last",
            "floatx": "float32",
            "epsilon": 1e-7,
            "dtype_policy": "float32",
        }

    def __getattr__(self, name: str) -> Any:
        key = name.removeprefix("set_")
        if key not in self.now:
            raise AttributeError(name)
        return (
            (lambda value: self.now.update({key: value})) if key != name else lambda: self.now[key]
        )


EVERY = {
    "image_data_format": "channels_first",
    "floatx": "float16",
    "epsilon": 0.5,
    "dtype_policy": "mixed_float16",
}


def test_settings_hold_and_are_set_back() -> None:
    config = Config()
    before = dict(config.now)
    with in_force(SimpleNamespace(config=config, backend=None), EVERY):
        assert config.now == EVERY
    assert config.now == before


def test_they_are_set_back_where_the_case_fails() -> None:
    config = Config()
    before = dict(config.now)
    with (
        pytest.raises(ZeroDivisionError),
        in_force(SimpleNamespace(config=config, backend=None), EVERY),
    ):
        raise ZeroDivisionError
    assert config.now == before


def test_they_are_set_back_where_one_of_them_is_refused() -> None:
    config = Config()
    before = dict(config.now)
    refusing = SimpleNamespace(config=config, backend=None)

    def refuse(_: Any) -> None:
        raise ValueError("no such policy")

    config.set_dtype_policy = lambda value: (  # type: ignore[attr-defined]
        refuse(value) if value == "mixed_float16" else config.now.update(dtype_policy=value)
    )
    with pytest.raises(ValueError, match="no such policy"), in_force(refusing, EVERY):
        pass
    assert config.now == before


def test_without_settings_nothing_is_touched() -> None:
    with in_force(object(), None):
        pass


def test_the_policy_of_keras_2_follows_floatx_again() -> None:
    told: list[Any] = []
    keras = SimpleNamespace(
        backend=Config(), mixed_precision=SimpleNamespace(set_global_policy=told.append)
    )
    with in_force(keras, {"dtype_policy": "float16"}):
        assert told == ["float16"]
    assert told == ["float16", None]


# --- scripts -------------------------------------------------------------------------------------


def test_scripts_set_the_same() -> None:
    settings = Settings(image_data_format="channels_first", epsilon=0.5)
    assert lines(settings) == [
        "keras.config.set_image_data_format('channels_first')",
        "keras.config.set_epsilon(0.5)",
    ]
    assert lines(Settings(dtype_policy="float16"), old=True) == [
        "keras.mixed_precision.set_global_policy('float16')"
    ]
    assert lines(Settings(floatx="float16")) == [
        "keras.config.dtype_policy()",
        "keras.config.set_floatx('float16')",
    ]
    assert lines(Settings(floatx="float16"), old=True) == ["keras.backend.set_floatx('float16')"]
    assert lines(None) == []
