"""The registry: which adapters there are, and in what environment each is started."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from conformance.adapters.host import environment, registry
from conformance.adapters.host.host import AdapterProcess
from conformance.adapters.host.registry import RegistryError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_select_knows_all_adapters_in_the_order_of_reports() -> None:
    names = [spec.name for spec in registry.select()]
    assert names[:9] == [
        "keras-tensorflow",
        "keras-torch",
        "keras-jax",
        "keras-numpy",
        "keras-openvino",
        "tf-keras",
        "torch",
        "jax",
        "flax",
    ]


def test_select_takes_globs_and_gives_each_once() -> None:
    names = [spec.name for spec in registry.select(["*torch", "torch", "keras-t*"])]
    assert names == ["keras-tensorflow", "keras-torch", "torch"]


def test_select_that_matches_nothing_says_what_was_meant() -> None:
    with pytest.raises(RegistryError, match="no adapter matches 'kears-torch'; did you mean keras"):
        registry.select(["kears-torch"])


def test_adapter_command_is_split_but_never_interpreted() -> None:
    spec = registry.select(["mine"], ["mine={python} 'a b.py' $HOME; rm -rf {worker}"])[0]
    assert spec.command == (
        sys.executable,
        "a b.py",
        "$HOME;",
        "rm",
        "-rf",
        str(registry.BOOTSTRAP),
    )


@pytest.mark.parametrize("text", ["mine", "mine=", "=x", "a b=x", "torch=x", "mine='x", "-x=y"])
def test_adapter_command_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(RegistryError):
        registry.select(["*"], [text])


@pytest.mark.parametrize("name", ["keras-jax", "jax", "keras-torch", "tf-keras"])
def test_environment_has_one_thread_the_cpu_and_no_coarse_precision(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONEDNN_DEFAULT_FPMATH_MODE", "BF16")
    monkeypatch.setenv("OMP_NUM_THREADS", "64")
    env = environment.environment(registry.select([name])[0].env)
    assert env["OMP_NUM_THREADS"] == "1"
    assert env["CUDA_VISIBLE_DEVICES"] == ""
    assert "ONEDNN_DEFAULT_FPMATH_MODE" not in env


def test_cache_folder_follows_its_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KERAS_CONFORMANCE_CACHE", str(tmp_path))
    env = registry.select(["keras-jax"])[0].env
    assert env["JAX_COMPILATION_CACHE_DIR"] == str(tmp_path / "jax")
    assert env["KERAS_HOME"] == str(tmp_path / "keras" / "keras-jax")


class _Point:
    dist = None

    def __init__(self, name: str, value: Any) -> None:
        self.name, self.value, self._value = name, repr(value), value

    def load(self) -> Any:
        if isinstance(self._value, Exception):
            raise self._value
        return self._value


@pytest.fixture
def entry_points(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def register(**values: Any) -> None:
        points = [_Point(name, value) for name, value in values.items()]
        monkeypatch.setattr(registry.importlib.metadata, "entry_points", lambda **_: points)

    return register


def test_third_party_registers_a_module_or_a_command(entry_points: Callable[..., None]) -> None:
    entry_points(
        mlx={"module": "mlx_adapter", "requires": ["mlx"], "family": "mlx", "env": {"A": "1"}},
        go=lambda: {"command": ["go-adapter", "--frames"]},
    )
    go, mlx = registry.select(["go", "mlx"])
    assert go.command == ("go-adapter", "--frames")
    assert mlx.command[-2:] == ("mlx_adapter", "mlx")
    assert (mlx.env["A"], mlx.env["OMP_NUM_THREADS"]) == ("1", "1")
    assert mlx.missing() == ["mlx"]


@pytest.mark.parametrize(
    "value", [RuntimeError("boom"), 3, {}, {"module": "m", "comand": []}, {"command": "a string"}]
)
def test_broken_third_party_is_an_error_of_its_own_and_harms_no_other(
    entry_points: Callable[..., None], value: Any
) -> None:
    entry_points(broken=value)
    specs = {spec.name: spec for spec in registry.select()}
    assert len(specs) == 10
    hello = AdapterProcess(specs["broken"]).start()
    assert hello.status == "error"
    assert "its entry point" in hello.reason


def test_third_party_cannot_take_a_built_in_name(entry_points: Callable[..., None]) -> None:
    entry_points(torch={"module": "m"})
    with pytest.raises(RegistryError, match="'torch', a name that is taken"):
        registry.select()
