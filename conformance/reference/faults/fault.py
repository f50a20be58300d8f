"""Named faults: what a framework would answer if it had this defect.

They serve twice: a failure is explained by the fault whose answer it matches ("behaves like"), and
every check of the suite is proved able to fail by an observation that carries a fault. A fault
rewrites the program or the weights, or puts a wrong rounding into the arithmetic; the layers'
code knows nothing of them.
"""

from __future__ import annotations

from dataclasses import dataclass, is_dataclass
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
import numpy as np

from conformance.reference.engine.arithmetic import Arithmetic
from conformance.reference.errors import NoAnswer, Refused, Unsupported
from conformance.reference.model.execution import Run, execute
from conformance.reference.model.network import Network
from conformance.reference.spec.layers.base import Context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from conformance.cases.model import Case, Graph, Model, Shape, Steps, Train
    from conformance.reference.engine.arithmetic import Rounding
    from conformance.reference.engine.array import Values
    from conformance.reference.faults.observe import Observed

    class MakeArithmetic(Protocol):
        """The constructor of an arithmetic, ready but for its roundings."""

        def __call__(
            self, *, operands: Rounding | None = None, results: Rounding | None = None
        ) -> Arithmetic:
            """Make it."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One defect.

    Attributes:
        name: Stable: ``padding-other-side``, ``ignored:Conv2D.strides``.
        says: What a framework with it does, as the end of "behaves as if it …".
        model: Rewrites the model (and the twin's).
        train: Rewrites the training.
        weights: Rewrites one variable: its name, its numbers.
        inputs: Rewrites what an input is fed.
        operands: Rounds what enters products.
        results: Rounds every result.
        swap_padding: Puts the odd padding before instead of after.
        edit: Changes the dressed observation itself; such a fault has no answer of its own.
    """

    name: str
    says: str
    model: Callable[[Model], Model] | None = None
    train: Callable[[Train], Train] | None = None
    weights: Callable[[str, Values], Values] | None = None
    inputs: Callable[[Values], Values] | None = None
    operands: Rounding | None = None
    results: Rounding | None = None
    swap_padding: bool = False
    edit: Callable[[Observed], Observed] | None = None
    sequence: Callable[[Steps], Steps] | None = None
    """Rewrites the steps of an object with a memory."""

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
        return msgspec.structs.replace(program, **changes)

    def feeds(self, feeds: Mapping[str, Values]) -> dict[str, Values]:
        """All that is fed, with weights and inputs rewritten."""
        return {key: self._fed(key, values) for key, values in feeds.items()}

    def _fed(self, key: str, values: Values) -> Values:
        kind, _, name = key.removeprefix("twin/").partition("/")
        if kind == "weight" and self.weights is not None:
            return self.weights(name, values)
        if kind == "call" and self.inputs is not None:
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
        """
        program, feeds = self.program(case.program), self.feeds(feeds)
        context = Context(
            make(operands=self.operands, results=self.results), swap_padding=self.swap_padding
        )
        network = Network.build(program.model)
        run = execute(network, program, feeds, context)
        if program.twin is None:
            return network, run, None
        twin = Network.build(program.twin.model)
        return network, run, execute(twin, program, feeds, context, prefix="twin/")


HONEST = Fault(name="honest", says="follows the documentation")
"""No fault at all; lets honest and faulty runs share their code."""


def rounded_to(bits: int) -> Rounding:
    """Round to a significand of so many bits, ties to even: 8 is bfloat16, 11 is float16's."""

    def rounding(values: Values) -> Values:
        mantissa, exponent = np.frexp(values)
        return np.asarray(np.ldexp(np.rint(np.ldexp(mantissa, bits)), exponent - bits)).astype(
            values.dtype
        )

    return rounding


def applicable(case: Case) -> list[Fault]:
    """The faults that this case could show: those that fit its layers and keep its weights.

    Cheap: models are rewritten and their shapes worked out, nothing is computed.
    """
    from conformance.reference.faults.known import candidates

    try:
        honest = Network.build(case.program.model)
    except Refused:
        # Nothing is computed here; but the refusal itself can be told wrongly.
        return [fault for fault in candidates(case) if fault.edit is not None]
    except NoAnswer:
        return []
    return [fault for fault in _distinct(candidates(case)) if _fits(fault, case, honest)]


def explanations(case: Case) -> list[Fault]:
    """The applicable faults that have an answer of their own: what a failure may behave like."""
    return [fault for fault in applicable(case) if fault.edit is None]


def find(case: Case, name: str) -> Fault:
    """The applicable fault of this name.

    Raises:
        Unsupported: There is none.
    """
    for fault in applicable(case):
        if fault.name == name:
            return fault
    message = f"the fault {name!r} does not apply to {case.id}"
    raise Unsupported(message)


def _distinct(faults: Iterable[Fault]) -> Iterable[Fault]:
    seen: dict[str, Fault] = {}
    for fault in faults:
        seen.setdefault(fault.name, fault)
    return seen.values()


def _fits(fault: Fault, case: Case, honest: Network) -> bool:
    """Whether the faulty model can be built and takes the honest weights and targets."""
    program = fault.program(case.program)
    if program == case.program and (fault.model or fault.train):
        return False
    try:
        network = Network.build(program.model)
        fits_twin = _fits_twin(program, case.program)
    except NoAnswer:
        return False
    asked = {"gradients", "losses", "state"} & set(program.facets)
    if fault.model is not None and _same_layers(honest, network):
        return False
    if fault.swap_padding and not _pads_oddly(honest):
        return False
    if fault.weights is not None and not _changes_weights(fault.weights, honest):
        return False
    alike = not asked or _fed(program.model) == _fed(case.program.model)
    return fits_twin and alike and _shapes(honest) == _shapes(network)


def _fits_twin(program: Graph, honest: Graph) -> bool:
    """Whether the faulty twin, where there is one, takes the honest twin's weights."""
    if program.twin is None or honest.twin is None:
        return True
    ours, theirs = Network.build(honest.twin.model), Network.build(program.twin.model)
    alike = "gradients" not in program.facets or _fed(program.twin.model) == _fed(honest.twin.model)
    return alike and _shapes(ours) == _shapes(theirs)


def _shapes(network: Network) -> dict[str, tuple[int, ...]]:
    return {name: variable.shape for name, variable in network.variables.items()}


def _fed(model: Model) -> list[Shape]:
    """Output shapes for the sizes that are fed, also where the model is told any size."""
    inputs = [msgspec.structs.replace(spec, declared=None) for spec in model.inputs]
    return Network.build(msgspec.structs.replace(model, inputs=inputs)).outputs


def _same_layers(honest: Network, faulty: Network) -> bool:
    """Whether the rewrite came to nothing: an argument dropped that stood at its default."""
    return (
        honest.model.outputs == faulty.model.outputs
        and honest.policies == faulty.policies
        and honest.as_given == faulty.as_given
        and [node.inputs for node in honest.model.nodes]
        == [node.inputs for node in faulty.model.nodes]
        and all(
            _alike(layer, faulty.layers[name])
            for name, layer in honest.layers.items()
            if name in faulty.layers
        )
    )


def _alike(ours: Any, theirs: Any) -> bool:
    """Whether two layers, or what they were made with, are the same, cells inside included."""
    if type(ours) is not type(theirs):
        return False
    if isinstance(ours, np.ndarray):
        return np.array_equal(ours, theirs, equal_nan=ours.dtype.kind == "f")
    if hasattr(ours, "__dict__") and not (callable(ours) or is_dataclass(ours)):
        ours, theirs = vars(ours), vars(theirs)
    if isinstance(ours, dict):
        return ours.keys() == theirs.keys() and all(_alike(v, theirs[k]) for k, v in ours.items())
    if isinstance(ours, list | tuple):
        return len(ours) == len(theirs) and all(map(_alike, ours, theirs))
    return bool(ours == theirs)


def _changes_weights(rewrite: Callable[[str, Values], Values], network: Network) -> bool:
    """Whether a rewrite of weights changes any, tried on numbers that are all different."""
    for name, variable in network.variables.items():
        probe = np.arange(1.0, 1.0 + np.prod(variable.shape)).reshape(variable.shape)
        if not np.array_equal(rewrite(name, probe), probe):
            return True
    return False


def _pads_oddly(network: Network) -> bool:
    """Whether any padding is uneven, so that it matters on which side the odd row lies."""
    context = Context(Arithmetic())
    for node in network.model.nodes:
        sliding = getattr(network.layers[node.name], "sliding", None)
        if sliding is None or sliding.padding != "same":
            continue
        shape = network.shapes.get(node.inputs[0])
        if shape is None:
            continue  # fed by one of several outputs: nothing slides over such
        _, space, _ = sliding.split(shape)
        amounts = sliding.amounts([n or 0 for n in space], context)
        if any(before != after for before, after in amounts):
            return True
    return False
