"""What a layer draws in training, in JAX: a key of the layer's seed for each of its calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax

from conformance.adapters.native.model import Model
from conformance.adapters.native.training import in_training

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from conformance.adapters.native.binding import Table


def draws(
    table: Table,
    program: Mapping[str, Any],
    inputs: Mapping[str, Any],
    cast: Callable[[Any, str], Any] | None,
) -> dict[str, Any]:
    """Answers in training.

    Args:
        table: What the adapter can do.
        program: A ``Program`` of ``conformance/cases/model.py`` as a plain dict; its one layer has
            a seed.
        inputs: The arrays ``random/<input>`` by the input's name.
        cast: Makes of an array one of the dtype of this name.

    Returns:
        ``first`` and ``second``: two calls with keys of one seed; ``again``: the first of them
        once more; ``other``: the first with another seed.
    """
    spec, other = program["model"], program["random"]["other"]
    seed = spec["nodes"][0]["config"]["seed"]

    def answer(number: int, call: int) -> Any:
        model = Model(table, in_training(spec, seed=number, call=call), cast=cast)
        return jax.device_get(jax.jit(lambda fed: model(fed, {}).outputs[0])(inputs))

    return {
        "first": answer(seed, 0),
        "second": answer(seed, 1),
        "again": answer(seed, 0),
        "other": answer(other, 0),
    }
