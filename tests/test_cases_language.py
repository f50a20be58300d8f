"""What a case may say, what becomes of it, and what is said of its mistakes."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from conformance.cases import load_file
from conformance.cases.model import Call, Case, Data, to_json

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """\
- id: a
  title: Something holds
  source: {keras: keras.layers.Dense}
"""


@pytest.fixture
def catalogue(tmp_path: Path) -> Any:
    """Loads the body of one case."""

    def load(body: str, head: str = HEAD) -> Any:
        folder = tmp_path / "cases" / "documents"
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "x.yaml"
        file.write_text(head + textwrap.indent(textwrap.dedent(body), "  "))
        return load_file(file)

    return load


@pytest.fixture
def case(catalogue: Any) -> Any:
    """The one case, which must be sound."""

    def load(body: str) -> Case:
        found = catalogue(body)
        assert not found.problems
        (only,) = found.cases
        assert isinstance(only, Case)
        return only

    return load


@pytest.fixture
def problems(catalogue: Any) -> Any:
    """What is said of a case, without the file's name; nothing may be loaded then."""

    def load(body: str) -> list[str]:
        found = catalogue(body)
        assert not found.cases
        return [str(problem).split("x.yaml:", 1)[1] for problem in found.problems]

    return load


@pytest.fixture
def problem(problems: Any) -> Any:
    """The one problem."""

    def load(body: str) -> str:
        (only,) = problems(body)
        return str(only)

    return load


DENSE = "input: {shape: [5]}\nmodel: [{Dense: {units: 2}}]\n"
GRAPH = "input: {shape: [5]}\nmodel: {nodes: "
ALWAYS = [
    "symbolic_shape",
    "weights",
    "params",
    "shape",
    "dtype",
    "values",
    "gradients",
    "batch",
    "compiled",
    "config_round_trip",
    "save_round_trip",
]


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
    assert program.facets == ALWAYS
    assert program.calls == [Call(batch=2), Call(batch=1, facet="batch")]
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
    assert [call.batch for call in program.calls] == [3, 0, 1]


def test_an_argument_of_the_layer_itself_declares_nothing(problem: Any) -> None:
    assert "has no input" in problem("model: [{Embedding: {input_dim: 5, output_dim: 2}}]\n")


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
    asked = {"probes", "state", "equals", "influence", "summary", *ALWAYS}
    assert set(found.program.facets) == asked
    assert found.program.calls == [
        Call(batch=3),
        Call(batch=1, facet="batch"),
        Call(batch=3, facet="influence", at=[1]),
        Call(batch=3, facet="influence", at=[]),
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


def test_all_mistakes_of_a_file_in_one_go(catalogue: Any) -> None:
    found = catalogue(
        """\
        id: Upper
        titel: x
        source: {document: D}
        input: {shape: 5, bacth: 3, dtype: flaot32}
        model:
          - Dense: {unitz: 10, use_bias: no}
          - Conv2d: {filters: 4}
          - MaxPool2D
          - TimeDistributed: {layer: {Dens: {units: 3}}}
          - 5
        weights: integer
        train: {optimizer: SDG, loss: {mean_squared_eror: }, steps: 0}
        without: {gradient: slow}
        expect: {output_shap: [1]}
        """,
        head="- why: x\n",
    )
    assert not found.cases
    text = "\n".join(map(str, found.problems))
    for part in (
        ":2:7: id: is the string 'Upper'; expected lower case letters",
        ":1:3: the key 'title' is missing",
        ":3:3: titel: is not a key that is known here",
        "did you mean 'title'?",
        "source: has `document` without `claim`",
        "5:18: input.shape: is the number 5; expected a list of sizes; write [5]",
        "input.bacth: is not a key",
        "did you mean 'batch'?",
        "did you mean 'float32'?",
        ":7:14: model.0.Dense: Dense needs the argument 'units'",
        ":7:15: model.0.Dense.unitz: is no argument of Dense; expected one of units, activation",
        "did you mean 'units'?",
        "model.0.Dense.use_bias: is the string 'no'; expected true or false; in YAML 1.2 no is a",
        "did you mean 'Conv2D'?",
        "'MaxPool2D' is another name of a layer; write 'MaxPooling2D'",
        "model.3.TimeDistributed.layer.Dens: 'Dens' is not in Keras; did you mean 'Dense'?",
        "model.4: is the number 5; expected a layer",
        "did you mean 'integers'?",
        "train.optimizer: 'SDG' is not in Keras; did you mean 'SGD'?",
        "did you mean 'mean_squared_error'?",
        "train.steps: is 0; expected a number of steps, at least 1",
        "did you mean 'gradients'?",
        "did you mean 'output_shape'?",
    ):
        assert part in text
    places = [(p.place.line, p.place.column) for p in found.problems]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        # layers and models
        ("input: {shape: [5]}\n", "has no model"),
        ("layer: Dense\nconfig: {units: 1}\n", "has no input"),
        (DENSE + "config: {}\n", "config: is here without `layer`"),
        (DENSE + "layer: Flatten\n", "layer: is beside `model`"),
        ("input: {shape: [5]}\nmodel: []\n", "model: is empty"),
        ("input: {shape: [5]}\nmodel: Dense\n", "model: is the string 'Dense'; expected a list of"),
        ("input: {shape: [5]}\nmodel: [dense]\n", "'dense' is no name of a layer"),
        ("input: {shape: [5]}\nmodel: [{Input: {}}]\n", "declare it under `input:`"),
        ("input: {shape: [5]}\nmodel: [{Dense: 5}]\n", "expected a mapping of Dense's arguments"),
        ("input: {shape: [5]}\nmodel: [{Dense: {units: 1}, name: x}]\n", "expected one layer"),
        (
            "input: {shape: [5]}\nmodel: [{Dense: {units: 1, name: a/b}}]\n",
            "expected a layer's name",
        ),
        ("input: {shape: [5]}\nmodel: [{Dense: {units: 1, name: x}}]\n", "is the name of another"),
        (
            "input: {shape: [5]}\nmodel: [{Dense: {units: 1e6, name: 5}}]\n",
            "expected a layer's name",
        ),
        ("input: {shape: [5]}\nmodel: [{Dense: {units: 99999999999}}]\n", "at most 67,108,864"),
        ("input: {shape: [5]}\nmodel: [{ReLU: {max_value: .inf}}]\n", "JSON can't carry"),
        ("input: {shape: [5]}\nmodel: [{Lambda: {function: lambda x}}]\n", "the word 'probe'"),
        ("inputs: {a: {shape: [5]}, b: {shape: [5]}}\nmodel: [Add]\n", "has 2 inputs"),
        # graphs
        ("input: {shape: [5]}\nmodel: {nodes: {}}\n", "expected a mapping of 1 to"),
        (
            "input: {shape: [5]}\nmodel: {node: {}, nodes: {a: {Flatten: , of: x}}}\n",
            "did you mean 'nodes'?",
        ),
        ("input: {shape: [5]}\nmodel: {nodes: {a: {Flatten: }}}\n", "'of' is missing"),
        ("input: {shape: [5]}\nmodel: {nodes: {a: {of: x}}}\n", "names 0 layers"),
        (
            "input: {shape: [5]}\nmodel: {nodes: {a: {Flatten: , of: a}}}\n",
            "this node or a later one",
        ),
        (
            "input: {shape: [5]}\nmodel: {nodes: {a: {Flatten: , of: []}}}\n",
            "expected a name, or a",
        ),
        (
            "input: {shape: [5]}\nmodel: {nodes: {x: {Flatten: , of: x}}}\n",
            "is the name of an input",
        ),
        (
            "input: {shape: [5]}\nmodel: {nodes: {a/b: {Flatten: , of: x}}}\n",
            "is no name for a node",
        ),
        (
            "input: {shape: [5]}\nmodel: {nodes: {a: {Flatten: {name: b}, of: x}}}\n",
            "the node's name is the layer's",
        ),
        (
            GRAPH + "{left: {Flatten: , of: x}, b: {Flatten: , of: lft}}}\n",
            "'lft' is neither an input nor a node; expected one of x, left; did you mean 'left'?",
        ),
        (
            "input: {shape: [5]}\nmodel: {nodes: {a: {Flatten: , of: b}, b: {Flatten: , of: x}}}\n",
            "'b' is this node or a later one",
        ),
        (
            "input: {shape: [5]}\nmodel: {nodes: {a: {Flatten: , of: x}, b: {Flatten: , of: x}}}\n",
            "model.nodes.a: reaches no output",
        ),
        (
            "input: {shape: [5]}\nmodel: {nodes: {a: {Flatten: , of: x}}, outputs: [a, a]}\n",
            "'a' is here twice",
        ),
        (
            "inputs: {x: {shape: [5]}, y: {shape: [5]}}\nmodel: {nodes: {a: {Flatten: , of: x}}}\n",
            "inputs.y: the input 'y' is not used",
        ),
        # inputs
        ("input: {}\nlayer: Flatten\n", "input: has no shape"),
        ("input: {shape: [5], batch_shape: [2, 5]}\nlayer: Flatten\n", "is beside `shape`"),
        (
            "input: {shape: [-1]}\nlayer: Flatten\n",
            "input.shape.0: is -1; expected a size, at least 0",
        ),
        ("input: {shape: [null]}\nlayer: Flatten\n", "input.shape.0: is null"),
        ("input: {shape: [true]}\nlayer: Flatten\n", "input.shape.0: is true"),
        ("input: {shape: [2.0]}\nlayer: Flatten\n", "input.shape.0: is the number 2.0"),
        ("input: {batch_shape: []}\nlayer: Flatten\n", "expected the batch size first"),
        ("input: {shape: [5], batch: -1}\nlayer: Flatten\n", "input.batch: is -1"),
        ("input: {shape: [5], batch: []}\nlayer: Flatten\n", "expected 1 to 64 numbers of rows"),
        ("input: {shape: [5], batch: 99999}\nlayer: Flatten\n", "at most 65,536"),
        ("input: {batch_shape: [3, 5], batch: 2}\nlayer: Flatten\n", "says `raises: call`"),
        ("input: {shape: [5], data: random}\nlayer: Flatten\n", "expected one of normal, integers"),
        ("input: {values: 5}\nlayer: Flatten\n", "expected a list of rows"),
        (
            "input: {values: [[1, 2], [3]]}\nlayer: Flatten\n",
            "is a list of 1; expected a list of 2",
        ),
        (
            "input: {values: [[1, 2], [3, a]]}\nlayer: Flatten\n",
            "input.values.1.1: is the string 'a'",
        ),
        ("input: {values: [[1], [[2]]]}\nlayer: Flatten\n", "input.values.1.0: is a list of 1"),
        ("input: {shape: [3], values: [[1, 2]]}\nlayer: Flatten\n", "expected rows of shape [3]"),
        ("input: {values: [[1, 2]], batch: 2}\nlayer: Flatten\n", "`values` has 1 rows"),
        ("input: {values: [[1, 2]], data: normal}\nlayer: Flatten\n", "is beside `values`"),
        ("inputs: {}\nlayer: Flatten\n", "expected a mapping of input names"),
        ("inputs: {a/b: {shape: [3]}}\nlayer: Flatten\n", "is no name for an input"),
        ("input: {shape: [3]}\ninputs: {a: {shape: [3]}}\nlayer: Flatten\n", "is beside `input`"),
        (
            "inputs: {a: {shape: [3], batch: 3}, b: {shape: [3], batch: 4}}\nlayer: Add\n",
            "inputs.b.batch: feeds [4] rows, but 'a' [3]",
        ),
        ("model: [{Dense: {units: 2, input_shape: [null, 3]}}]\n", "leaves a size open"),
        ("model: [{Dense: {units: 2, input_shape: 3}}]\n", "expected a list of sizes"),
        ("model: [{Dense: {units: 2, input_dim: 3, input_shape: [3]}}]\n", "declares its input 2"),
        (
            "input: {shape: [5]}\nmodel: [{Dense: {units: 2, input_shape: [3]}}]\n",
            "declares samples of shape [3]; expected [5], as `input` says",
        ),
        # what is around the model
        (DENSE + "raises: never\n", "expected build or call"),
        (DENSE + "raises: call\nexpect: {}\n", "expect: is beside `raises`"),
        (DENSE + "train: {optimizer: SGD, steps: 3}\n", "the key 'loss' is missing"),
        (DENSE + "train: 5\n", "expected a mapping"),
        (DENSE + "without: {values: }\n", "expected the reason"),
        (DENSE + "equals: {model: [Dense, {Dense: {units: 2}}]}\n", "needs the argument 'units'"),
        (DENSE + "equals: {model: [Flatten], input: {shape: [4]}}\n", "expected [5], as the first"),
        (DENSE + "equals: {model: [Flatten], input: {axes: [1]}}\n", "each of the axes 0 once"),
        (DENSE + "equals: {model: [Flatten], output: {}}\n", "the key 'axes' is missing"),
        (DENSE + "unless: [{a: 1}]\n", "unless: is here without `vary`"),
        # what is expected
        (DENSE + "expect: {output_shape: 3}\n", "write [3]"),
        (DENSE + "expect: {output_shape: []}\n", "expected the batch axis first"),
        (DENSE + "expect: {output_shape: [[null, 2], [null, 2]]}\n", "has 2 shapes; expected 1"),
        (
            DENSE + "expect: {layers: [{params: 1}, {params: 2}]}\n",
            "expected 1: one for each of dense",
        ),
        (DENSE + "expect: {layers: [{parms: 1}]}\n", "did you mean 'params'?"),
        (
            DENSE + "expect: {params: {total: 3, trainable: 3, non_trainable: 1}}\n",
            "are not 3 in total",
        ),
        (DENSE + "expect: {params: 5}\n", "expected a mapping"),
        (DENSE + "expect: {weights: {dens/kernel: [3]}}\n", "did you mean 'dense'?"),
        (DENSE + "expect: {weights: {kernel: [3]}}\n", "expected <node>/<variable>"),
        (DENSE + "expect: {values: [[1], []]}\n", "is a list of 0; expected a list of 1"),
        (DENSE + "expect: {dtype: float}\n", "expected one of float32"),
        (DENSE + "expect: {probes: {x: [1]}}\n", "the model has no probe"),
        (DENSE + "expect: {summary: [{layer: Dense, params: 3}]}\n", "'output_shape' is missing"),
        (
            DENSE + "expect: {influence: [{change: [5], changes: all}]}\n",
            "outside of samples of shape",
        ),
        (DENSE + "expect: {influence: [{change: [0, 0], changes: all}]}\n", "outside of samples"),
        (DENSE + "expect: {influence: [{change: [0]}]}\n", "the key 'changes' is missing"),
    ],
)
def test_a_mistake_and_what_is_said_of_it(problem: Any, body: str, said: str) -> None:
    assert said in problem(body)


@pytest.mark.parametrize(
    "shape", ["[100000000]", "[8192, 8192]", "[9007199254740992, 9007199254740992]"]
)
def test_huge_shapes_are_refused_before_allocation(problem: Any, shape: str) -> None:
    assert "expected at most 67,108,864 numbers, batch included" in problem(
        f"input: {{shape: {shape}}}\nlayer: Flatten\n"
    )


def test_the_batch_counts_for_the_size(catalogue: Any) -> None:
    body = "input: {{shape: [2048, 2048], batch: {}}}\nlayer: Flatten\n"
    assert not catalogue(body.format(16)).problems
    assert catalogue(body.format(17)).problems


def test_a_layer_unlike_any_known_one_is_let_through(case: Any) -> None:
    (node,) = case("input: {shape: [5]}\nmodel: [{CuDNNXyz: {whatever: 1}}]\n").program.model.nodes
    assert node.layer == "CuDNNXyz"


@pytest.mark.parametrize("document", ["5", "a: b", "[]", "- 5", "- []", "null"])
def test_a_file_that_holds_no_cases(tmp_path: Path, document: str) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(document)
    found = load_file(file)
    assert not found.cases
    assert len(found.problems) == 1
    assert "expected a" in str(found.problems[0])


def test_ids_are_unique_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    body = textwrap.indent(DENSE, "  ")
    file.write_text(HEAD + body + HEAD + body)
    (problem,) = load_file(file).problems
    assert "6:7: id: the id 'a' is taken; by the case in line 1" in str(problem)
