"""What a layer draws in training: the same model built and called again, by one seed or another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.adapters.keras.backends.base import packed
from conformance.adapters.keras.build import build
from conformance.adapters.keras.weights import assign, variables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.adapters.keras.backends.base import Backend, Value


def draws(
    backend: Backend, program: Mapping[str, Any], tensors: Mapping[str, Any]
) -> tuple[dict[str, Value], bool]:
    """Answers in training to the arrays ``random/<input>``.

    All calls are eager: that is how a user meets a layer with a seed, and every backend can.

    Args:
        backend: The Keras.
        program: A ``Program`` of ``conformance/cases/model.py`` as plain data; its one layer has a
            seed.
        tensors: The program's arrays.

    Returns:
        ``first`` and ``second``: two calls of one model; ``again``: a new model with the same
        seed; ``other``: one with the other seed. And whether the first call left its input alone.

    Raises:
        Exception: Whatever Keras raises.
    """
    own = program["model"]["nodes"][0]["config"]["seed"]
    fed = [
        (tensors[f"random/{one['name']}"], one.get("dtype", "float32"))
        for one in program["model"]["inputs"]
    ]

    weights = {
        name[len("weight/") :]: array
        for name, array in tensors.items()
        if name.startswith("weight/")
    }

    def feeds() -> list[Any]:
        # A copy for each call: a layer that changes its input must not change the next call's.
        return [backend.tensor(np.array(array), dtype) for array, dtype in fed]

    def anew(seed: int) -> Any:
        backend.rewind()
        net = build(backend.keras, _in_training(program["model"], seed))
        assign(variables(net), weights)
        return net.model

    def call(model: Any, given: list[Any]) -> Value:
        return backend.value(model(packed(given), training=True))

    model, given = anew(own), feeds()
    first = call(model, given)
    # A layer that gave back its own input, changed, would change `first` with it: so a copy.
    first = replace(first, array=np.array(first.array)) if _numbers(first) else first
    kept = all(
        np.array_equal(backend.value(tensor).array, array) for tensor, (array, _) in zip(given, fed)
    )
    second = call(model, feeds())
    return {
        "first": first,
        "second": second,
        "again": call(anew(own), feeds()),
        "other": call(anew(program["random"]["other"]), feeds()),
    }, kept


def _numbers(value: Value) -> bool:
    """Whether it is an array of NumPy's and not bits that NumPy has no dtype for."""
    return isinstance(value.array, np.ndarray)


def _in_training(spec: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """The model with this seed, its layer free to be called in training."""
    nodes = []
    for node in spec["nodes"]:
        arguments = dict(node.get("arguments", {}))
        arguments.pop("training", None)
        nodes.append({**node, "config": {**node["config"], "seed": seed}, "arguments": arguments})
    return {**spec, "nodes": nodes}
