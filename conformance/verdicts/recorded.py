"""What was answered where nobody documents an answer: recorded in words, and judged by nobody.

The words are compared as they are, between adapters and between versions of one. So numbers are
written with as many digits as any rounding leaves alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from conformance.cases.model import Steps
from conformance.facets import answered_with
from conformance.verdicts import text
from conformance.verdicts.model import CellVerdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from conformance.adapters.host.observation import Failure, Observation, Output
    from conformance.cases.model import Case

    Tensors = Mapping[str, NDArray[Any]]

DIGITS: Final = 5
"""Of a float: what float32 keeps after a dozen operations."""

MOST: Final = 24
"""Numbers of an array that are written; the cases' arrays are smaller."""

LOST: Final = "an array that isn't there"
"""What is written of an array that an answer names and doesn't hold."""


def recorded(case: Case, adapter: str, observation: Observation, tensors: Tensors) -> CellVerdict:
    """Write down an answer.

    Args:
        case: What was asked, of one facet.
        adapter: Who answered.
        observation: The answer.
        tensors: Its arrays by name.

    Returns:
        ``unspecified`` with the answer as its message: dtype, shape and numbers of each array, or
        the kind of exception that the framework raised; ``unsupported`` where the framework has no
        notion of the facet, or where the adapter's own code raised, which says nothing of the
        framework.
    """
    facet = next(iter(case.program.facets), "values")
    homes = tuple(dict.fromkeys((facet, answered_with(facet))))
    failure = _failure(homes, observation)
    if failure is not None and failure.internal:
        return _untold(case, adapter, f"the adapter's own code raised: {failure.message}")
    if failure is not None:
        kind = text.clean(failure.type.rpartition(".")[2], text.NAME_LIMIT)
        return _told(case, adapter, f"raises {kind}")
    reasons = [observation.unsupported[home] for home in homes if home in observation.unsupported]
    if reasons:
        return _untold(case, adapter, reasons[0] or "no reason given")
    told = _TOLD.get(facet, _values)(case, observation, tensors)
    if told is None:
        message = f"the adapter did not answer: there is nothing of {facet} in its answer"
        return CellVerdict(
            case=case.id, adapter=adapter, outcome="error", message=message, broken="adapter"
        )
    return _told(case, adapter, told or "nothing")


def _told(case: Case, adapter: str, answer: str) -> CellVerdict:
    return CellVerdict(case=case.id, adapter=adapter, outcome="unspecified", message=answer)


def _untold(case: Case, adapter: str, reason: str) -> CellVerdict:
    message = text.clean(reason)
    return CellVerdict(case=case.id, adapter=adapter, outcome="unsupported", message=message)


def _failure(homes: tuple[str, ...], observation: Observation) -> Failure | None:
    """The first thing that was raised on the way to the facet."""
    calls = [call.error for call in observation.calls]
    apart = [observation.errors.get(home) for home in homes]
    found = (observation.error, *calls, *apart)
    return next((failure for failure in found if failure is not None), None)


# Each writes its facet; None where it is not answered, empty where there is nothing of it.


def _values(_: Case, observation: Observation, tensors: Tensors) -> str | None:
    if not observation.calls:
        return None
    calls = ("; ".join(_outputs(call.outputs, tensors)) for call in observation.calls)
    return " | ".join(call for call in calls if call)


def _mask(_: Case, observation: Observation, tensors: Tensors) -> str | None:
    if not observation.calls:
        return None
    return "; ".join(_masks(observation, tensors))


def _gradients(_: Case, observation: Observation, tensors: Tensors) -> str | None:
    found = observation.gradients
    return None if found is None else _named({**found.inputs, **found.weights}, tensors)


def _losses(_: Case, observation: Observation, tensors: Tensors) -> str | None:
    if observation.state is None:
        return None
    losses = tensors.get(observation.state.losses)
    return LOST if losses is None else _numbers(losses)


def _state(case: Case, observation: Observation, tensors: Tensors) -> str | None:
    if observation.state is None:
        return None
    return _named(_last(case, observation.state.weights), tensors)


_TOLD: Final = {"mask": _mask, "gradients": _gradients, "losses": _losses, "state": _state}
"""What writes a facet other than ``values``."""


def _last(case: Case, weights: Mapping[str, str]) -> dict[str, str]:
    """The variables after everything; of an optimizer those that it trains."""
    program = case.program
    if not isinstance(program, Steps):
        return dict(weights)
    last = f"{len(program.steps) - 1}/"
    ended = {name[len(last) :]: at for name, at in weights.items() if name.startswith(last)}
    trained = {spec.name for spec in program.variables}
    return {name: at for name, at in ended.items() if not trained or name in trained}


def _masks(observation: Observation, tensors: Tensors) -> Iterator[str]:
    for mask in observation.calls[0].masks:
        yield "none" if mask is None else next(_outputs([mask], tensors))


def _outputs(outputs: list[Output], tensors: Tensors) -> Iterator[str]:
    for output in outputs:
        array = tensors.get(output.tensor)
        yield LOST if array is None else words(output, array)


def _named(names: Mapping[str, str], tensors: Tensors) -> str:
    """Arrays by name: ``x (2,): 0.5, nan; dense/bias (1,): 0``."""
    told = []
    for name, at in sorted(names.items()):
        array, label = tensors.get(at), text.clean(name, text.NAME_LIMIT)
        if array is None:
            told.append(f"{label}: {LOST}")
            continue
        if np.issubdtype(array.dtype, np.floating):
            array = array + 0.0  # no side of nought matters of a gradient
        shape = text.shape(list(array.shape))
        told.append(f"{label} {shape}: {_numbers(array)}" if array.size else f"{label} {shape}")
    return "; ".join(told)


def words(output: Output, array: NDArray[Any]) -> str:
    """Write an array: ``float32 (2,): 0.5, nan``.

    Args:
        output: What the framework said of it.
        array: Its numbers, of any shape and dtype.
    """
    told = f"{text.clean(output.dtype, text.NAME_LIMIT)} {text.shape(output.shape)}"
    return f"{told}: {_numbers(array)}" if array.size else told


def _numbers(array: NDArray[Any]) -> str:
    more = f" … {array.size} in all" if array.size > MOST else ""
    return ", ".join(_number(one) for one in array.reshape(-1)[:MOST]) + more


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
