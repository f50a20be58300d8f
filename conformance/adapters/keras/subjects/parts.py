"""What the ways through a case that is no model have in common: facets, errors, arrays, times."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.adapters.worker.failure import Unsupported, failure
from conformance.adapters.worker.outputs import Arrays

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.adapters.keras.backends.base import Backend


def as_lists(array: Any, dtype: str) -> Any:
    """Numbers as Python writes them: nested lists, or the number of an array without axes."""
    return np.array(array).astype(dtype).tolist()


class Answering:
    """One program on its way to its answer."""

    def __init__(
        self, backend: Backend, program: Mapping[str, Any], tensors: Mapping[str, Any]
    ) -> None:
        """Hold what was asked."""
        self.backend = backend
        self.keras = backend.keras
        self.program = program
        self.tensors = tensors
        self.facets = frozenset(program["facets"])
        self.arrays = Arrays()
        self.said: dict[str, Any] = {"unsupported": {}, "errors": {}, "seconds": {}}

    def run(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The observation and its arrays."""
        try:
            self.answer()
        except Unsupported as reason:
            return self._without(**reason.answer())
        except NotImplementedError as reason:
            # Keras raises some of them without a word.
            return self._without(**Unsupported(str(reason) or type(reason).__name__).answer())
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - the framework's refusal is an answer
            return self._without(status="error", error=failure(error, "call"))
        return self.said, self.arrays.tensors

    def answer(self) -> None:
        """Every facet that is asked."""
        raise NotImplementedError

    def _without(self, **why: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        return {**why, "seconds": self.said["seconds"]}, {}

    def put(self, base: str, outputs: Sequence[Any]) -> list[dict[str, Any]]:
        """Outputs among the arrays, each described."""
        found = []
        for at, output in enumerate(outputs):
            if self._is_of_numpy(output):
                found.append(self.arrays.output(f"{base}/{at}", output, output.dtype.name))
            elif hasattr(output, "dtype"):
                value = self.backend.value(output)
                found.append(self.arrays.output(f"{base}/{at}", value.array, value.dtype))
            else:  # a plain number of Python
                found.append(self.arrays.output(f"{base}/{at}", np.asarray(output)))
        return found

    def _is_of_numpy(self, output: Any) -> bool:
        """Whether it is an array of NumPy, as functions of ``keras.utils`` may answer.

        Of any other function it would be wrong on a backend that has tensors of its own.
        """
        nodes = self.program.get("model", {}).get("nodes", ())
        documented = any(node["layer"].startswith("utils.") for node in nodes)
        return documented and isinstance(output, np.ndarray)

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Note how long it took."""
        start = time.perf_counter()
        try:
            yield
        finally:
            seconds = self.said["seconds"]
            seconds[what] = seconds.get(what, 0.0) + time.perf_counter() - start

    @contextmanager
    def facet(self, facet: str) -> Iterator[None]:
        """Turn what is raised inside into this facet's answer."""
        with self.timed(facet):
            try:
                yield
            except (Unsupported, NotImplementedError) as reason:
                self.said["unsupported"][facet] = str(reason) or type(reason).__name__
            except MemoryError:
                raise
            except Exception as error:  # noqa: BLE001 - one facet's error is no other's
                self.said["errors"][facet] = failure(error, facet)
