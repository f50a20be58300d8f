"""OpenVINO's runtime on the CPU, one thread, in float32."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from conformance.adapters.exported.runtimes.base import fed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conformance.adapters.exported.runtimes.base import Running
    from conformance.adapters.keras.backends.base import Feed

_SETTINGS = {
    # The default is what the processor is fastest in: bfloat16 on some.
    "INFERENCE_PRECISION_HINT": "f32",
    "INFERENCE_NUM_THREADS": "1",
}


def open_file(path: Path) -> Running:
    """Load a file and compile it; inputs are taken in the order in which it lists them."""
    compiled = _core().compile_model(str(path), "CPU", _SETTINGS)

    def run(feeds: Sequence[Feed]) -> list[Any]:
        answer = compiled([fed(feed) for feed in feeds])
        return [answer[place].copy() for place in range(len(compiled.outputs))]

    return run


@functools.lru_cache(maxsize=1)
def _core() -> Any:
    """The process's one runtime: a new one looks for its plugins and loads them."""
    import openvino

    return openvino.Core()
