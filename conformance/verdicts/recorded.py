"""What was answered where nobody documents an answer: recorded in words, and judged by nobody.

The words are compared as they are, between adapters and between versions of one. So numbers are
written with as many digits as any rounding leaves alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from conformance.verdicts import text
from conformance.verdicts.model import CellVerdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from conformance.adapters.host.observation import Failure, Observation, Output

DIGITS: Final = 5
"""Of a float: what float32 keeps after a dozen operations."""

MOST: Final = 24
"""Numbers of an array that are written; the cases' arrays are smaller."""


def recorded(
    case: str, adapter: str, observation: Observation, tensors: Mapping[str, NDArray[Any]]
) -> CellVerdict:
    """Write down an answer.

    Args:
        case: The case's id.
        adapter: Who answered.
        observation: The answer.
        tensors: Its arrays by name.

    Returns:
        ``unspecified`` with the answer as its message: dtype, shape and numbers of each array, or
        the kind of exception that the framework raised; ``unsupported`` where the adapter's own
        code raised, which says nothing of the framework.
    """
    failure = _failure(observation)
    if failure is not None and failure.internal:
        message = f"the adapter's own code raised: {text.clean(failure.message)}"
        return CellVerdict(case=case, adapter=adapter, outcome="unsupported", message=message)
    if failure is not None:
        kind = text.clean(failure.type.rpartition(".")[2], text.NAME_LIMIT)
        return _told(case, adapter, f"raises {kind}")
    if not observation.calls:
        message = "the adapter did not answer: there is no call in its answer"
        return CellVerdict(
            case=case, adapter=adapter, outcome="error", message=message, broken="adapter"
        )
    return _told(case, adapter, "; ".join(_outputs(observation, tensors)) or "nothing")


def _told(case: str, adapter: str, answer: str) -> CellVerdict:
    return CellVerdict(case=case, adapter=adapter, outcome="unspecified", message=answer)


def _failure(observation: Observation) -> Failure | None:
    failures = (observation.error, *(call.error for call in observation.calls))
    return next((failure for failure in failures if failure is not None), None)


def _outputs(observation: Observation, tensors: Mapping[str, NDArray[Any]]) -> Iterator[str]:
    for output in observation.calls[0].outputs:
        array = tensors.get(output.tensor)
        yield "an array that isn't there" if array is None else words(output, array)


def words(output: Output, array: NDArray[Any]) -> str:
    """Write an array: ``float32 (2,): 0.5, nan``.

    Args:
        output: What the framework said of it.
        array: Its numbers, of any shape and dtype.
    """
    numbers = [_number(one) for one in array.reshape(-1)[:MOST]]
    more = f" … {array.size} in all" if array.size > MOST else ""
    told = f"{text.clean(output.dtype, text.NAME_LIMIT)} {text.shape(output.shape)}"
    return f"{told}: {', '.join(numbers)}{more}" if numbers else told


def _number(one: Any) -> str:
    if isinstance(one, bool | np.bool_):
        return "true" if one else "false"
    if isinstance(one, np.complexfloating):
        return f"{_number(one.real)}{'+' if one.imag >= 0 else ''}{_number(one.imag)}j"
    if isinstance(one, np.floating):
        return f"{float(one):.{DIGITS}g}"
    if isinstance(one, np.integer):
        return str(int(one))
    return f"{float(one):.{DIGITS}g}"
