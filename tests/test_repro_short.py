"""Scripts of at most 25 lines: for every facet that fails, and on any backend of Keras."""

from __future__ import annotations

import ast
import functools
from typing import TYPE_CHECKING, Any

import pytest
from reference_cases import SGD, case, chain, exact, of_layer
from repro_cells import judged, judged_case
from test_repro_backends import Made, came_to

from conformance.cases.model import Call, Extra, InputSpec, Raises
from conformance.reference.faults.applicable import applicable
from conformance.repro.short import LINES, TooLong, short_script
from conformance.verdicts.model import CellVerdict, FacetVerdict

if TYPE_CHECKING:
    from repro_cells import Judged

    from conformance.cases.model import Case

VERSIONS = {"keras": "3.15.1", "torch": "2.13.0+cpu", "numpy": "2.4.6"}
FAULTS = {
    "symbolic_shape": "shape-misstated",
    "weights": "weights-renamed",
    "params": "one-parameter-more",
    "config": "config-of-another",
    "shape": "axis-too-many",
    "dtype": "double-claimed",
    "values": "inputs-doubled",
    "mask": "mask-turned",
    "gradients": "gradients-doubled",
    "batch": "batch-dependent",
    "compiled": "compiled-differs",
    "config_round_trip": "config-lost",
    "save_round_trip": "saved-otherwise",
    "state": "training-off",
}
CALLS = [Call(batch=2), Extra(batch=1, facet="batch")]


def masked() -> Case:
    layers = ("Masking", {}), ("SimpleRNN", {"units": 1, "return_sequences": True})
    return case(chain(*layers, given=exact([3, 2])), facets=["values", "shape", "dtype", "mask"])


def small(facet: str) -> Case:
    if facet == "mask":
        return masked()
    if facet == "gradients":
        model = chain(("Dense", {"units": 1}), given=exact([2]))
        return case(model, weights="integers", facets=["values", "shape", "dtype", facet])
    facets = [name for name in FAULTS if name != "mask"]
    return of_layer("Dense", [3], {"units": 2}, calls=CALLS, train=SGD, facets=facets)


def failing(facet: str, adapter: str) -> Judged:
    made = small(facet)
    fault = next(one for one in applicable(made) if one.name == FAULTS[facet])
    return judged_case(made, adapter, fault)


def short(one: Judged, facet: str) -> str:
    return short_script(one.case, one.verdict, one.answer, facet=facet, versions=VERSIONS)


def imported(source: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(source, feature_version=(3, 9))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("adapter", ["keras-torch", "keras-mlx", "keras-tinygrad", "tf-keras"])
@pytest.mark.parametrize("facet", FAULTS)
def test_every_facet_fits(facet: str, adapter: str) -> None:
    text = short(failing(facet, adapter), facet)
    assert len(text.splitlines()) <= LINES
    libraries = {"tf_keras", "tensorflow"} if adapter == "tf-keras" else {"keras", "os"}
    assert imported(text) == libraries | {"numpy", "importlib.metadata"}
    assert "assert" in text
    assert "# pip install keras==3.15.1 torch==2.13.0\n" in text


def test_a_backend_that_keras_does_not_know_is_brought_to_it() -> None:
    """By the package that announces it, as keras-tinygrad does."""
    text = short(failing("values", "keras-tinygrad"), "values")
    assert '("keras.backends", os.environ["KERAS_BACKEND"])' in text
    assert "keras.backends" not in short(failing("values", "keras-mlx"), "values")


def test_each_number_has_its_own_tolerance() -> None:
    one = failing("values", "keras-torch")
    lines = dict(
        line.split(" = ") for line in short(one, "values").splitlines() if line.count(" = ") == 1
    )
    within = ast.literal_eval(lines["within"].removeprefix("np.array(").removesuffix(")"))
    assert len({number for row in within for number in row}) > 1


def test_whole_numbers_must_be_equal() -> None:
    made = case(chain(("Dense", {"units": 1}), given=exact([2])), weights="integers")
    fault = next(one for one in applicable(made) if one.name == "inputs-doubled")
    text = short(judged_case(made, "keras-torch", fault), "values")
    assert "np.array_equal(y, expected)" in text
    assert "within" not in text


def test_what_raised_is_asked_for_in_its_own_way() -> None:
    """With what it should have answered, as far as there is room."""
    one = judged_case(small("gradients"), "keras-torch")
    said = FacetVerdict(
        facet="gradients", outcome="error", message="gradients: raised: KeyError: x"
    )
    verdict = CellVerdict(case="tests/one", adapter="keras-torch", outcome="error", facets=[said])
    text = short(one._replace(verdict=verdict), "gradients")
    assert "# gradients: raised: KeyError: x\n" in text
    assert "train_on_batch" in text
    assert "assert" in text


def test_large_arrays_and_other_frameworks_get_none() -> None:
    large = of_layer("Dense", [500], {"units": 2}, facets=["values", "shape", "dtype"])
    fault = next(one for one in applicable(large) if one.name == "inputs-doubled")
    with pytest.raises(TooLong, match="too many to write out"):
        short(judged_case(large, "keras-torch", fault), "values")
    with pytest.raises(TooLong, match="not of torch"):
        short(failing("values", "torch"), "values")


@pytest.mark.parametrize(
    ("facet", "given"),
    [
        ("initial", "layers/initial/dense-normal[kernel_initializer=HeNormal]"),
        ("summary", "layers/core/dense[shape=5,units=4,use_bias=true,activation=tanh]"),
        ("output_spec", "layers/core/dense[shape=5,units=4,use_bias=true,activation=tanh]"),
    ],
)
def test_what_takes_no_numbers_and_is_no_variable_gets_none(facet: str, given: str) -> None:
    """A few lines about the shapes of variables would pass where this facet fails."""
    one = judged(given, "keras-torch")
    said = FacetVerdict(facet=facet, outcome="fail", message="another one")
    verdict = CellVerdict(case=given, adapter="keras-torch", outcome="fail", facets=[said])
    with pytest.raises(TooLong, match=f"the facet {facet} takes more than a few lines"):
        short(one._replace(verdict=verdict), facet)


def test_weights_of_a_graph_whose_order_is_keras_own_get_none() -> None:
    """What Keras takes first there does not follow from the case."""
    from msgspec.structs import replace

    from conformance.cases.model import Model, Node

    nodes = [
        Node(name="late", layer="Dense", config={"units": 1}, inputs=["x"]),
        Node(name="early", layer="Dense", config={"units": 1}, inputs=["x"]),
        Node(name="behind", layer="Dense", config={"units": 1}, inputs=["early"]),
        Node(name="sum", layer="Add", config={}, inputs=["late", "behind"]),
    ]
    model = Model(
        form="functional", inputs=[InputSpec(name="x", shape=[2])], nodes=nodes, outputs=["sum"]
    )
    made = case(model, facets=["values", "shape", "dtype"])
    fault = next(one for one in applicable(made) if one.name == "inputs-doubled")
    with pytest.raises(TooLong, match="layer by layer"):
        short(judged_case(made, "keras-torch", fault), "values")
    straight = replace(model, nodes=[*nodes[1:3], nodes[0], nodes[3]])
    with pytest.raises(TooLong, match="layer by layer"):
        short(
            judged_case(case(straight, facets=["values", "shape", "dtype"]), "keras-torch", fault),
            "values",
        )


@pytest.mark.frameworks
@pytest.mark.parametrize("backend", ["torch", "tensorflow", "jax"])
def test_on_a_backend_that_conforms_they_all_pass(
    backend: str, tmp_path: Any, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)  # one of them saves a model
    assert not {name: said for name in FAULTS if (said := honest(backend)[name])}


@pytest.mark.frameworks
def test_on_a_keras_that_is_broken_they_all_fail(tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    scripts = [Made(f, f, short(failing(f, "keras-mlx"), f)) for f in FAULTS]
    came = came_to("torch", [one for one in scripts if one.facet != "shape"], "broken")
    assert all(came.values()), came
    assert all(
        came_to("torch", [one for one in scripts if one.facet == "shape"], "reshaped").values()
    )


@pytest.mark.frameworks
def test_a_refusal_that_comes_passes_and_one_that_does_not_fails(
    tmp_path: Any, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    came = honest("torch")
    assert came["refused"] == ""
    assert "must be refused at build" in came["accepted"]


@functools.cache
def honest(backend: str) -> dict[str, str]:
    """What all these scripts came to on a Keras as it is, in one process."""
    scripts = [Made(f, f, short(failing(f, "keras-mlx"), f)) for f in FAULTS]
    return came_to(backend, [*scripts, *refusals()])


def refusals() -> list[Made]:
    """Scripts that want a model refused: one that Keras refuses, and one that is in order."""
    refused = of_layer("Dense", [3], {"units": 0}, raises=Raises(at="build"), facets=["raises"])
    accepted = of_layer("Dense", [3], {"units": 2}, facets=["values"])
    failure = FacetVerdict(facet="raises", outcome="fail", message="nothing was raised")
    scripts = []
    for name, made in (("refused", refused), ("accepted", accepted)):
        one = judged_case(made, "keras-torch")
        verdict = CellVerdict(
            case="tests/one", adapter="keras-torch", outcome="fail", facets=[failure]
        )
        stated = made if made.raises else _with_refusal(made)
        text = short(one._replace(case=stated, verdict=verdict), "raises")
        scripts.append(Made(name, "raises", text))
    return scripts


def _with_refusal(made: Case) -> Case:
    from msgspec.structs import replace

    return replace(made, raises=Raises(at="build"))
