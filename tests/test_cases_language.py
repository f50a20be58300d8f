"""What a case may say, and what becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from cases_samples import DENSE, load_body

from conformance.cases.model import Call, Case, Data, Extra, to_json

if TYPE_CHECKING:
    from pathlib import Path

ALWAYS = [
    "symbolic_shape",
    "weights",
    "params",
    "config",
    "shape",
    "dtype",
    "output_spec",
    "values",
    "gradients",
    "batch",
    "compiled",
    "config_round_trip",
    "save_round_trip",
]


@pytest.fixture
def case(tmp_path: Path) -> Any:
    """Loads the body of one case, which must be sound."""

    def load(body: str) -> Case:
        found = load_body(tmp_path, body)
        assert not found.problems
        (only,) = found.cases
        return only

    return load


def test_a_plain_case(case: Any) -> None:
    found = case(DENSE + "why: |\n  Because\n")
    assert found.id == "documents/x/a"
    assert (found.suite, found.family) == ("documents", "documents/x")
    assert (found.place.file, found.place.line, found.place.column) == ("documents/x.yaml", 1, 3)
    assert found.yaml.startswith("- id: a\n  title: Something holds\n")
    assert found.yaml.endswith("Because")
    assert found.why == "Because"
    program = found.program
    assert program.case == found.id
    assert program.facets == [*ALWAYS, "initial"]
    assert program.calls == [Call(batch=2)]
    assert program.extra == [Extra(batch=1, facet="batch")]
    assert to_json(program.model) == {
        "form": "sequential",
        "inputs": [{"name": "x", "shape": [5], "data": {}}],
        "nodes": [{"name": "dense", "layer": "Dense", "config": {"units": 2}, "inputs": ["x"]}],
        "outputs": ["dense"],
    }


def test_a_case_survives_json(case: Any) -> None:
    body = (
        DENSE + "expect: {output_shape: [null, 2], influence: [{change: [1], changes: all}],"
        " values: [[.nan, -.inf]],"
        " summary: [{layer: Dense, output_shape: [null, 2], params: 12}]}\n"
    )
    found = case(body)
    assert found.expect.values == [["nan", "-inf"]]
    assert msgspec.json.decode(msgspec.json.encode(found), type=Case) == found


def test_automatic_names_are_those_of_keras(case: Any) -> None:
    found = case("""\
        input: {shape: [6, 7, 3]}
        model:
          - Conv2D: {filters: 2, kernel_size: 2}
          - Conv2D: {filters: 2, kernel_size: 2, name: middle}
          - Conv2D: {filters: 2, kernel_size: 2}
          - MaxPooling2D
          - Flatten:
          - Dense: {units: 3, name: dense_1}
          - Dense: {units: 3}
          - Dense: {units: 3}
        """)
    names = [node.name for node in found.program.model.nodes]
    assert names == [
        "conv2d",
        "middle",
        "conv2d_1",
        "max_pooling2d",
        "flatten",
        "dense_1",
        "dense",
        "dense_2",
    ]
    assert all("name" not in node.config for node in found.program.model.nodes)
    assert [node.inputs for node in found.program.model.nodes] == [[n] for n in ["x", *names[:-1]]]


def test_a_graph(case: Any) -> None:
    found = case(
        """\
        inputs: {a: {shape: [3]}, b: {shape: [2, 3], batch: 4, dtype: int32}}
        model:
          nodes:
            left: {Dense: {units: 4}, of: a}
            right: {Flatten, of: b}
            both: {Concatenate: , of: [left, right, left]}
          outputs: [both, left]
        """.replace("{Flatten, of", "{Flatten: {}, of")
    )
    model = found.program.model
    assert model.form == "functional"
    assert [(one.name, one.shape, one.dtype) for one in model.inputs] == [
        ("a", [3], "float32"),
        ("b", [2, 3], "int32"),
    ]
    assert [(node.name, node.inputs) for node in model.nodes] == [
        ("left", ["a"]),
        ("right", ["b"]),
        ("both", ["left", "right", "left"]),
    ]
    assert model.outputs == ["both", "left"]
    assert found.program.calls[0].batch == 4


def test_layer_and_config_are_short_for_a_model(case: Any) -> None:
    long = case("input: {shape: [5]}\nmodel: [{Dense: {units: 2, use_bias: false}}]\n")
    short = case("input: {shape: [5]}\nlayer: Dense\nconfig: {units: 2, use_bias: false}\n")
    assert short.program == long.program
    assert short.digest == long.digest


def test_a_layer_takes_several_inputs_in_order(case: Any) -> None:
    found = case("inputs: {b: {shape: [3]}, a: {shape: [3]}}\nlayer: Subtract\n")
    (node,) = found.program.model.nodes
    assert (found.program.model.form, node.name, node.inputs) == (
        "functional",
        "subtract",
        ["b", "a"],
    )


@pytest.mark.parametrize(
    ("written", "shape", "size"),
    [
        ("input_shape: [7, 3]", [7, 3], None),
        ("input_dim: 3", [3], None),
        ("batch_shape: [4, 3]", [3], 4),
        ("batch_input_shape: [null, 3]", [3], None),
        ("batch_size: 6, input_shape: [3]", [3], 6),
    ],
)
def test_a_first_layer_may_declare_the_input(
    case: Any, written: str, shape: list[int], size: int | None
) -> None:
    program = case(f"model: [{{Dense: {{units: 2, {written}}}}}]\n").program
    (spec,) = program.model.inputs
    assert (spec.name, spec.shape, spec.batch_size) == ("x", shape, size)
    assert spec.declared_by == "dense"
    assert set(program.model.nodes[0].config) > {"units"}
    assert program.calls[0].batch == (size or 2)
    assert ("batch" in program.facets) == (size is None)


def test_input_says_what_a_declaring_layer_leaves_open(case: Any) -> None:
    program = case(
        "input: {shape: [7, 3], batch: [3, 0], data: integers}\n"
        "model: [{LSTM: {units: 2, input_shape: [null, 3]}}]\n"
    ).program
    (spec,) = program.model.inputs
    assert (spec.shape, spec.declared_by, spec.data) == ([7, 3], "lstm", Data(kind="integers"))
    assert [call.batch for call in program.every_call] == [3, 0, 1]


def test_literal_values_bring_their_batch(case: Any) -> None:
    (spec,) = case(
        "input: {values: [[1, 2], [3, 4.5], [.inf, -0.0]]}\nmodel: [{Dense: {units: 1}}]\n"
    ).program.model.inputs
    assert spec.shape == [2]
    assert spec.data == Data(kind="values", values=[[1, 2], [3, 4.5], ["inf", -0.0]])


def test_nested_layers_stay_inside_their_config(case: Any) -> None:
    (node,) = case("""\
        input: {shape: [4, 5]}
        model:
          - TimeDistributed: {layer: {TimeDistributed: {layer: {Dense: {units: 2, name: in}}}}}
        """).program.model.nodes
    inner = {"layer": {"Dense": {"units": 2, "name": "in"}}}
    assert node.config == {"layer": {"TimeDistributed": inner}}


def test_a_bare_nested_layer_gets_empty_arguments(case: Any) -> None:
    (node,) = case(
        "input: {shape: [4, 5]}\nmodel: [{TimeDistributed: {layer: Flatten}}]\n"
    ).program.model.nodes
    assert node.config == {"layer": {"Flatten": {}}}


def test_what_is_there_is_asked_for(case: Any) -> None:
    found = case("""\
        input: {shape: [5], batch: 3}
        model: [{Lambda: {function: probe}}, {Dense: {units: 2}}]
        train:
          optimizer: {SGD: {learning_rate: 0.1, nesterov: false}}
          loss: mean_squared_error
          steps: 2
        equals: {model: [{Dense: {units: 2}}]}
        expect:
          influence: [{change: [1], changes: all}, {change: [], changes: all}]
          probes: {lambda: [3, 5]}
          summary: [{layer: Dense, output_shape: [null, 2], params: 12}]
        """)
    asked = {"probes", "losses", "state", "equals", "influence", "initial", "summary", *ALWAYS}
    assert set(found.program.facets) == asked
    assert found.program.calls == [Call(batch=3)]
    assert found.program.extra == [
        Extra(batch=1, facet="batch"),
        Extra(batch=3, facet="influence", at=[1]),
        Extra(batch=3, facet="influence", at=[]),
    ]
    assert found.program.train is not None
    assert found.program.train.optimizer.config == {"learning_rate": 0.1, "nesterov": False}


def test_a_refusal_asks_for_nothing_else(case: Any) -> None:
    found = case(
        "input: {batch_shape: [4, 5], batch: 3}\nlayer: Dense\nconfig: {units: 2}\nraises: call\n"
    )
    assert found.program.facets == ["raises"]
    assert found.program.calls == [Call(batch=3)]
    assert found.raises is not None
    assert found.raises.at == "call"


def test_a_refused_build_may_lack_arguments(case: Any) -> None:
    assert case("input: {shape: [5]}\nlayer: Dense\nraises: build\n").raises is not None


def test_a_refused_call_may_feed_another_shape(case: Any) -> None:
    found = case(
        "input: {shape: [5]}\nmodel: [{Dense: {units: 4, input_shape: [3]}}]\nraises: call\n"
    )
    (spec,) = found.program.model.inputs
    assert (spec.shape, spec.declared_by) == ([5], "dense")


def test_without_takes_facets_and_their_calls_away(case: Any) -> None:
    found = case(DENSE + "without: {batch: rows depend on each other, gradients: undefined here}\n")
    assert found.without == {"batch": "rows depend on each other", "gradients": "undefined here"}
    assert found.program.calls == [Call(batch=2)]
    assert not {"batch", "gradients"} & set(found.program.facets)


def test_a_twin_with_permuted_axes(case: Any) -> None:
    twin = case("""\
        input: {shape: [6, 7, 3]}
        model: [{Conv2D: {filters: 4, kernel_size: 2}}]
        equals:
          model: [{Conv2D: {filters: 4, kernel_size: 2, data_format: channels_first}}]
          input: {shape: [3, 6, 7], axes: [2, 0, 1]}
          output: {axes: [2, 0, 1]}
        """).program.twin
    assert twin is not None
    assert (twin.input_axes, twin.output_axes) == ([2, 0, 1], [2, 0, 1])
    assert twin.model.inputs[0].shape == [3, 6, 7]


def test_a_twin_that_declares_its_input_keeps_no_batch_size(case: Any) -> None:
    twin = case("""\
        model: [{Dense: {units: 4, batch_input_shape: [7, 3]}}]
        equals: {model: [{Dense: {units: 4, input_dim: 3}}]}
        """).program.twin
    assert twin is not None
    assert (twin.model.inputs[0].shape, twin.model.inputs[0].batch_size) == ([3], None)


def test_the_digest_is_of_what_can_change_the_answer(case: Any) -> None:
    first = case(DENSE + "why: one\nexpect: {output_shape: [null, 2]}\n")
    words = case("why: other words\n" + DENSE + "expect: {output_shape: [null, 2]}\n")
    assert words.digest == first.digest
    assert len(first.digest) == 64
    others = [
        DENSE,
        DENSE + "expect: {output_shape: [2, 2]}\n",
        DENSE.replace("units: 2", "units: 3") + "expect: {output_shape: [null, 2]}\n",
        DENSE.replace("[5]", "[5], batch: 3") + "expect: {output_shape: [null, 2]}\n",
        DENSE + "weights: integers\nexpect: {output_shape: [null, 2]}\n",
        DENSE + "raises: build\n",
        DENSE + "raises: call\n",
    ]
    digests = {first.digest, *(case(body).digest for body in others)}
    assert len(digests) == 1 + len(others)


def test_a_layer_unlike_any_known_one_is_let_through(case: Any) -> None:
    (node,) = case("input: {shape: [5]}\nmodel: [{CuDNNXyz: {whatever: 1}}]\n").program.model.nodes
    assert node.layer == "CuDNNXyz"


@pytest.mark.parametrize(
    ("layer", "call", "asked"),
    [
        ("BatchNormalization: {}", "{training: false}", True),
        ("SpectralNormalization: {layer: {Dense: {units: 2}}}", "{training: false}", True),
        ("TimeDistributed: {layer: {BatchNormalization: {}}}", "{training: false}", True),
        ("BatchNormalization: {}", "{training: true}", True),
        ("Dropout: {rate: 0.5}", "{training: false}", False),
        ("BatchNormalization: {}", "{}", False),
    ],
)
def test_statistics_that_a_call_must_keep_are_asked_for(
    case: Any, layer: str, call: str, *, asked: bool
) -> None:
    found = case(
        f"""\
        input: {{shape: [3, 5]}}
        model:
          nodes:
            n: {{{layer}, of: x, with: {call}}}
        """
    )
    assert ("state" in found.program.facets) == asked
