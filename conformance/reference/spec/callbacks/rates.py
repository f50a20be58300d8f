"""Callbacks that change the learning rate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.adapters.shared.rate_schedules import schedule as found
from conformance.reference.errors import Refused
from conformance.reference.spec.callbacks.base import Callback, Monitor, rate_of
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.reference.engine.array import Array
    from conformance.reference.spec.callbacks.base import Fitted


@defines("callbacks.ReduceLROnPlateau")
class ReduceLROnPlateau(Monitor):
    """Multiplies the learning rate after ``patience`` epochs without an improvement.

    Then ``cooldown`` epochs go by in which none is counted. What is told of an epoch is the rate
    that it was trained with.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        """Keras's own arguments but ``verbose``.

        Raises:
            Refused: The rate would not become smaller.
        """
        if factor >= 1.0:
            message = f"ReduceLROnPlateau: factor must be below 1, not {factor}"
            raise Refused(message)
        super().__init__(monitor, mode, min_delta)
        self._factor, self._patience, self._least = factor, patience, min_lr
        self._cooldown, self._cooling, self._waited = cooldown, 0, 0
        self._best: Array | None = None

    def on_epoch_end(self, fit: Fitted, epoch: int, logs: dict[str, Array]) -> None:  # noqa: ARG002 (of those that count epochs)
        """Count the epochs without an improvement."""
        rate = logs["learning_rate"] = rate_of(fit)
        now = self.told(logs)
        better = self.improves(now, self._best)
        if better:
            self._best = now
        if self._cooling:
            self._cooling -= 1
            self._waited = 0
            return
        self._waited = 0 if better else self._waited + 1
        before = float(rate.value.real)
        if not better and self._waited >= self._patience and before > self._least:
            fit.optimizer.set(learning_rate=max(before * self._factor, self._least))
            self._cooling, self._waited = self._cooldown, 0


@defines("callbacks.LearningRateScheduler")
class LearningRateScheduler(Callback):
    """Sets the learning rate before each epoch to what a function of epoch and rate says."""

    def __init__(self, schedule: Mapping[str, Any]) -> None:
        """Keras's own argument, but ``verbose``: a function out of the table of cases.

        Raises:
            Refused: There is no such function.
        """
        try:
            self._schedule = found(schedule)
        except ValueError as error:
            message = f"LearningRateScheduler: {error}"
            raise Refused(message) from error

    def on_epoch_begin(self, fit: Fitted, epoch: int) -> None:
        """Set the rate."""
        fit.optimizer.set(learning_rate=self._schedule(epoch, float(rate_of(fit).value.real)))

    def on_epoch_end(self, fit: Fitted, epoch: int, logs: dict[str, Array]) -> None:  # noqa: ARG002 (Keras's signature)
        """Tell it."""
        logs["learning_rate"] = rate_of(fit)
