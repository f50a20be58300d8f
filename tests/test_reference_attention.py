"""Attending layers of the reference against loops over rows, heads and positions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from reference_cases import case

from conformance.cases.model import Data, InputSpec, Model, Node
from conformance.reference.answer.answer import evaluate
from conformance.reference.errors import Contradiction, Unsupported

SHAPES = {"query": [5, 3], "value": [4, 6], "key": [4, 3]}


def answered(layer: str, config: dict[str, Any], **called: Any) -> tuple[dict[str, Any], list[Any]]:
    """Feeds, with variables by their own names, and all outputs of call 0."""
    inputs = [InputSpec(name=name, shape=shape) for name, shape in SHAPES.items()]
    node = Node(name="n", layer=layer, config=config, inputs=list(SHAPES), arguments=called)
    model = Model(form="functional", inputs=inputs, nodes=[node], outputs=["n"])
    answer = evaluate(case(model, facets=["values"]))
    feeds = {
        key.removeprefix("call/0/").removeprefix("weight/n/"): value.astype(float)
        for key, value in answer.feeds.items()
    }
    outputs = [answer.arrays[one.tensor] for one in answer.expectation.calls[0].outputs]
    return feeds, outputs


def softmax(scores: list[float]) -> Any:
    powers = np.exp(np.array(scores) - max(scores))
    return powers / powers.sum()


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("mode", ["dot", "concat", "additive"])
def test_attention_mixes_values_row_by_row(mode: str, causal: bool) -> None:  # noqa: FBT001 - a parameter of the test
    layer = "AdditiveAttention" if mode == "additive" else "Attention"
    config = {} if mode == "additive" else {"score_mode": mode, "use_scale": True}
    feeds, (y, shares) = answered(
        layer, config, use_causal_mask=causal, return_attention_scores=True
    )
    scale = feeds["scale"]

    def score(query: Any, key: Any) -> float:
        if mode == "dot":
            return float(scale * (query @ key))
        if mode == "concat":
            return float(feeds["concat_score_weight"] * np.tanh(scale * (query + key)).sum())
        return float((scale * np.tanh(query + key)).sum())

    for row in range(2):
        for t in range(5):
            seen = min(t + 1, 4) if causal else 4
            mixed = softmax(
                [score(feeds["query"][row, t], feeds["key"][row, s]) for s in range(seen)]
            )
            assert np.allclose(shares[row, t], [*mixed, *[0.0] * (4 - seen)])
            assert np.allclose(y[row, t], mixed @ feeds["value"][row, :seen])


@pytest.mark.parametrize("gate", [False, True])
@pytest.mark.parametrize("grouped", [False, True])
def test_heads_attend_by_themselves(grouped: bool, gate: bool) -> None:  # noqa: FBT001 - parameters of the test
    config: dict[str, Any] = {"use_gate": gate, "sliding_window": 3}
    if grouped:
        config |= {"head_dim": 2, "num_query_heads": 4, "num_key_value_heads": 2}
    else:
        config |= {"num_heads": 4, "key_dim": 2, "value_dim": 3}
    if grouped:
        SHAPES["value"] = [4, 3]
    try:
        layer = "GroupQueryAttention" if grouped else "MultiHeadAttention"
        feeds, (y,) = answered(layer, config)
    finally:
        SHAPES["value"] = [4, 6]

    def projected(name: str, x: Any, head: int) -> Any:
        return x @ feeds[f"{name}/kernel"][:, head] + feeds[f"{name}/bias"][head]

    for row in range(2):
        for t in range(5):
            answer = feeds["attention_output/bias"].copy()
            near = [s for s in range(4) if abs(s - t) < 3]
            for head in range(4):
                shared = head // 2 if grouped else head
                query = projected("query", feeds["query"][row, t], head)
                keys = [projected("key", feeds["key"][row, s], shared) for s in near]
                values = [projected("value", feeds["value"][row, s], shared) for s in near]
                mixed = softmax([float(query @ key) / math.sqrt(2) for key in keys]) @ values
                if gate:
                    mixed = mixed / (1 + np.exp(-projected("gate", feeds["query"][row, t], head)))
                answer += mixed @ feeds["attention_output/kernel"][head]
            assert np.allclose(y[row, t], answer)


def test_a_target_without_sources_is_refused() -> None:
    nothing = Data(kind="values", values=[[[True], [False]]])
    inputs = [
        InputSpec(name="query", shape=[2, 3]),
        InputSpec(name="value", shape=[1, 3]),
        InputSpec(name="allowed", shape=[2, 1], dtype="bool", data=nothing),
    ]
    node = Node(
        name="n",
        layer="MultiHeadAttention",
        config={"num_heads": 1, "key_dim": 2},
        inputs=["query", "value"],
        tensors={"attention_mask": "allowed"},
    )
    model = Model(form="functional", inputs=inputs, nodes=[node], outputs=["n"])
    from conformance.cases.model import Call

    with pytest.raises(Unsupported, match="no source at all"):
        evaluate(case(model, calls=[Call(batch=1)], facets=["values"]))


OTHER_RANKS = [
    ("Attention", {}, [2, 3, 4], [2, 3, 4], "query has rank 4"),
    ("Attention", {"score_mode": "concat"}, [3, 4], [2, 3, 4], "value has rank 4"),
    ("Attention", {}, [3, 4], [3, 5], "documented for a query (batch, Tq, dim)"),
    ("AdditiveAttention", {}, [4], [4], "query has rank 2"),
    (
        "GroupQueryAttention",
        {"head_dim": 3, "num_query_heads": 2, "num_key_value_heads": 1},
        [2, 3, 4],
        [2, 3, 4],
        "query has rank 4",
    ),
    ("MultiHeadAttention", {"num_heads": 1, "key_dim": 2}, [2, 3, 4], [3, 4], "one rank"),
    ("MultiHeadAttention", {"num_heads": 1, "key_dim": 2}, [4], [4], "one rank"),
    (
        "MultiHeadAttention",
        {"num_heads": 1, "key_dim": 2, "attention_axes": [2]},
        [2, 3, 4],
        [5, 3, 4],
        "must agree along the axes",
    ),
]


def of(
    layer: str, config: dict[str, Any], query: list[int], value: list[int], **called: Any
) -> Any:
    inputs = [InputSpec(name="query", shape=query), InputSpec(name="value", shape=value)]
    node = Node(name="n", layer=layer, config=config, inputs=["query", "value"], arguments=called)
    model = Model(form="functional", inputs=inputs, nodes=[node], outputs=["n"])
    return case(model, facets=["values"])


@pytest.mark.parametrize(("layer", "config", "query", "value", "said"), OTHER_RANKS)
def test_what_is_not_documented_of_ranks_is_said_in_words(
    layer: str, config: dict[str, Any], query: list[int], value: list[int], said: str
) -> None:
    with pytest.raises(Unsupported) as error:
        evaluate(of(layer, config, query, value))
    assert said in str(error.value)


@pytest.mark.parametrize("axes", [[1, 1], [1, -3], [0], [3], [-1], [7]])
def test_attention_axes_are_different_axes_between_batch_and_features(axes: list[int]) -> None:
    config = {"num_heads": 1, "key_dim": 2, "attention_axes": axes}
    with pytest.raises(Contradiction, match="attention_axes must be different axes"):
        evaluate(of("MultiHeadAttention", config, [2, 3, 4], [2, 3, 4]))


def test_a_causal_mask_over_several_axes_is_not_documented() -> None:
    config = {"num_heads": 1, "key_dim": 2}
    asked = of("MultiHeadAttention", config, [2, 3, 4], [2, 3, 4], use_causal_mask=True)
    with pytest.raises(Unsupported, match="several attended axes"):
        evaluate(asked)
