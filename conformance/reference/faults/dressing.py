"""Arrays of the reference as an adapter sends them: named, in the dtype in which they travel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec.structs import replace

from conformance.adapters.host.observation import Draws, Failure, Output, State
from conformance.reference.engine.complexes import Complex

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.reference.engine.array import Array, Values
    from conformance.reference.errors import Refused


class Dress:
    """The arrays of one observation, by their names.

    Attributes:
        tensors: What travels beside the observation.
    """

    def __init__(self) -> None:
        """Start empty."""
        self.tensors: dict[str, Values] = {}

    def enter(self, name: str, a: Array | Complex) -> str:
        """Keep one array, and give its name back."""
        if isinstance(a, Complex):
            self.tensors[name] = np.asarray(a.value, a.dtype, order="C")
        elif a.integers is not None:
            self.tensors[name] = np.asarray(a.integers, order="C")
        else:
            # NumPy has no bfloat16: such numbers travel as float32.
            kind = {"bfloat16": "float32"}.get(a.dtype, a.dtype)
            self.tensors[name] = np.asarray(a.value, kind, order="C")
        return name

    def output(self, name: str, a: Array | Complex) -> Output:
        """One output."""
        return Output(shape=list(a.shape), dtype=a.dtype, tensor=self.enter(name, a))

    def outputs(self, name: str, arrays: Sequence[Array | Complex]) -> list[Output]:
        """The outputs of one call."""
        return [self.output(f"{name}/{j}", a) for j, a in enumerate(arrays)]

    def plain(self, name: str, values: Values) -> Output:
        """An output of NumPy's."""
        self.tensors[name] = values
        return Output(shape=list(values.shape), dtype=values.dtype.name, tensor=name)

    def named(self, prefix: str, arrays: Mapping[str, Array]) -> dict[str, str]:
        """Arrays by the names of what they belong to: gradients, variables."""
        return {name: self.enter(f"{prefix}/{name}", a) for name, a in arrays.items()}

    def state(self, weights: Mapping[str, Array], losses: Array | None = None) -> State:
        """Variables afterwards."""
        name = "" if losses is None else self.enter("state/losses", losses)
        return State(losses=name, weights=self.named("state/weight", weights))

    def draws(self, answers: Mapping[str, Values], dtype: str = "float32") -> Draws:
        """What was drawn in each call, as numbers of this dtype."""
        made: dict[str, Any] = {
            name: replace(self.plain(f"random/{name}", values), dtype=dtype)
            for name, values in answers.items()
        }
        return Draws(**made)


def failure(refusal: Refused) -> Failure:
    """A refusal as the exception of a framework."""
    return Failure(stage=refusal.at, type="ValueError", message=str(refusal))
