"""What is said of the mistakes in a case."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import pytest
from cases_samples import DENSE, HEAD, load_body

from conformance.cases import load_file

if TYPE_CHECKING:
    from pathlib import Path

GRAPH = "input: {shape: [5]}\nmodel: {nodes: "


@pytest.fixture
def catalogue(tmp_path: Path) -> Any:
    """Loads the body of one case."""

    def load(body: str, head: str = HEAD) -> Any:
        return load_body(tmp_path, body, head)

    return load


@pytest.fixture
def problem(catalogue: Any) -> Any:
    """The one problem of a case, without the file's name; nothing may be loaded then."""

    def load(body: str) -> str:
        found = catalogue(body)
        assert not found.cases
        (only,) = found.problems
        return str(only).split("x.yaml:", 1)[1]

    return load


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
        ("input: {shape: [5]}\n", "has no subject"),
        ("layer: Dense\nconfig: {units: 1}\n", "has no input"),
        (DENSE + "config: {}\n", "config: says nothing beside `model`"),
        (DENSE + "layer: Flatten\n", "layer: is beside `model`"),
        ("input: {shape: [5]}\nmodel: []\n", "model: is empty"),
        ("input: {shape: [5]}\nmodel: Dense\n", "model: is the string 'Dense'; expected a list of"),
        ("input: {shape: [5]}\nmodel: [dense]\n", "'dense' is no name of a layer"),
        ("input: {shape: [5]}\nmodel: [{Dense: {units: 1, use_bias: []}}]\n", "expected true or"),
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
        ("input: {shape: [null]}\nlayer: Flatten\n", "input.shape: leaves a size open"),
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


def test_an_argument_of_the_layer_itself_declares_nothing(problem: Any) -> None:
    assert "has no input" in problem("model: [{Embedding: {input_dim: 5, output_dim: 2}}]\n")


def test_the_batch_counts_for_the_size(catalogue: Any) -> None:
    body = "input: {{shape: [2048, 2048], batch: {}}}\nlayer: Flatten\n"
    assert not catalogue(body.format(16)).problems
    assert catalogue(body.format(17)).problems


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


# --- what stands in another place, and what is told beside it -----------------------------------


def told(catalogue: Any, body: str) -> list[str]:
    found = catalogue(body)
    assert not found.cases
    return [str(problem).split("x.yaml:", 1)[1] for problem in found.problems]


MISPLACED = [
    (
        "layer: {Dense: {units: 3}}\ninput: {shape: [3]}\n",
        (
            "4:10: layer: is a mapping of Dense; expected a layer's name; "
            "write `layer: Dense` and `config: {units: 3}`"
        ),
    ),
    (
        "layer: {Flatten: }\ninput: {shape: [3]}\n",
        "4:10: layer: is a mapping of Flatten; expected a layer's name; write `layer: Flatten`",
    ),
    (
        "layer: {Dense: {units: 3}}\nconfig: {units: 3}\ninput: {shape: [3]}\n",
        (
            "4:10: layer: is a mapping of Dense; expected a layer's name; "
            "write `layer: Dense` and `config: {units: 3}`"
        ),
    ),
    (
        "function: {ops.sum: {axis: 0}}\ninput: {shape: [3]}\n",
        (
            "4:13: function: is a mapping of ops.sum; expected a function's name; "
            "write `function: ops.sum` and `config: {axis: 0}`"
        ),
    ),
    (
        "layer: Dense\nunits: 3\ninput: {shape: [3]}\n",
        "5:3: units: is an argument of Dense, and no key of a case; write `config: {units: 3}`",
    ),
    (
        "model: {Dense: {units: 3}, ReLU: {}}\ninput: {shape: [3]}\n",
        (
            "4:10: model: is a mapping of Dense, ReLU; expected a list of layers, or a graph "
            "{nodes: {…}}; write `model: [{Dense: {units: 3}}, {ReLU: {}}]`"
        ),
    ),
    (
        "layer: ReLU\ninput: [3]\n",
        "5:10: input: is a list of 1; expected a mapping; write `input: {shape: [3]}`",
    ),
    (
        (
            "layer: {Dense: {units: 3, kernel_initializer: {class_name: Constant, "
            "config: {value: 1}}}}\ninput: {shape: [3]}\n"
        ),
        (
            "4:10: layer: is a mapping of Dense; expected a layer's name; "
            "write `layer: Dense` and `config: {…}`"
        ),
    ),
]


@pytest.mark.parametrize(("body", "said"), MISPLACED)
def test_what_is_written_elsewhere_is_shown_as_it_is_written(
    catalogue: Any, body: str, said: str
) -> None:
    assert told(catalogue, body) == [said]


def test_what_is_wrong_inside_of_it_is_told_too(catalogue: Any) -> None:
    lines = told(catalogue, "layer: {Dense: {unts: 3}}\ninput: {shap: [3]}\n")
    assert len(lines) == 5
    assert "did you mean 'units'?" in "\n".join(lines)
    assert "did you mean 'shape'?" in "\n".join(lines)


def test_a_faulty_model_hides_no_mistake_beside_it(catalogue: Any) -> None:
    lines = told(
        catalogue,
        """\
        layer: Dense
        input: {shape: [3]}
        expect: {output_shape: 3, params: {totl: 3}, dtype: flat32, summary: []}
        equals: {model: [{Dens: {units: 2}}]}
        training: [maybe]
        exchange: {file: kerras}
        weights: {dense/kernel: [[1], [1, 2]]}
        """,
    )
    assert [line.split(": ")[1] for line in lines] == [
        "layer",
        "expect.output_shape",
        "expect.params.totl",
        "expect.dtype",
        "expect.summary",
        "equals.model.0.Dens",
        "training.0",
        "exchange.file",
        "weights.dense/kernel.1",
    ]


def test_a_mistake_in_vary_hides_none_in_its_values(catalogue: Any) -> None:
    lines = told(
        catalogue,
        """\
        layer: Dense
        config: {units: 3}
        input: {shape: [3]}
        vary:
          use_bias: [true, yes]
          unts: [1, 2, 3]
          input.dtype: [float32, float23]
          "input.batch, activation": [[2, relu], [3]]
        unless: [{activaton: relu}]
        combine: pairwize
        """,
    )
    assert [line.split(": ")[:2] for line in lines] == [
        ["8:22", "config.use_bias"],
        ["9:5", "config.unts"],
        ["10:28", "input.dtype"],
        ["11:44", "vary.input.batch, activation.1"],
        ["12:13", "unless.0.activaton"],
        ["13:12", "combine"],
    ]


def test_a_combination_that_is_left_out_is_no_mistake(catalogue: Any) -> None:
    lines = told(
        catalogue,
        """\
        layer: Dense
        config: {units: 3}
        vary:
          input: [{shape: [3]}, {values: [[1, 2]]}]
          input.batch: [2, 5]
          use_bias: []
        unless: [{input: {values: [[1, 2]]}}]
        """,
    )
    assert [line.split(": ")[:2] for line in lines] == [["9:15", "vary.use_bias"]]
