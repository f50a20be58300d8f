"""ModelCheckpoint: which weights are in the files that it writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference.spec.callbacks.base import Monitor
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.array import Array
    from conformance.reference.spec.callbacks.base import Fitted


@defines("callbacks.ModelCheckpoint")
class ModelCheckpoint(Monitor):
    """Writes the model after each epoch, each so many batches, or each epoch that is the best."""

    def __init__(
        self,
        filepath: str,
        monitor: str = "val_loss",
        save_best_only: bool = False,
        save_weights_only: bool = False,  # noqa: ARG002 (the weights are in either file)
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        """Keras's own arguments but ``verbose``."""
        super().__init__(monitor, mode if save_best_only else "min", 0.0)
        self._path, self._best_only = filepath, save_best_only
        self._every = None if save_freq == "epoch" else int(save_freq)
        self._batches, self._epoch = 0, 0
        self._best: Array | float | None = initial_value_threshold

    def on_epoch_begin(self, fit: Fitted, epoch: int) -> None:  # noqa: ARG002 (Keras's signature)
        """Note the epoch, for the file's name."""
        self._epoch = epoch

    def on_batch_end(self, fit: Fitted, loss: Array) -> None:
        """Write after so many batches, through all epochs."""
        if self._every is not None:
            self._batches += 1
            if self._batches % self._every == 0:
                self._write(fit, {"loss": loss})

    def on_epoch_end(self, fit: Fitted, epoch: int, logs: dict[str, Array]) -> None:  # noqa: ARG002 (Keras's signature)
        """Write after the epoch."""
        if self._every is None:
            self._write(fit, logs)

    def _write(self, fit: Fitted, logs: dict[str, Array]) -> None:
        if self._best_only:
            now = self.told(logs)
            if not self.improves(now, self._best):
                return
            self._best = now
        name = self._path.format(epoch=self._epoch + 1)
        fit.files[name] = dict(fit.weights)
