"""Scripts of functions and of objects with steps: right wherever Keras is, wrong where it isn't."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest
import reference_cases
from subject_cells import HONEST, Wrong, answered
from test_repro_backends import Made, came_to
from test_repro_short import VERSIONS, imported

from conformance.cases import load
from conformance.cases.model import Call, InputSpec, Model, Node
from conformance.records.model import AdapterLine
from conformance.repro.script import NoScript, script
from conformance.repro.short import LINES, TooLong, short_script
from conformance.repro.subjects import words

if TYPE_CHECKING:
    from pathlib import Path

    from repro_cells import Judged

    from conformance.cases.model import Case

FILE = """
- id: sum
  title: One function, with literals
  function: ops.sum
  input: {shape: [2, 3]}
  config: {axis: 1, keepdims: true}
- id: where
  title: Several arrays, of several dtypes, one of them with a name of the script's own
  function: ops.where
  inputs:
    found: {shape: [3], dtype: bool}
    a: {shape: [3], dtype: float16}
    b: {shape: [2, 1]}
- id: concatenate
  title: A list of arrays
  function: ops.concatenate
  inputs: {a: {shape: [3, 1]}, b: {shape: [3, 2]}}
  of: [[a, b]]
  config: {axis: 1}
- id: einsum
  title: A variadic function
  function: ops.einsum
  inputs: {a: {shape: [2, 3]}, b: {shape: [3, 2]}}
  config: {subscripts: "ij,jk->ik"}
- id: large
  title: Numbers that are drawn
  function: ops.add
  inputs: {a: {shape: [20, 20]}, i: {shape: [20], dtype: int32}}
- id: huber
  title: What has to be made first
  function: losses.Huber
  inputs: {y_true: {shape: [4, 3]}, y_pred: {shape: [4, 3]}, w: {shape: [4], data: uniform}}
  with: {sample_weight: w}
  config: {reduction: none}
- id: mean
  title: A metric
  object: metrics.Mean
  inputs: {v: {shape: [4]}, w: {shape: [4], data: uniform}}
  steps:
    - update_state: {of: [v], with: {sample_weight: w}}
    - result
    - reset_state
    - update_state: [v]
    - result
- id: sgd
  title: An optimizer
  object: optimizers.SGD
  config:
    learning_rate:
      ExponentialDecay: {initial_learning_rate: 0.1, decay_steps: 2, decay_rate: 0.5}
    momentum: 0.9
  variables: {w: {shape: [3]}, seen: {shape: [2]}}
  inputs: {g: {shape: [3]}, h: {shape: [2]}}
  steps:
    - apply: {w: g, seen: h}
      times: 2
- id: qr
  title: An answer that is not unique
  function: ops.qr
  input: {shape: [3, 2]}
  without: {gradients: There are none}
"""

AGAIN = Wrong("config_round_trip")
OF_FUNCTIONS = ("symbolic_shape", "shape", "dtype", "values", "gradients", "compiled")


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    file = tmp_path_factory.mktemp("cases") / "one.yaml"
    file.write_text(FILE)
    catalogue = load([file])
    assert not catalogue.problems, catalogue.problems
    return {case.id.rpartition("/")[2]: case for case in catalogue.cases} | {"graph": graph()}


def graph() -> Case:
    """Functions of what functions answer."""
    nodes = [
        Node(name="twice", layer="ops.add", config={}, inputs=[], tensors={"x1": "a", "x2": "a"}),
        Node(
            name="whole",
            layer="ops.sum",
            config={},
            inputs=[],
            tensors={"x": "twice"},
            arguments={"axis": 0},
        ),
    ]
    model = Model(
        form="function",
        inputs=[InputSpec(name="a", shape=[2, 3])],
        nodes=nodes,
        outputs=["whole"],
    )
    return reference_cases.case(model, calls=[Call(batch=1)], facets=[*OF_FUNCTIONS])


def wrongs(name: str, case: Case) -> list[Wrong]:
    """What can be wrong with an answer to the case, and is shown."""
    facets = case.program.facets
    if name == "sgd":
        return [Wrong("state", call=1)]
    if name == "mean":
        last = len(case.program.steps) - 1  # type: ignore[union-attr] # it has steps
        return [
            Wrong("values", call=1),
            Wrong("dtype", "dtype", last),
            Wrong("state", call=3),
            AGAIN,
        ]
    if name == "qr":
        return [Wrong("shape", "shape"), Wrong("dtype", "dtype"), Wrong("values")]
    kinds = {"shape": "shape", "dtype": "dtype"}
    return [Wrong(one, kinds.get(one, "numbers")) for one in facets if one != "raises"]


def long(one: Judged, facet: str, adapter: str = "keras-mlx") -> str:
    line = AdapterLine(name=adapter, status="ready", versions=VERSIONS)
    return script(one.line, one.cell, line, facet, one.answer)


def short(one: Judged, facet: str) -> str:
    return short_script(one.case, one.verdict, one.answer, facet=facet, versions=VERSIONS)


def every(cases: dict[str, Case], adapter: str) -> list[tuple[str, Wrong, Judged]]:
    found = []
    for name, case in cases.items():
        for wrong in wrongs(name, case):
            one = answered(case, adapter, wrong)
            judged = {f.facet: f.outcome for f in one.verdict.facets}
            assert judged[wrong.facet] in {"fail", "blocked"}, (name, wrong, judged)
            found.append((name, wrong, one))
    return found


def test_the_helpers_own_answer_passes(cases: dict[str, Case]) -> None:
    for name, case in cases.items():
        assert answered(case, "keras-torch", HONEST).verdict.outcome == "pass", name


def test_the_smallest_script_is_what_a_maintainer_reads(cases: dict[str, Case]) -> None:
    one = answered(cases["sum"], "keras-torch", Wrong("shape", "shape"))
    lines = short(one, "shape").splitlines()
    assert lines[-2:] == [
        "y = keras.ops.sum(x, axis=1, keepdims=True)",
        "assert tuple(y.shape) == (2, 1), y.shape",
    ]
    assert imported("\n".join(lines)) == {"keras", "numpy", "os", "importlib.metadata"}


def test_what_has_to_be_made_is_made_and_arrays_have_their_names(cases: dict[str, Case]) -> None:
    text = short(answered(cases["huber"], "keras-torch", Wrong("values")), "values")
    assert "huber = keras.losses.Huber(reduction='none')\n" in text
    assert "huber(y_true, y_pred, sample_weight=w)" in text
    again = short(
        answered(cases["huber"], "keras-torch", Wrong("config_round_trip")), "config_round_trip"
    )
    assert "huber = huber.from_config(huber.get_config())\n" in again


def test_steps_end_with_the_one_that_is_off(cases: dict[str, Case]) -> None:
    text = short(answered(cases["mean"], "keras-torch", Wrong("values", call=1)), "values")
    assert text.count("mean.") == 2  # the update and the result; nothing behind it
    assert "sample_weight=" in text
    rebuilt = short(answered(cases["mean"], "keras-torch", AGAIN), "config_round_trip")
    assert "mean = mean.from_config(mean.get_config())\nmean.update_state(" in rebuilt
    assert rebuilt.count("mean.") == 4
    state = short(answered(cases["sgd"], "keras-torch", Wrong("state", call=1)), "state")
    assert state.count("sgd.apply(") == 2
    assert "keras.optimizers.schedules.ExponentialDecay(" in state
    assert "name='w')" in state


def test_every_script_is_python_of_its_framework_alone(cases: dict[str, Case]) -> None:
    for adapter in ("keras-torch", "keras-mlx", "keras-jax", "keras-tensorflow"):
        for name, wrong, one in every(cases, adapter):
            for text in filter(None, texts(one, wrong.facet)):
                tree = ast.parse(text, feature_version=(3, 9))
                assert any(isinstance(node, ast.Assert) for node in ast.walk(tree)), (name, wrong)
                own = {"keras", "numpy", "os", "importlib.metadata", "hashlib"}
                assert imported(text) <= own | {adapter.removeprefix("keras-")}, (name, wrong)


def texts(one: Judged, facet: str) -> list[str]:
    """The long script and the short one, empty where there is none."""
    found = []
    for make in (long, short):
        try:
            found.append(make(one, facet))
        except (NoScript, TooLong):
            found.append("")
    assert all(len(text.splitlines()) <= LINES for text in found[1:])
    return found


def test_what_a_native_adapter_gets_is_a_reason(cases: dict[str, Case]) -> None:
    for name in ("sum", "mean"):
        one = answered(cases[name], "torch", Wrong("values", call=1 if name == "mean" else 0))
        with pytest.raises(NoScript, match="shown on Keras's backends, not on torch"):
            long(one, "values", "torch")
        with pytest.raises(TooLong, match="not of torch"):
            short(one, "values")


def test_a_record_alone_makes_scripts_of_what_it_holds(cases: dict[str, Case]) -> None:
    """Without the reference's answer: what fails is shown, or there is a reason."""
    for name, wrong, one in every(cases, "keras-torch"):
        line = AdapterLine(name="keras-torch", status="ready", versions=VERSIONS)
        try:
            text = script(one.line, one.cell, line, wrong.facet)
        except NoScript as reason:
            assert "keep" in str(reason) or "not shown" in str(reason), (name, wrong, reason)  # noqa: PT017 - many cases
        else:
            assert "assert" in text, (name, wrong)


def test_answers_that_are_not_unique_are_held_against_what_is_true_of_them(
    cases: dict[str, Case],
) -> None:
    text = long(answered(cases["qr"], "keras-mlx"), "values")
    assert "np.tril(o[1], -1)" in text
    assert "o[0] @ o[1]" in text
    few = short(answered(cases["qr"], "keras-torch", Wrong("values")), "values")
    assert "# must be 0: " in few


def test_a_zero_has_a_sign(tmp_path: Path) -> None:
    file = tmp_path / "zero.yaml"
    file.write_text(
        """
- id: sqrt
  title: The root of minus zero
  function: ops.sqrt
  input: {values: [4.0, -0.0]}
  without: {gradients: There is none at zero}
  expect: {values: [2.0, -0.0], signed_zero: true}
"""
    )
    (case,) = load([file]).checked()
    one = answered(case, "keras-torch", Wrong("values", "sign"))
    for text in (long(one, "values"), short(one, "values")):
        assert "signbit" in text
    recorded = script(one.line, one.cell, None, "values")
    assert "signed = ['output 0']" in recorded


# --- on real Kerases ----------------------------------------------------------------------------


@pytest.mark.frameworks
@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_on_a_backend_that_conforms_they_all_pass(cases: dict[str, Case], backend: str) -> None:
    made = scripts(cases, f"keras-{backend}")
    assert len(made) > 2 * len(cases)
    came = came_to(backend, made)
    assert not {name: said for name, said in came.items() if said}


@pytest.mark.frameworks
def test_on_a_keras_that_is_broken_they_all_fail(cases: dict[str, Case]) -> None:
    made = scripts(cases, "keras-torch")
    for how in ("broken", "reshaped"):
        some = [one for one in made if (one.facet == "shape") == (how == "reshaped")]
        came = came_to("torch", some, how)
        assert all(came.values()), [name for name, said in came.items() if not said]


def scripts(cases: dict[str, Case], adapter: str) -> list[Made]:
    """Long and short ones of everything that can be wrong, as far as the backend is asked."""
    lacks = {"keras-torch": {"compiled"}}
    return [
        Made(f"{name} {wrong} {length}", wrong.facet, text)
        for name, wrong, one in every(cases, adapter)
        if wrong.facet not in lacks.get(adapter, ())
        for length, text in zip(("long", "short"), texts(one, wrong.facet), strict=True)
        if text
    ]


def test_an_optimizer_that_another_one_wraps_is_no_schedule() -> None:
    wrapped = words.made(
        "optimizers.LossScaleOptimizer", {"inner_optimizer": {"SGD": {"learning_rate": 0.5}}}
    )
    assert wrapped == (
        "keras.optimizers.LossScaleOptimizer("
        "inner_optimizer=keras.optimizers.SGD(learning_rate=0.5))"
    )
    mapped = words.made(
        "optimizers.OptimizerMap",
        {"default_optimizer": {"SGD": None}, "optimizer_map": {"w.*": {"Adam": {"epsilon": 0.1}}}},
    )
    assert mapped == (
        "keras.optimizers.OptimizerMap(default_optimizer=keras.optimizers.SGD(), "
        "optimizer_map={'w.*': keras.optimizers.Adam(epsilon=0.1)})"
    )
    scheduled = words.made("optimizers.SGD", {"learning_rate": {"CosineDecay": None}})
    assert scheduled == (
        "keras.optimizers.SGD(learning_rate=keras.optimizers.schedules.CosineDecay())"
    )
