"""Keras's functions as rows of the native adapters: how they are bound, and what they answer."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import conformance
from conformance.adapters.jax.tables import initializers as jax_initializers
from conformance.adapters.jax.tables import losses as jax_losses
from conformance.adapters.jax.tables import ops as jax_ops
from conformance.adapters.jax.tables import optimizers as jax_optimizers
from conformance.adapters.native import functions
from conformance.adapters.native.functions import (
    LIST,
    NUMBER,
    REQUIRED,
    WHOLE,
    Direct,
    Own,
    Table,
    bound,
    in_effect,
    note_of,
    parameters,
)
from conformance.adapters.native.losses import REDUCTIONS, aligned, reduced
from conformance.adapters.native.optimizers import COMMON
from conformance.adapters.torch.tables import functions_linalg
from conformance.adapters.torch.tables import initializers as torch_initializers
from conformance.adapters.torch.tables import losses as torch_losses
from conformance.adapters.torch.tables import ops as torch_ops
from conformance.adapters.torch.tables import optimizers as torch_optimizers
from conformance.adapters.worker.failure import Unsupported
from conformance.cases import names

ROWS = {
    "torch": {
        **torch_ops.OPS,
        **torch_losses.LOSSES,
        **torch_initializers.INITIALIZERS,
        **torch_optimizers.OPTIMIZERS,
    },
    "jax": {
        **jax_ops.OPS,
        **jax_losses.LOSSES,
        **jax_initializers.INITIALIZERS,
        **jax_optimizers.OPTIMIZERS,
    },
}
each_table = pytest.mark.parametrize("name", ROWS)
each_adapter = pytest.mark.parametrize("name", ["torch", "jax", "flax"])


def table(*rows: Any, symbol: str = "ops.sum") -> Table:
    return Table("tests", {symbol: rows}, {}, {"metrics": "it has no metrics"})


def node(symbol: str = "ops.sum", *, tensors: Any = None, **literals: Any) -> Any:
    return {
        "name": "n",
        "layer": symbol,
        "config": {},
        "inputs": [],
        "tensors": {"x": "x"} if tensors is None else tensors,
        "arguments": literals,
    }


SUM = Direct("torch.sum", keywords={"axis": None}, rename={"axis": "dim"})


class TestBinding:
    def test_what_the_case_gives_and_what_it_leaves_out(self) -> None:
        found = bound(table(SUM), node(axis=0))
        assert found.literals == {"axis": 0}
        assert in_effect(found, {"x": "x"}) == {"axis": 0}
        assert in_effect(bound(table(SUM), node()), {"x": "x"}) == {"axis": None}

    def test_nan_is_read_as_python_has_it(self) -> None:
        found = bound(table(SUM), node(axis="nan"))
        assert np.isnan(found.literals["axis"])

    def test_infinities_are_told_as_json_has_them(self) -> None:
        found = bound(table(SUM), node(axis=["-inf", 1]))
        assert found.literals == {"axis": [-np.inf, 1]}
        assert in_effect(found, {"x": "x"}) == {"axis": ["-inf", 1]}

    @pytest.mark.parametrize("row", [SUM, SUM._replace(only={"initial": (None,)})])
    def test_no_argument_is_ignored(self, row: Direct) -> None:
        with pytest.raises(Unsupported, match="keepdims=True is not handled"):
            bound(table(row), node(keepdims=True))

    def test_an_array_in_a_literals_place(self) -> None:
        with pytest.raises(Unsupported, match="axis, an array, is not handled"):
            bound(table(SUM), node(tensors={"x": "x", "axis": "a"}))

    def test_arrays_without_a_name(self) -> None:
        with pytest.raises(Unsupported, match="without a name"):
            bound(table(SUM), {**node(), "inputs": ["a"]})

    def test_what_is_required_and_missing(self) -> None:
        with pytest.raises(Unsupported, match="argument x is required"):
            bound(table(SUM), node(tensors={}))
        row = Direct("torch.reshape", keywords={"newshape": REQUIRED})
        with pytest.raises(Unsupported, match="argument newshape is required"):
            bound(table(row), node())

    def test_a_value_that_no_row_covers(self) -> None:
        rows = [SUM._replace(only={"axis": (WHOLE,)}), SUM._replace(only={"axis": (LIST,)})]
        assert bound(table(*rows), node(axis=1)).row is rows[0]
        assert bound(table(*rows), node(axis=[0, 1])).row is rows[1]
        with pytest.raises(Unsupported, match="no native counterpart with axis=None"):
            bound(table(*rows), node())

    @pytest.mark.parametrize(("kind", "value"), [(WHOLE, True), (WHOLE, 1.0), (LIST, 1)])
    def test_kinds_of_values(self, kind: Any, value: Any) -> None:
        with pytest.raises(Unsupported):
            bound(table(SUM._replace(only={"axis": (kind,)})), node(axis=value))

    def test_true_is_not_one(self) -> None:
        with pytest.raises(Unsupported):
            bound(table(SUM._replace(only={"axis": (1,)})), node(axis=True))

    def test_a_number_in_an_arrays_place(self) -> None:
        row = Direct("torch.add", ("x1", "x2"), only={"x2": (NUMBER,)})
        assert bound(table(row), node(tensors={"x1": "a"}, x2=2)).literals == {"x2": 2}
        with pytest.raises(Unsupported, match="x2=an array"):
            bound(table(row), node(tensors={"x1": "a", "x2": "b"}))

    def test_a_row_that_needs_a_library(self) -> None:
        needy = SUM._replace(needs="no_such_library")
        assert bound(table(needy, SUM), node()).row is SUM
        with pytest.raises(Unsupported, match="no_such_library, which has it, is not installed"):
            bound(table(needy), node())

    def test_a_row_says_why(self) -> None:
        row = SUM._replace(only={"initial": (None,)}, why={"initial": "it starts from none"})
        with pytest.raises(Unsupported, match=r"ops\.sum: it starts from none"):
            bound(table(row), node(initial=1.0))

    def test_what_is_not_there(self) -> None:
        with pytest.raises(Unsupported, match=r"no native counterpart for ops\.nothing"):
            bound(table(SUM), node("ops.nothing"))
        with pytest.raises(Unsupported, match=r"metrics\.Mean: it has no metrics"):
            bound(table(SUM), node("metrics.Mean"))

    def test_the_note_names_the_function(self) -> None:
        assert (
            note_of(bound(table(SUM._replace(note="in int64")), node())) == "``ops.sum``: in int64"
        )


class TestPartials:
    def test_more_is_what_the_first_argument_takes(self) -> None:
        def around(inner: Any, x: Any, *, whole: bool = False, **more: Any) -> Any:
            return inner(x, **more), whole

        def inner(x: Any, *, delta: float, gamma: float = 2.0) -> Any:
            return x, delta, gamma

        found = {one.name: one.default for one in parameters(functools.partial(around, inner))}
        assert found == {"x": EMPTY, "whole": False, "delta": EMPTY, "gamma": 2.0}
        told = functools.partial(around, inner, delta=0.5)
        assert {one.name: one.default for one in parameters(told)} == {**found, "delta": 0.5}

    def test_what_a_function_lacks_is_idle_if_its_row_covers_it(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(functions, "_function", lambda *_: doubled)
        row = Own("ops", "doubled", "torch.add", only={"exact": (False,)})
        assert bound(table(row), node(exact=False)).idle == ["exact"]
        with pytest.raises(Unsupported, match="exact=True"):
            bound(table(row), node(exact=True))


EMPTY = inspect.Parameter.empty


def doubled(x: Any) -> Any:
    """``ops.sum``."""
    return x + x


class TestTables:
    @each_table
    def test_arguments_are_keras_own(self, name: str) -> None:
        for symbol, rows in ROWS[name].items():
            signature = names.signature(symbol)
            own = names.object_arguments(symbol) or {}
            if signature is not None:
                own = {**(signature.make or {}), **signature.call}
            for row in rows:
                told = {*row.only, *row.why}
                if isinstance(row, Direct):
                    told |= {*row.arrays, *row.keywords, *row.rename, *row.instead, *row.numbers}
                    told |= {*row.front, *row.place}
                assert told <= {*own}, (symbol, told - {*own})

    @each_table
    def test_direct_rows_cover_keras_whole_signature(self, name: str) -> None:
        # What a row does not speak of is refused, never ignored; but it should be known why.
        for symbol, rows in ROWS[name].items():
            signature = names.signature(symbol)
            if signature is None or any(isinstance(row, Own) for row in rows):
                continue
            known = {
                argument
                for row in rows
                for argument in (*row.arrays, *row.keywords, *row.only)  # type: ignore[union-attr]
            }
            assert known == {*(signature.make or {}), *signature.call}, symbol

    @each_table
    def test_the_same_functions(self, name: str) -> None:
        absent = {
            "torch": {
                **torch_optimizers.ABSENT,
                **torch_initializers.ABSENT,
                **functions_linalg.ABSENT,
            },
            "jax": {**jax_optimizers.ABSENT, **jax_initializers.ABSENT},
        }
        told = {symbol for one in absent.values() for symbol in one}
        assert set(ROWS[name]) ^ set(ROWS["torch"]) <= told
        assert not set(ROWS[name]) & set(absent[name])

    def test_tables_import_no_framework(self) -> None:
        folder = Path(conformance.__file__).parent / "adapters"
        for path in [*folder.glob("*/tables/*.py"), folder / "native/functions.py"]:
            imported = {
                (one.module or "") if isinstance(one, ast.ImportFrom) else one.names[0].name
                for one in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
                if isinstance(one, (ast.Import, ast.ImportFrom))
            }
            assert not {"torch", "jax", "flax", "optax"} & {one.split(".")[0] for one in imported}


class TestReduction:
    VALUES = np.array([[1.0, 2.0], [3.0, 4.0]])

    @pytest.mark.parametrize(
        ("reduction", "expected"),
        [
            ("sum_over_batch_size", 2.5),
            ("mean", 2.5),
            ("sum", 10.0),
            ("mean_with_sample_weight", 2.5),
        ],
    )
    def test_without_weights(self, reduction: str, expected: float) -> None:
        assert reduction in REDUCTIONS
        assert reduced(self.VALUES, None, reduction) == expected

    def test_weights_are_broadcast_and_counted_so(self) -> None:
        weight = np.array([[1.0], [3.0]])
        assert reduced(self.VALUES, weight, "sum") == 24
        assert reduced(self.VALUES, weight, "mean") == 6
        assert reduced(self.VALUES, weight, "mean_with_sample_weight") == 3

    def test_a_mask_leaves_values_out_of_the_mean(self) -> None:
        mask = np.array([[1.0, 0.0], [1.0, 0.0]])
        assert reduced(self.VALUES, None, "mean", mask) == 2
        assert reduced(self.VALUES, None, "none", mask).tolist() == [[1, 0], [3, 0]]

    def test_axes_are_aligned_as_in_keras(self) -> None:
        flat, column = np.zeros(3), np.zeros((3, 1))
        assert [one.shape for one in aligned(flat, column)] == [(3, 1), (3, 1)]
        assert [one.shape for one in aligned(np.zeros((2, 3)), np.zeros((2, 3, 1)))] == [(2, 3)] * 2
        with pytest.raises(Unsupported):
            aligned(np.zeros(3), np.zeros((1, 1, 3)))


@functools.cache
def adapter(name: str) -> Any:
    made = importlib.import_module(f"conformance.adapters.{name}.adapter").create(name)
    made.hello()
    return made


def asked(name: str, program: Any, tensors: Any) -> tuple[Any, Any]:
    answer: tuple[Any, Any] = adapter(name).run(program, tensors)
    return answer


def program(nodes: list[Any], inputs: dict[str, tuple[list[int], str]], *facets: str) -> Any:
    return {
        "case": "t",
        "model": {
            "form": "function",
            "inputs": [{"name": k, "shape": s, "dtype": d} for k, (s, d) in inputs.items()],
            "nodes": nodes,
            "outputs": [nodes[-1]["name"]],
        },
        "calls": [{"batch": 1}],
        "facets": list(facets or ("shape", "dtype", "values")),
    }


def numbers(*shape: int) -> Any:
    return np.random.default_rng(7).standard_normal(shape).astype(np.float32)


@pytest.mark.frameworks
class TestAdapters:
    @each_adapter
    def test_one_call_is_told_with_its_arguments(self, name: str) -> None:
        x = numbers(2, 3)
        asks = program([node(axis=[0], keepdims=True)], {"x": ([2, 3], "float32")})
        observation, arrays = asked(name, asks, {"call/0/x": x})
        (output,) = observation["calls"][0]["outputs"]
        np.testing.assert_allclose(arrays[output["tensor"]], x.sum(0, keepdims=True), rtol=1e-6)
        (told,) = observation["native"]
        assert told["symbol"] == {"torch": "torch.sum"}.get(name, "jax.numpy.sum")
        assert told["keras"] == {"axis": [0], "keepdims": True}
        axis, kept = ("dim", "keepdim") if name == "torch" else ("axis", "keepdims")
        assert told["calls"][0]["arguments"] == {axis: [0], kept: True}

    @each_adapter
    def test_a_graph_of_functions_and_its_gradients(self, name: str) -> None:
        nodes = [
            {**node("ops.add", tensors={"x1": "a", "x2": "b"}), "name": "s"},
            {**node("ops.maximum", tensors={"x1": "s"}, x2=0.0), "name": "m"},
        ]
        asks = program(
            nodes, {"a": ([2, 3], "float32"), "b": ([3], "float32")}, "values", "gradients"
        )
        a, b, cotangent = numbers(2, 3), numbers(3) + 0.5, numbers(2, 3) * 2
        observation, arrays = asked(
            name, asks, {"call/0/a": a, "call/0/b": b, "cotangent/0": cotangent}
        )
        (output,) = observation["calls"][0]["outputs"]
        np.testing.assert_allclose(arrays[output["tensor"]], np.maximum(a + b, 0), rtol=1e-6)
        gradients = {k: arrays[v] for k, v in observation["gradients"]["inputs"].items()}
        np.testing.assert_allclose(gradients["a"], cotangent * (a + b > 0), rtol=1e-6)
        np.testing.assert_allclose(gradients["b"], (cotangent * (a + b > 0)).sum(0), rtol=1e-5)

    @each_adapter
    def test_a_cast_is_told(self, name: str) -> None:
        asks = program(
            [node("ops.add", tensors={"x1": "a", "x2": "b"})],
            {"a": ([2], "int64"), "b": ([2], "uint64")},
        )
        feeds = {"call/0/a": np.array([1, 2]), "call/0/b": np.array([3, 4], np.uint64)}
        observation, arrays = asked(name, asks, feeds)
        (output,) = observation["calls"][0]["outputs"]
        assert output["dtype"] == "float32"
        assert arrays[output["tensor"]].tolist() == [4, 6]
        casting = "torch.Tensor.to" if name == "torch" else "jax.numpy.astype"
        casts = [one for one in observation["native"][0]["calls"] if one["around"]]
        assert [one["symbol"] for one in casts] == [casting, casting][: len(casts)]
        assert casts[0]["arguments"] == {"dtype": "float32"}

    def test_what_torch_has_for_other_dtypes_only_is_unsupported(self) -> None:
        asks = program([node("ops.add", tensors={"x1": "x", "x2": "x"})], {"x": ([2], "uint32")})
        with pytest.raises(Unsupported, match="not implemented for 'UInt32'"):
            asked("torch", asks, {"call/0/x": np.array([1, 2], np.uint32)})

    @each_adapter
    def test_an_error_of_the_framework_is_the_calls(self, name: str) -> None:
        asks = program(
            [node("ops.matmul", tensors={"x1": "a", "x2": "b"})],
            {"a": ([2, 3], "float32"), "b": ([2, 3], "float32")},
        )
        observation, _ = asked(name, asks, {"call/0/a": numbers(2, 3), "call/0/b": numbers(2, 3)})
        assert "error" in observation["calls"][0]

    @each_adapter
    def test_facets_that_it_has_no_notion_of(self, name: str) -> None:
        asks = program([node()], {"x": ([2], "float32")}, "values", "config_round_trip")
        observation, _ = asked(name, asks, {"call/0/x": numbers(2)})
        assert "config_round_trip" in observation["unsupported"]
        with pytest.raises(Unsupported):
            asked(name, program([node()], {"x": ([2], "float32")}, "raises"), {})

    @each_adapter
    def test_draws_repeat_by_their_seed(self, name: str) -> None:
        drawing = node("initializers.GlorotUniform", tensors={}, shape=[64, 32], seed=7)
        asks = {**program([drawing], {}, "random"), "random": {"other": 8}}
        observation, arrays = asked(name, asks, {})
        draws = {k: arrays[one["tensor"]] for k, one in observation["random"].items()}
        assert (draws["first"] == draws["again"]).all()
        assert (draws["first"] == draws["second"]).all()
        assert not (draws["first"] == draws["other"]).any()


def steps(config: Any, *given: Any, symbol: str = "optimizers.SGD") -> Any:
    return {
        "kind": "steps",
        "case": "t",
        "object": {"name": "o", "layer": symbol, "config": config, "inputs": []},
        "variables": [{"name": "w", "shape": [2]}],
        "inputs": [{"name": "g", "shape": [2]}],
        "steps": list(given),
        "facets": ["state"],
    }


APPLY = {"call": "apply", "tensors": {"w": "g"}}


@pytest.mark.frameworks
class TestOptimizers:
    def test_what_all_take_is_what_the_tables_say(self) -> None:
        torch = importlib.import_module("conformance.adapters.torch.optimizers").KerasOptimizer
        jax = importlib.import_module("conformance.adapters.jax.optimizers").keras_optimizer
        assert literals(torch) == COMMON
        assert literals(jax) == {k: v for k, v in COMMON.items() if k != "weight_decay"}

    @pytest.mark.parametrize("clips", [{}, {"clipnorm": 1.0}, {"clipnorm": 1.0, "clipvalue": 1.0}])
    def test_one_clip_at_most(self, clips: dict[str, float]) -> None:
        torch = importlib.import_module("torch")
        adam = importlib.import_module("conformance.adapters.torch.optimizers").Adam
        weight = torch.nn.Parameter(torch.ones(2))
        if len(clips) < 2:
            adam([weight], **clips).step()  # no gradient, no step
            assert weight.tolist() == [1.0, 1.0]
        else:
            with pytest.raises(Unsupported, match="two ways"):
                adam([weight], **clips)

    def test_a_learning_rate_of_zero_keeps_the_momentum(self) -> None:
        torch = importlib.import_module("torch")
        sgd = importlib.import_module("conformance.adapters.torch.optimizers").SGD
        weight = torch.nn.Parameter(torch.zeros(1))
        optimizer, found = sgd([weight], learning_rate=1.0, momentum=0.5), []
        for rate in (1.0, 0.0, 1.0):
            optimizer.param_groups[0]["lr"] = rate
            weight.grad = torch.ones(1)
            optimizer.step()
            found.append(weight.item())
        assert found == [-1.0, -1.5, -2.75]


def literals(function: Any) -> dict[str, Any]:
    """Keyword-only parameters with their defaults."""
    found = inspect.signature(function).parameters.values()
    return {one.name: one.default for one in found if one.kind is one.KEYWORD_ONLY}


@pytest.mark.frameworks
class TestSteps:
    W, G = np.array([1.0, -2.0], np.float32), np.array([0.5, 0.25], np.float32)

    def moved(self, name: str, asks: Any) -> tuple[list[Any], Any]:
        feeds = {"variable/w": self.W}
        feeds |= {f"step/{i}/g": self.G for i in range(len(asks["steps"]))}
        observation, arrays = asked(name, asks, feeds)
        weights = observation["state"]["weights"]
        return [arrays[weights[f"{i}/w"]] for i in range(len(asks["steps"]))], observation

    @each_adapter
    def test_momentum_gathers_steps_whatever_the_learning_rate_becomes(self, name: str) -> None:
        config = {"learning_rate": 0.1, "momentum": 0.9}
        rate = {"call": "set", "arguments": {"learning_rate": 0.01}}
        found, observation = self.moved(name, steps(config, APPLY, rate, APPLY))
        first = -0.1 * self.G
        np.testing.assert_allclose(found[0], self.W + first, rtol=1e-6)
        np.testing.assert_allclose(found[1], found[0])
        second = 0.9 * first - 0.01 * self.G
        np.testing.assert_allclose(found[2], self.W + first + second, rtol=1e-6)
        assert observation["native"][0]["symbol"] in {"torch.optim.SGD", "optax.sgd"}

    @each_adapter
    def test_adam_adds_epsilon_before_the_bias_is_corrected(self, name: str) -> None:
        asks = steps({"learning_rate": 0.1, "epsilon": 0.1}, APPLY, symbol="optimizers.Adam")
        found, _ = self.moved(name, asks)
        m, v = 0.1 * self.G, 0.001 * self.G**2
        step = 0.1 * np.sqrt(0.001) / 0.1 * m / (np.sqrt(v) + 0.1)
        np.testing.assert_allclose(found[0], self.W - step, rtol=1e-5)

    def test_what_torch_counts_not_is_said(self) -> None:
        _, observation = self.moved("torch", steps({}, APPLY))
        assert set(observation["state"]["lacking"]) == {"iteration"}

    @each_adapter
    def test_what_can_not_be_done_is_refused(self, name: str) -> None:
        with pytest.raises(Unsupported, match="accumulat"):
            self.moved(name, steps({"gradient_accumulation_steps": 2}, APPLY))
        with pytest.raises(Unsupported, match="no metrics"):
            self.moved(name, steps({}, APPLY, symbol="metrics.Mean"))
