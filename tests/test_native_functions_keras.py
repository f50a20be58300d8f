"""Every row of the native adapters against the same call of Keras on that backend."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
import zlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

import move_calls
import network_calls
import number_calls
import numpy as np
import pytest

from conformance.adapters.host.environment import environment, pins
from conformance.adapters.worker.failure import Unsupported
from conformance.cases import load
from conformance.cases.model import symbols_of

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.frameworks

SQUARE = [[4.0, 2.0, 1.0], [2.0, 5.0, 3.0], [1.0, 3.0, 6.0]]
X = {"x": ([3, 4], "float32")}
# On both sides of nought, and of every place where an activation bends.
WIDE = {
    "x": ([[-7.5, -3.25, -2.0, -0.75], [-0.25, 0.0, 0.3, 0.75], [1.5, 2.75, 4.0, 6.5]], "float32")
}
PLAIN = [
    "linear",
    "relu",
    "relu6",
    "leaky_relu",
    "elu",
    "celu",
    "selu",
    "gelu",
    "silu",
    "swish",
    "mish",
    "softplus",
    "softsign",
    "softmax",
    "log_softmax",
    "sigmoid",
    "log_sigmoid",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "tanh",
    "hard_tanh",
    "tanh_shrink",
    "soft_shrink",
    "hard_shrink",
    "exponential",
    "glu",
    "sparse_plus",
    "sparse_sigmoid",
    "squareplus",
]
TWO = {"x1": ([3, 1], "float32"), "x2": ([4], "float32")}
WHOLE = {"x1": ([4], "int32"), "x2": ([4], "int32")}
PAIR = {"y_true": ([2, 3], "float32"), "y_pred": ([2, 3], "float32")}
CLASSES = {"y_true": ([4], "int32"), "y_pred": ([4, 3], "float32")}
UNIT = {
    "y_true": ([[0], [1], [0], [1]], "int32"),
    "y_pred": ([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0], [-0.8, 0.6]], "float32"),
}
SEQUENCES = {"y_true": ([[1, 2], [2, 2]], "int32"), "y_pred": ([2, 4, 3], "float32")}
OF_PAIRS = [
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredLogarithmicError",
    "LogCosh",
    "CosineSimilarity",
    "KLDivergence",
    "Poisson",
    "Hinge",
    "SquaredHinge",
    "CategoricalHinge",
    "BinaryFocalCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "Dice",
    "Tversky",
]
FUNCTIONS_OF_PAIRS = [
    "mean_squared_error",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_logarithmic_error",
    "huber",
    "log_cosh",
    "cosine_similarity",
    "kl_divergence",
    "poisson",
    "hinge",
    "squared_hinge",
    "categorical_hinge",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "dice",
    "tversky",
]
STEP: dict[str, tuple[list[int], str]] = {"step": ([], "int32")}
FILL = {"shape": [2, 3]}

Call = tuple[str, Mapping[str, tuple[Sequence[Any], str]], dict[str, Any]]

CALLS: list[Call] = [
    *((f"ops.{name}", TWO, {}) for name in ("add", "subtract", "multiply", "divide", "power")),
    *((f"ops.{name}", TWO, {}) for name in ("maximum", "minimum", "equal", "greater")),
    ("ops.power", WHOLE, {}),
    ("ops.logical_and", WHOLE, {}),
    ("ops.bitwise_and", {"x": ([4], "int32"), "y": ([4], "int32")}, {}),
    *((f"ops.{name}", X, {}) for name in ("absolute", "sign", "floor", "exp", "log1p", "expm1")),
    *((f"ops.{name}", X, {}) for name in ("sin", "arcsin", "sqrt", "relu", "softmax", "sort")),
    *((f"ops.{name}", WIDE, {}) for name in ("square", "negative")),
    *((f"activations.{name}", WIDE, {}) for name in PLAIN),
    # Where more than one entry is left, Keras 3.15.1's does not add up to 1.
    ("activations.sparsemax", {"x": ([[-7.5, -3.25, -2.0, -0.75]], "float32")}, {}),
    ("activations.leaky_relu", WIDE, {"negative_slope": 0.5}),
    *((f"activations.{name}", WIDE, {"alpha": 0.5}) for name in ("elu", "celu")),
    ("activations.gelu", WIDE, {"approximate": True}),
    *((f"activations.{name}", WIDE, {"axis": 0}) for name in ("softmax", "log_softmax")),
    ("ops.floor", {"x": ([4], "int32")}, {}),
    ("ops.where", {"condition": ([3, 4], "bool"), **TWO}, {}),
    ("ops.cast", X, {"dtype": "int32"}),
    *(
        (f"ops.{name}", X, {"axis": axis, "keepdims": keepdims})
        for name in ("sum", "mean", "max", "var", "prod", "logsumexp")
        # Of all axes, Keras 3.15.1 keeps none on torch, whatever keepdims says.
        for axis, keepdims in ((None, False), (-1, True), ([0, 1], True))
    ),
    ("ops.sum", {"x": ([4], "int32")}, {}),
    ("ops.any", {"x": ([3, 4], "bool")}, {"axis": 0}),
    ("ops.argmax", X, {"axis": 1}),
    ("ops.argmax", X, {}),
    ("ops.cumsum", X, {}),
    ("ops.cumsum", X, {"axis": 1}),
    ("ops.norm", X, {}),
    ("ops.norm", X, {"axis": 1, "ord": 1, "keepdims": True}),
    ("ops.take", {"x": ([3, 4], "float32"), "indices": ([2], "int32")}, {"axis": 1}),
    ("ops.take", {"x": ([3, 4], "float32"), "indices": ([2], "int32")}, {}),
    ("ops.take_along_axis", {"x": ([3, 4], "float32"), "indices": ([3, 2], "int32")}, {"axis": 1}),
    ("ops.expand_dims", X, {"axis": -1}),
    ("ops.expand_dims", X, {"axis": [0, -1]}),
    ("ops.reshape", X, {"newshape": [2, -1]}),
    ("ops.transpose", X, {}),
    ("ops.transpose", X, {"axes": [1, 0]}),
    ("ops.concatenate", {"xs": ([2, 3], "float32")}, {"axis": 1}),
    ("ops.stack", {"x": ([2, 3], "float32")}, {"axis": -1}),
    *(("ops.pad", X, {"pad_width": [[1, 2], [0, 3]], "mode": m}) for m in ("constant", "reflect")),
    # Beyond one entry, Keras 3.15.1 repeats the edge on torch.
    ("ops.pad", X, {"pad_width": [[1, 1], [1, 0]], "mode": "symmetric"}),
    ("ops.flip", X, {}),
    ("ops.flip", X, {"axis": 1}),
    ("ops.flip", X, {"axis": [0]}),
    ("ops.argsort", X, {"axis": 0}),
    ("ops.top_k", X, {"k": 2}),
    ("ops.matmul", {"x1": ([2, 3], "float32"), "x2": ([3, 4], "float32")}, {}),
    # Of more than two axes, Keras 3.15.1 takes matmul for dot on torch.
    ("ops.dot", {"x1": ([2, 3], "float32"), "x2": ([3, 4], "float32")}, {}),
    ("ops.einsum", X, {"subscripts": "ij->ji"}),
    ("ops.qr", X, {}),
    ("ops.svd", X, {"full_matrices": False}),
    ("ops.svd", X, {"compute_uv": False}),
    ("ops.cholesky", {"x": (SQUARE, "float32")}, {}),
    ("ops.eigh", {"x": (SQUARE, "float32")}, {}),
    (
        "ops.segment_sum",
        {"data": ([4, 2], "float32"), "segment_ids": ([4], "int32")},
        {"num_segments": 9},
    ),
    ("ops.fft", X, {}),
    ("ops.image.resize", {"images": ([1, 4, 6, 2], "float32")}, {"size": [3, 9]}),
    (
        "ops.image.resize",
        {"images": ([4, 6, 2], "float32")},
        {"size": [8, 3], "interpolation": "nearest"},
    ),
    ("ops.image.rgb_to_grayscale", {"images": ([2, 4, 5, 3], "float32")}, {}),
    *(
        (
            "ops.conv",
            {"inputs": ([2, 9, 4], "float32"), "kernel": ([3, 2, 6], "float32")},
            {"strides": strides, "padding": padding},
        )
        for strides in (1, 2)
        for padding in ("valid", "same")
    ),
    ("ops.softmax", X, {"axis": None}),
    ("ops.one_hot", {"x": ([4], "int32")}, {"num_classes": 9, "axis": 0}),
    ("ops.zeros", {}, FILL),
    ("ops.ones", {}, {**FILL, "dtype": "int32"}),
    ("ops.full", {}, {**FILL, "fill_value": 2}),
    ("ops.arange", {}, {"start": 5}),
    ("ops.arange", {}, {"start": 1, "stop": 9, "step": 2}),
    ("ops.eye", {}, {"N": 3}),
    ("ops.eye", {}, {"N": 3, "M": 4}),
    ("ops.eye", {}, {"N": 3, "k": -1}),
    ("ops.linspace", {}, {"start": 0.0, "stop": 1.0, "num": 5}),
    ("ops.linspace", {}, {"start": 0.0, "stop": 1.0, "num": 5, "endpoint": False}),
    ("losses.Huber", PAIR, {"delta": 0.5}),
    ("losses.MeanSquaredError", {**PAIR, "sample_weight": ([2], "float32")}, {"reduction": "sum"}),
    ("losses.BinaryCrossentropy", PAIR, {"label_smoothing": 0.1}),
    ("losses.BinaryCrossentropy", PAIR, {"from_logits": True}),
    ("losses.SparseCategoricalCrossentropy", CLASSES, {"ignore_class": 1}),
    ("losses.SparseCategoricalCrossentropy", CLASSES, {"from_logits": True, "reduction": "none"}),
    *((f"losses.{name}", PAIR, {"reduction": "none"}) for name in OF_PAIRS),
    *((f"losses.{name}", PAIR, {}) for name in FUNCTIONS_OF_PAIRS),
    ("losses.sparse_categorical_crossentropy", CLASSES, {"from_logits": True}),
    ("losses.CategoricalGeneralizedCrossEntropy", CLASSES, {"q": 0.3}),
    ("losses.categorical_generalized_cross_entropy", CLASSES, {"q": 0.3}),
    *((f"losses.{name}", UNIT, {"gamma": 2.0}) for name in ("Circle", "circle")),
    *((f"losses.{name}", SEQUENCES, {}) for name in ("CTC", "ctc")),
    (
        "optimizers.schedules.CosineDecay",
        STEP,
        {"initial_learning_rate": 0.5, "decay_steps": 9, "alpha": 0.1},
    ),
    (
        "optimizers.schedules.CosineDecay",
        STEP,
        {
            "initial_learning_rate": 0.0,
            "decay_steps": 9,
            "warmup_target": 0.5,
            "warmup_steps": 4,
        },
    ),
    *(
        (
            "optimizers.schedules.ExponentialDecay",
            STEP,
            {
                "initial_learning_rate": 0.5,
                "decay_steps": 2,
                "decay_rate": 0.9,
                "staircase": staircase,
            },
        )
        for staircase in (False, True)
    ),
    ("initializers.Zeros", {}, FILL),
    ("initializers.Constant", {}, {**FILL, "value": 1.5}),
    ("initializers.Identity", {}, {"shape": [2, 3], "gain": 2.0}),
    *((f"initializers.{one}", {}, {**FILL, "seed": 7}) for one in ("GlorotUniform", "Orthogonal")),
    ("initializers.TruncatedNormal", {}, {**FILL, "seed": 7}),
    ("activations.relu", WIDE, {"negative_slope": 0.25, "max_value": 4.0, "threshold": 1.0}),
    *number_calls.CALLS,
    *move_calls.CALLS,
    *network_calls.CALLS,
]

UP_TO_SIGN = {"ops.qr", "ops.svd", "ops.eigh"}
DRAWN = {
    f"initializers.{one}"
    for one in [
        "GlorotUniform",
        "GlorotNormal",
        "HeUniform",
        "HeNormal",
        "LecunUniform",
        "LecunNormal",
        "Orthogonal",
        "RandomNormal",
        "RandomUniform",
        "TruncatedNormal",
        "VarianceScaling",
    ]
}
NO_VALUES = {*DRAWN, "ops.empty", "ops.empty_like"}
LISTED = {
    f"ops.{one}"
    for one in [
        "concatenate",
        "stack",
        "vstack",
        "hstack",
        "dstack",
        "select",
        "fft",
        "fft2",
        "ifft2",
        "irfft",
        "istft",
    ]
}
"""Ops of which an argument is a list, or a pair, of arrays."""

OTHERWISE = {"ops.argpartition", "ops.nonzero", "ops.cholesky_inverse"}
"""Keras 3.15.1 answers otherwise than the reference whatever the call: the ledger says how."""

OTHER_DTYPE = {("torch", "ops.top_k"), *number_calls.OTHER_DTYPE}
"""Where Keras 3.15.1 answers another dtype than on its other backends: int64 places."""

CONSTRUCTED = {
    "losses": {"delta", "reduction", "from_logits", "label_smoothing", "ignore_class"},
    "initializers": {"seed", "value", "gain", "mean", "stddev"},
}

ANSWERS = """
import importlib, json, sys
import numpy as np
module, name, folder = sys.argv[1:]
adapter = importlib.import_module(module).create(name)
adapter.hello()
natively = []
for i, program in enumerate(json.load(open(f"{folder}/programs.json"))):
    tensors = {k.replace("|", "/"): v for k, v in np.load(f"{folder}/{i}.npz").items()}
    observation, arrays = adapter.run(program, tensors)
    assert "calls" in observation and "outputs" in observation["calls"][0], observation
    outputs = observation["calls"][0]["outputs"]
    np.savez(f"{folder}/{name}{i}.npz", *(arrays[one["tensor"]] for one in outputs))
    natively.extend(one["symbol"] for one in observation.get("native", [])[:1])
json.dump(natively, open(f"{folder}/{name}.json", "w"))
"""
# Hundreds of small programs, each called once: to make them fast would take longer than they do.
COMPILED_FAST = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"


def drawn(seed: int, shape: Any, dtype: str) -> Any:
    generator = np.random.default_rng(seed)
    if shape and not isinstance(shape[0], int):
        return np.array(shape, dtype)
    if dtype in {"int32", "bool"}:
        return generator.integers(0, 2 if dtype == "bool" else 3, shape).astype(dtype)
    return generator.uniform(0.1, 0.9, shape).astype(dtype)


def asked(call: Call) -> tuple[dict[str, Any], dict[str, Any]]:
    symbol, inputs, literals = call
    arrays = {f"call/0/{k}": drawn(i, s, d) for i, (k, (s, d)) in enumerate(inputs.items())}
    made = CONSTRUCTED.get(symbol.partition(".")[0], set())
    made = set(literals) if ".schedules." in symbol else made
    made = set(literals) if symbol.startswith("losses.") else made
    made = set() if symbol.startswith("losses.") and symbol.islower() else made
    named = symbol in LISTED
    tensors = {k: [k, k] if named else k for k in inputs}
    variadic = symbol in {"ops.einsum", "ops.meshgrid"}
    return {
        "kind": "graph",
        "case": symbol,
        "model": {
            "form": "function",
            "inputs": [
                {"name": k, "shape": list(arrays[f"call/0/{k}"].shape), "dtype": d}
                for k, (_, d) in inputs.items()
            ],
            "nodes": [
                {
                    "name": "n",
                    "layer": symbol,
                    "config": {k: v for k, v in literals.items() if k in made},
                    "inputs": list(inputs) if variadic else [],
                    "tensors": {} if variadic else tensors,
                    "arguments": {k: v for k, v in literals.items() if k not in made},
                }
            ],
            "outputs": ["n"],
        },
        "calls": [{"batch": 1}],
        "facets": ["values"],
    }, arrays


class Answers(NamedTuple):
    """What an adapter answers to calls, one after the other."""

    outputs: list[list[Any]]
    symbols: list[str]
    """The native symbol that was called; none of Keras."""


def answers_of(adapters: Mapping[str, str], calls: list[Call], folder: Path) -> list[Answers]:
    """Have adapters (name to family) answer calls, each in a process of its own, side by side."""
    programs = []
    for i, call in enumerate(calls):
        program, arrays = asked(call)
        programs.append(program)
        np.savez(folder / f"{i}.npz", **{k.replace("/", "|"): v for k, v in arrays.items()})
    (folder / "programs.json").write_text(json.dumps(programs), encoding="utf-8")

    def answer(name: str) -> None:
        backend = name.removeprefix("keras-")
        module = f"conformance.adapters.{adapters[name]}.adapter"
        subprocess.run(
            [sys.executable, "-c", ANSWERS, module, name, str(folder)],
            env={**environment(pins()), "KERAS_BACKEND": backend, "XLA_FLAGS": COMPILED_FAST},
            check=True,
            capture_output=True,
            timeout=500,
        )

    with ThreadPoolExecutor() as pool:
        list(pool.map(answer, adapters))
    found = []
    for name in adapters:
        files = [np.load(folder / f"{name}{i}.npz") for i in range(len(calls))]
        outputs = [[one[f"arr_{j}"] for j in range(len(one.files))] for one in files]
        symbols = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        found.append(Answers(outputs, symbols))
    return found


def asked_by_cases() -> set[str]:
    """Symbols of functions and objects of which the catalogue has a case that knows an answer."""
    return {
        symbol
        for case in load().cases
        if not (case.raises or case.unspecified)
        for symbol in symbols_of(case.program)
    }


@pytest.mark.parametrize("name", ["torch", "jax"])
def test_every_row_answers_what_keras_answers(name: str, tmp_path: Path, *, whole: bool) -> None:
    """A third of the symbols, by their names, where not the whole is asked."""
    table = importlib.import_module(f"conformance.adapters.{name}.functions").TABLE
    calls = CALLS + {"torch": network_calls.OF_TORCH, "jax": network_calls.OF_JAX}[name]
    called = {symbol for symbol, _, _ in calls}
    # What isn't called here is asked by cases, which hold it to the reference.
    uncalled = {one for one in table.rows if one not in called}
    steps = {one for one in table.rows if re.fullmatch(r"optimizers\.\w+", one)}
    assert uncalled == OTHERWISE | steps
    assert uncalled <= asked_by_cases()
    if not whole:
        called = {symbol for symbol in called if zlib.crc32(symbol.encode()) % 3 == 0}
        calls = [one for one in calls if one[0] in called]
    adapters = {f"keras-{name}": "keras", name: name}
    keras, native = answers_of(adapters, calls, tmp_path)
    for call, expected, found in zip(calls, keras.outputs, native.outputs, strict=True):
        if (name, call[0]) not in OTHER_DTYPE:
            assert [one.dtype for one in found] == [one.dtype for one in expected], call
        assert [one.shape for one in found] == [one.shape for one in expected], call
        for have, want in zip(found, expected, strict=True):
            if call[0] in UP_TO_SIGN:
                np.testing.assert_allclose(np.abs(have), np.abs(want), atol=1e-5, err_msg=str(call))
            elif call[0] not in NO_VALUES:
                np.testing.assert_allclose(have, want, rtol=2e-5, atol=1e-6, err_msg=str(call))
    # Each row has been taken, but for those that stand in for a library that is installed.
    rows = [
        row.symbol
        for symbol, rows in table.rows.items()
        if symbol in called
        for row in rows
        if not (name == "jax" and symbol.startswith("losses.") and row.composed)
    ]
    assert set(rows) - set(native.symbols) == set()


def test_a_wrong_row_is_found() -> None:
    # The comparison above must be able to fail: torch's variance divides by one less.
    functions = importlib.import_module("conformance.adapters.torch.functions")
    rows = functions.TABLE.rows["ops.var"]
    program, arrays = asked(("ops.var", X, {}))
    wrong = functions.TABLE._replace(rows={"ops.var": [rows[0]._replace(fixed={"correction": 1})]})
    library = functions.TorchLibrary({})
    answers = []
    for one in (functions.TABLE, wrong):
        library.table = one
        observation, found = functions.session(library, "function", program, arrays).answer()
        answers.append(found[observation["calls"][0]["outputs"][0]["tensor"]])
    truth = arrays["call/0/x"].var()
    np.testing.assert_allclose(answers[0], truth, rtol=2e-5)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(answers[1], truth, rtol=2e-5)
    with pytest.raises(Unsupported):
        functions.session(library, "function", asked(("ops.sum", X, {}))[0], arrays).answer()
