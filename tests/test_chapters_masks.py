"""docs/porting/chapters/masks.md: where masks come from, go, and what they do, against cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from chapters import RECURRENT, Held, cases, close, code, held

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LAYOUTS = code("layouts.md")
TRAVEL = (
    "core.yaml",
    "compositions.yaml",
    "merging.yaml",
    "pooling.yaml",
    "recurrent/masks.yaml",
    "attention.yaml",
    "multi_head_attention.yaml",
    "normalization_training.yaml",
)


def masked(files: Sequence[str] = TRAVEL) -> Iterator[Held]:
    """Cases of models in which an entry is masked."""
    for file in files:
        for case in cases(f"layers/{file}"):
            nodes = case.program.model.nodes
            if any(
                node.layer == "Masking"
                or node.config.get("mask_zero")
                or any("mask" in key for key in node.tensors)
                for node in nodes
            ):
                yield held(case)


def masks_of(one: Held, page: dict[str, Any]) -> list[Any]:
    """The mask of each output of the first call, by the page's rules."""
    model = one.case.program.model
    shapes = {name: one.fed(name).shape for name in (spec.name for spec in model.inputs)}
    shapes |= {
        name: tuple(shape) for name, shape in one.answer.expectation.calls[0].nodes.items() if shape
    }
    masks: dict[str, Any] = {}
    for node in model.nodes:
        taken = [masks.get(name) for name in node.inputs]
        if "mask" in node.tensors:
            given = node.tensors["mask"]
            named = given if isinstance(given, list) else [given]
            taken = [one.fed(name) for name in named] + taken[len(named) :]
        if "query_mask" in node.tensors:
            taken[0] = one.fed(node.tensors["query_mask"])
        if node.layer in {"Masking", "Embedding", "ReversibleEmbedding"}:
            fed = one.fed(node.inputs[0]) if node.inputs[0] not in masks else None
            masks[node.name] = None if fed is None else page["made"](node.layer, node.config, fed)
        else:
            around = [shapes.get(name) for name in node.inputs]
            masks[node.name] = page["handed_on"](node.layer, node.config, taken, around)
    return [masks.get(name) for name in model.outputs]


def told(one: Held) -> list[Any]:
    """The masks that the reference expects, an output each."""
    expected = one.answer.expectation.calls[0].masks
    return [None if mask is None else one.answer.arrays[mask.tensor] for mask in expected]


def travelled(page: dict[str, Any]) -> Iterator[tuple[Held, bool]]:
    """Each case, and whether its outputs' masks are what the page says."""
    for one in masked():
        nodes = one.case.program.model.nodes
        expected = told(one)
        if not expected or any(node.layer == "Masking" for node in nodes[1:]):
            continue  # nothing is asked, or the mask is one of numbers that a layer made
        pairs = list(zip(masks_of(one, page), expected, strict=False))
        yield one, all(_alike(found, mask) for found, mask in pairs)


def _alike(found: Any, expected: Any) -> bool:
    if found is None or expected is None:
        return found is expected
    return bool(np.array_equal(found, expected))


def test_masks_go_where_keras_documents():
    found = list(travelled(code("masks.md")))
    assert [one.case.id for one, same in found if not same] == []
    assert sum(any(mask is not None for mask in told(one)) for one, _ in found) > 100
    assert len({node.layer for one, _ in found for node in one.case.program.model.nodes}) > 30


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        pytest.param("x != 0 if config", "x == 0 if config", id="the other way round"),
        pytest.param("Dense Dropout ELU", "Dropout ELU", id="Dense ends it"),
        pytest.param(
            'return masks[0] if config.get("return_sequences") else None',
            "return masks[0]",
            id="a last output that is masked",
        ),
        pytest.param("np.logical_or.reduce(masks)", "np.logical_and.reduce(masks)", id="and"),
        pytest.param("np.concatenate(wide, axis).any(-1)", "wide[0].any(-1)", id="the first's"),
        pytest.param("layer in HAND_ON or layer in ATTENTION", "layer in HAND_ON", id="no query's"),
    ],
)
def test_a_mask_that_goes_elsewhere_is_seen(right, wrong):
    assert not all(same for _, same in travelled(code("masks.md", right, wrong)))


def passes_over(one: Held, page: dict[str, Any]) -> bool:
    """Whether a recurrent layer's answer is what the page's steps give."""
    node = one.case.program.model.nodes[0]
    config, weights, x = node.config, one.weights(), one.fed(node.inputs[0])
    if node.layer == "RNN":
        (cell,) = config["cell"]
        units = config["cell"][cell]["units"]
        name, count = RECURRENT[cell.removesuffix("Cell")]
    else:
        units = config["units"]
        name, count = RECURRENT[node.layer]
    outputs, states = page["run_masked"](
        lambda x, states: LAYOUTS[name](x, states, **weights),
        x,
        [np.zeros((len(x), units))] * count,
        one.fed(node.tensors["mask"]),
        go_backwards=config.get("go_backwards", False),
        zero_output_for_mask=config.get("zero_output_for_mask", False),
    )
    same = close(outputs if config.get("return_sequences") else states[0], one.truth())
    if config.get("return_state"):
        same = same and all(close(state, one.truth(n)) for n, state in enumerate(states, 1))
    return same


def recurrent() -> Iterator[Held]:
    """Cases of one recurrent layer with a mask, and activations that the formulas have."""
    for one in masked(["recurrent/masks.yaml"]):
        node = one.case.program.model.nodes[0]
        cell = next(iter(node.config.get("cell", {"": {}})))
        simple = node.layer in RECURRENT or (
            isinstance(cell, str) and cell.removesuffix("Cell") in RECURRENT
        )
        plain = set(node.tensors) == {"mask"} and len(one.case.program.model.nodes) == 1
        if simple and plain and node.config.get("activation", "tanh") == "tanh":
            yield one


def test_recurrent_layers_pass_over_masked_steps():
    page = code("masks.md")
    found = [(one.case.id, passes_over(one, page)) for one in recurrent()]
    assert len(found) >= 15
    assert [case for case, same in found if not same] == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        pytest.param(
            "np.where(counts, one, old) for one", "one + 0 * old for one", id="states that move"
        ),
        pytest.param("np.where(counts, new[0], shown)", "new[0]", id="outputs that don't repeat"),
        pytest.param("x[:, ::-1], mask[:, ::-1]", "x[:, ::-1], mask", id="a mask read ahead"),
        pytest.param("0.0) if zero_output_for_mask", "0.0) if None", id="no zeros"),
    ],
)
def test_a_step_that_is_not_passed_over_is_seen(right, wrong):
    page = code("masks.md", right, wrong)
    assert not all(passes_over(one, page) for one in recurrent())


def takes_it(one: Held, page: dict[str, Any]) -> bool:
    """Whether another layer's answer is what the page's formula gives."""
    node = one.case.program.model.nodes[0]
    x = one.fed(node.inputs[0])
    if node.layer == "GlobalAveragePooling1D":
        first = node.config.get("data_format") == "channels_first"
        x = np.moveaxis(x, 1, -1) if first else x
        y = page["global_average"](x, one.fed(node.tensors["mask"]))
        y = np.expand_dims(y, -1 if first else 1) if node.config.get("keepdims") else y
    elif node.layer == "Softmax":
        axis = node.config.get("axis", -1)
        axis = tuple(axis) if isinstance(axis, list) else axis
        y = page["softmax"](x, one.fed(node.tensors["mask"]), axis)
    elif node.layer == "BatchNormalization":
        return moved(one, page)
    else:
        return attends(one, page)
    return close(y, one.truth())


def moved(one: Held, page: dict[str, Any]) -> bool:
    """Whether the moving statistics of a batch are of what counts."""
    node = one.case.program.model.nodes[0]
    rate = node.config.get("momentum", 0.99)
    batch = page["batch_statistics"](one.fed(node.inputs[0]), one.fed(node.tensors["mask"]))
    weights = one.weights()
    return all(
        close(
            weights[name] * rate + statistic * (1 - rate),
            one.answer.arrays[f"truth/state/weight/{node.name}/{name}"],
        )
        for name, statistic in zip(("moving_mean", "moving_variance"), batch, strict=True)
    )


def attends(one: Held, page: dict[str, Any]) -> bool:
    """Whether MultiHeadAttention's answer, or Attention's, is what the formulas give."""
    node = one.case.program.model.nodes[0]
    arrays = [one.fed(name) for name in node.inputs]
    query, value, key = arrays[0], arrays[1], arrays[-1]
    sizes = query.shape[1], value.shape[1]
    causal = bool(node.arguments.get("use_causal_mask"))
    if node.layer == "Attention":
        of_query, of_value = (one.fed(name) for name in node.tensors["mask"])
        allowed = page["allowed"](*sizes, value=of_value, causal=causal)
        shares = LAYOUTS["softmax"](np.einsum("btd,bsd->bts", query, key), allowed)
        y = page["answered"](shares @ value, of_query)
    else:
        named = {
            name.partition("_")[0]: one.fed(given)
            for name, given in node.tensors.items()
            if name.endswith("_mask") and name != "attention_mask"
        }
        given = node.tensors.get("attention_mask")
        allowed = page["allowed"](
            *sizes, **named, causal=causal, given=None if given is None else one.fed(given)
        )
        y, shares = LAYOUTS["multi_head_attention"](query, value, key, one.weights(), allowed)
    same = close(y, one.truth())
    return same and (
        not node.arguments.get("return_attention_scores") or close(shares, one.truth(1))
    )


TAKEN = {
    "GlobalAveragePooling1D": ("pooling.yaml", 3),
    "Softmax": ("activation.yaml", 4),
    "BatchNormalization": ("normalization_training.yaml", 4),
    "Attention": ("attention.yaml", 4),
    "MultiHeadAttention": ("multi_head_attention.yaml", 4),
}


def taking(layer: str) -> Iterator[Held]:
    """Cases of one layer that is given a mask."""
    for one in masked([TAKEN[layer][0]]):
        nodes = one.case.program.model.nodes
        plain = [node.layer for node in nodes] == [layer] and any(
            key.endswith("mask") for key in nodes[0].tensors
        )
        simple = nodes[0].config.get("score_mode", "dot") == "dot"
        if layer == "BatchNormalization":
            simple = bool(nodes[0].arguments.get("training"))
        if plain and simple:
            yield one


@pytest.mark.parametrize("layer", TAKEN)
def test_what_a_mask_does_is_what_keras_documents(layer):
    page = code("masks.md")
    found = [(one.case.id, takes_it(one, page)) for one in taking(layer)]
    assert [case for case, same in found if not same] == []
    assert len(found) >= TAKEN[layer][1]


@pytest.mark.parametrize(
    ("layer", "right", "wrong"),
    [
        ("GlobalAveragePooling1D", "/ weight.sum(1)", "/ x.shape[1]"),
        ("Softmax", "np.where(mask, x, -np.inf)", "x"),
        ("BatchNormalization", "counted = x[mask]", "counted = x.reshape(-1, x.shape[-1])"),
        ("Attention", "outputs * query_mask[..., None]", "outputs"),
        ("Attention", "(value, 1)", "(value, 2)"),
        ("MultiHeadAttention", "found & given.astype(bool)", "found"),
    ],
)
def test_a_mask_that_does_something_else_is_seen(layer, right, wrong):
    page = code("masks.md", right, wrong)

    def same(one: Held) -> bool:
        try:
            return takes_it(one, page)
        except ValueError:  # shapes that don't fit
            return False

    assert not all(same(one) for one in taking(layer))


def test_masked_entries_are_no_part_of_a_loss():
    page = code("masks.md")
    losses = np.array([[1.0, 2.0, 9.0], [3.0, 9.0, 9.0]])
    mask = np.array([[True, True, False], [True, False, False]])
    assert page["masked_loss"](losses, mask) == 2.0
