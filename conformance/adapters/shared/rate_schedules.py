"""Schedules that a case can name for ``LearningRateScheduler``: a closed table, and no code.

A schedule is a function of the epoch, counted from 0, and of the learning rate now; the reference
and the adapters call the same one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

ARGUMENTS = {"listed": ("rates",), "hold_then_multiply": ("epochs", "factor")}
"""The arguments of each, by its name."""

Schedule = Callable[[int, float], float]


def schedule(named: Mapping[str, Any]) -> Schedule:
    """The function that a case names.

    Args:
        named: ``{listed: {rates: [0.1, 0.05]}}``, a rate for each epoch, or ``{hold_then_multiply:
            {epochs: 2, factor: 0.5}}``, the rate as it is for so many epochs, and then each time
            multiplied.

    Raises:
        ValueError: It is none of the table.
    """
    if len(named) == 1:
        ((name, config),) = named.items()
        if name == "listed":
            return lambda epoch, _: float(config["rates"][epoch])
        if name == "hold_then_multiply":
            return lambda epoch, rate: _held(epoch, rate, config["epochs"], config["factor"])
    message = f"no schedule is named {dict(named)}"
    raise ValueError(message)


def _held(epoch: int, rate: float, epochs: int, factor: float) -> float:
    return rate if epoch < epochs else rate * factor
