"""Cases that are about a function called on arrays, or about an object and its steps."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import pytest
from cases_samples import load_body

from conformance.cases.model import Graph, Step, Steps, to_json
from conformance.reference import evaluate
from conformance.reference.errors import Unsupported

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.cases.model import Case

HEAD = "- id: a\n  title: Something holds\n"


@pytest.fixture
def cases(tmp_path: Path) -> Any:
    """Loads the cases of one written case, which must be sound."""

    def load(body: str) -> list[Case]:
        found = load_body(tmp_path, body, HEAD)
        assert [str(problem) for problem in found.problems] == []
        return found.cases

    return load


@pytest.fixture
def said(tmp_path: Path) -> Any:
    """What is said of one written case in which something is wrong."""

    def load(body: str) -> str:
        found = load_body(tmp_path, body, HEAD)
        assert found.problems
        return "\n".join(map(str, found.problems))

    return load


def test_inputs_fill_the_parameters_in_order_and_keep_their_whole_shape(cases: Any) -> None:
    (case,) = cases("""\
        function: ops.where
        inputs:
          condition: {shape: [3, 1], dtype: bool}
          a: {shape: [3, 4]}
          b: {values: 2.5}
        """)
    program = case.program
    assert isinstance(program, Graph)
    assert program.model.form == "function"
    assert not program.batched
    assert [spec.shape for spec in program.model.inputs] == [[3, 1], [3, 4], []]
    (node,) = program.model.nodes
    assert (node.name, node.layer, node.inputs) == ("where", "ops.where", [])
    assert list(node.tensors.items()) == [("condition", "condition"), ("x1", "a"), ("x2", "b")]
    assert program.facets == [
        "symbolic_shape",
        "open_sizes",
        "open_batch",
        "shape",
        "dtype",
        "values",
        "gradients",
        "compiled",
        "from_numpy",
    ]
    assert case.source.keras == "keras.ops.where"


def test_a_literal_takes_the_place_of_an_array(cases: Any) -> None:
    (case,) = cases("function: ops.subtract\nconfig: {x1: 2}\ninput: {shape: [3], dtype: int32}\n")
    (node,) = case.program.model.nodes
    assert (node.arguments, node.tensors) == ({"x1": 2}, {"x2": "x"})
    assert "gradients" not in case.program.facets


def test_literals_are_bound_by_the_signatures_of_constructor_and_call(cases: Any) -> None:
    (case,) = cases("""\
        function: initializers.GlorotUniform
        config: {shape: [4, 3], seed: 7}
        random: {other: 8}
        """)
    (node,) = case.program.model.nodes
    assert (node.config, node.arguments) == ({"seed": 7}, {"shape": [4, 3]})
    assert case.program.facets == ["random"]
    assert to_json(case.program.random) == {"other": 8}


def test_several_arrays_are_one_argument(cases: Any) -> None:
    (case,) = cases("""\
        function: ops.concatenate
        inputs: {a: {shape: [2, 1]}, b: {shape: [2, 3]}}
        of: [[a, b]]
        config: {axis: 1}
        """)
    (node,) = case.program.model.nodes
    assert node.tensors == {"xs": ["a", "b"]}


def test_what_is_variadic_takes_the_rest_by_place(cases: Any) -> None:
    (case,) = cases("""\
        function: ops.einsum
        inputs: {a: {shape: [2, 3]}, b: {shape: [3, 4]}}
        config: {subscripts: "ij,jk->ik"}
        """)
    (node,) = case.program.model.nodes
    assert (node.inputs, node.arguments) == (["a", "b"], {"subscripts": "ij,jk->ik"})


def test_a_made_function_is_called_with_what_with_hands_over(cases: Any) -> None:
    found = cases("""\
        function: losses.Huber
        inputs: {y_true: {shape: [4, 3]}, y_pred: {shape: [4, 3]}, w: {shape: [4]}}
        with: {sample_weight: w}
        vary: {delta: [1.0, 0.5], reduction: [sum, none]}
        """)
    assert [case.id for case in found][1] == "documents/x/a[delta=1.0,reduction=none]"
    (node,) = found[1].program.model.nodes
    assert node.config == {"delta": 1.0, "reduction": "none"}
    assert list(node.tensors) == ["y_true", "y_pred", "sample_weight"]
    assert "symbolic_shape" not in found[0].program.facets
    asked = [facet for case in found for facet in case.program.facets]
    assert "config_round_trip" in asked


def test_a_symbol_of_a_newer_keras_is_called_by_place(cases: Any) -> None:
    (case,) = cases("function: ops.frobnicated_wholly\ninput: {shape: [2]}\nconfig: {k: 1}\n")
    (node,) = case.program.model.nodes
    assert (node.inputs, node.arguments) == (["x"], {"k": 1})
    with pytest.raises(Unsupported, match="not in the reference"):
        evaluate(case)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("function: ops.wher\ninput: {shape: [2]}\n", "did you mean 'ops.where'?"),
        ("function: keras.ops.sum\ninput: {shape: [2]}\n", "write 'ops.sum'"),
        ("function: ops.numpy.sum\ninput: {shape: [2]}\n", "write 'ops.sum'"),
        ("function: metrics.Mean\ninput: {shape: [2]}\n", "write it under `object`"),
        ("object: losses.Huber\nsteps: [result]\n", "write it under `function`"),
        ("function: ops.sum\ninput: {shape: [2]}\nconfig: {axes: 1}\n", "did you mean 'axis'?"),
        ("function: ops.sum\ninput: {shape: [2]}\nconfig: {keepdims: 1}\n", "true or false"),
        ("function: ops.add\ninput: {shape: [2]}\n", "ops.add needs the argument 'x2'"),
        ("function: ops.exp\ninputs: {a: {shape: [2]}, b: {shape: [2]}}\n", "1 more inputs than"),
        ("function: ops.exp\ninput: {shape: [2], batch: 3}\n", "batch"),
        ("function: ops.exp\ninput: {dtype: int32}\n", "has no shape"),
        ("function: ops.exp\ninput: {shape: [2]}\ntrain: {}\n", "says nothing beside `function`"),
        ("function: ops.exp\nlayer: Dense\n", "is beside `layer`"),
        ("function: ops.exp\ninput: {shape: [2]}\nwith: {y: z}\n", "neither an input nor a node"),
        ("function: ops.exp\ninput: {shape: [2]}\nrandom: {}\n", "needs ops.exp with a seed"),
        ("function: ops.exp\ninput: {shape: [2]}\nraises: build\n", "a function has no build"),
        ("object: metrics.Mean\nsteps: [{update_state: [v]}]\n", "neither an input nor a node"),
        ("object: metrics.Mean\ninput: {shape: [2]}\nsteps: [result]\n", "is not used by a step"),
        ("object: metrics.Mean\nsteps: [merge]\n", "is no step of metrics"),
        ("object: metrics.Mean\nsteps: [reset_state]\n", "never looks at the object"),
        ("object: metrics.Mean\nsteps: [{result: 3}]\n", "result takes nothing"),
        ("object: metrics.Mean\nsteps: [{result: null, times: 65}]\n", "at most 64"),
        ("object: metrics.Mean\n", "without `steps`"),
        ("object: optimizers.SGD\nsteps: [{apply: {}}]\n", "without `variables`"),
        (
            """\
            object: optimizers.SGD
            variables: {w: {shape: [2]}}
            input: {shape: [3]}
            steps: [{apply: {w: x}}]
            """,
            "has the shape [3]",
        ),
        (
            """\
            object: optimizers.SGD
            variables: {w: {shape: [2]}}
            input: {shape: [2]}
            steps: [{apply: {w: x}}, {set: {momentum: 1}}]
            """,
            "can't be set",
        ),
        (
            """\
            object: optimizers.SGD
            variables: {w: {shape: [2]}}
            input: {shape: [2]}
            steps: [{apply: {w: x}}, {exclude_from_weight_decay: {var_names: [w]}}]
            """,
            "behind another step",
        ),
        (
            """\
            object: optimizers.SGD
            variables: {w: {shape: [2]}}
            input: {shape: [2]}
            steps: [{exclude_from_weight_decay: {var_list: [b]}}, {apply: {w: x}}]
            """,
            "'b' is no variable",
        ),
        (
            """\
            object: optimizers.SGD
            variables: {w: {shape: [2]}}
            input: {shape: [2]}
            steps: [{exclude_from_weight_decay: {var_names: w}}, {apply: {w: x}}]
            """,
            "no list of names",
        ),
        ("object: metrics.Mean\nsteps: [result]\nraises: build\n", "an object has no build"),
    ],
)
def test_mistakes_are_told(said: Any, body: str, message: str) -> None:
    assert message in said(textwrap.dedent(body))


def test_steps_are_a_flat_list(cases: Any) -> None:
    (case,) = cases("""\
        object: optimizers.SGD
        config: {learning_rate: 0.1}
        variables: {w: {shape: [3]}}
        inputs: {g: {shape: [3]}}
        steps:
          - apply: {w: g}
            times: 2
          - set: {learning_rate: 0.01}
          - apply: {w: g}
        """)
    program = case.program
    assert isinstance(program, Steps)
    applied = Step(call="apply", tensors={"w": "g"})
    changed = Step(call="set", arguments={"learning_rate": 0.01})
    assert program.steps == [applied, applied, changed, applied]
    assert program.facets == ["config_round_trip", "state"]
    with pytest.raises(TypeError):
        _ = case.graph


@pytest.mark.parametrize(
    ("more", "facets"),
    [
        ("steps: [{apply: {w: g}}]", ["config_round_trip", "state"]),
        (
            "steps: [{exclude_from_weight_decay: {var_names: [w]}}, {apply: {w: g}}]",
            ["state"],
        ),
        ("steps: [{apply: {w: g}}]\nraises: call", ["raises"]),
    ],
)
def test_what_is_asked_of_an_object(cases: Any, more: str, facets: list[str]) -> None:
    (case,) = cases(
        "object: optimizers.SGD\nvariables: {w: {shape: [3]}}\ninputs: {g: {shape: [3]}}\n" + more
    )
    assert case.program.facets == facets


def test_each_step_is_fed_anew_and_every_variable_is_told_after_it(cases: Any) -> None:
    (case,) = cases("""\
        object: metrics.Mean
        inputs: {v: {shape: [4]}}
        steps: [{update_state: [v]}, result, reset_state, {update_state: [v]}, result]
        """)
    answer = evaluate(case)
    first, second = answer.feeds["step/0/v"], answer.feeds["step/3/v"]
    assert (first != second).any()
    results = [
        answer.arrays[call.outputs[0].tensor] for call in answer.expectation.calls if call.outputs
    ]
    assert float(results[0]) == pytest.approx(first.mean())
    assert float(results[1]) == pytest.approx(second.mean())
    state = answer.expectation.state
    assert state is not None
    assert list(state.weights)[:4] == ["0/total", "0/count", "1/total", "1/count"]
    assert answer.arrays[state.weights["2/total"].tensor] == 0


def test_the_sign_of_a_zero_can_be_stated(cases: Any) -> None:
    (case,) = cases("""\
        function: ops.sqrt
        input: {values: [0.0, -0.0, .nan]}
        without: {gradients: There is none at zero}
        expect: {values: [0.0, -0.0, .nan], signed_zero: true}
        """)
    (output,) = evaluate(case).expectation.calls[0].outputs
    assert output.signed_zero
    assert output.stated


def test_a_refusal_is_the_references_too(cases: Any) -> None:
    (case,) = cases("""\
        function: ops.reshape
        input: {shape: [5]}
        config: {newshape: [2, 3]}
        raises: call
        """)
    assert evaluate(case).expectation.raises == "call"
