"""Cells of functions and of objects with steps, as a framework would answer them, right or wrong.

The answer is the reference's own truth in the dtypes that are due, and one thing of it is changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from repro_cells import Judged, answer_to

from conformance.adapters.host.observation import (
    CallResult,
    Gradients,
    Observation,
    Output,
    State,
    Symbolic,
)
from conformance.facets import OPEN
from conformance.verdicts.cell import judge_cell

if TYPE_CHECKING:
    from conformance.cases.model import Case
    from conformance.reference.answer.expectation import Expected
    from conformance.reference.answer.store import StoredAnswer


class Wrong(NamedTuple):
    """What is changed of an answer."""

    facet: str
    how: str = "numbers"
    """``numbers``, ``shape``, ``dtype`` or ``sign`` (of zeros)."""
    call: int = 0


HONEST = Wrong("")


def answered(case: Case, adapter: str, wrong: Wrong = HONEST) -> Judged:
    """The verdict on such an answer."""
    answer = answer_to(case)
    told = _Answer(case, answer, wrong)
    observation = told.observation()
    verdict = judge_cell(
        case,
        adapter,
        expectation=answer.expectation,
        truth=answer.arrays,
        observation=observation,
        tensors=told.tensors,
    )
    return Judged(case, answer, verdict, told.tensors)


class _Answer:
    def __init__(self, case: Case, answer: StoredAnswer, wrong: Wrong) -> None:
        self.case, self.answer, self.wrong = case, answer, wrong
        self.facets = set(case.program.facets)
        self.tensors: dict[str, np.ndarray] = {}

    def observation(self) -> Observation:
        told = self.answer.expectation
        calls = [
            CallResult(outputs=self.outputs(one.outputs, f"call/{i}", "values", i))
            for i, one in enumerate(told.calls)
        ]
        again = {
            facet: self.outputs(told.calls[0].outputs, facet, facet)
            for facet in ("compiled", "config_round_trip", "from_numpy")
            if facet in self.facets
        }
        if told.state is not None and "config_round_trip" in self.facets:
            last = f"{len(told.calls) - 1}/"
            kept = [
                one for name, one in sorted(told.state.weights.items()) if name.startswith(last)
            ]
            results = [one for call in told.calls for one in call.outputs]
            facet = "config_round_trip"
            again[facet] = self.outputs([*results, *kept], facet, facet)
        if "from_lists" in self.facets:
            told_of = [one for one in told.calls if one.outputs]
            again["from_lists"] = [
                output
                for i, one in enumerate(told_of)
                for output in self.outputs(one.outputs, f"from_lists/{i}", "from_lists")
            ]
        more: dict[str, Any] = {}
        if "symbolic_shape" in self.facets:
            longer = [1] if self.wrong == Wrong("symbolic_shape") else []
            more["symbolic"] = Symbolic(
                inputs=told.symbolic.inputs,
                outputs=[[*shape, *longer] for shape in told.symbolic.outputs],
                dtypes=told.symbolic.dtypes,
            )
        for facet in OPEN:
            if facet in self.facets:
                longer = [1] if self.wrong == Wrong(facet) else []
                more[facet] = Symbolic(
                    outputs=[[*([None] * len(shape)), *longer] for shape in told.symbolic.outputs],
                    dtypes=told.symbolic.dtypes,
                )
        if told.gradients is not None:
            given = {
                name: self.enter(one, f"gradient/{name}", "gradients")
                for name, one in told.gradients.inputs.items()
            }
            more["gradients"] = Gradients(inputs=given, weights={})
        if told.state is not None:
            more["state"] = State(
                weights={
                    name: self.enter(one, f"state/{name}", "state", int(name.partition("/")[0]))
                    for name, one in told.state.weights.items()
                }
            )
        return Observation(case=self.case.id, calls=calls, **again, **more)

    def outputs(
        self, expected: list[Expected], prefix: str, facet: str, call: int = 0
    ) -> list[Output]:
        found = []
        for j, one in enumerate(expected):
            name = self.enter(one, f"{prefix}/{j}", facet, call)
            turned = self.wrong == Wrong("dtype", "dtype", call) and facet == "values"
            dtype = "float16" if turned else one.dtype
            found.append(Output(shape=[*self.tensors[name].shape], dtype=dtype, tensor=name))
        return found

    def enter(self, one: Expected, name: str, facet: str, call: int = 0) -> str:
        if one.tensor:
            values = np.asarray(self.answer.arrays[one.tensor])
        else:  # the answer is not unique, and the one case of that here decomposes
            values = np.linalg.qr(self.answer.feeds["call/0/x"])[int(name[-1])]
        kind = np.float32 if "float" in one.dtype else np.dtype(one.dtype)
        array = values.astype(kind)
        if (facet, call) == (self.wrong.facet, self.wrong.call):
            array = np.abs(array) if self.wrong.how == "sign" else array + array.dtype.type(1)
        if facet == "values" and self.wrong == Wrong("shape", "shape", call):
            array = array[None]
        self.tensors[name] = array
        return name
