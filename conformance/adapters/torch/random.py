"""What a layer draws in training, in torch: the global generator seeded by the layer's seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from conformance.adapters.native.model import Model
from conformance.adapters.native.training import in_training

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

    from conformance.adapters.native.binding import Table


def draws(
    table: Table,
    program: Mapping[str, Any],
    inputs: Mapping[str, Tensor],
    cast: Callable[[Tensor, str], Tensor] | None,
) -> dict[str, Tensor]:
    """Answers in training.

    Args:
        table: What the adapter can do.
        program: A ``Program`` of ``conformance/cases/model.py`` as a plain dict; its one layer has
            a seed.
        inputs: The arrays ``random/<input>`` by the input's name.
        cast: Makes of a tensor one of the dtype of this name.

    Returns:
        ``first`` and ``second``: two calls after one seeding; ``again``: after the same seeding;
        ``other``: after another.
    """
    spec, other = program["model"], program["random"]["other"]
    model = Model(table, in_training(spec), cast=cast)
    seed = spec["nodes"][0]["config"]["seed"]

    def seeded(number: int, calls: int) -> list[Tensor]:
        torch.manual_seed(number)
        with torch.no_grad():
            return [model(inputs, {}).outputs[0] for _ in range(calls)]

    first, second = seeded(seed, 2)
    return {
        "first": first,
        "second": second,
        "again": seeded(seed, 1)[0],
        "other": seeded(other, 1)[0],
    }
