"""Recurrent layers of the reference against naive loops over samples, steps and units."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from reference_cases import case

from conformance.cases.model import Call, Data, InputSpec, Model, Node
from conformance.reference.answer.answer import Answer, evaluate
from conformance.reference.errors import Refused
from conformance.reference.model.network import Network
from conformance.reference.spec.naming import shortened

MASK = [
    [True, True, False, False],
    [False, False, True, True],
    [True, False, True, False],
    [False, False, False, False],
]
STEPS, FEATURES, UNITS, ROWS = 4, 3, 2, 4


def answered(layer: str, config: dict[str, Any], *inputs: InputSpec, **node: Any) -> Answer:
    given = [InputSpec(name="x", shape=[STEPS, FEATURES]), *inputs]
    one = Node(name="r", layer=layer, config=config, inputs=["x"], **node)
    model = Model(form="functional", inputs=given, nodes=[one], outputs=["r"])
    return evaluate(case(model, calls=[Call(batch=ROWS)], facets=["values"]))


def outputs(answer: Answer) -> list[Any]:
    return [answer.arrays[e.tensor] for e in answer.expectation.calls[0].outputs]


def weights(answer: Answer, below: str = "") -> dict[str, Any]:
    start = f"weight/r/{below}"
    found = {k.removeprefix(start): v for k, v in answer.feeds.items() if k.startswith(start)}
    return {k: v.astype(np.float64) for k, v in found.items()}


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def one_step(kind: str, x: Any, state: list[Any], w: dict[str, Any]) -> list[Any]:
    """One sample, one step, unit by unit; gates stand side by side in Keras's order."""
    h = state[0]

    def gate(g: int, u: int, inner: Any = h, row: int | None = None) -> tuple[float, float]:
        column = g * UNITS + u
        bias = w["bias"] if row is None else w["bias"][0]
        entering = sum(x[i] * w["kernel"][i, column] for i in range(FEATURES)) + bias[column]
        recurrent = sum(inner[i] * w["recurrent_kernel"][i, column] for i in range(UNITS))
        return entering, recurrent + (0.0 if row is None else w["bias"][1][column])

    new_h, new_c = np.zeros(UNITS), np.zeros(UNITS)
    reset_before = [sigmoid(sum(gate(1, u))) for u in range(UNITS)] if kind == "GRU0" else []
    for u in range(UNITS):
        if kind == "SimpleRNN":
            new_h[u] = math.tanh(sum(gate(0, u)))
        elif kind == "LSTM":
            i, f, o = (sigmoid(sum(gate(g, u))) for g in (0, 1, 3))
            new_c[u] = f * state[1][u] + i * math.tanh(sum(gate(2, u)))
            new_h[u] = o * math.tanh(new_c[u])
        elif kind == "GRU":
            z, r = (sigmoid(sum(gate(g, u, row=0))) for g in (0, 1))
            entering, inner = gate(2, u, row=0)
            new_h[u] = z * h[u] + (1 - z) * math.tanh(entering + r * inner)
        else:
            z = sigmoid(sum(gate(0, u)))
            inner = [reset_before[i] * h[i] for i in range(UNITS)]
            new_h[u] = z * h[u] + (1 - z) * math.tanh(sum(gate(2, u, inner)))
    return [new_h, new_c] if kind == "LSTM" else [new_h]


def naive(  # noqa: PLR0913 (the parts of a recurrence)
    kind: str,
    x: Any,
    w: dict[str, Any],
    *,
    mask: Any = None,
    backwards: bool = False,
    first: Any = None,
    zeros: bool = False,
) -> tuple[Any, list[Any]]:
    """Outputs (rows, steps, units) in the order of reading, and the last states."""
    made = np.zeros((ROWS, STEPS, UNITS))
    last = [np.zeros((ROWS, UNITS)) for _ in range(2 if kind == "LSTM" else 1)]
    for row in range(ROWS):
        state = [s[row] for s in (first if first is not None else last)]
        output = np.zeros(UNITS)
        for place, t in enumerate(range(STEPS)[::-1] if backwards else range(STEPS)):
            counts = mask is None or mask[row][t]
            if counts:
                state = one_step(kind, x[row, t], state, w)
                output = state[0]
            made[row, place] = 0 if zeros and not counts else output
        for s, value in zip(last, state, strict=True):
            s[row] = value
    return made, last


KINDS = [
    ("SimpleRNN", "SimpleRNN", {}),
    ("LSTM", "LSTM", {}),
    ("GRU", "GRU", {}),
    ("GRU0", "GRU", {"reset_after": False}),
]


@pytest.mark.parametrize(("kind", "layer", "config"), KINDS)
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_every_step_and_the_last_states_are_those_of_a_naive_loop(
    kind: str, layer: str, config: dict[str, Any], *, backwards: bool, masked: bool
) -> None:
    mask = InputSpec(name="m", shape=[STEPS], dtype="bool", data=Data(kind="values", values=MASK))
    answer = answered(
        layer,
        {"units": UNITS, "return_sequences": True, "return_state": True, **config}
        | {"go_backwards": backwards},
        *([mask] if masked else []),
        **({"tensors": {"mask": "m"}} if masked else {}),
    )
    sequence, last = naive(
        kind,
        answer.feeds["call/0/x"].astype(np.float64),
        weights(answer),
        mask=MASK if masked else None,
        backwards=backwards,
    )
    found = outputs(answer)
    np.testing.assert_allclose(found[0], sequence, rtol=1e-12)
    for mine, theirs in zip(found[1:], last, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12)


def test_initial_states_are_taken_in_keras_order() -> None:
    states = [InputSpec(name=name, shape=[UNITS]) for name in ("h", "c")]
    answer = answered(
        "LSTM",
        {"units": UNITS, "return_sequences": True},
        *states,
        tensors={"initial_state": ["h", "c"]},
    )
    first = [answer.feeds[f"call/0/{name}"].astype(np.float64) for name in ("h", "c")]
    x = answer.feeds["call/0/x"].astype(np.float64)
    sequence, _ = naive("LSTM", x, weights(answer), first=first)
    np.testing.assert_allclose(outputs(answer)[0], sequence, rtol=1e-12)


@pytest.mark.parametrize("mode", ["concat", "sum", "mul", "ave"])
def test_bidirectional_turns_the_backward_sequence_round_and_zeros_masked_steps(mode: str) -> None:
    mask = InputSpec(name="m", shape=[STEPS], dtype="bool", data=Data(kind="values", values=MASK))
    answer = answered(
        "Bidirectional",
        {"layer": {"GRU": {"units": UNITS, "return_sequences": True}}, "merge_mode": mode},
        mask,
        tensors={"mask": "m"},
    )
    x = answer.feeds["call/0/x"].astype(np.float64)
    y, _ = naive("GRU", x, weights(answer, "forward_gru/"), mask=MASK, zeros=True)
    z, _ = naive("GRU", x, weights(answer, "backward_gru/"), mask=MASK, backwards=True, zeros=True)
    z = z[:, ::-1]
    merged = {"concat": np.concatenate([y, z], -1), "sum": y + z, "mul": y * z, "ave": (y + z) / 2}
    np.testing.assert_allclose(outputs(answer)[0], merged[mode], rtol=1e-12)


def test_zero_output_for_mask_matters_with_return_sequences_alone() -> None:
    mask = InputSpec(name="m", shape=[STEPS], dtype="bool", data=Data(kind="values", values=MASK))
    config = {"cell": {"GRUCell": {"units": UNITS}}, "zero_output_for_mask": True}
    for sequences in (False, True):
        answer = answered(
            "RNN", {**config, "return_sequences": sequences}, mask, tensors={"mask": "m"}
        )
        x = answer.feeds["call/0/x"].astype(np.float64)
        expected, _ = naive("GRU", x, weights(answer), mask=MASK, zeros=sequences)
        np.testing.assert_allclose(
            outputs(answer)[0], expected if sequences else expected[:, -1], rtol=1e-12
        )


def test_conv_lstm_with_windows_of_one_is_an_lstm_at_every_place() -> None:
    given = InputSpec(name="x", shape=[STEPS, 2, FEATURES])
    config = {"filters": UNITS, "kernel_size": 1, "return_sequences": True}
    node = Node(name="r", layer="ConvLSTM1D", config=config, inputs=["x"])
    model = Model(form="functional", inputs=[given], nodes=[node], outputs=["r"])
    answer = evaluate(case(model, calls=[Call(batch=ROWS)], facets=["values"]))
    w = weights(answer)
    w = {name: a[0] if a.ndim == 3 else a for name, a in w.items()}
    for place in range(2):
        x = answer.feeds["call/0/x"][:, :, place].astype(np.float64)
        np.testing.assert_allclose(
            outputs(answer)[0][:, :, place], naive("LSTM", x, w)[0], rtol=1e-12
        )


def test_the_recurrent_kernel_of_a_conv_lstm_slides_with_padding() -> None:
    given = InputSpec(name="x", shape=[2, 3, 1])
    config = {"filters": 1, "kernel_size": 2, "activation": None, "recurrent_activation": None}
    node = Node(name="r", layer="ConvLSTM1D", config=config, inputs=["x"])
    model = Model(form="functional", inputs=[given], nodes=[node], outputs=["r"])
    answer = evaluate(case(model, calls=[Call(batch=1)], facets=["values"]))
    w, x = weights(answer), answer.feeds["call/0/x"].astype(np.float64)[0, :, :, 0]
    h = c = np.zeros(2)
    for t in range(2):
        padded = [*h, 0.0]  # a window of two on the same size: the odd zero goes behind
        gates = np.array(
            [
                [
                    sum(
                        x[t, p + k] * w["kernel"][k, 0, g]
                        + padded[p + k] * w["recurrent_kernel"][k, 0, g]
                        for k in range(2)
                    )
                    + w["bias"][g]
                    for p in range(2)
                ]
                for g in range(4)
            ]
        )
        c = gates[1] * c + gates[0] * gates[2]
        h = gates[3] * c
    np.testing.assert_allclose(outputs(answer)[0][0, :, 0], h, rtol=1e-12)


def test_a_stateful_layer_goes_on_where_it_was() -> None:
    given = InputSpec(name="x", shape=[STEPS, FEATURES], batch_size=ROWS)
    config = {"units": UNITS, "return_sequences": True, "stateful": True}
    node = Node(name="r", layer="LSTM", config=config, inputs=["x"])
    model = Model(form="functional", inputs=[given], nodes=[node], outputs=["r"])
    calls = [Call(batch=ROWS), Call(batch=ROWS)]
    answer = evaluate(case(model, calls=calls, facets=["values"]))
    states = None
    for index, call in enumerate(answer.expectation.calls):
        x = answer.feeds[f"call/{index}/x"].astype(np.float64)
        sequence, states = naive("LSTM", x, weights(answer), first=states)
        np.testing.assert_allclose(answer.arrays[call.outputs[0].tensor], sequence, rtol=1e-12)


@pytest.mark.parametrize(
    ("layer", "config"),
    [
        ("LSTM", {"units": 0}),
        ("LSTM", {"units": 2, "stateful": True}),
        ("RNN", {"cell": {"Dense": {"units": 2}}}),
        ("RNN", {"cell": []}),
        ("Bidirectional", {"layer": {"LSTM": {"units": 2}}, "merge_mode": "max"}),
        (
            "Bidirectional",
            {"layer": {"LSTM": {"units": 2}}, "backward_layer": {"LSTM": {"units": 2}}},
        ),
    ],
)
def test_what_keras_refuses_is_refused(layer: str, config: dict[str, Any]) -> None:
    node = Node(name="r", layer=layer, config=config, inputs=["x"])
    given = InputSpec(name="x", shape=[STEPS, FEATURES])
    with pytest.raises(Refused):
        Network.build(Model(form="sequential", inputs=[given], nodes=[node], outputs=["r"]))


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["lstm_cell/kernel", "lstm_cell/bias"], ["kernel", "bias"]),
        (
            ["forward_lstm/lstm_cell/kernel", "backward_lstm/lstm_cell/kernel"],
            ["forward_lstm/kernel", "backward_lstm/kernel"],
        ),
        (["stack_7/a/kernel", "stack_7/b/kernel"], ["a/kernel", "b/kernel"]),
        (["s/a/kernel", "s/b/kernel", "c/kernel"], ["s/a/kernel", "s/b/kernel", "c/kernel"]),
        (["a/kernel", "b/kernel", "b/bias"], ["a/kernel", "b/kernel", "b/bias"]),
    ],
)
def test_variables_are_called_by_what_tells_them_apart(paths: list[str], names: list[str]) -> None:
    assert shortened(paths) == names
