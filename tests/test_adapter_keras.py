"""The Keras adapters answer every facet, refuse in the framework's words, and hide nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from msgspec import structs

from conformance.adapters.host.host import AdapterProcess, Answered
from conformance.adapters.host.registry import select
from conformance.adapters.keras.backends.sealed import SealedFolder
from conformance.adapters.keras.summary import parse
from conformance.adapters.keras.weights import WeightError, assign, variables
from conformance.cases.model import Call, Graph, InputSpec, Model, Named, Node, Train, Twin

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conformance.adapters.host.observation import Observation

KERAS_3 = ("keras-tensorflow", "keras-torch", "keras-jax", "keras-numpy", "keras-openvino")
DIFFERENTIABLE = {"keras-tensorflow", "keras-torch", "keras-jax", "tf-keras"}
GRAPH_MODE = {"keras-tensorflow", "keras-jax", "tf-keras"}

Arrays = dict[str, Any]


# --- without a framework ------------------------------------------------------------------------

BOXED = """Model: "functional"
┏━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┳━━━━━━━━━┳━━━━━━━━━━━━━━┓
┃ Layer (type)     ┃ Output Shape  ┃ Param # ┃ Connected to ┃
┡━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━╇━━━━━━━━━╇━━━━━━━━━━━━━━┩
│ x (InputLayer)   │ (None, 3)     │       0 │ -            │
├──────────────────┼───────────────┼─────────┼──────────────┤
│ a_long_name      │ (30, 1, 4)    │   1,216 │ x[0][0],     │
│ (Dense)          │               │         │ y[0][0]      │
└──────────────────┴───────────────┴─────────┴──────────────┘
 Total params: 1,218 (4.76 KB)
 Trainable params: 1,216 (4.75 KB)
 Non-trainable params: 2 (8.00 B)
"""

PLAIN = """Model: "model"
____________________________________________________________
 Layer (type)           Output Shape      Param #   Connected to
============================================================
 x (InputLayer)         [(None, 3)]       0         []

 a_long_name (Dense)    (30, 1, 4)        1216      ['x[0][0]',
                                                     'y[0][0]']
============================================================
Total params: 1218 (4.76 KB)
Trainable params: 1216 (4.75 KB)
Non-trainable params: 2 (8.00 Byte)
____________________________________________________________
"""


@pytest.mark.parametrize("text", [BOXED, PLAIN], ids=["keras 3", "keras 2"])
def test_both_formats_of_a_summary_are_read_and_input_rows_left_out(text: str) -> None:
    row = {"name": "a_long_name", "layer": "Dense", "output_shape": [30, 1, 4], "params": 1216}
    assert parse(text) == {"rows": [row], "total": 1218, "trainable": 1216, "non_trainable": 2}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "does not say its Non-trainable, Total, Trainable params"),
        (BOXED.replace("1,216 │", "    ? │"), "cannot be read"),
        (BOXED.replace("(30, 1, 4)", "          "), "cannot be read"),
        (PLAIN.replace("Layer (type)", "Layer"), "no table"),
    ],
)
def test_a_summary_that_is_none_is_an_error_and_never_an_empty_table(
    text: str, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse(text)


class FakeVariable:
    def __init__(self, path: str, shape: tuple[int, ...]) -> None:
        self.path, self.name, self.shape = path, path.rsplit("/", 1)[-1], shape
        self.dtype = np.dtype("float32")
        self.value: Any = None

    def assign(self, value: Any) -> None:
        self.value = value


def fake_net(**layers: list[FakeVariable]) -> Any:
    class Thing:
        pass

    net, net_model = Thing(), Thing()
    net.layers = {}  # type: ignore[attr-defined]  # a Net by its attributes alone
    net.model = net_model  # type: ignore[attr-defined]  # likewise
    net_model.trainable_weights = []  # type: ignore[attr-defined]  # likewise
    for node, weights in layers.items():
        layer = Thing()
        layer.weights = weights  # type: ignore[attr-defined]  # likewise
        net.layers[node] = layer  # type: ignore[attr-defined]  # likewise
    return net


def test_a_variable_is_called_by_its_node_and_its_own_name() -> None:
    net = fake_net(td=[FakeVariable("sequential/td/dense/kernel", (2, 3))])
    assert [one.name for one in variables(net)] == ["td/kernel"]


def test_two_variables_of_one_name_in_a_node_are_told_apart_by_their_path() -> None:
    net = fake_net(
        both=[
            FakeVariable("sequential/both/forward_lstm/lstm_cell/kernel", (2, 3)),
            FakeVariable("sequential/both/backward_lstm/lstm_cell/kernel", (2, 3)),
        ]
    )
    names = [one.name for one in variables(net)]
    assert names == ["both/forward_lstm/kernel", "both/backward_lstm/kernel"]


@pytest.mark.parametrize(
    ("arrays", "complaint"),
    [
        ({"d/kernel": np.zeros((3, 2)), "d/bias": np.zeros(3)}, r"d/kernel is \(2, 3\), not"),
        ({"d/kernel": np.zeros((2, 3))}, "the framework has d/bias besides"),
        (
            {"d/kernel": np.zeros((2, 3)), "d/bias": np.zeros(3), "d/gamma": np.zeros(1)},
            "the framework has no d/gamma",
        ),
    ],
)
def test_weights_that_do_not_fit_are_named_and_none_is_set(arrays: Arrays, complaint: str) -> None:
    kernel, bias = FakeVariable("d/kernel", (2, 3)), FakeVariable("d/bias", (3,))
    with pytest.raises(WeightError, match=complaint):
        assign(variables(fake_net(d=[kernel, bias])), arrays)
    assert kernel.value is None
    assert bias.value is None


# --- with the frameworks ------------------------------------------------------------------------


@pytest.fixture(scope="module", params=[*KERAS_3, "tf-keras"])
def process(request: pytest.FixtureRequest) -> Iterator[AdapterProcess]:
    process = AdapterProcess(select([request.param])[0])
    hello = process.start()
    if hello.status == "not-installed":
        pytest.skip(hello.reason)
    assert hello.status == "ready", hello.reason
    assert hello.precision == "float32"
    assert max(hello.probe.values()) <= 16
    yield process
    process.close()


def sequential(*nodes: tuple[str, dict[str, Any]], shape: list[int], **spec: Any) -> Model:
    made, before = [], "x"
    for at, (layer, config) in enumerate(nodes):
        made.append(Node(name=f"n{at}", layer=layer, config=config, inputs=[before]))
        before = f"n{at}"
    inputs = [InputSpec(name="x", shape=shape, **spec)]
    return Model(form="sequential", inputs=inputs, nodes=made, outputs=[before])


def program(
    model: Model, facets: list[str], *, batches: tuple[int, ...] = (2,), **more: Any
) -> Any:
    calls = [Call(batch=batch) for batch in batches]
    return Graph(case="test", model=model, calls=calls, facets=facets, **more)


def answer(process: AdapterProcess, asked: Graph, arrays: Arrays) -> tuple[Observation, Arrays]:
    got = process.run(asked, arrays, timeout=120)
    assert isinstance(got, Answered), got.message
    return got.observation, {name: np.array(array) for name, array in got.tensors.items()}


DENSE = sequential(("Dense", {"units": 2}), ("Flatten", {}), shape=[2, 3])
KERNEL = np.array([[1, -2], [0, 3], [2, 1]], np.float32)
BIAS = np.array([1, -1], np.float32)
X = np.arange(12, dtype=np.float32).reshape(2, 2, 3)
Y = (X @ KERNEL + BIAS).reshape(2, 4)
COTANGENT = np.array([[1, 2, 0, -1], [3, 0, 1, 1]], np.float32)
FED = {
    "call/0/x": X,
    "weight/n0/kernel": KERNEL,
    "weight/n0/bias": BIAS,
    "cotangent/0": COTANGENT,
    "target/0": np.zeros((2, 4), np.float32),
}


@pytest.mark.frameworks
def test_every_facet_of_a_dense_model_is_answered_exactly(process: AdapterProcess) -> None:
    facets = [
        "symbolic_shape",
        "weights",
        "params",
        "shape",
        "dtype",
        "values",
        "config_round_trip",
        "save_round_trip",
        "summary",
    ]
    seen, arrays = answer(
        process, program(DENSE, facets, batches=(2, 1)), FED | {"call/1/x": X[:1]}
    )
    assert (seen.status, seen.errors, seen.unsupported) == ("ok", {}, {})
    assert seen.symbolic is not None
    assert seen.symbolic.inputs == [[None, 2, 3]]
    assert seen.symbolic.outputs == [[None, 4]]
    assert seen.symbolic.nodes == {"n0": [None, 2, 2], "n1": [None, 4]}
    assert [(one.name, one.shape, one.dtype, one.trainable) for one in seen.weights or []] == [
        ("n0/kernel", [3, 2], "float32", True),
        ("n0/bias", [2], "float32", True),
    ]
    assert seen.params is not None
    assert (seen.params.total, seen.params.nodes) == (8, {"n0": 8, "n1": 0})
    assert [call.outputs[0].dtype for call in seen.calls] == ["float32", "float32"]
    assert np.array_equal(arrays[seen.calls[0].outputs[0].tensor], Y)
    assert np.array_equal(arrays[seen.calls[1].outputs[0].tensor], Y[:1])
    for again in (seen.config_round_trip, seen.save_round_trip):
        assert again is not None
        assert np.array_equal(arrays[again[0].tensor], Y)
    assert seen.summary is not None
    assert [(row.name, row.layer, row.output_shape, row.params) for row in seen.summary.rows] == [
        ("n0", "Dense", [None, 2, 2], 8),
        ("n1", "Flatten", [None, 4], 0),
    ]
    if process.spec.name != "keras-openvino":  # its predict leaves the batch axis open
        assert [call.nodes for call in seen.calls] == [
            {"n0": [2, 2, 2], "n1": [2, 4]},
            {"n0": [1, 2, 2], "n1": [1, 4]},
        ]


@pytest.mark.frameworks
def test_what_no_seed_is_given_to_draws_the_same_whenever_a_case_is_asked(
    process: AdapterProcess,
) -> None:
    drawn = sequential(("Dense", {"units": 5}), ("Dense", {"units": 5}), shape=[5])

    def made(case: str) -> list[Any]:
        asked = structs.replace(program(drawn, ["initial", "weights"]), case=case)
        arrays = {f"weight/n{at}/kernel": np.zeros((5, 5), np.float32) for at in (0, 1)}
        arrays |= {f"weight/n{at}/bias": np.zeros(5, np.float32) for at in (0, 1)}
        seen, got = answer(process, asked, {**arrays, "call/0/x": np.zeros((2, 5), np.float32)})
        assert seen.errors == {}
        return [got[(seen.initial or {})[f"n{at}/kernel"]] for at in (0, 1)]

    first, another, again = made("one"), made("another"), made("one")
    assert np.array_equal(first, again)
    # Two layers, and two cases, still draw apart.
    assert not np.array_equal(first[0], first[1])
    assert not np.array_equal(first, another)


@pytest.mark.frameworks
def test_gradients_graph_mode_and_training_or_the_reason_why_not(process: AdapterProcess) -> None:
    train = Train(optimizer=Named(name="SGD"), loss=Named(name="mean_squared_error"), steps=1)
    asked = program(DENSE, ["values", "gradients", "compiled", "state"], train=train)
    seen, arrays = answer(process, asked, FED)
    assert seen.errors == {}
    name = process.spec.name
    if name in DIFFERENTIABLE:
        assert seen.gradients is not None
        rows = COTANGENT.reshape(2, 2, 2)
        expected = {"kernel": np.einsum("bri,bro->io", X, rows), "bias": rows.sum((0, 1))}
        assert np.array_equal(arrays[seen.gradients.inputs["x"]], rows @ KERNEL.T)
        for key, gradient in expected.items():
            assert np.array_equal(arrays[seen.gradients.weights[f"n0/{key}"]], gradient)
        assert seen.state is not None
        assert np.allclose(arrays[seen.state.losses], [np.mean(Y**2)])
        step = 0.01 * np.einsum("bri,bro->io", X, 2 * Y.reshape(2, 2, 2) / Y.size)
        assert np.allclose(arrays[seen.state.weights["n0/kernel"]], KERNEL - step, rtol=1e-5)
    else:
        assert {"gradients", "state"} <= seen.unsupported.keys()
    if name in GRAPH_MODE:
        assert seen.compiled is not None
        assert np.array_equal(arrays[seen.compiled[0].tensor], Y)
    else:
        assert seen.unsupported["compiled"]


@pytest.mark.frameworks
def test_a_nested_layer_a_probe_and_a_twin(process: AdapterProcess) -> None:
    model = sequential(
        ("TimeDistributed", {"layer": {"Dense": {"units": 2}}}),
        ("Lambda", {"function": "probe"}),
        ("Flatten", {}),
        shape=[2, 3],
    )
    asked = program(model, ["weights", "probes", "values", "equals"], twin=Twin(model=DENSE))
    fed = FED | {f"twin/{name}": array for name, array in FED.items()}
    seen, arrays = answer(process, asked, fed)
    assert (seen.errors, seen.unsupported) == ({}, {})
    assert [one.name for one in seen.weights or []] == ["n0/kernel", "n0/bias"]
    assert seen.calls[0].probes == {"n1": [2, 2, 2]}
    assert seen.twin is not None
    for call in (seen.calls[0], seen.twin.calls[0]):
        assert np.array_equal(arrays[call.outputs[0].tensor], Y)


@pytest.mark.frameworks
def test_refusals_are_the_frameworks_own_and_ignorance_is_unsupported(
    process: AdapterProcess,
) -> None:
    seen, _ = answer(process, program(sequential(("NoSuch", {}), shape=[3]), ["values"]), {})
    assert seen.status == "unsupported"
    assert "NoSuch" in seen.reason

    bad = program(sequential(("Dense", {"units": -1}), shape=[3]), ["raises"])
    seen, _ = answer(process, bad, {})
    assert seen.status == "error"
    assert seen.error is not None
    assert (seen.error.stage, seen.error.internal) == ("build", False)
    assert "units" in seen.error.message

    wide = {**FED, "call/1/x": np.zeros((2, 2, 4), np.float32), "call/2/x": X}
    seen, arrays = answer(process, program(DENSE, ["values", "raises"], batches=(2, 2, 2)), wide)
    error = seen.calls[1].error
    assert error is not None
    assert (error.stage, error.internal) == ("call", False)
    # A refused call leaves its neighbours unharmed; only Keras's OpenVINO backend deletes its
    # compiled model before it knows whether there will be another, and is lost from then on.
    for index in (0,) if process.spec.name == "keras-openvino" else (0, 2):
        assert np.array_equal(arrays[seen.calls[index].outputs[0].tensor], Y)


@pytest.mark.frameworks
def test_weights_of_another_shape_are_an_error_and_no_refusal(process: AdapterProcess) -> None:
    seen, _ = answer(
        process,
        program(DENSE, ["weights", "values", "raises"]),
        {**FED, "weight/n0/kernel": KERNEL.T.copy()},
    )
    assert [one.shape for one in seen.weights or []] == [[3, 2], [2]]
    error = seen.calls[0].error
    assert error is not None
    assert (error.stage, error.internal) == ("weights", False)


@pytest.mark.frameworks
def test_two_inputs_two_outputs_and_whole_numbers(process: AdapterProcess) -> None:
    model = Model(
        form="functional",
        inputs=[InputSpec(name="a", shape=[2], dtype="int32"), InputSpec(name="b", shape=[2, 3])],
        nodes=[
            Node(
                name="e", layer="Embedding", config={"input_dim": 5, "output_dim": 3}, inputs=["a"]
            ),
            Node(name="both", layer="Concatenate", config={"axis": 1}, inputs=["e", "b"]),
        ],
        outputs=["both", "e"],
    )
    table = np.arange(15, dtype=np.float32).reshape(5, 3)
    a = np.array([[0, 4], [2, 2]], np.int32)
    ones = {"cotangent/0": np.ones((2, 4, 3), np.float32), "cotangent/1": np.ones((2, 2, 3))}
    seen, arrays = answer(
        process,
        program(model, ["symbolic_shape", "values", "gradients"]),
        {"call/0/a": a, "call/0/b": X, "weight/e/embeddings": table, **ones},
    )
    assert seen.errors == {}
    both, rows = (arrays[output.tensor] for output in seen.calls[0].outputs)
    assert np.array_equal(rows, table[a])
    assert np.array_equal(both, np.concatenate([table[a], X], axis=1))
    if process.spec.name in DIFFERENTIABLE:
        assert seen.gradients is not None
        assert seen.gradients.inputs.keys() == {"b"}  # a whole number has no gradient
        counts = np.bincount(a.ravel(), minlength=5)[:, None] * np.ones(3)
        assert np.array_equal(arrays[seen.gradients.weights["e/embeddings"]], 2 * counts)


@pytest.mark.frameworks
def test_a_layer_that_is_called_twice_is_one_layer(process: AdapterProcess) -> None:
    model = Model(
        form="functional",
        inputs=[InputSpec(name="a", shape=[3]), InputSpec(name="b", shape=[3])],
        nodes=[
            Node(name="n0", layer="Dense", config={"units": 2}, inputs=["a"]),
            Node(name="n1", layer="Dense", config={"units": 2}, inputs=["b"], shares="n0"),
        ],
        outputs=["n0", "n1"],
    )
    a, b = X[:, 0], X[:, 1]
    ones = np.ones((2, 2), np.float32)
    facets = ["symbolic_shape", "weights", "params", "shape", "values", "gradients", "summary"]
    fed = {"call/0/a": a, "call/0/b": b, "weight/n0/kernel": KERNEL, "weight/n0/bias": BIAS}
    seen, arrays = answer(
        process, program(model, facets), {**fed, "cotangent/0": ones, "cotangent/1": ones}
    )
    assert (seen.status, seen.errors) == ("ok", {})
    assert [one.name for one in seen.weights or []] == ["n0/kernel", "n0/bias"]
    assert seen.params is not None
    assert (seen.params.total, seen.params.nodes) == (8, {"n0": 8})
    assert seen.summary is not None
    assert [row.name for row in seen.summary.rows] == ["n0"]
    for output, x in zip(seen.calls[0].outputs, (a, b), strict=True):
        assert np.array_equal(arrays[output.tensor], x @ KERNEL + BIAS)
    if process.spec.name in DIFFERENTIABLE:
        assert seen.gradients is not None
        found = arrays[seen.gradients.weights["n0/kernel"]]
        assert np.array_equal(found, (a + b).T @ ones)


@pytest.mark.frameworks
def test_what_xla_has_compiled_is_found_by_a_later_process(tmp_path: Path) -> None:
    """Whatever cases came before: TensorFlow counts its functions up, and finds them by name."""
    (spec,) = select(["keras-tensorflow"])
    flags = f"--tf_xla_persistent_cache_directory={tmp_path}"
    grouped = sequential(
        ("Conv1D", {"filters": 2, "kernel_size": 1, "groups": 2, "use_bias": False}), shape=[3, 2]
    )
    fed = {"call/0/x": X[:, :, :2].repeat(2, 1)[:, :3], "weight/n0/kernel": KERNEL[None, :1]}
    kept = []
    for before in (0, 2):
        process = AdapterProcess(replace(spec, env={**spec.env, "TF_XLA_FLAGS": flags}))
        if process.start().status == "not-installed":
            pytest.skip("TensorFlow is not installed")
        for _ in range(before):
            answer(process, program(DENSE, ["values", "compiled"]), FED)
        seen, _ = answer(process, structs.replace(program(grouped, ["values"]), case="g"), fed)
        process.close()
        assert (seen.status, seen.errors) == ("ok", {})
        kept.append(sorted(path.name for path in tmp_path.rglob("*.pb")))
    assert kept[0]
    assert kept[0] == kept[1]


def test_compiled_code_that_was_harmed_is_gone_before_tensorflow_looks(tmp_path: Path) -> None:
    """TensorFlow fails the call over an empty file, and runs altered code."""
    names = ("whole", "empty", "altered", "unsealed", "folder", "swapped", "other")
    kept = SealedFolder(str(tmp_path))
    for name in names:
        if name != "unsealed":
            (tmp_path / f"{name}.pb").write_bytes(name.encode())
    kept.seal()
    (tmp_path / "empty.pb").write_bytes(b"")
    (tmp_path / "altered.pb").write_bytes(b"alterec")
    (tmp_path / "unsealed.pb").write_bytes(b"unsealed")
    (tmp_path / "folder.pb").unlink()
    (tmp_path / "folder.pb").mkdir()
    (tmp_path / "swapped.pb").replace(tmp_path / "other.pb")
    SealedFolder(str(tmp_path))
    assert [path.name for path in tmp_path.glob("*.pb")] == ["whole.pb"]


def test_a_folder_of_compiled_code_that_is_none_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "missing"):
        SealedFolder(str(path)).seal()
