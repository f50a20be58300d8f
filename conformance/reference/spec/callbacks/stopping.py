"""Callbacks that end a training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.errors import Unsupported
from conformance.reference.spec.callbacks.base import Callback, Monitor
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.array import Array
    from conformance.reference.spec.callbacks.base import Fitted


@defines("callbacks.EarlyStopping")
class EarlyStopping(Monitor):
    """Ends the training after ``patience`` epochs without an improvement.

    With a baseline, an epoch that is no better than it is one without improvement. The weights that
    are restored are those of the best epoch, whatever the baseline, wherever the training ends.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        """Keras's own arguments but ``verbose``."""
        super().__init__(monitor, mode, min_delta)
        self._patience, self._baseline, self._first = patience, baseline, start_from_epoch
        self._restores = restore_best_weights
        self._waited = 0
        self._best: Array | None = None
        self._kept: dict[str, Array] | None = None

    def on_epoch_end(self, fit: Fitted, epoch: int, logs: dict[str, Array]) -> None:
        """Count the epochs without an improvement."""
        if epoch < self._first:
            return
        now = self.told(logs)
        better = self.improves(now, self._best)
        if better:
            self._best, self._kept = now, dict(fit.weights)
        if better and self.improves(now, self._baseline):
            self._waited = 0
            return
        self._waited += 1
        fit.stopped = fit.stopped or self._waited >= self._patience

    def on_train_end(self, fit: Fitted) -> None:
        """Restore the best epoch's weights."""
        if self._restores and self._kept is not None:
            fit.put(self._kept)


@defines("callbacks.TerminateOnNaN")
class TerminateOnNaN(Callback):
    """Ends the training after the batch whose loss is NaN or infinite."""

    def __init__(self, raise_error: bool = False) -> None:
        """Keras's own argument.

        Raises:
            Unsupported: It raises, which leaves nothing to judge.
        """
        if raise_error:
            message = "TerminateOnNaN with raise_error is not in the reference"
            raise Unsupported(message)

    def on_batch_end(self, fit: Fitted, loss: Array) -> None:
        """Look at the loss."""
        fit.stopped = fit.stopped or not np.isfinite(loss.value).all()
