"""TensorFlow.js's layers in Node, on the CPU backend: ``loadLayersModel``, then ``predict``."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from conformance.adapters.exported.node import JavaScriptError, Node
from conformance.adapters.exported.runtimes.base import fed
from conformance.adapters.exported.told import told
from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conformance.adapters.exported.runtimes.base import Running
    from conformance.adapters.keras.backends.base import Feed

_DTYPES = frozenset({"float32", "int32", "bool"})

_NOT_IMPLEMENTED = "NotImplementedError"
"""How tfjs says that it hasn't got something."""


@functools.lru_cache(maxsize=1)
def node() -> Node:
    """The process's one Node; raises as :class:`Node` does."""
    return Node()


def open_file(path: Path) -> Running:
    """Load a folder; inputs are taken in the order in which the model lists them.

    Raises:
        Unsupported: tfjs refuses it: the reason is its own.
    """
    try:
        loaded, _ = node().ask({"do": "load", "folder": str(path)})
    except JavaScriptError as error:
        raise Unsupported(f"import refused: {told(str(error))}") from error
    number = loaded["number"]

    def run(feeds: Sequence[Feed]) -> list[Any]:
        arrays = {str(place): fed(feed) for place, feed in enumerate(feeds)}
        for array in arrays.values():
            if array.dtype.name not in _DTYPES:
                raise Unsupported(
                    f"tfjs has the dtypes float32, int32 and bool, and can't be fed {array.dtype}"
                )
        try:
            _, answers = node().ask({"do": "call", "number": number}, arrays)
        except JavaScriptError as error:
            if error.type == _NOT_IMPLEMENTED:
                raise Unsupported(f"tfjs says: {told(str(error))}") from error
            raise
        return [answers[str(place)].copy() for place in range(len(answers))]

    return run
