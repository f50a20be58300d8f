"""LiteRT's interpreter, one thread."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from conformance.adapters.exported.runtimes.base import fed
from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from conformance.adapters.exported.runtimes.base import Running
    from conformance.adapters.keras.backends.base import Feed

_FLEX = (
    "the file needs operators of TensorFlow itself (the Flex delegate), which ai-edge-litert, the "
    "runtime by itself, doesn't have"
)


def open_file(path: Path) -> Running:
    """Load a file; it is asked by its lists of inputs and outputs, as Keras documents.

    An input is found by its name where the file has kept it, else by its place. Sizes are told to
    the interpreter anew where they change, and only those that the file leaves open.
    """
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(path), num_threads=1)
    inputs = interpreter.get_input_details()
    sizes: list[tuple[int, ...]] = []  # that it was made ready for

    def run(feeds: Sequence[Feed]) -> list[Any]:
        arrays = [fed(feed) for feed in feeds]
        if len(arrays) != len(inputs):
            raise ValueError(f"the file has {len(inputs)} inputs, the model {len(arrays)}")
        placed = [_place(feed.name, at, inputs) for at, feed in enumerate(feeds)]
        now = [array.shape for array in arrays]
        if now != sizes:
            for place, array in zip(placed, arrays):
                interpreter.resize_tensor_input(inputs[place]["index"], array.shape, strict=True)
            with _without_flex():
                interpreter.allocate_tensors()
            sizes[:] = now
        for place, array in zip(placed, arrays):
            interpreter.set_tensor(inputs[place]["index"], array)
        with _without_flex():
            interpreter.invoke()
        return [interpreter.get_tensor(one["index"]) for one in interpreter.get_output_details()]

    return run


@contextmanager
def _without_flex() -> Iterator[None]:
    """Tell a file that needs TensorFlow's own kernels, which a LiteRT by itself doesn't have.

    Raises:
        Unsupported: It does.
    """
    try:
        yield
    except RuntimeError as error:
        if "Flex delegate" in str(error):
            raise Unsupported(_FLEX) from error
        raise


def _place(name: str, at: int, inputs: Sequence[Any]) -> int:
    """Where in the file's list the model's input stands: ``serving_default_x:0`` is ``x``."""
    for place, one in enumerate(inputs):
        told = str(one["name"]).partition(":")[0]
        if told == name or told.endswith(f"_{name}"):
            return place
    return at
