"""What is fed to functions and to the steps of an object, as source."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from conformance.adapters.worker.failure import Unsupported
from conformance.cases.model import STRING, Steps
from conformance.reference.model import data as generators
from conformance.reference.model.functions import function_feeds
from conformance.reference.model.steps import steps_feeds
from conformance.repro import data

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from conformance.cases.model import InputSpec, Program
    from conformance.repro.plan import Plan


class _Fed(NamedTuple):
    """What is fed, and whether it is little enough to be written out."""

    seed: int
    arrays: Mapping[str, NDArray[Any]]

    @property
    def few(self) -> bool:
        return sum(array.size for array in self.arrays.values()) <= data.LITERAL

    def array(self, name: str) -> str:
        """One array as source."""
        array = self.arrays[name]
        return data.array(array) if self.few else data.drawn(self.seed, name, array.shape)

    def members(self, specs: Sequence[InputSpec], prefix: str) -> str:
        """The entries of a dictionary of inputs."""
        return ", ".join(f"{s.name!r}: {self._one(s, f'{prefix}/{s.name}')}" for s in specs)

    def _one(self, spec: InputSpec, name: str) -> str:
        if self.few or spec.data.kind == "values":
            return data.array(self.arrays[name])
        shape = tuple(spec.shape)
        if spec.data.kind == "arange":
            made = f"np.arange({math.prod(shape)}, dtype=np.float32).reshape({shape})"
        else:
            made = data.drawn_input(self.seed, name, shape, spec.data)
        return made if "float" in spec.dtype else f"{made}.astype({spec.dtype!r})"


def feeds_of(program: Program, seed: int) -> Mapping[str, NDArray[Any]]:
    """All that is fed, without what gradients are multiplied with.

    Raises:
        Unsupported: It feeds strings.
    """
    specs = program.inputs if isinstance(program, Steps) else program.model.inputs
    if any(spec.dtype == STRING for spec in specs):
        raise Unsupported("it feeds strings")
    if isinstance(program, Steps):
        return steps_feeds(program, seed)
    return function_feeds(program, seed)


def cotangents(plan: Plan, feeds: Mapping[str, NDArray[Any]]) -> dict[int, NDArray[Any]]:
    """What each output is multiplied with, by its place, where gradients are asked for.

    Raises:
        Unsupported: Neither the answer nor the verdict on shapes is there.
    """
    found = {
        int(key.partition("/")[2]): array
        for key, array in (plan.answer.feeds if plan.answer else feeds).items()
        if key.startswith("cotangent/")
    }
    if found:
        return found
    shapes, dtypes = plan.stated("shape"), plan.stated("dtype")
    if not shapes or not dtypes:
        raise Unsupported("the record doesn't say what shapes the outputs have")
    return {
        j: generators.normal(plan.seed, f"cotangent/{j}", tuple(shape))
        for j, (shape, dtype) in enumerate(zip(shapes[0], dtypes[0], strict=True))
        if "float" in dtype
    }


def lines(plan: Plan) -> list[str]:
    """Statements that make ``inputs`` of functions, or ``fed`` and ``variables`` of steps.

    Returns:
        Assignments; ``draw`` must be defined before them where they name it.
    """
    program = plan.program
    fed = _Fed(plan.seed, feeds_of(program, plan.seed))
    if isinstance(program, Steps):
        specs = {spec.name: spec for spec in program.inputs}
        steps = [
            fed.members([specs[name] for name in dict.fromkeys(step.names)], f"step/{at}")
            for at, step in enumerate(program.steps[: plan.call + 1])
        ]
        made = ["fed = [", *(f"    {{{members}}}," for members in steps), "]"]
        if program.variables:
            made.append(f"variables = {{{fed.members(program.variables, 'variable')}}}")
        return made
    made = [f"inputs = {{{fed.members(program.model.inputs, 'call/0')}}}"]
    if plan.facet == "gradients":
        given = cotangents(plan, fed.arrays)
        fed = fed._replace(arrays={f"cotangent/{j}": array for j, array in given.items()})
        texts = [f"{j}: {fed.array(f'cotangent/{j}')}" for j in given]
        made.append(f"cotangents = {{{', '.join(texts)}}}")
    return made


def travels_as(spec: InputSpec) -> str:
    """The dtype of the NumPy array that is fed to an input: floats travel as float32."""
    return "float32" if "float" in spec.dtype else np.dtype(spec.dtype).name
