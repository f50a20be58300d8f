"""Named faults: what a framework would answer if it had this defect.

They serve twice: a failure is explained by the fault whose answer it matches ("behaves like"), and
every check of the suite is proved able to fail by an observation that carries a fault. A fault
rewrites the program or the weights, puts a wrong rounding into the arithmetic, answers the layers'
questions wrongly, or makes another definition of a function or an object out of the honest one;
the specification knows nothing of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import msgspec
import numpy as np

from conformance.reference.model.execution import Run, execute
from conformance.reference.model.network import Network
from conformance.reference.spec import table
from conformance.reference.spec.layers.base import Context

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from conformance.adapters.host.observation import Observation
    from conformance.cases.model import Call, Case, Graph, Model, Node, Steps, Train
    from conformance.reference.engine.arithmetic import Arithmetic, Rounding
    from conformance.reference.engine.array import Values

    class MakeArithmetic(Protocol):
        """The constructor of an arithmetic, ready but for its roundings."""

        def __call__(
            self, *, operands: Rounding | None = None, results: Rounding | None = None
        ) -> Arithmetic:
            """Make it."""


class Observed(NamedTuple):
    """An observation and the arrays that it names."""

    observation: Observation
    tensors: dict[str, Values]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One defect.

    Attributes:
        name: Stable: ``padding-other-side``, ``ignored:Conv2D.strides``.
        says: What a framework with it does, as the end of "behaves as if it …".
        model: Rewrites the model (and the twin's).
        train: Rewrites the training.
        calls: Rewrites the case's own calls.
        weights: Rewrites one variable: its name, its numbers.
        inputs: Rewrites what an input is fed.
        operands: Rounds what enters products.
        results: Rounds every result.
        context: What layers ask for the run, such as on which side the odd padding goes.
        edit: Changes the dressed observation itself; such a fault has no answer of its own.
    """

    name: str
    says: str
    model: Callable[[Model], Model] | None = None
    train: Callable[[Train], Train] | None = None
    calls: Callable[[list[Call]], list[Call]] | None = None
    weights: Callable[[str, Values], Values] | None = None
    inputs: Callable[[Values], Values] | None = None
    operands: Rounding | None = None
    results: Rounding | None = None
    context: type[Context] = Context
    edit: Callable[[Observed], Observed] | None = None
    sequence: Callable[[Steps], Steps] | None = None
    """Rewrites the steps of an object with a memory."""
    definition: Callable[[str, Any], Any] | None = None
    """Takes a symbol and its definition, a function or a class, to one that has the defect."""

    def find(self, symbol: str, definition: Any = None) -> Any:
        """The definition of a symbol, with the defect if it is there.

        Args:
            symbol: Of a function or an object, ``ops.sum``.
            definition: What stands for the specification's own one; None: nothing does.
        """
        found = table.find(symbol) if definition is None else definition
        return found if self.definition is None else self.definition(symbol, found)

    def arithmetic(self, make: MakeArithmetic) -> Arithmetic:
        """The arithmetic that the fault computes in."""
        return make(operands=self.operands, results=self.results)

    def of_steps(self, program: Steps) -> Steps:
        """The rewritten program of an object."""
        if self.model is not None:
            changed = self.model(program.model).nodes[0]
            program = msgspec.structs.replace(program, object=changed)
        return program if self.sequence is None else self.sequence(program)

    def program(self, program: Graph) -> Graph:
        """The rewritten program."""
        changes: dict[str, Any] = {}
        if self.model is not None:
            changes["model"] = self.model(program.model)
            if program.twin is not None:
                twin = msgspec.structs.replace(program.twin, model=self.model(program.twin.model))
                changes["twin"] = twin
        if self.train is not None and program.train is not None:
            changes["train"] = self.train(program.train)
        if self.calls is not None:
            changes["calls"] = self.calls(program.calls)
        return msgspec.structs.replace(program, **changes)

    def feeds(self, feeds: Mapping[str, Values]) -> dict[str, Values]:
        """All that is fed, with weights and inputs rewritten."""
        return {key: self._fed(key, values) for key, values in feeds.items()}

    def _fed(self, key: str, values: Values) -> Values:
        kind, _, name = key.removeprefix("twin/").partition("/")
        if kind == "weight" and self.weights is not None:
            return self.weights(name, values)
        if kind in {"call", "step"} and self.inputs is not None:
            return self.inputs(values)
        return values

    def run(
        self, case: Case, feeds: Mapping[str, Values], make: MakeArithmetic
    ) -> tuple[Network, Run, Run | None]:
        """Run the faulty program on the honest case's data.

        Args:
            case: The honest case.
            feeds: Its data.
            make: Constructor of the arithmetic to run in.

        Returns:
            The faulty network, what it did, what the twin did.

        Raises:
            TypeError: The case is none of a model.
        """
        program, feeds = self.program(case.graph), self.feeds(feeds)
        context = self.context(make(operands=self.operands, results=self.results))
        network = Network.build(program.model, find=self.find)
        run = execute(network, program, feeds, context)
        if program.twin is None:
            return network, run, None
        twin = Network.build(program.twin.model, find=self.find)
        return network, run, execute(twin, program, feeds, context, prefix="twin/")


HONEST = Fault(name="honest", says="follows the documentation")
"""No fault at all; lets honest and faulty runs share their code."""


def nodewise(rewrite: Callable[[Node], list[Node]]) -> Callable[[Model], Model]:
    """Rewrite a model node by node.

    Args:
        rewrite: Takes one node to those that stand in its place; the last one keeps its name.
    """

    def model(original: Model) -> Model:
        nodes = [new for node in original.nodes for new in rewrite(node)]
        return msgspec.structs.replace(original, nodes=nodes)

    return model


def rounded_to(bits: int) -> Rounding:
    """Round to a significand of so many bits, ties to even: 8 is bfloat16, 11 is float16's."""

    def rounding(values: Values) -> Values:
        mantissa, exponent = np.frexp(values)
        return np.asarray(np.ldexp(np.rint(np.ldexp(mantissa, bits)), exponent - bits)).astype(
            values.dtype
        )

    return rounding
