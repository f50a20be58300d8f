"""docs/porting/chapters/same-padding.md: its formulas against every case that slides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from chapters import Held, cases, close, code, held

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = code("same-padding.md")
FAMILIES = "Conv", "ConvTranspose", "DepthwiseConv", "SeparableConv", "MaxPooling", "AveragePooling"


def sliding(kind: str) -> Iterator[Held]:
    """The cases of one layer that slides, in float32 and with no activation but a simple one."""
    file = "pooling" if kind.endswith("Pooling") else "convolutional"
    for case in cases(f"layers/{file}.yaml"):
        nodes = case.program.model.nodes
        family = nodes[0].layer.replace("Transpose", "")[:-2] + "Transpose" * (
            "Transpose" in nodes[0].layer
        )
        if len(nodes) == 1 and family == kind and "values" in case.program.facets:
            yield held(case)


def sizes(value: Any, axes: int) -> list[int]:
    """One number for each axis."""
    return [value] * axes if isinstance(value, int) else list(value)


def answered(one: Held, page: dict[str, Any]) -> Any:
    """What the page's formulas make of a case."""
    config, weights, x = one.config, one.weights(), one.fed("x")
    first = config.get("data_format") == "channels_first"
    x = np.moveaxis(x, 1, -1) if first else x
    axes = x.ndim - 2
    kind = config.get("padding", "valid").lower()
    if one.layer.startswith(("Max", "Average")):
        size = sizes(config.get("pool_size", 2), axes)
        strides = config.get("strides")
        strides = size if strides is None else sizes(strides, axes)
        pool = page["max_pooling" if one.layer.startswith("Max") else "average_pooling"]
        y = pool(x, size, strides, kind)
    else:
        strides = sizes(config.get("strides", 1), axes)
        dilation = sizes(config.get("dilation_rate", 1), axes)
        if one.layer.startswith("Separable"):
            kernels = weights["depthwise_kernel"], weights["pointwise_kernel"]
            y = page["separable"](x, *kernels, strides, dilation, kind)
        elif one.layer.startswith("Depthwise"):
            y = page["depthwise"](x, weights["kernel"], strides, dilation, kind)
        elif one.layer.endswith("Transpose"):
            extra = config.get("output_padding")
            extra = [None] * axes if extra is None else sizes(extra, axes)
            y = page["transposed"](x, weights["kernel"], strides, dilation, kind, extra)
        else:
            groups = config.get("groups", 1)
            y = page["grouped"](x, weights["kernel"], groups, strides, dilation, kind)
        y = y + weights.get("bias", 0.0)
        activation = config.get("activation") or "linear"
        y = {"linear": y, "relu": np.maximum(y, 0), "tanh": np.tanh(y)}[activation]
    return np.moveaxis(y, -1, 1) if first else y


@pytest.mark.parametrize("kind", FAMILIES)
def test_the_formulas_are_what_keras_documents(kind):
    found = [(one.case.id, close(answered(one, PAGE), one.truth())) for one in sliding(kind)]
    assert len(found) >= 20
    assert [case for case, same in found if not same] == []


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        pytest.param(
            "Conv",
            "return total // 2, total - total // 2",
            "return total - total // 2, total // 2",
            id="the odd entry before",
        ),
        pytest.param("Conv", "- 1) * stride + reach - size", "- 1) + reach - size", id="no stride"),
        pytest.param("Conv", "np.split(kernel, groups, -1)", "[kernel] * groups", id="no groups"),
        pytest.param("MaxPooling", "kind, -np.inf)", "kind, 0.0)", id="a maximum that sees zeros"),
        pytest.param(
            "AveragePooling", "total / count", "total / np.prod(size)", id="padded entries counted"
        ),
        pytest.param(
            "ConvTranspose",
            "max(whole - length, 0) // 2, length",
            "-(-max(whole - length, 0) // 2), length",
            id="the odd crop before",
        ),
        pytest.param(
            "ConvTranspose",
            "    if output_padding is None:",
            "    if not output_padding:",
            id="an output_padding of 0 taken for none",
        ),
        pytest.param(
            "DepthwiseConv",
            "kernel.reshape(*kernel.shape[:-2], 1, -1)",
            "np.swapaxes(kernel, -1, -2).reshape(*kernel.shape[:-2], 1, -1)",
            id="channels that run fastest",
        ),
    ],
)
def test_a_mistake_in_a_formula_is_seen(kind, right, wrong):
    page = code("same-padding.md", right, wrong)
    assert not all(_same(one, page) for one in sliding(kind))


def _same(one: Held, page: dict[str, Any]) -> bool:
    try:
        return close(answered(one, page), one.truth())
    except ValueError:  # shapes that don't fit
        return False
