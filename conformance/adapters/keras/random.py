"""What a layer draws in training: the same model built and called again, by one seed and another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.adapters.keras.backends.base import packed
from conformance.adapters.keras.build import build

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.adapters.keras.backends.base import Backend, Value


def draws(
    backend: Backend, spec: Mapping[str, Any], tensors: Mapping[str, Any]
) -> dict[str, Value]:
    """Answers in training to the arrays ``random/<input>``.

    All calls are eager: that is how a user meets a layer with a seed, and every backend can.

    Args:
        backend: The Keras.
        spec: A ``Model`` of ``conformance/cases/model.py`` as plain data, its layer with a seed.
        tensors: The program's arrays.

    Returns:
        ``first`` and ``second``: two calls of one model; ``again``: a new model with the same
        seed; ``other``: one with the next seed.

    Raises:
        Exception: Whatever Keras raises.
    """
    feeds = [
        backend.tensor(tensors[f"random/{one['name']}"], one.get("dtype", "float32"))
        for one in spec["inputs"]
    ]

    def call(model: Any) -> Value:
        return backend.value(model(packed(feeds), training=True))

    def anew(model: Mapping[str, Any]) -> Any:
        backend.rewind()
        return build(backend.keras, model).model

    model = anew(spec)
    first, second = call(model), call(model)
    return {
        "first": first,
        "second": second,
        "again": call(anew(spec)),
        "other": call(anew(_reseeded(spec))),
    }


def _reseeded(spec: Mapping[str, Any]) -> dict[str, Any]:
    nodes = [
        {**node, "config": {**node["config"], "seed": node["config"]["seed"] + 1}}
        for node in spec["nodes"]
    ]
    return {**spec, "nodes": nodes}
