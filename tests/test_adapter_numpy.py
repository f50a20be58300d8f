"""The numpy adapter: each row passes a case, a wrong one is caught, and no Keras is in it."""

from __future__ import annotations

import functools
import itertools
import json
import subprocess
import sys
from collections import defaultdict
from contextlib import closing
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest
from catalogue import cases_of

from conformance import cli
from conformance.adapters.host import registry
from conformance.adapters.host.host import AdapterProcess
from conformance.adapters.host.observation import Observation
from conformance.adapters.native.functions import Direct, Dtypes, Own, bound
from conformance.adapters.native.subjects import session
from conformance.adapters.numpy.adapter import UNANSWERED, create
from conformance.adapters.numpy.functions import TABLE, NumpyLibrary
from conformance.adapters.numpy.tables.dtypes import floating
from conformance.adapters.worker.failure import Unsupported
from conformance.cases import names
from conformance.reference import evaluate
from conformance.reference.engine.dtypes import promoted
from conformance.verdicts.cell import judge_cell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.adapters.native.functions import Row
    from conformance.cases.model import Case

DTYPES = (
    *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64", "complex64"),
)


def test_it_stands_beside_the_default_row() -> None:
    default = [spec.name for spec in registry.select()]
    assert "numpy" not in default
    assert "keras-numpy" in default
    assert "numpy" in registry.names()
    for patterns in (["numpy"], ["*"], ["num*"]):
        assert "numpy" in [spec.name for spec in registry.select(patterns)]
    assert [spec.name for spec in registry.select(["numpy"])] == ["numpy"]


def test_the_list_of_adapters_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["adapters"]) == 0
    (line,) = [one for one in capsys.readouterr().out.splitlines() if one.startswith("numpy")]
    assert line.split(maxsplit=1)[1] == "installed; runs where it is named"


# --- its process ----------------------------------------------------------------------------


def test_its_process_answers_functions_alone() -> None:
    (spec,) = registry.select(["numpy"])
    with closing(AdapterProcess(spec)) as process:
        hello = process.start()
        assert (hello.status, hello.versions) == ("ready", {"numpy": np.__version__})
        x = np.array([[1, 2], [3, 4]], np.float32)
        found = process.run(program("ops.sum", {"x": x}, axis=[0]), {"call/0/x": x})
        (output,) = found.observation.calls[0].outputs
        assert found.tensors[output.tensor].tolist() == [4, 6]
        (told,) = found.observation.native
        assert (told.symbol, told.arguments) == ("numpy.sum", {"axis": [0], "keepdims": False})
        layer = {"name": "d", "layer": "Dense", "config": {"units": 1}, "inputs": ["x"]}
        model = {"inputs": [], "nodes": [layer], "outputs": ["d"]}
        asked = {"case": "t", "model": model, "calls": [], "facets": ["values"]}
        refused = process.run(asked, {})
        assert refused.observation.status == "unsupported"
        assert "nothing about models" in refused.observation.reason


def test_nothing_of_keras_and_nothing_of_the_reference_is_imported() -> None:
    script = (
        "import importlib, json, sys\n"
        "from conformance.adapters.numpy.adapter import create\n"
        "from conformance.adapters.numpy.functions import TABLE\n"
        "create('numpy').hello()\n"
        "for rows in TABLE.rows.values():\n"
        "    for row in rows:\n"
        "        if hasattr(row, 'module'):\n"
        "            importlib.import_module(f'{TABLE.package}.{row.module}')\n"
        "print(json.dumps(sorted(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=60
    )
    modules = json.loads(done.stdout)
    roots = {name.partition(".")[0] for name in modules}
    assert not roots & {"keras", "tf_keras", "tensorflow", "torch", "jax", "ml_dtypes", "scipy"}
    ours = {".".join(name.split(".")[:3]) for name in modules if name.startswith("conformance.")}
    assert {name for name in ours if not name.startswith("conformance.adapters")} <= {
        "conformance.facets"
    }
    assert "conformance.adapters.keras" not in ours


# --- its rows -------------------------------------------------------------------------------


def test_promotion_is_what_numpy_does_otherwise_than_keras_documents() -> None:
    numbers = {"int": 3, "float": 0.5}
    otherwise = {}
    for pair in itertools.combinations_with_replacement([*DTYPES, *numbers], 2):
        if not set(pair) - set(numbers):
            continue
        own = np.result_type(*(numbers.get(one) or np.dtype(one) for one in pair)).name
        wanted = promoted([numbers.get(one, one) for one in pair])
        if own != wanted:
            otherwise[tuple(sorted(pair))] = wanted
    assert TABLE.promotion == otherwise


def test_arguments_are_keras_own() -> None:
    for symbol, rows in TABLE.rows.items():
        signature = names.signature(symbol)
        assert signature is not None, symbol
        own = {**(signature.make or {}), **signature.call}
        for row in rows:
            told = {*row.only, *row.why}
            if isinstance(row, Direct):
                told |= {*row.arrays, *row.keywords, *row.rename, *row.instead, *row.numbers}
                told |= {*row.front, *row.place}
            assert told <= {*own}, (symbol, told - {*own})


@functools.cache
def cases_by_row() -> dict[tuple[str, int], list[Case]]:
    """Cases of functions that NumPy has an answer to, by the symbol and the row of each node."""
    found = defaultdict(list)
    for case in cases_of("ops"):
        plain = msgspec.to_builtins(case.program)
        if case.raises or "bfloat16" in json.dumps(plain):
            continue
        for node in plain["model"]["nodes"]:
            try:
                row = bound(TABLE, node).row
            except Unsupported:
                continue
            place = [one is row for one in TABLE.rows[node["layer"]]].index(True)
            found[node["layer"], place].append(case)
    return dict(found)


_truths: dict[str, Any] = {}


def truth(case: Case) -> Any:
    if case.id not in _truths:
        _truths[case.id] = evaluate(case)
    return _truths[case.id]


def failed(case: Case, rows: Mapping[str, Sequence[Row]]) -> set[str]:
    """The facets that these rows fail."""
    library = NumpyLibrary(UNANSWERED)
    library.table = TABLE._replace(rows=rows)
    answer = truth(case)
    asked = msgspec.to_builtins(case.program)
    with np.errstate(all="ignore"):
        observation, arrays = session(library, "function", asked, answer.feeds).answer()
    told = {**observation, "type": "result", "id": 0, "case": case.id}
    verdict = judge_cell(
        case,
        "numpy",
        expectation=answer.expectation,
        truth=answer.arrays,
        observation=msgspec.convert(told, type=Observation),
        tensors=arrays,
    )
    judged = {one.facet for one in verdict.facets if one.outcome in {"fail", "error"}}
    return judged or ({verdict.outcome} - {"pass"})


def test_every_row_is_taken_by_a_case_and_passes_it() -> None:
    every = {(symbol, at) for symbol, rows in TABLE.rows.items() for at in range(len(rows))}
    assert every - set(cases_by_row()) == set()
    for taken, cases in cases_by_row().items():
        assert failed(cases[-1], TABLE.rows) == set(), (taken, cases[-1].id)


def caught(symbol: str, rows: Sequence[Row]) -> bool:
    """Whether a case of the symbol fails with these rows and not with its own."""
    wrong = {**TABLE.rows, symbol: rows}
    of_symbol = [
        one for (name, _), some in cases_by_row().items() if name == symbol for one in some
    ]
    return any(failed(case, wrong) and not failed(case, TABLE.rows) for case in of_symbol)


WRONG = {
    "ops.var": {"fixed": {"ddof": 1}},
    "ops.maximum": {"symbol": "numpy.fmax"},
    "ops.cumsum": {"symbol": "numpy.cumprod"},
    "ops.floor_divide": {"symbol": "numpy.divide"},
    "ops.rot90": {"rename": {"k": "m"}},
    "ops.eye": {"instead": {"k": {1: 0}}},
    "ops.searchsorted": {"rename": {"side": "sorter"}},
    "ops.svd": {"fixed": {"hermitian": True}},
    "ops.full": {"instead": {}},
    "ops.histogram": {"dtypes": Dtypes(answer={"int64": "int32"})},
}


@pytest.mark.parametrize("symbol", WRONG)
def test_a_wrong_row_is_caught_by_a_case(symbol: str) -> None:
    first, *others = TABLE.rows[symbol]
    assert caught(symbol, [first._replace(**WRONG[symbol]), *others])
    assert not caught(symbol, [first, *others])


def test_a_wrong_function_of_ours_is_caught_by_a_case() -> None:
    (row,) = TABLE.rows["ops.segment_max"]
    assert isinstance(row, Own)
    assert caught("ops.segment_max", [row._replace(function="segment_min")])


def says_how_a_kind_promotes(row: Row) -> bool:
    """Whether a row's casts are those of all functions of floats, or of all that promote."""
    dtypes = row.dtypes
    return dtypes in (Dtypes(), floating(), Dtypes(meet=dtypes.meet))


def test_what_is_cast_has_to_be() -> None:
    """Without a row's own casts a case fails."""
    idle = [
        symbol
        for symbol, rows in TABLE.rows.items()
        if not all(map(says_how_a_kind_promotes, rows))
        and not caught(symbol, [row._replace(dtypes=Dtypes()) for row in rows])
    ]
    assert idle == ["ops.square", "ops.linspace", "ops.logspace", "ops.dot"]


@pytest.mark.parametrize(
    ("symbol", "arrays", "literals", "dtype"),
    [
        ("ops.square", {"x": np.array([True])}, {}, "int32"),
        ("ops.linspace", {"start": np.int32([0]), "stop": np.int32([3])}, {"num": 3}, "float32"),
        ("ops.logspace", {"start": np.int32([0]), "stop": np.int32([3])}, {"num": 3}, "float32"),
        ("ops.dot", {"x1": np.int8([100, 2]), "x2": np.int8([2, 3])}, {}, "int32"),
    ],
)
def test_casts_that_no_case_asks_for(symbol: str, arrays: Any, literals: Any, dtype: str) -> None:
    assert dtype_of(symbol, arrays, **literals) == dtype


def dtype_of(symbol: str, arrays: Mapping[str, Any], **literals: Any) -> str:
    observation, _ = asked(symbol, arrays, "dtype", **literals)
    (output,) = observation["calls"][0]["outputs"]
    dtype: str = output["dtype"]
    return dtype


OF_FLOATS = [symbol for symbol, rows in TABLE.rows.items() if rows[0].dtypes == floating()]


@pytest.mark.parametrize("symbol", OF_FLOATS)
def test_integers_go_into_functions_of_floats_as_float32(symbol: str) -> None:
    assert dtype_of(symbol, {"x": np.int32([1, 1])}) == "float32"
    assert dtype_of(symbol, {"x": np.float64([1, 1])}) == "float64"


THAT_PROMOTE = [
    symbol
    for symbol, (row, *_) in TABLE.rows.items()
    if isinstance(row, Direct) and tuple(row.arrays) == row.dtypes.meet == ("x1", "x2")
]
OF_INTEGERS = {"ops.gcd", "ops.lcm"}


@pytest.mark.parametrize("symbol", THAT_PROMOTE)
def test_an_integer_and_a_float_meet_in_the_float(symbol: str) -> None:
    arrays = {"x1": np.int32([1, 2, 3]), "x2": np.float32([1, 2, 4])}
    literals = {"axes": 1} if symbol == "ops.tensordot" else {}
    if symbol in OF_INTEGERS:
        with pytest.raises(Unsupported, match="other dtypes"):
            dtype_of(symbol, arrays)
        return
    truths = dtype_of(symbol, dict.fromkeys(arrays, arrays["x2"]), **literals) == "bool"
    assert dtype_of(symbol, arrays, **literals) == ("bool" if truths else "float32")


# --- what NumPy hasn't got ------------------------------------------------------------------


def program(symbol: str, arrays: Mapping[str, Any], *facets: str, **arguments: Any) -> Any:
    """A program of one function of arrays."""
    node = {
        "name": "n",
        "layer": symbol,
        "config": {},
        "inputs": [],
        "tensors": {name: name for name in arrays},
        "arguments": arguments,
    }
    inputs = [
        {"name": name, "shape": list(np.shape(array)), "dtype": np.asarray(array).dtype.name}
        for name, array in arrays.items()
    ]
    return {
        "case": "t",
        "model": {"form": "function", "inputs": inputs, "nodes": [node], "outputs": ["n"]},
        "calls": [{"batch": 1}],
        "facets": list(facets or ("shape", "dtype", "values")),
    }


def asked(symbol: str, arrays: Mapping[str, Any], *facets: str, **arguments: Any) -> Any:
    feeds = {f"call/0/{name}": array for name, array in arrays.items()}
    return create("numpy").run(program(symbol, arrays, *facets, **arguments), feeds)


ONE = {"x": np.array([1.5, 2.5], np.float32)}


@pytest.mark.parametrize(
    ("symbol", "words"),
    [
        ("losses.MeanSquaredError", "NumPy has no losses"),
        ("metrics.mean_squared_error", "NumPy has no metrics"),
        ("layers.AutoContrast", "NumPy has no layers"),
        ("random.normal", "draw other numbers"),
        ("ops.conv", "no native counterpart for ops.conv"),
        ("ops.stop_gradient", "no gradients to stop"),
    ],
)
def test_what_numpy_has_not_got_is_unsupported(symbol: str, words: str) -> None:
    with pytest.raises(Unsupported, match=words):
        asked(symbol, ONE)


@pytest.mark.parametrize("facet", UNANSWERED)
def test_facets_that_numpy_has_no_notion_of(facet: str) -> None:
    observation, _ = asked("ops.sin", ONE, "values", facet)
    assert observation["unsupported"] == {facet: UNANSWERED[facet]}
    with pytest.raises(Unsupported):
        asked("ops.sin", ONE, facet)


def test_numpy_has_no_bfloat16() -> None:
    with pytest.raises(Unsupported, match="NumPy has no bfloat16"):
        asked("ops.cast", ONE, dtype="bfloat16")
    wide = program("ops.sin", ONE)
    wide["model"]["inputs"][0]["dtype"] = "bfloat16"
    with pytest.raises(Unsupported, match="NumPy has no bfloat16"):
        create("numpy").run(wide, {"call/0/x": ONE["x"]})


def test_a_cast_is_told() -> None:
    x = np.array([1, 2], np.int32)
    observation, arrays = asked("ops.add", {"x1": x, "x2": np.float32([0.5, 1])})
    (output,) = observation["calls"][0]["outputs"]
    assert arrays[output["tensor"]].dtype == np.float32
    calls = observation["native"][0]["calls"]
    assert [(one["symbol"], one["around"]) for one in calls] == [
        ("numpy.add", False),
        ("numpy.astype", True),
    ]


def test_an_operation_for_other_dtypes_only_is_unsupported() -> None:
    truths = np.array([True, False])
    with pytest.raises(Unsupported, match="NumPy has it for other dtypes: numpy boolean subtract"):
        asked("ops.subtract", {"x1": truths, "x2": truths})


def test_what_a_release_lacks_is_unsupported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(np, "unstack")
    with pytest.raises(Unsupported, match=r"NumPy \S+ has no numpy\.unstack"):
        asked("ops.unstack", ONE)


def test_what_numpy_raises_is_its_own_and_what_a_row_does_wrongly_is_ours() -> None:
    a, b = np.zeros((2, 3), np.float32), np.zeros((2, 3), np.float32)
    observation, _ = asked("ops.matmul", {"x1": a, "x2": b})
    error = observation["calls"][0]["error"]
    assert (error["type"], error["internal"]) == ("ValueError", False)
    observation, _ = asked("ops.reshape", ONE, newshape=[3])
    assert observation["calls"][0]["error"]["internal"] is False
    library = NumpyLibrary(UNANSWERED)
    wrong = Direct("numpy.sin", fixed={"no_such_argument": 1})
    library.table = TABLE._replace(rows={"ops.sin": [wrong]})
    feeds = {"call/0/x": ONE["x"]}
    observation, _ = session(library, "function", program("ops.sin", ONE), feeds).answer()
    assert observation["calls"][0]["error"]["internal"] is True


def test_numpy_is_as_it_was_once_a_function_has_run() -> None:
    before = np.add, np.logaddexp.reduce(np.float32([1, 2])), np.ndarray.view
    asked("ops.add", {"x1": ONE["x"], "x2": ONE["x"]})
    asked("ops.logsumexp", ONE)
    asked("ops.view", ONE)
    assert (np.add, np.logaddexp.reduce(np.float32([1, 2])), np.ndarray.view) == before
    assert "function" not in str(np.logaddexp.reduce)
