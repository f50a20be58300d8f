"""Files and folders to a catalogue, the commands over it, its JSON Schema; and any text at all."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.adapters.shared.layer_names import automatic_name
from conformance.cases import CasesError, commands, json_schema, load, load_file, names
from conformance.cases.building import KEYS as KEYS_OF_A_CASE
from conformance.cases.problems import Log
from conformance.cases.reading import plain_value, read_file, read_text
from conformance.facets import FACETS
from conformance.writing.command import validate

CASE = """\
- id: {id}
  title: Dense answers
  source: {{keras: keras.layers.Dense}}
  input: {{shape: [3]}}
  layer: Dense
  config: {{units: {units}}}
"""
DOCUMENTS = Path(__file__).parents[1] / "cases"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A catalogue of two files, something that is none, and a ledger."""
    cases = tmp_path / "cases"
    for name in ("b/two.yaml", "a.yml", "notes.txt", "divergences/known.yaml", ".hidden/x.yaml"):
        (cases / name).parent.mkdir(parents=True, exist_ok=True)
        (cases / name).write_text("not a case")
    (cases / "a.yml").write_text(CASE.format(id="z", units=1) + CASE.format(id="a", units=2))
    (cases / "b/two.yaml").write_text(CASE.format(id="k", units=3))
    return cases


def test_a_folder_is_walked_in_the_order_of_its_files(root: Path) -> None:
    found = load([root])
    assert not found.problems
    assert [case.id for case in found.cases] == ["a/z", "a/a", "b/two/k"]
    assert [case.place.file for case in found.cases] == ["a.yml", "a.yml", "b/two.yaml"]
    assert found.by_id["b/two/k"].program.model.nodes[0].config == {"units": 3}
    assert found.checked() == found.cases


def test_ids_do_not_depend_on_what_was_asked_for(root: Path) -> None:
    assert [case.id for case in load([root / "b"]).cases] == ["b/two/k"]
    assert [case.id for case in load_file(root / "b/two.yaml").cases] == ["b/two/k"]
    assert [case.id for case in load_file(root / "b/two.yaml", root.parent).cases] == [
        "cases/b/two/k"
    ]
    assert len(load([root, root / "a.yml", root]).cases) == 3


def test_a_file_outside_of_any_catalogue_counts_from_itself(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(CASE.format(id="k", units=3))
    assert [case.id for case in load([file]).cases] == ["mine/k"]


def test_an_id_that_two_files_give_is_a_problem(root: Path) -> None:
    (root / "a.yaml").write_text(CASE.format(id="z", units=1))
    (problem,) = load([root]).problems
    assert "the id 'a/z' is taken; by a.yaml:1" in str(problem)


def test_a_problem_names_the_file_as_one_would_open_it(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "a.yml").write_text("- id: x\n  titel: y\n")
    monkeypatch.chdir(root.parent)
    found = load(["cases"])
    assert str(found.problems[0]).startswith("cases/a.yml:1:3: the key 'title' is missing")
    assert [case.id for case in found.cases] == ["b/two/k"]
    with pytest.raises(CasesError, match="the key 'title' is missing") as error:
        found.checked()
    assert error.value.problems == found.problems


def test_nothing_there(tmp_path: Path) -> None:
    assert "is not a file" in str(load([tmp_path / "no.yaml"]).problems[0])
    with pytest.raises(CasesError, match="there is no case file in"):
        load([tmp_path])


def test_a_file_name_that_would_spoil_ids(tmp_path: Path) -> None:
    file = tmp_path / "my cases.yaml"
    file.write_text(CASE.format(id="k", units=3))
    assert "'my cases' would be part of the cases' ids" in str(load([file]).problems[0])


def test_the_catalogue_is_sound_and_the_default() -> None:
    found = load()
    assert [str(problem) for problem in found.problems] == []
    assert len(found.by_id) == len(found.cases) > 90
    asked = {facet for case in found.cases for facet in case.program.facets}
    assert set(FACETS) - {"mask", "random"} <= asked <= set(FACETS)


# --- commands ------------------------------------------------------------------------------


def test_validate(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert validate([root]) == 0
    assert capsys.readouterr().out == "3 cases, no problem\n"
    (root / "a.yml").write_text("- id: x\n  title: \x1b[31m\n")
    assert validate([root]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "a.yml:2:10: U+001B is a character that can't be seen" in lines[0]
    assert lines[-1] == "1 problem, 1 sound case"
    assert validate([root / "divergences", root / "nowhere"]) == 1
    assert "nowhere:1:1: is not a file" in capsys.readouterr().out


def test_list(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.list_cases([str(root)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "a/z      Dense answers",
        "a/a      Dense answers",
        "b/two/k  Dense answers",
    ]
    assert commands.list_cases(["a/*", "b/two"], folders=[root], as_json=True) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["id"] for row in rows] == ["a/z", "a/a", "b/two/k"]
    assert rows[0]["line"] == 1
    assert rows[0]["source"] == {"keras": "keras.layers.Dense"}
    assert commands.list_cases(["nobody-at-all"], folders=[root]) == 1
    assert "no case is named 'nobody-at-all'" in capsys.readouterr().err


def test_a_pattern_takes_the_brackets_of_an_id_literally(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(CASE.format(id="k", units=3) + "  vary: {units: [1, 2]}\n")
    assert commands.list_cases([f"{file}::*[units=2]"]) == 0
    assert capsys.readouterr().out.startswith("x/k[units=2]")


def test_a_file_is_listed_by_its_path(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "some.yaml"
    file.write_text("- id: a\n  title: A sum\n  function: ops.sum\n  input: {shape: [2]}\n")
    assert commands.list_cases([str(file)]) == 0
    assert capsys.readouterr().out == "some/a  A sum\n"


def test_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.schema() == 0
    assert json.loads(capsys.readouterr().out) == json_schema()


# --- the JSON Schema -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def validator() -> Any:
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator.check_schema(json_schema())
    return jsonschema.Draft202012Validator(json_schema())


OF_ALL_KINDS = [
    path
    for suite in ("documents", "initializers", "losses", "metrics", "ops", "optimizers")
    for path in sorted((DOCUMENTS / suite).rglob("*.yaml"))
]


@pytest.mark.parametrize("file", OF_ALL_KINDS, ids=lambda p: p.stem)
def test_the_schema_takes_the_catalogue(validator: Any, file: Path) -> None:
    document = read_file(file, Log(str(file)))
    assert document is not None
    assert [error.message for error in validator.iter_errors(plain_value(document.value))] == []


@pytest.mark.parametrize(
    "body",
    [
        "titel: x",
        "input: {shape: 5}",
        "input: {shape: [3], batch_shape: [2, 3]}",
        "input: {shape: [3], dtype: float}",
        "input: {shape: [3], batch: -1}",
        "model: [{Dense: {unitz: 5}}]",
        "model: [{Dense: {units: 5, use_bias: 'no'}}]",
        "model: [{Dense: {units: 5}, Flatten: {}}]",
        "model: [dense]",
        "model: {nodes: {a: {Dense: {units: 5}}}}",
        "model: {nodes: {a: {Dense: {unitz: 5}, of: x}}}",
        "model: {nods: {}}",
        "model: []",
        "source: {document: D}",
        "source: {}",
        "raises: never",
        "raises: call\nexpect: {}",
        "weights: random",
        "weights: {kernel: [1]}",
        "weights: {dense/kernel: ones}",
        "weights: {}",
        "config: {}",
        "combine: pairwise",
        "vary: {a: 5}",
        "vary: {}",
        "without: {gradient: x}",
        "train: {optimizer: SGD, loss: mean_squared_error}",
        "train: {optimizer: {SGD: {lr: 1}}, loss: mean_squared_error, steps: 1}",
        "expect: {output_shap: [1]}",
        "expect: {output_shape: 1}",
        "expect: {influence: [{change: [1]}]}",
        "equals: {input: {axes: [0]}}",
        "id: Upper",
        "title: ''",
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(
    validator: Any, tmp_path: Path, body: str
) -> None:
    keys = {"id": "a", "title": "t", "source": "{keras: keras.layers.Dense}"}
    given = {line.split(":", 1)[0] for line in body.splitlines()}
    if "input" not in given:
        keys["input"] = "{shape: [3]}"
    if "model" not in given:
        keys["model"] = "[{Dense: {units: 5}}]"
    kept = "\n".join(f"{key}: {value}" for key, value in keys.items() if key not in given)
    text = "-\n" + textwrap.indent(f"{kept}\n{body}\n", "  ")
    file = tmp_path / "x.yaml"
    file.write_text(text)
    assert load_file(file).problems
    document = read_text(text, Log("x.yaml"))
    assert document is not None
    assert not validator.is_valid(plain_value(document.value))


@pytest.mark.parametrize("weights", ["initial", "{dense/kernel: [[1, 2]], dense/bias: initial}"])
def test_the_schema_takes_weights_that_are_written_out(
    validator: Any, tmp_path: Path, weights: str
) -> None:
    text = f"- {{id: a, title: t, layer: Dense, input: {{shape: [1]}}, weights: {weights}}}\n"
    text = text.replace("layer: Dense", "layer: Dense, config: {units: 2}")
    file = tmp_path / "x.yaml"
    file.write_text(text)
    assert load_file(file).problems == []
    document = read_text(text, Log("x.yaml"))
    assert document is not None
    assert validator.is_valid(plain_value(document.value))


FUNCTION = {
    "id": "a",
    "title": "t",
    "function": "ops.add",
    "inputs": "{a: {shape: []}, b: {shape: [2]}}",
}
METRIC = {
    "id": "a",
    "title": "t",
    "object": "metrics.Mean",
    "input": "{shape: [2]}",
    "steps": "[update_state: [x], result]",
}
OPTIMIZER = {
    "id": "a",
    "title": "t",
    "object": "optimizers.SGD",
    "input": "{shape: [2]}",
    "variables": "{w: {shape: [2]}}",
    "steps": "[{apply: {w: x}, times: 2}, set: {learning_rate: 0.5}]",
}


@pytest.mark.parametrize("kind", [FUNCTION, METRIC, OPTIMIZER])
def test_the_schema_takes_what_the_loader_takes(
    validator: Any, tmp_path: Path, kind: dict[str, str]
) -> None:
    problems, valid = _both(validator, tmp_path, kind)
    assert not problems
    assert valid


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (FUNCTION, "function: sum"),
        (FUNCTION, "function: ops.add\nlayer: Dense"),
        (FUNCTION, "function: ops.add\nsteps: [result]"),
        (FUNCTION, "of: [[[a]]]"),
        (FUNCTION, "of: []"),
        (FUNCTION, "with: {x1: 5}"),
        (FUNCTION, "call: {training: true}"),
        (FUNCTION, "expect: {signed_zero: 1}"),
        (METRIC, "steps: []"),
        (METRIC, "steps: [updates]"),
        (METRIC, "steps: [update_state]"),
        (METRIC, "steps: [result: 5]"),
        (METRIC, "steps: [{update_state: [x], result: null}, result]"),
        (METRIC, "steps: [{update_state: {with: {sample_weight: x}}}, result]"),
        (METRIC, "of: [x]"),
        (OPTIMIZER, "steps: [set: {momentum: 0.5}]"),
        (OPTIMIZER, "steps: [{apply: {w: x}, times: 0}]"),
        (OPTIMIZER, "steps: [apply: [x]]"),
        (OPTIMIZER, "variables: {}"),
    ],
)
def test_the_schema_refuses_of_functions_and_steps_what_the_loader_refuses(
    validator: Any, tmp_path: Path, kind: dict[str, str], body: str
) -> None:
    given = dict(line.split(": ", 1) for line in body.splitlines())
    problems, valid = _both(validator, tmp_path, {**kind, **given})
    assert problems
    assert not valid


def _both(validator: Any, tmp_path: Path, keys: dict[str, str]) -> tuple[list[Any], bool]:
    """What the loader says of a case, and whether the schema takes it."""
    lines = "\n".join(f"{key}: {value}" for key, value in keys.items())
    text = "-\n" + textwrap.indent(f"{lines}\n", "  ")
    file = tmp_path / "x.yaml"
    file.write_text(text)
    document = read_text(text, Log("x.yaml"))
    assert document is not None
    return load_file(file).problems, validator.is_valid(plain_value(document.value))


# --- names ---------------------------------------------------------------------------------


def test_every_layer_of_keras_is_known() -> None:
    assert len(names.known("layers")) == 143
    assert names.arguments("layers", "Dense") is not None


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        ("PReLU", "p_re_lu"),
        ("SimpleRNNCell", "simple_rnn_cell"),
        ("Conv2D", "conv2d"),
        ("Conv2DTranspose", "conv2d_transpose"),
        ("ConvLSTM1D", "conv_lstm1d"),
        ("GroupQueryAttention", "grouped_query_attention"),
    ],
)
def test_automatic_names_are_those_of_keras(layer: str, name: str) -> None:
    assert automatic_name(layer) == name


@pytest.mark.frameworks
def test_names_and_arguments_are_those_of_the_installed_keras() -> None:
    program = """
import inspect, json, os, sys
os.environ["KERAS_BACKEND"] = "numpy"
import keras
from keras.src.utils.naming import to_snake_case
found = {}
for name in sys.argv[1:]:
    layer = getattr(keras.layers, name)
    every = inspect.signature(layer.__init__).parameters.values()
    own = [one.name for one in every if one.kind == one.POSITIONAL_OR_KEYWORD]
    found[name] = [to_snake_case(layer.__name__), own]
print("FOUND" + json.dumps([keras.__version__, found]))
"""
    run = subprocess.run(
        [sys.executable, "-c", program, *names.known("layers")],
        capture_output=True,
        text=True,
        check=True,
    )
    version, found = json.loads(run.stdout.split("FOUND")[1])
    if not version.startswith("3.15."):
        pytest.skip(f"the names are those of Keras 3.15, and {version} is installed")
    for layer, (snake, parameters) in found.items():
        assert automatic_name(layer) == snake
        own = names.arguments("layers", layer) or {}
        assert set(parameters) - {"self", "name"} == set(own)


# --- files that cost time ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "- id: a\n  model: [" + ", ".join(f"Dens{i}" for i in range(20_000)) + "]",
        "- {" + ", ".join(f"titl{i}: 1" for i in range(20_000)) + "}",
        "- layer: Dense\n  config: {" + ", ".join(f"unit{i}: 1" for i in range(20_000)) + "}",
        "\n".join(f"- {{layer: Dens{i}}}" for i in range(20_000)),
        "- source: {claim: [" + ", ".join(f"D{i}" for i in range(30_000)) + "]}",
        "- vary: {weights: [" + ", ".join(f"D{i}" for i in range(30_000)) + "]}",
        "- vary: {weights: [1]}\n  unless: [{"
        + ", ".join(f"w{i}: 1" for i in range(20_000))
        + "}]",
    ],
    ids=["layers", "keys", "arguments", "cases", "claims", "values", "clauses"],
)
def test_many_mistakes_take_a_limited_time(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(text)
    began = time.process_time()
    found = load_file(file)
    assert time.process_time() - began < 4
    assert not found.cases
    assert 0 < len(found.problems) < 5_000


# --- any text at all -----------------------------------------------------------------------

LONG = "x\n" * 5_000
WORDS = st.sampled_from(
    [
        *"-:,{}[]#&*!|>'\"%?\t",
        *("<<", "&a", "*a", "1", "-1", "0", "2", "1e9", ".nan", "null", "true", "x.y"),
        *("id", "title", "source", "keras", "document", "claim", "keras.layers.Dense"),
        *("input", "inputs", "shape", "batch", "values", "model", "nodes", "of", "outputs"),
        *("layer", "config", "Dense", "units", "Flatten", "vary", "unless", "combine"),
        *("expect", "raises", "equals", "train"),
    ]
)
SCRAMBLED = st.lists(st.one_of(WORDS, st.sampled_from([" ", "\n", "\n  ", "\n    ", "\t"]))).map(
    "".join
)
STRINGS = WORDS | st.text(max_size=5) | st.just(LONG)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | STRINGS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(STRINGS, inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(KEYS_OF_A_CASE)
SANE = {
    "id": "a",
    "title": "t",
    "source": {"keras": "keras.layers.Dense"},
    "input": {"shape": [3]},
    "model": [{"Dense": {"units": 2}}],
}


def loaded(text: str, folder: Path) -> Any:
    file = folder / "fuzz.yaml"
    file.write_bytes(text.encode("utf-8", "replace"))
    found = load_file(file)
    assert found.cases or found.problems
    for problem in found.problems:
        assert problem.place.line >= 1
        assert problem.place.column >= 1
        assert "\n" not in str(problem)
        assert len(str(problem)) < 1_100 + len(str(folder))
    return found


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.text(), SCRAMBLED))
def test_any_text_gives_cases_or_problems(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    loaded(text, tmp_path_factory.getbasetemp())


@settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(KEYS, JSON, min_size=1, max_size=3))
def test_any_value_of_any_key_gives_cases_or_problems(
    tmp_path_factory: pytest.TempPathFactory, changed: dict[str, Any]
) -> None:
    text = json.dumps([{**SANE, **changed}]).replace("NaN", ".nan").replace("Infinity", ".inf")
    loaded(text, tmp_path_factory.getbasetemp())


REAL = [
    case
    for file in sorted((DOCUMENTS / "documents").glob("*.yaml"))
    for case in plain_value(getattr(read_file(file, Log("x")), "value", []))
]


def spoiled(value: Any, path: list[int], junk: Any) -> Any:
    """The value with junk instead of one part of it, found by a path of any numbers."""
    if not path or not isinstance(value, (dict, list)) or not value:
        return junk
    keys = list(value) if isinstance(value, dict) else range(len(value))
    key = keys[path[0] % len(keys)]
    changed: Any = dict(value) if isinstance(value, dict) else list(value)
    changed[key] = spoiled(value[key], path[1:], junk)
    return changed


@settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(REAL), st.lists(st.integers(0, 9), min_size=1, max_size=6), JSON)
def test_a_real_case_with_any_value_in_any_place_gives_cases_or_problems(
    tmp_path_factory: pytest.TempPathFactory, case: Any, path: list[int], junk: Any
) -> None:
    text = json.dumps([spoiled(case, path, junk)]).replace("NaN", ".nan")
    loaded(text.replace("Infinity", ".inf"), tmp_path_factory.getbasetemp())


def test_2000_expanded_cases_take_no_time_worth_speaking_of(tmp_path: Path) -> None:
    # The measured figure is in benchmarks; this only finds a change of its order of growth.
    body = CASE.format(id="k", units=3) + "  vary:\n    input.shape: {shapes}\n    units: {units}\n"
    file = tmp_path / "x.yaml"
    file.write_text(
        body.replace("{shapes}", str([[n] for n in range(1, 51)])).replace(
            "{units}", str(list(range(1, 41)))
        )
    )
    began = time.process_time()
    found = load_file(file)
    assert time.process_time() - began < 5
    assert len(found.by_id) == 2_000
    assert len({case.digest for case in found.cases}) == 2_000
    assert len({id(case.yaml) for case in found.cases}) == 1
