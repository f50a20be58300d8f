"""docs/porting/chapters/layouts.md: its formulas and its table against cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from chapters import PAGES, RECURRENT, Held, cases, close, code, held

if TYPE_CHECKING:
    from collections.abc import Iterator

MASKS = code("masks.md")
UNDERSTOOD = {
    "units", "use_bias", "reset_after", "go_backwards", "return_sequences", "unroll", "name",
    "unit_forget_bias",
}  # fmt: skip


def single(files: str, layer: str, understood: set[str] | None = None) -> Iterator[Held]:
    """Cases of nothing but this layer, with arguments that the formulas know."""
    for file in files.split():
        for case in cases(f"layers/{file}.yaml"):
            nodes = case.program.model.nodes
            if (
                [node.layer for node in nodes] == [layer]
                and "values" in case.program.facets
                and (understood is None or set(nodes[0].config) <= understood)
                and not nodes[0].tensors
            ):
                yield held(case)


def recurrent(one: Held, page: dict[str, Any]) -> bool:
    """Whether the page's steps give the case's answer."""
    name, count = RECURRENT[one.layer]
    weights, x, config = one.weights(), one.fed("x"), one.config
    named = {"reset_after": config.get("reset_after", True)} if one.layer == "GRU" else {}
    zeros = [np.zeros((len(x), config["units"]))] * count
    outputs, states = page["run"](
        lambda x, states: page[name](x, states, **weights, **named),
        x,
        zeros,
        go_backwards=config.get("go_backwards", False),
    )
    return close(outputs if config.get("return_sequences") else states[0], one.truth())


@pytest.mark.parametrize(
    ("layer", "file"), [("SimpleRNN", "simple_rnn"), ("LSTM", "lstm"), ("GRU", "gru")]
)
def test_the_steps_are_what_keras_documents(layer, file):
    page = code("layouts.md")
    found = [
        (one.case.id, recurrent(one, page))
        for one in single(f"recurrent/{file}", layer, UNDERSTOOD)
    ]
    assert len(found) >= 15
    assert [case for case, same in found if not same] == []


@pytest.mark.parametrize(
    ("layer", "right", "wrong"),
    [
        pytest.param("LSTM", "i, f, new, o = np.split", "i, f, o, new = np.split", id="gates"),
        pytest.param("GRU", "z * h + (1 - z) * new", "(1 - z) * h + z * new", id="z turned round"),
        pytest.param(
            "GRU",
            "(r * h) @ recurrent_kernel[:, 2 * units :]",
            "r * (h @ recurrent_kernel[:, 2 * units :])",
            id="r after",
        ),
        pytest.param(
            "SimpleRNN", "x = x[:, ::-1] if go_backwards else x", "pass", id="ahead alone"
        ),
    ],
)
def test_a_mistake_in_a_step_is_seen(layer, right, wrong):
    page = code("layouts.md", right, wrong)
    file = {"SimpleRNN": "simple_rnn"}.get(layer, layer.lower())
    assert not all(recurrent(one, page) for one in single(f"recurrent/{file}", layer, UNDERSTOOD))


def attention(one: Held, page: dict[str, Any]) -> bool:
    """Whether the page's attention gives the case's answer."""
    node = one.case.program.model.nodes[0]
    arrays = [one.fed(name) for name in node.inputs]
    query, value, key = arrays[0], arrays[1], arrays[-1]
    allowed = None
    if node.arguments.get("use_causal_mask"):
        allowed = MASKS["allowed"](query.shape[1], value.shape[1], causal=True)
    y, shares = page["multi_head_attention"](query, value, key, one.weights(), allowed)
    same = close(y, one.truth())
    return same and (
        not node.arguments.get("return_attention_scores") or close(shares, one.truth(1))
    )


def heads() -> Iterator[Held]:
    """Cases of MultiHeadAttention that the page's formula knows."""
    for one in single("multi_head_attention", "MultiHeadAttention"):
        config = one.config
        plain = not any(config.get(key) for key in ("sliding_window", "use_gate", "attention_axes"))
        flat = not isinstance(config.get("output_shape"), list) or len(config["output_shape"]) == 1
        rank = all(one.fed(name).ndim == 3 for name in one.case.program.model.nodes[0].inputs)
        if (
            plain
            and flat
            and rank
            and not one.case.program.model.nodes[0].arguments.get("training")
        ):
            yield one


def test_attention_is_what_keras_documents():
    page = code("layouts.md")
    found = [(one.case.id, attention(one, page)) for one in heads()]
    assert len(found) >= 20
    assert [case for case, same in found if not same] == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        pytest.param("np.sqrt(q.shape[-1])", "1.0", id="no scale"),
        pytest.param(
            "(query, value, key, weights, allowed=None)",
            "(query, key, value, weights, allowed=None)",
            id="value and key",
        ),
    ],
)
def test_a_mistake_in_attention_is_seen(right, wrong):
    page = code("layouts.md", right, wrong)

    def same(one: Held) -> bool:
        try:
            return attention(one, page)
        except ValueError:  # shapes that don't fit
            return False

    assert not all(same(one) for one in heads())


def test_flatten_reads_channels_last():
    page = code("layouts.md")
    found = [
        close(
            page["flatten"](one.fed("x"), one.config.get("data_format", "channels_last")),
            one.truth(),
        )
        for one in single("reshaping", "Flatten")
    ]
    assert len(found) >= 4
    assert all(found)
    wrong = code("layouts.md", "np.moveaxis(x, 1, -1) if", "x if")
    assert not all(
        close(
            wrong["flatten"](one.fed("x"), one.config.get("data_format", "channels_last")),
            one.truth(),
        )
        for one in single("reshaping", "Flatten")
    )


def test_rows_of_a_dense_behind_channels_first():
    page = code("layouts.md")
    random = np.random.default_rng(5)
    x, kernel = random.normal(size=(2, 3, 4, 5)), random.normal(size=(60, 7))
    other = np.moveaxis(x, -1, 1).reshape(2, -1)
    rows = page["rows_for_channels_first"](kernel, (3, 4), 5)
    assert close(other @ rows, page["dense"](page["flatten"](x), kernel))
    assert not close(other @ kernel, page["dense"](page["flatten"](x), kernel))


def test_dense_works_on_the_last_axis():
    page = code("layouts.md")
    found = [
        close(page["dense"](one.fed("x"), **one.weights()), one.truth())
        for one in single("core", "Dense", {"units", "use_bias"})
    ]
    assert found
    assert all(found)


def _table() -> dict[str, list[str]]:
    text = (PAGES / "layouts.md").read_text(encoding="utf-8").partition("## Variables in")[2]
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return {
        layer: variables.split(", ")
        for layers, variables in rows[2:]
        for layer in layers.split(", ")
    }


FILES = (
    "core convolutional normalization activation multi_head_attention recurrent/lstm recurrent/gru "
    "recurrent/simple_rnn preprocessing/numbers"
)


@pytest.mark.parametrize("layer", _table())
def test_variables_stand_in_keras_order(layer):
    listed = _table()[layer]
    seen = set()
    for one in single(FILES, layer):
        node = one.case.program.model.nodes[0].name
        order = [weight.name.removeprefix(f"{node}/") for weight in one.answer.expectation.weights]
        known = [name for name in order if name in listed]
        assert known == sorted(known, key=listed.index)
        seen |= set(known)
    assert seen == set(listed)
