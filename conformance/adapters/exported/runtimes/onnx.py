"""ONNX Runtime, on the CPU, one thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.adapters.exported.runtimes.base import fed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conformance.adapters.exported.runtimes.base import Running
    from conformance.adapters.keras.backends.base import Feed


def open_file(path: Path) -> Running:
    """Load a file; inputs are taken in the order in which it lists them, as Keras documents."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors; warnings of each graph would drown them
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_inputs()]

    def run(feeds: Sequence[Feed]) -> list[Any]:
        return list(session.run(None, dict(zip(names, map(fed, feeds)))))

    return run
