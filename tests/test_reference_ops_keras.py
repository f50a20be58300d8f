"""Signatures and dtypes of the reference's definitions against the Keras that is installed."""

from __future__ import annotations

import inspect
import itertools
from typing import Any

import numpy as np
import pytest

from conformance.invariants import Invariants
from conformance.reference.engine.arithmetic import Variance
from conformance.reference.engine.conversion import fed
from conformance.reference.errors import Unsupported
from conformance.reference.spec import table

pytestmark = pytest.mark.frameworks

NAMESPACES = ("ops", "losses", "metrics", "optimizers", "initializers", "activations")
DTYPES = ("bool", "uint8", "int8", "int32", "int64", "float16", "bfloat16", "float32")
NARROWED = {"uint64": "uint32", "int64": "int32", "float64": "float32"}
SYMBOLIC = {
    # Keras's symbolic answer alone says float32 of narrow floats, and the input's of integers.
    "logsumexp": {"float16", "bfloat16"},
}
_UNARY = (
    "absolute sign floor exp log log1p expm1 sin cos arcsin sqrt square sum mean max min var prod "
    "any all argmax argmin cumsum logsumexp flip sort argsort relu sigmoid softmax "
    "tan arccos arctan sinh cosh arcsinh arccosh arctanh exp2 log2 log10 rsqrt erf erfc "
    "erfinv sinc fabs ceil trunc round angle conj nan_to_num isnan isinf isfinite isreal "
    "signbit logical_not bitwise_not std ptp median average trapezoid count_nonzero cumprod diff "
    "nansum nanprod nanmean nanvar nanstd nanmax nanmin nanmedian nanargmax nanargmin "
    "nancumsum nancumprod"
)
_BINARY = (
    "add subtract multiply divide power maximum minimum equal greater less logical_and matmul dot "
    "arctan2 bitwise_or bitwise_xor divide_no_nan floor_divide fmax fmin fmod mod gcd lcm kron "
    "true_divide logaddexp logaddexp2 less_equal not_equal logical_or isclose isin"
)


@pytest.fixture(scope="module")
def keras() -> Any:
    return pytest.importorskip("keras", minversion="3.15")


def found(keras: Any, symbol: str) -> Any:
    for part in symbol.split("."):
        keras = getattr(keras, part)
    return keras


def parameters(definition: Any, *, ours: bool) -> list[tuple[str, Any]]:
    drawn = inspect.signature(definition).parameters.values()
    return [
        (p.name, p.default)
        for p in drawn
        if p.kind is not p.VAR_KEYWORD and not (ours and p.name == "arithmetic")
    ]


def test_every_definition_takes_what_keras_takes(keras: Any) -> None:
    for namespace in NAMESPACES:
        for name in table.known(namespace):
            symbol = f"{namespace}.{name}"
            ours, theirs = table.find(symbol), found(keras, symbol)
            if symbol in {"initializers.Zeros", "initializers.Ones"}:
                continue  # they have no arguments
            assert parameters(ours, ours=True) == parameters(theirs, ours=False), symbol
            for method in ("__call__", "update_state"):
                if inspect.isclass(ours) and method in vars(ours):
                    assert parameters(getattr(ours, method), ours=True) == parameters(
                        getattr(theirs, method), ours=False
                    ), (symbol, method)


def dtype_of(symbol: str, *dtypes: str) -> str | None:
    """What the reference answers; nothing where it judges nothing."""
    values = np.arange(4).reshape(2, 2) % 3
    arrays = [fed(Variance(), values.astype(None if d == "bfloat16" else d), d) for d in dtypes]
    try:
        with np.errstate(all="ignore"):
            answer = table.find(f"ops.{symbol}")(*arrays)
    except Unsupported:
        return None
    dtype: str = answer.dtypes[0] if isinstance(answer, Invariants) else answer.dtype
    return dtype


def test_functions_answer_in_keras_dtypes(keras: Any) -> None:
    wrong = []
    rows = [(f, (d,)) for f in _UNARY.split() for d in DTYPES]
    rows += [(f, pair) for f in _BINARY.split() for pair in itertools.product(DTYPES, DTYPES)]
    for function, dtypes in rows:
        ours = dtype_of(function, *dtypes)
        if ours is None or dtypes[0] in SYMBOLIC.get(function, ()):
            continue
        given = [keras.KerasTensor((2, 2), dtype=d) for d in dtypes]
        theirs = keras.backend.standardize_dtype(getattr(keras.ops, function)(*given).dtype)
        if theirs not in {ours, NARROWED.get(ours)}:
            wrong.append((function, dtypes, ours, theirs))
    assert not wrong


COMMON: list[dict[str, Any]] = [
    {},
    {"weight_decay": 0.1},
    {"clipnorm": 0.5},
    {"clipvalue": 0.1},
    {"global_clipnorm": 0.5},
    {"use_ema": True, "ema_momentum": 0.9, "ema_overwrite_frequency": 2},
    {"gradient_accumulation_steps": 2, "use_ema": True, "ema_overwrite_frequency": 2},
    {"loss_scale_factor": 4.0},
]
OWN: dict[str, list[dict[str, Any]]] = {
    "SGD": [{"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}],
    "Adam": [{"amsgrad": True}, {"beta_1": 0.5, "epsilon": 0.01}],
}


def trajectory(optimizer: Any, variables: Any, put: Any, apply: Any) -> None:
    """Five steps with gradients that are always the same ones."""
    random = np.random.default_rng(0)
    optimizer.build(variables)
    for _ in range(5):
        drawn = [random.standard_normal(n).astype(np.float32) for n in (3, 1)]
        apply(optimizer, [put(g) for g in drawn])


@pytest.mark.parametrize("name", sorted(OWN))
def test_optimizers_take_keras_way(keras: Any, name: str) -> None:
    start = {"w": np.float32([1, 2, -1]), "b": np.float32([0.5])}
    counter = keras.backend.standardize_dtype("int")
    for config in [*COMMON, *OWN[name]]:
        variance = Variance()
        ours = table.find(f"optimizers.{name}")(0.1, **config, arithmetic=variance)
        trajectory(
            ours,
            {key: variance.leaf(value) for key, value in start.items()},
            variance.leaf,
            lambda optimizer, gradients: optimizer.apply(dict(zip(start, gradients, strict=True))),
        )
        theirs = getattr(keras.optimizers, name)(0.1, **config)
        kept = [keras.Variable(value, name=key) for key, value in start.items()]
        trajectory(
            theirs,
            kept,
            keras.ops.convert_to_tensor,
            lambda optimizer, gradients: optimizer.apply(gradients),
        )
        names = [variable.path.rpartition("/")[2] for variable in theirs.variables]
        assert [key.replace("/", "_") for key in ours.variables] == names
        pairs = [*zip(ours.values.values(), kept, strict=True)]
        pairs += zip(ours.variables.values(), theirs.variables, strict=True)
        for array, variable in pairs:
            kept_in = keras.backend.standardize_dtype(variable.dtype)
            # What Keras calls "int", for its counters, is int64 on TensorFlow, and int32 elsewhere.
            assert array.dtype == ("int32" if kept_in == counter else kept_in)
            tau = 2.0**-24 * np.sqrt(array.variance + array.value**2 / 3) + 2.0**-124
            apart = np.abs(array.value - keras.ops.convert_to_numpy(variable))
            assert np.all(apart <= 8 * tau), (config, variable.path)
