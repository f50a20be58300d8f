"""TensorFlow's loader of SavedModels: the endpoint ``serve``, as Keras documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.adapters.exported.runtimes.base import fed
from conformance.adapters.keras.backends.base import packed
from conformance.adapters.keras.nesting import flat

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conformance.adapters.exported.runtimes.base import Running
    from conformance.adapters.keras.backends.base import Feed


def open_file(path: Path) -> Running:
    """Load a folder."""
    import tensorflow as tf

    artifact = tf.saved_model.load(str(path))

    def run(feeds: Sequence[Feed]) -> list[Any]:
        tensors = [tf.cast(tf.convert_to_tensor(fed(feed)), feed.dtype) for feed in feeds]
        return [_dense(tf, one).numpy() for one in flat(artifact.serve(packed(tensors)))]

    return run


def _dense(tf: Any, tensor: Any) -> Any:
    return tensor if hasattr(tensor, "numpy") else tf.sparse.to_dense(tensor)
